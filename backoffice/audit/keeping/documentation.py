"""How long things are kept as a page of the documentation (docs/retention.md), kept equal by a test."""

from __future__ import annotations

from django.utils import translation
from django.utils.text import capfirst

from backoffice.audit.keeping import seams
from backoffice.audit.keeping.own import SEEDS, Seed
from backoffice.audit.keeping.seams import Unit

_BECOMES = {
    Unit.PEOPLE: "the person is erased, as by `erase_person`, with a proof",
    Unit.DOSSIERS: (
        "the keys and files of the dossier are deleted, and with them its texts; people known through nothing else "
        "are erased from the texts of others as far as only they can be meant"
    ),
    Unit.LOG: "sealed rows are deleted; their leaf hashes stay in the seals, their keys in the maintenance entry",
    Unit.ROWS: "the rows are deleted",
}

_HEAD = """\
# How long things are kept

Written from `backoffice/audit/keeping/own.py` and the `keeping.py` of each app by `manage.py
retention_page`; a test keeps them equal. These are the rules a new house starts with; from then on
compliance and the privacy officer maintain them in the admin, dated and on record.
Decision: `decisions/0017-keeping-and-erasing.md`.

- **The longest rule in force on the day of the run decides.** Without a rule in force nothing goes.
- **Months are counted as the Civil Code does** (民法典 art. 201, 202): the time begins on the day after
  the use ended and runs through the corresponding day of the last month, or through its last day. The
  first free day is the one after.
- **What is open is not due**, and **a legal hold wins over every rule**: a hold on one dossier keeps
  everything of the person it belongs to, until somebody lifts it.
- **Nothing goes by itself.** A preview is stored every night; a run is a person's decision
  (`apply_retention --run --by NAME`).
- Rows of the record that hold no personal data in the clear (history, events) are kept for good: what
  made them readable goes with the keys.
"""


def page() -> str:
    """Markdown: each kind of record with the end of its use, what becomes of it, and its rules."""
    parts = [_HEAD]
    with translation.override("en"):
        for code, kind in sorted(seams.kinds.items()):
            rules = sorted(
                (seed for seed in SEEDS if seed.kind == code), key=lambda one: (-one.keep_months, one.basis)
            )
            parts.append(
                f"## {capfirst(str(kind.label))} (`{code}`)\n\n"
                f"Counted from: {kind.ends}. When the time is over, {_BECOMES[kind.unit]}.\n\n"
                "| Months | In force | Basis | Source | Legal force | Confidence |\n|---|---|---|---|---|---|\n"
                + "\n".join(_line(seed) for seed in rules)
                + "\n"
            )
    return "\n".join(parts)


def _line(seed: Seed) -> str:
    until = f" until {seed.effective_to}" if seed.effective_to else ""
    cells = [
        str(seed.keep_months),
        f"from {seed.effective_from}{until}",
        seed.basis,
        seed.source,
        str(seed.legal_force.label),
        str(seed.confidence.label),
    ]
    return "| " + " | ".join(cells) + " |"
