"""Evidence bundles that hold somebody who is erased: plain text in a file, so the file goes with the person."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime

from django.utils.translation import gettext as _

from backoffice.audit.models import EvidenceBundle, ReadEvent
from backoffice.audit.services.acting import act
from backoffice.audit.services.evidence import expire_bundles_about
from backoffice.staff.models import User

_State = EvidenceBundle.State


def withdraw_bundles(dossier_ids: Set[int], *, by: User, at: datetime) -> list[dict[str, str]]:
    """Delete the files of all bundles with any of these dossiers in them; answers what the proof says of each.

    A bundle names every dossier in it in the read row of its making, which is how the dossiers of others that speak
    of the person are found. One that is being made just now may have read the person already: it fails, and whoever
    asked for it can have it made again. One that waits is made when this transaction is through.
    """
    _stop_makers(by=by, at=at)
    holding = {
        bundle.dossier_id
        for bundle in EvidenceBundle.objects.filter(state=_State.READY).order_by("pk")
        if bundle.dossier_id in dossier_ids or _lists_any(bundle, dossier_ids)
    }
    about = EvidenceBundle.objects.filter(dossier_id__in=holding, state=_State.READY).order_by("pk")
    gone = [{"uid": str(uid), "sha256": sha256} for uid, sha256 in about.values_list("uid", "sha256")]
    expire_bundles_about(dossier_ids=holding, by=by, at=at)
    return gone


def _lists_any(bundle: EvidenceBundle, dossier_ids: Set[int]) -> bool:
    reads = ReadEvent.objects.filter(dossier_id=bundle.dossier_id, path=f"evidence/{bundle.uid}")
    lists = list(reads.values_list("listed", flat=True))
    # Without a row that says what is in it, it may hold anybody.
    return not lists or any(not dossier_ids.isdisjoint(one) for one in lists)


def _stop_makers(*, by: User, at: datetime) -> None:
    """The new line of history is what a maker looks for before it hands its bundle in (``evidence``)."""
    unfinished = EvidenceBundle.objects.filter(state__in=[_State.QUEUED, _State.RUNNING])
    for bundle in unfinished.select_for_update(of=("self",)).order_by("pk"):
        if bundle.state != _State.RUNNING:
            continue
        with act(by=by, at=at, code="bundle.failed"):
            bundle.state = _State.FAILED
            bundle.error = _("Somebody was erased while it was being made.")[:200]
            bundle.finished_at = at
            bundle.save()
