"""Allegations: what exactly is complained of, the very contacts meant, and what was found."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import lock
from backoffice.core.errors import InputRefused
from backoffice.core.time import business_day
from backoffice.desk.models import Attachment
from backoffice.privacy.services import set_personal, set_text
from backoffice.staff.models import User
from complaints.choices import ComplaintState, Finding
from complaints.models import Allegation, AllegationContact, Complaint
from complaints.selectors.categories import category_in_force
from complaints.services.changes import Change, changing, demand_text
from complaints.services.effects import ask_the_desks, settle_holds
from complaints.services.matching import name_collector, our_record
from conduct.models import AllegedContact
from debt_collections.models import Collector, ContactAttempt


def write_allegation(
    change: Change, *, category: str, text: str, collector: Collector | None = None
) -> Allegation:
    """Write an allegation within another act."""
    allegation = Allegation(
        complaint=change.complaint,
        sequence=change.complaint.allegations.count() + 1,
        category=category_in_force(category, on=business_day(change.complaint.received_at), field="category"),
        collector=collector,
    )
    set_text(allegation, "text_cipher", text.strip(), dossier_id=change.complaint.dossier_id)
    allegation.save()
    return allegation


def add_allegation(
    *,
    complaint: Complaint,
    category: str,
    text: str = "",
    collector: Collector | None = None,
    by: User,
    at: datetime,
    reason: str = "",
) -> Allegation:
    """One more thing complained of (also how a complaint is split up); ``category`` is a code of the tree in force.

    Raises ``NotPermitted``, ``TransitionRefused``, ``InputRefused``.
    """
    with changing(complaint, by=by, at=at, code="complaint.allegation_added", reason=reason) as change:
        change.step("add_allegation")
        allegation = write_allegation(change, category=category, text=text, collector=collector)
        _take_effect(change)
        change.record("allegation_added", allegation=allegation, data={"category": category})
    return allegation


def link_contact(
    *, allegation: Allegation, contact: ContactAttempt, by: User, at: datetime, reason: str = ""
) -> AllegationContact:
    """This very contact is complained of. Raises ``InputRefused`` for another borrower's, or one linked already."""
    with changing(
        allegation.complaint, by=by, at=at, code="complaint.contact_linked", reason=reason
    ) as change:
        change.step("link_contact")
        if contact.borrower_id != change.complaint.borrower_id:
            raise InputRefused(_("This contact was with another borrower."), field="contact")
        if allegation.contacts.filter(contact=contact, removed_at__isnull=True).exists():
            raise InputRefused(_("This contact is linked already."), field="contact")
        link = AllegationContact.objects.create(allegation=allegation, contact=contact)
        name_collector(lock(Allegation, allegation.pk), contact)
        _take_effect(change)
        change.record("contact_linked", allegation=allegation, data={"contact": str(contact.dossier.uid)})
    return link


def unlink_contact(*, link: AllegationContact, by: User, at: datetime, reason: str = "") -> AllegationContact:
    """It was not this contact after all; the link stays on record."""
    complaint = link.allegation.complaint
    with changing(complaint, by=by, at=at, code="complaint.contact_unlinked", reason=reason) as change:
        change.step("unlink_contact")
        link = lock(AllegationContact, link.pk)
        if link.removed_at is not None:
            raise InputRefused(_("This link was removed before."), field="link")
        link.removed_at = at
        link.save()
        _release_collector(link)
        _take_effect(change)
        change.record("contact_unlinked", allegation=link.allegation)
    return link


def _release_collector(link: AllegationContact) -> None:
    """Nobody stays named for a contact that is not complained of any more."""
    allegation = lock(Allegation, link.allegation_id)
    removed = link.contact or (link.alleged.matched if link.alleged is not None else None)
    if removed is None or removed.collector_id is None or removed.collector_id != allegation.collector_id:
        return
    rest = allegation.contacts.filter(removed_at__isnull=True)
    direct = rest.filter(contact__collector_id__isnull=False).values_list("contact__collector_id", flat=True)
    matched = rest.filter(alleged__matched__collector_id__isnull=False).values_list(
        "alleged__matched__collector_id", flat=True
    )
    named = [*direct, *matched]
    if allegation.collector_id not in named:
        allegation.collector_id = named[0] if named else None
        allegation.save()


def report_alleged_contact(
    *,
    allegation: Allegation,
    alleged_at: datetime | None,
    number: str = "",
    text: str = "",
    screenshot: Attachment | None = None,
    by: User,
    at: datetime,
    reason: str = "",
) -> AllegedContact:
    """A contact that somebody says happened; matched to our own record if time and number fit exactly one.

    Raises ``InputRefused`` without a time and a number, for a time to come, or for a number that is none.
    """
    complaint = allegation.complaint
    with changing(
        complaint, by=by, at=at, code="complaint.alleged_contact_reported", reason=reason
    ) as change:
        change.step("report_alleged_contact")
        person = change.complaint.complainants.order_by("id").first()
        if person is None:
            raise ValueError("a complaint has a complainant")
        alleged = write_alleged_contact(
            change,
            allegation=allegation,
            subject_id=person.subject_id,
            alleged_at=alleged_at,
            number=number,
            text=text,
            screenshot=screenshot,
        )
        _take_effect(change)
        change.record(
            "alleged_contact_reported",
            allegation=allegation,
            data={"matched": alleged.matched_id is not None},
        )
    return alleged


def write_alleged_contact(
    change: Change,
    *,
    allegation: Allegation,
    subject_id: int,
    alleged_at: datetime | None,
    number: str = "",
    text: str = "",
    screenshot: Attachment | None = None,
) -> AllegedContact:
    """Write an alleged contact within another act; ``subject_id`` is whose key keeps the number."""
    if alleged_at is None and not number.strip():
        raise InputRefused(_("Give the time or the number of the contact."), field="at")
    if alleged_at is not None and alleged_at > change.frame.at:
        raise InputRefused(_("This moment is still to come."), field="at")
    alleged = AllegedContact(
        dossier=change.complaint.dossier,
        subject_id=subject_id,
        borrower=change.complaint.borrower,
        alleged_at=alleged_at,
        screenshot=screenshot,
    )
    try:
        set_personal(alleged, number=number)
    except InputRefused as refusal:
        raise InputRefused(refusal.message, code=refusal.code, field="number") from refusal
    set_text(alleged, "text_cipher", text.strip(), dossier_id=change.complaint.dossier_id)
    if change.complaint.borrower is not None:
        alleged.matched = our_record(alleged, change.complaint.borrower)
    alleged.save()
    AllegationContact.objects.create(allegation=allegation, alleged=alleged)
    if alleged.matched is not None:
        name_collector(lock(Allegation, allegation.pk), alleged.matched)
    return alleged


def set_finding(*, allegation: Allegation, finding: str, reason: str, by: User, at: datetime) -> Allegation:
    """What was found, and why, as it will stand in the letter. ``open`` takes a finding back.

    Raises ``NotPermitted``, ``TransitionRefused``, ``InputRefused``.
    """
    if finding not in Finding.values:
        raise InputRefused(field="finding")
    reason = demand_text(reason, "reason")
    complaint = allegation.complaint
    with changing(complaint, by=by, at=at, code="complaint.finding_set", reason=reason) as change:
        change.step("set_finding")
        allegation = lock(Allegation, allegation.pk)
        taken_back = finding == Finding.OPEN
        allegation.finding = finding
        allegation.found_by = None if taken_back else by
        allegation.found_at = None if taken_back else at
        text = "" if taken_back else reason
        set_text(allegation, "finding_reason_cipher", text, dossier_id=change.complaint.dossier_id)
        allegation.save()
        change.record("finding_set", allegation=allegation, data={"finding": finding})
    return allegation


def _take_effect(change: Change) -> None:
    settle_holds(change)
    if change.complaint.state in (ComplaintState.INVESTIGATING, ComplaintState.AWAITING_COMPLAINANT):
        ask_the_desks(change)
