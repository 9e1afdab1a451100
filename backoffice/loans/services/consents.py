"""What a borrower allows and needs."""

from __future__ import annotations

from datetime import date, datetime, time

from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import act, lock
from backoffice.core.errors import InputRefused
from backoffice.desk.models import Attachment
from backoffice.loans.models import Borrower, BorrowerNeed, ContactConsent, Creditor, LoanEvent
from backoffice.loans.services.rights import require
from backoffice.staff.models import User


def record_contact_consent(
    *,
    borrower: Borrower,
    creditor: Creditor,
    channel: str,
    window_from: time,
    window_to: time,
    valid_from: datetime,
    by: User,
    at: datetime,
    valid_until: datetime | None = None,
    evidence: Attachment | None = None,
    reason: str = "",
) -> ContactConsent:
    """The borrower's own, separate consent to be contacted on ``channel`` within a window of the Shanghai day.

    A window whose end is before its start runs over midnight. Raises ``NotPermitted`` and ``InputRefused`` (an
    empty window, an end before the start, evidence of another file).
    """
    require(by, "loans.add_contactconsent")
    if window_from == window_to:
        raise InputRefused(_("The window is empty."), field="window_to")
    if valid_until is not None and valid_until < valid_from:
        raise InputRefused(_("The consent ends before it begins."), field="valid_until")
    if evidence is not None and evidence.dossier_id != borrower.dossier_id:
        raise InputRefused(_("This file is not the borrower's."), field="evidence")
    with act(by=by, at=at, code="contact_consent.given", reason=reason, dossier=borrower.dossier) as frame:
        borrower = lock(Borrower, borrower.pk)
        consent = ContactConsent.objects.create(
            borrower=borrower,
            creditor=creditor,
            channel=channel,
            window_from=window_from,
            window_to=window_to,
            valid_from=valid_from,
            valid_until=valid_until,
            evidence=evidence,
        )
        frame.record(
            LoanEvent,
            "contact_consent_given",
            dossier=borrower.dossier,
            borrower=borrower,
            data={
                "consent": consent.pk,
                "channel": channel,
                "from": f"{window_from:%H:%M}",
                "to": f"{window_to:%H:%M}",
            },
        )
    return consent


def revoke_contact_consent(
    *, consent: ContactConsent, by: User, at: datetime, reason: str = ""
) -> ContactConsent:
    """End a consent from ``at`` on; a second time changes nothing. Raises ``NotPermitted``."""
    require(by, "loans.change_contactconsent")
    borrower = consent.borrower
    with act(by=by, at=at, code="contact_consent.revoked", reason=reason, dossier=borrower.dossier) as frame:
        lock(Borrower, borrower.pk)
        consent = lock(ContactConsent, consent.pk)
        if consent.revoked_at is not None:
            return consent
        consent.revoked_at = at
        consent.save()
        frame.record(
            LoanEvent,
            "contact_consent_revoked",
            dossier=borrower.dossier,
            borrower=borrower,
            data={"consent": consent.pk, "channel": consent.channel},
        )
    return consent


def add_need(
    *,
    borrower: Borrower,
    need: str,
    from_on: date,
    by: User,
    at: datetime,
    until: date | None = None,
    reason: str = "",
) -> BorrowerNeed:
    """A need that makes us gentler from ``from_on`` to ``until`` (open: until it is ended).

    ``reason`` says how we know, never the illness. Raises ``NotPermitted`` and ``InputRefused``.
    """
    require(by, "loans.add_borrowerneed")
    if until is not None and until < from_on:
        raise InputRefused(_("The need ends before it begins."), field="until")
    with act(by=by, at=at, code="need.added", reason=reason, dossier=borrower.dossier) as frame:
        borrower = lock(Borrower, borrower.pk)
        row = BorrowerNeed.objects.create(borrower=borrower, need=need, from_on=from_on, until=until)
        frame.record(
            LoanEvent, "need_added", dossier=borrower.dossier, borrower=borrower, data={"need": need}
        )
    return row


def end_need(*, need: BorrowerNeed, until: date, by: User, at: datetime, reason: str = "") -> BorrowerNeed:
    """Say until which day a need lasts. Raises ``NotPermitted`` and ``InputRefused``."""
    require(by, "loans.change_borrowerneed")
    if until < need.from_on:
        raise InputRefused(_("The need ends before it begins."), field="until")
    borrower = need.borrower
    with act(by=by, at=at, code="need.ended", reason=reason, dossier=borrower.dossier) as frame:
        lock(Borrower, borrower.pk)
        need = lock(BorrowerNeed, need.pk)
        need.until = until
        need.save()
        frame.record(
            LoanEvent,
            "need_ended",
            dossier=borrower.dossier,
            borrower=borrower,
            data={"need": need.need, "until": until.isoformat()},
        )
    return need
