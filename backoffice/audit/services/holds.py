"""Legal holds: a dossier that a court, an authority or our own lawyers need is neither erased nor let run out."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from backoffice.audit import workflow
from backoffice.audit.models import LegalHold, RecordEvent
from backoffice.audit.services.acting import act, lock
from backoffice.core.errors import InputRefused, NotPermitted
from backoffice.core.models import Dossier
from backoffice.core.time import business_day
from backoffice.privacy.services import set_text
from backoffice.staff.models import User


def place_legal_hold(
    *,
    dossier: Dossier,
    reason_code: str,
    reference: str = "",
    detail: str = "",
    until: date | None = None,
    by: User,
    at: datetime,
) -> LegalHold:
    """Nothing of the person this dossier belongs to may be erased or run out until the hold is lifted.

    ``reason_code`` is a ``LegalHold.Reason``, ``reference`` the court's or authority's number, ``detail`` words
    (kept under the dossier's key). ``until`` is when somebody should ask again; the hold does not end by itself.
    Raises ``NotPermitted``, ``InputRefused``.
    """
    if not by.has_perm(workflow.HOLD):
        raise NotPermitted()
    if reason_code not in LegalHold.Reason.values:
        raise InputRefused(_("Choose a reason."), field="reason_code")
    if until is not None and until < business_day(at):
        raise InputRefused(_("This day has passed."), field="until")
    with act(by=by, at=at, code="legal_hold.placed", reason=detail, dossier=dossier) as frame:
        hold = LegalHold(
            dossier=dossier,
            reason=reason_code,
            reference=reference.strip()[:60],
            placed_at=at,
            placed_by=by,
            until=until,
        )
        set_text(hold, "detail_cipher", detail, dossier_id=dossier.pk)
        hold.save()
        frame.record(
            RecordEvent,
            "legal_hold.placed",
            dossier=dossier,
            data={"hold": str(hold.uid), "why": reason_code},
        )
    return hold


def lift_legal_hold(*, hold: LegalHold, reason: str, by: User, at: datetime) -> LegalHold:
    """The dossier is needed no longer; ``reason`` in words. Raises ``NotPermitted`` or ``TransitionRefused``."""
    with act(by=by, at=at, code="legal_hold.lifted", reason=reason, dossier=hold.dossier) as frame:
        hold = lock(LegalHold, hold.pk)
        workflow.legal_hold.step("lift", hold, by=by, at=at)
        hold.lifted_at = at
        hold.save()
        frame.record(RecordEvent, "legal_hold.lifted", dossier=hold.dossier, data={"hold": str(hold.uid)})
    return hold
