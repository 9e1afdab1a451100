"""How the record stands: what is sealed, what not yet, and what the last verifications found."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet, Value

from backoffice.audit import canonical, proofs
from backoffice.audit.models import Seal, Verification


@dataclass(frozen=True, slots=True)
class Standing:
    """``unsealed`` rows wait for the next seal; None while nothing was sealed at all."""

    last: Seal | None
    unsealed: int | None
    newest: Verification | None
    full: Verification | None


def standing() -> Standing:
    """The present state, in a handful of statements whatever the record's size."""
    last = Seal.objects.select_related("key").order_by("-number").first()
    return Standing(
        last=last,
        unsealed=unsealed_count(last) if last is not None else None,
        newest=Verification.objects.order_by("-pk").first(),
        full=Verification.objects.filter(mode=Verification.Mode.FULL).order_by("-pk").first(),
    )


def unsealed_count(last: Seal) -> int:
    """Rows behind the last seal: one count over all tables, by transaction number (SQLite: by key)."""
    arms: list[QuerySet] = []
    for table, model in canonical.sealed_models().items():
        if last.window_to is None:
            behind = Q(pk__gt=proofs.last_sealed(table))
        else:
            behind = Q(epoch=last.epoch, xact_id__gte=last.window_to) | Q(epoch__gt=last.epoch)
        arms.append(
            model._base_manager.filter(behind).order_by().annotate(one=Value(1)).values_list("one", flat=True)
        )
    return arms[0].union(*arms[1:], all=True).count()


def faults_by_seal(verification: Verification | None) -> dict[int, int]:
    """Number of a seal → how many of the stored findings name it."""
    faults: dict[int, int] = {}
    for finding in verification.findings if verification is not None else ():
        if finding["seal"] is not None:
            faults[finding["seal"]] = faults.get(finding["seal"], 0) + 1
    return faults
