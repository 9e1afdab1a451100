"""Erasing a person: asked for by one, carried out by another, proven to anybody.

What goes: the person's keys and those of the dossiers whose principal they are (with them everything encrypted, in
tables, record and backups), masks, search indexes, files, copies kept for machines; and what other dossiers' texts
say about them. What stays: rows without the person in them, the hashes of what went, and the proof.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.utils.translation import gettext as _

from backoffice.audit import workflow
from backoffice.audit.keeping import people, seams
from backoffice.audit.keeping.needles import Needles
from backoffice.audit.keeping.people import Theirs, theirs
from backoffice.audit.keeping.scan import Found, Hit, Progress, Rows, search
from backoffice.audit.keeping.seams import Blocker
from backoffice.audit.models import Erasure, RecordEvent, Redaction
from backoffice.audit.services import erasing
from backoffice.audit.services.acting import act, lock, maintenance
from backoffice.audit.services.redaction import sealed_among
from backoffice.audit.services.withdrawing import withdraw_bundles
from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.core.models import Dossier
from backoffice.privacy.models import DataSubject
from backoffice.staff.models import User

#: Columns listed one by one in a preview; what is beyond is counted.
LISTED = 200


@dataclass(frozen=True, slots=True)
class Plan:
    """What an erasure would do now. Built anew for each look and once more when it is carried out."""

    subject: DataSubject
    whose: Theirs
    needles: Needles
    found: Found
    blockers: list[Blocker]


def plan_erasure(
    *,
    subject: DataSubject,
    at: datetime,
    spared: Set[str] = frozenset(),
    among: Rows | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Everything that would go and everything that stands in the way. Reads only; takes a pass over all texts
    (or over the rows ``among``, when a search for several people has been made already)."""
    whose = theirs(subject.pk)
    needles = people.needles(whose.subjects)
    doomed = set(whose.keys.values_list("pk", flat=True))
    found = search(needles, doomed=doomed, skip=dropped_tables(), among=among, progress=progress)
    hindrances = people.blockers(whose, at=at) + _hindrances(found.without(spared))
    return Plan(subject, whose, needles, found, hindrances)


def dropped_tables() -> frozenset[str]:
    """The tables that the apps look after themselves when a person goes."""
    return frozenset[str]().union(*(source.dropped_tables for source in seams.people))


def _hindrances(hits: Sequence[Hit]) -> list[Blocker]:
    """Why some of what was found cannot be taken away."""
    blockers = []
    _subjects, held = people.protected()
    for number in (
        Dossier.objects.filter(pk__in={hit.dossier_id for hit in hits if hit.dossier_id in held})
        .order_by("number")
        .values_list("number", flat=True)
    ):
        sentence = _("A text in dossier %(number)s, which is under a legal hold, speaks of the person.")
        blockers.append(Blocker("legal-hold-elsewhere", sentence % {"number": number}))
    for table, rows in _plain_log_rows(hits).items():
        if table.pointed_at:
            sentence = _(
                "%(table)s: %(count)s rows that other rows rest on hold the person in the clear and can neither "
                "be changed nor removed."
            )
            blockers.append(Blocker("in-the-clear", sentence % {"table": table.name, "count": len(rows)}))
            continue
        unsealed = rows - sealed_among(table.model, rows)
        if unsealed:
            sentence = _(
                "%(table)s: %(count)s rows that hold the person in the clear are not sealed yet; seal the record "
                "first, then they can be removed."
            )
            blockers.append(Blocker("not-sealed", sentence % {"table": table.name, "count": len(unsealed)}))
    return blockers


def _plain_log_rows(hits: Iterable[Hit]) -> dict[Any, set[int]]:
    rows: dict[Any, set[int]] = {}
    for hit in hits:
        if hit.table.append_only and not hit.encrypted:
            rows.setdefault(hit.table, set()).add(hit.row_id)
    return rows


def preview_of(plan: Plan, *, spared: Set[str] = frozenset()) -> dict[str, Any]:
    """A plan as it is stored and shown: counts, places and reasons, never a word of anybody's."""
    places: dict[tuple[str, str, str], dict[str, Any]] = {}
    for hit in plan.found.hits:
        one = places.setdefault(
            (hit.place, hit.table.name, hit.column),
            {
                "place": hit.place,
                "table": hit.table.name,
                "column": hit.column,
                "dossier": hit.dossier_id,
                "count": 0,
                "kinds": [],
                "sure": False,
                "record": hit.table.append_only,
                "encrypted": hit.encrypted,
                "rows": [],
            },
        )
        one["count"] += 1
        one["kinds"] = sorted({*one["kinds"], *hit.kinds})
        one["sure"] = one["sure"] or hit.sure
        one["rows"] = [*one["rows"], hit.row_id][:3]
    kinds = Counter(
        Dossier.objects.filter(pk__in=plan.whose.dossiers).order_by("kind").values_list("kind", flat=True)
    )
    listed = sorted(places.values(), key=lambda one: (one["sure"], one["place"], one["table"]))
    return {
        "people": len(plan.whose.subjects),
        "dependents": len(plan.whose.dependents),
        "dossiers": dict(kinds),
        "keys": plan.whose.keys.count(),
        "files": len(people.files_of(plan.whose.dossiers)),
        "texts_searched": plan.found.texts,
        "unreadable": plan.found.unreadable,
        "places": listed[:LISTED],
        "more_places": max(0, len(listed) - LISTED),
        "spared": sorted(spared),
        "blockers": [
            {"code": one.code, "possible_from": one.possible_from.isoformat() if one.possible_from else None}
            for one in plan.blockers
        ],
    }


def request_erasure(
    *,
    subject: DataSubject,
    basis: str,
    reference: str = "",
    spared: Iterable[str] = (),
    by: User,
    at: datetime,
    progress: Progress | None = None,
) -> Erasure:
    """Ask for the erasure of a person; the preview is stored with the request.

    ``basis`` is an ``Erasure.Basis``. ``spared`` are places (see ``scan.Hit.place``) where the name is somebody
    else's; what can only be this person's is never spared. What stands in the way does not refuse the request: it
    may be gone when the second person decides. Raises ``NotPermitted``, ``InputRefused``.
    """
    if not by.has_perm(workflow.REQUEST):
        raise NotPermitted()
    if basis not in Erasure.Basis.values:
        raise InputRefused(_("Choose a basis."), field="basis")
    return _request(subject, basis, reference, set(spared), by=by, at=at, progress=progress)


def _request(
    subject: DataSubject,
    basis: str,
    reference: str,
    spared: set[str],
    *,
    by: User,
    at: datetime,
    progress: Progress | None = None,
) -> Erasure:
    with act(by=by, at=at, code="erasure.requested") as frame:
        subject = lock(DataSubject, subject.pk)
        group = people.alias_group({subject.pk})
        if Erasure.objects.filter(subject_id__in=group, state=Erasure.State.REQUESTED).exists():
            raise InputRefused(_("The erasure of this person has been asked for already."))
        plan = plan_erasure(subject=subject, at=at, spared=spared, progress=progress)
        erasure = Erasure.objects.create(
            subject=subject,
            basis=basis,
            reference=reference.strip()[:60],
            requested_at=at,
            requested_by=by,
            preview=preview_of(plan, spared=spared),
        )
        frame.record(
            RecordEvent,
            "erasure.requested",
            dossier=home_of(plan.whose),
            subject=subject,
            erasure=erasure,
            data={"basis": basis},
        )
    return erasure


def refuse_erasure(*, erasure: Erasure, reason: str, by: User, at: datetime) -> Erasure:
    """Nothing is erased; ``reason`` in words is what the person is told (PIPL art. 50).

    Raises ``NotPermitted``, ``TransitionRefused`` and, without words or a dossier to keep them in, ``InputRefused``.
    """
    whose = theirs(erasure.subject_id)
    home = home_of(whose)
    if not reason.strip() or home is None:
        raise InputRefused(_("Say why, for the person concerned."), field="reason")
    with act(by=by, at=at, code="erasure.refused", reason=reason, dossier=home) as frame:
        erasure = lock(Erasure, erasure.pk)
        workflow.erasure.step("refuse", erasure, by=by, at=at)
        erasure.decided_at, erasure.decided_by = at, by
        erasure.save()
        frame.record(
            RecordEvent, "erasure.refused", dossier=home, subject_id=erasure.subject_id, erasure=erasure
        )
    return erasure


def carry_out_erasure(
    *, erasure: Erasure, by: User, at: datetime, progress: Progress | None = None
) -> Erasure:
    """Erase the person for good; another person than the one who asked.

    Searches anew, so that what was written since the request goes too. Raises ``NotPermitted`` and
    ``TransitionRefused``; the latter names everything that stands in the way.
    """
    with act(by=by, at=at, code="person.erased"):
        erasure = lock(Erasure, erasure.pk)
        workflow.erasure.step("carry_out", erasure, by=by, at=at)
        return erase(erasure, by=by, at=at, progress=progress)


def erase(
    erasure: Erasure, *, by: User, at: datetime, among: Rows | None = None, progress: Progress | None = None
) -> Erasure:
    """The erasure itself, for callers who have judged who may (this module and retention), within their act.

    Raises ``TransitionRefused``.
    """
    group = people.alias_group({erasure.subject_id})
    list(DataSubject.objects.select_for_update().filter(pk__in=group).order_by("pk"))
    for source in seams.people:
        source.lock(group)
    spared = set(erasure.preview.get("spared", ()))
    plan = plan_erasure(subject=erasure.subject, at=at, spared=spared, among=among, progress=progress)
    if plan.blockers:
        raise TransitionRefused(
            " ".join(str(one.sentence) for one in plan.blockers), code="condition-not-met"
        )
    home = home_of(plan.whose)
    proof = {
        **_head(erasure, plan.whose, by=by, at=at),
        **take_away(
            plan.whose,
            plan.needles,
            plan.found.without(spared),
            purpose=f"erasure {erasure.uid}",
            erasure=erasure,
            by=by,
            at=at,
            progress=progress,
        ),
        "texts_searched": plan.found.texts,
        "spared": sorted(spared),
    }
    erasure.state = Erasure.State.DONE
    erasure.decided_at, erasure.decided_by = at, by
    erasure.proof = proof
    erasure.proof_sha256 = hashlib.sha256(canonical_proof(proof)).hexdigest()
    with act(by=by, at=at, code="person.erased") as frame:
        erasure.save()
        frame.record(
            RecordEvent,
            "person.erased",
            dossier=home,
            subject_id=erasure.subject_id,
            erasure=erasure,
            data={"basis": erasure.basis, "keys": len(proof["keys"]), "proof": erasure.proof_sha256},
        )
    return erasure


def take_away(
    whose: Theirs,
    needles: Needles,
    hits: Sequence[Hit],
    *,
    purpose: str,
    erasure: Erasure | None = None,
    by: User,
    at: datetime,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Take ``whose`` keys, masks, copies and files away, and ``hits`` out of the texts of others; answers what went.

    For callers who have judged whether it may go (this module and retention), within their transaction.
    """

    def tell(step: str, done: int) -> None:
        if progress is not None:
            progress(step, done, 5)

    with act(by=by, at=at, code="person.erased_elsewhere") as frame:
        rewritten = erasing.rewrite_live(hits, needles)
        for dossier in Dossier.objects.filter(pk__in={hit.dossier_id for hit in hits if hit.dossier_id}):
            frame.record(RecordEvent, "person.erased_elsewhere", dossier=dossier, erasure=erasure)
    tell("texts", 1)
    redactions: list[Redaction] = []
    removed: dict[str, int] = {}
    if any(hit.table.append_only for hit in hits):
        with maintenance(by=by, at=at, purpose=purpose) as entry:
            redactions = erasing.redact_record(hits, entry=entry)
            removed = erasing.remove_plain(hits, entry=entry)
    tell("record", 2)
    masks = erasing.blank_masks(whose.subjects)
    dropped = erasing.drop_copies(whose, needles)
    tell("columns", 3)
    keys = erasing.delete_keys(whose)
    tell("keys", 4)
    # Before the files of the dossiers: the bundles of those are among them, and their rows have to say so.
    named = whose.dossiers | people.ask_all("homes", whose.subjects)
    speaking = {hit.dossier_id for hit in hits if hit.dossier_id is not None}
    bundles = withdraw_bundles(named | speaking, by=by, at=at)
    files = erasing.delete_files(whose.dossiers)
    erasing.empty_the_journal()
    tell("files", 5)
    return {
        "keys": keys,
        "masks_and_indexes": masks,
        "copies_deleted": dropped,
        # Not among the files: a bundle can be made again under the same identifier, without the person.
        "bundles": bundles,
        "files": files,
        "texts_rewritten": rewritten,
        "redactions": [
            {"table": one.table, "row": one.row_id, "column": one.column, "sha256": one.sha256}
            for one in redactions
        ],
        "rows_removed": removed,
    }


def _head(erasure: Erasure, whose: Theirs, *, by: User, at: datetime) -> dict[str, Any]:
    uids = DataSubject.objects.filter(pk__in=whose.subjects).values_list("uid", flat=True)
    return {
        "version": 1,
        "erasure": str(erasure.uid),
        "subjects": sorted(str(uid) for uid in uids),
        "basis": erasure.basis,
        "requested_at": erasure.requested_at.isoformat(),
        "requested_by": erasure.requested_by.username,
        "carried_out_at": at.isoformat(),
        "carried_out_by": by.username,
    }


def canonical_proof(proof: dict[str, Any]) -> bytes:
    """The bytes whose SHA-256 is kept: JSON in UTF-8, keys in order, no blanks."""
    return orjson.dumps(proof, option=orjson.OPT_SORT_KEYS)


def home_of(whose: Theirs) -> Dossier | None:
    """The dossier on whose timeline a person's erasure is told: their own, or else one they are named in."""
    ids = whose.dossiers or people.ask_all("homes", whose.subjects)
    return Dossier.objects.filter(pk__in=ids).order_by("pk").first()
