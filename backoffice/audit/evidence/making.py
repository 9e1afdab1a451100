"""From a scope to a ZIP, in order: records and files, events, reads, proofs, seals, summary, manifest.

Reads the database, writes one file, changes nothing. Services decide who may, when, and what becomes of the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from typing import IO, Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from backoffice.audit.evidence import attesting, gathering, summary
from backoffice.audit.evidence.archive import Archive
from backoffice.audit.evidence.gathering import Gathered
from backoffice.audit.evidence.records import Recorder, event_text, path_of
from backoffice.audit.evidence.scope import Scope
from backoffice.audit.evidence.seams import Part, moment_of, seams
from backoffice.audit.evidence.telling import Teller, model_words
from backoffice.audit.models import Seal, SealKey

_ENCLOSED = files("backoffice.audit.evidence") / "enclosed"
#: (step, done, total): called often; whoever listens decides how often to write it down.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for. ``seal`` is called when all rows are written down, before they are proved."""

    bundle: str
    scope: Scope
    language: str
    asked_at: datetime
    made_at: datetime
    reason: str
    seal: Callable[[], None] | None = None


@dataclass(slots=True)
class Made:
    """What came out, for the record and the read log."""

    counts: Counter[str] = field(default_factory=Counter)
    dossiers: list[int] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    sealed: int = 0
    unsealed: int = 0


def make(target: IO[bytes], order: Order, progress: Progress) -> Made:
    """Write the bundle into ``target``."""
    with translation.override(order.language):
        one = _Making(target, order, progress)
        try:
            return one.run()
        except BaseException:
            one.archive.abandon()
            raise


class _Making:
    def __init__(self, target: IO[bytes], order: Order, progress: Progress) -> None:
        self.order, self.scope, self.progress = order, order.scope, progress
        self.archive = Archive(target, at=order.made_at)
        self.recorder = Recorder(Teller(self.scope))
        self.timeline = summary.Timeline()
        self.made = Made()
        self.counts: dict[str, int] = {}
        self.file_notes: Counter[str] = Counter()

    def run(self) -> Made:
        self.progress("gathering", 0, 0)
        seams.kinds.get(self.scope.root.kind).expand(self.scope)  # type: ignore[union-attr]
        found = gathering.gather(self.scope)
        self._records(found)
        self._events(found)
        if self.order.seal is not None:
            self.progress("sealing", 0, 0)
            self.order.seal()
        attested, seals = self._attest()
        self.progress("summary", 0, 0)
        self.archive.put("summary.pdf", summary.render(self._summary(found, attested, seals)))
        for name in ("README.txt", "verify.py"):
            self.archive.put(name, (_ENCLOSED / name).read_bytes())
        self.archive.close(
            self._head(found), lambda sha256: attesting.sign_manifest(sha256, bundle=self.order.bundle)
        )
        self.made.dossiers = sorted(found.dossiers)
        self.made.fields = sorted(self.recorder.teller.shown_in_full)
        self.made.sealed, self.made.unsealed = attested.sealed, attested.unsealed
        return self.made

    # --- what is in it ------------------------------------------------------------------------------------

    def _records(self, found: Gathered) -> None:
        total, done = found.count(), 0
        for part in found.parts:
            for row, document in self.recorder.documents(part):
                if part.model._meta.label_lower in dict(seams.files.items()):
                    document["file"] = self._file(row, document)
                self.archive.put_json(path_of(row), document)
                self._tell(part, row)
                self.made.counts[part.model._meta.label_lower] += 1
                name = model_words(part.model)
                self.counts[name] = self.counts.get(name, 0) + 1
                done += 1
                self.progress("records", done, total)

    def _tell(self, part: Part, row: Any) -> None:
        at = moment_of(row, part) if part.sentence is not None else None
        if at is not None and part.sentence is not None:
            text, who = part.sentence(row)
            self.timeline.add(at, text, actor=who)

    def _file(self, row: Any, document: dict[str, Any]) -> dict[str, Any] | None:
        ask = seams.files.get(row._meta.label_lower)
        file = ask(row, self.scope.viewer) if ask is not None else None
        if file is None:
            self.file_notes["withheld"] += 1
            return None
        name = next((one["text"] for one in document["fields"] if one["name"] == file.name_column), "")
        path = f"files/{row.uid}-{_safe(name, file.extension)}"
        try:
            with file.open() as source:
                entry = self.archive.copy(path, source)
        except FileNotFoundError:
            self.file_notes["gone"] += 1
            return None
        self.file_notes["files"] += 1
        return {"path": entry.path, "sha256": entry.sha256, "size": entry.size}

    def _events(self, found: Gathered) -> None:
        decided = gathering.events(found)
        looked = gathering.reads(found)
        total = len(decided) + len(looked)
        self.done = 0

        def events() -> Iterator[dict[str, Any]]:
            for rows in gathering.rows_of(decided):
                for row, entry in zip(rows, self.recorder.events(rows), strict=True):
                    reason = entry["reason"]["text"]
                    self.timeline.add(row.occurred_at, event_text(row), actor=row.actor_name, reason=reason)
                    yield entry
                self.done += len(rows)
                self.progress("events", self.done, total)

        def reads() -> Iterator[dict[str, Any]]:
            for rows in gathering.rows_of(looked):
                yield from self.recorder.reads(rows)
                self.done += len(rows)
                self.progress("events", self.done, total)

        self.made.counts["events"] = self.archive.put_list("events.json", {}, "events", events())
        self.made.counts["reads"] = self.archive.put_list("reads.json", {}, "reads", reads())

    def _attest(self) -> tuple[attesting.Attested, list[Seal]]:
        total = sum(len(ids) for ids in self.recorder.sealed.values())
        done = 0
        attested = attesting.Attested()
        for attested, count in attesting.write_proofs(self.archive, self.recorder.sealed):  # noqa: B007
            done += count
            self.progress("proofs", done, total)
        seals = attesting.write_seals(self.archive, attested)
        attesting.write_keys(self.archive)
        return attested, seals

    # --- what is said about it ----------------------------------------------------------------------------

    def _head(self, found: Gathered) -> dict[str, Any]:
        return {
            "bundle": self.order.bundle,
            "about": f"{self.scope.root.get_kind_display()} {self.scope.root.number}",
            "language": self.order.language,
            "made_at": self.order.made_at.isoformat(),
            "since": self.scope.since,
            "until": self.scope.until,
            "third_parties_masked": not self.scope.third_parties,
            "moments": {
                part.model._meta.label_lower: list(part.moments) for part in found.parts if part.moments
            },
            "withheld": [model._meta.label_lower for model in found.withheld],
        }

    def _summary(self, found: Gathered, attested: attesting.Attested, seals: list[Seal]) -> dict[str, Any]:
        root, scope = self.scope.root, self.scope
        from_to = [str(day) if day is not None else "…" for day in (scope.since, scope.until)]
        whole = scope.since is None and scope.until is None
        lines = self.timeline.lines()
        chinese = self.order.language.startswith("zh")
        lender = settings.LENDER["name"] if chinese else settings.LENDER["name_en"] or settings.LENDER["name"]
        counts = sorted(self.counts.items(), key=lambda pair: -pair[1])
        return {
            "words": summary.words(),
            "lang": "zh" if chinese else "en",
            "region": "cn" if chinese else "gb",
            "lender": lender,
            "bundle": self.order.bundle,
            "kind": str(root.get_kind_display()),
            "number": root.number,
            "facts": [
                [_("About"), f"{root.get_kind_display()} {root.number}"],
                [_("Period"), _("everything on record") if whole else " – ".join(from_to)],
                [_("Asked for by"), scope.viewer.display_name],
                [_("Asked for at"), summary.moment(self.order.asked_at)],
                [_("Made at"), summary.moment(self.order.made_at)],
                [_("Purpose"), self.order.reason],
                [_("Number of the bundle"), self.order.bundle],
            ],
            "counts": [
                *([name, count] for name, count in counts),
                [_("Events"), self.made.counts["events"]],
                [_("Reads"), self.made.counts["reads"]],
                [_("Files"), self.file_notes["files"]],
            ],
            "masked": self._masked(found),
            "timeline": lines,
            "timeline_note": ""
            if self.timeline.total == len(lines)
            else _("The newest %(shown)s of %(total)s lines; all of them are in the ZIP.")
            % {"shown": len(lines), "total": self.timeline.total},
            "seals": [
                {
                    "number": seal.number,
                    "made_at": summary.moment(seal.made_at),
                    "key": seal.key.name,
                    "rows": attested.by_seal[seal.number],
                }
                for seal in seals
            ],
            "seals_note": _("%(sealed)s rows are proved, %(unsealed)s are in no seal yet.")
            % {"sealed": attested.sealed, "unsealed": attested.unsealed},
            "verify": summary.how_to_verify(
                [attesting.fingerprint(key) for key in SealKey.objects.order_by("pk")]
            ),
            "binding": summary.what_binds(),
        }

    def _masked(self, found: Gathered) -> list[str]:
        kind = seams.kinds.get(self.scope.root.kind)
        lines = []
        if self.scope.third_parties:
            lines.append(_("Nothing is masked: third persons were included for the purpose stated above."))
        else:
            if self.scope.principals and kind is not None and kind.person:
                person = str(kind.person)
                lines.append(
                    _("%(person)s is shown in full: this is evidence about them.") % {"person": person}
                )
            lines.append(
                _("Everybody else is masked; so are telephone, document and card numbers inside texts.")
            )
            lines.append(_("Names inside texts and the contents of files are not masked."))
        lines.append(_("Staff are named in full, because they act."))
        if found.withheld:
            kinds = ", ".join(str(model._meta.verbose_name_plural) for model in found.withheld)
            lines.append(
                _("Not looked into, because whoever asked may not see them: %(kinds)s") % {"kinds": kinds}
            )
        if self.file_notes["withheld"]:
            lines.append(
                _("Files withheld for the same reason: %(count)s") % {"count": self.file_notes["withheld"]}
            )
        if self.file_notes["gone"]:
            lines.append(
                _("Files that erasure took away, of which the hash remains: %(count)s")
                % {"count": self.file_notes["gone"]}
            )
        return lines


def _safe(name: str, extension: str) -> str:
    """A name that every system can unpack."""
    kept = "".join(char if char.isalnum() or char in "-_." else "_" for char in name).strip("._")[:80]
    return kept if kept.lower().endswith(f".{extension}") else f"{kept or 'file'}.{extension}"
