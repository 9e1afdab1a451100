"""Who the complainant is to us: borrower, loan, case; earlier complaints; our records of what was alleged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from backoffice.audit.services.people import link_subjects
from backoffice.core.errors import InputRefused
from backoffice.loans.models import Borrower, Loan
from backoffice.staff.models import User
from complaints import timing
from complaints.choices import CategoryRoot, ComplainantRole, ComplaintState
from complaints.models import Allegation, Complainant, Complaint
from complaints.services.changes import Change, changing
from complaints.services.effects import settle_holds
from conduct.models import AllegedContact
from debt_collections.choices import CaseState
from debt_collections.models import Case, ContactAttempt

#: How far the complainant's clock may be from ours when a contact is looked for.
CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Match:
    """What the loan numbers and document numbers given lead to; ``how`` is loan, id_number, both, none or conflict."""

    borrower: Borrower | None = None
    loan: Loan | None = None
    how: str = "none"


def find_match(*, loan_refs: Sequence[str], complainants: Sequence[Complainant]) -> Match:
    """The one borrower to whom every loan number and document number given leads; none where they disagree."""
    loans = list(
        Loan.objects.filter(number__in=[ref.strip() for ref in loan_refs]).select_related("borrower")
    )
    indexes = [
        one.id_number_index
        for one in complainants
        if one.role == ComplainantRole.BORROWER and one.id_number_index
    ]
    by_id = list(Borrower.objects.filter(id_number_index__in=indexes)[:2]) if indexes else []
    borrowers = {loan.borrower for loan in loans} | set(by_id)
    if not borrowers:
        return Match()
    if len(borrowers) > 1:
        return Match(how="conflict")
    how = "both" if loans and by_id else "loan" if loans else "id_number"
    return Match(borrowers.pop(), loans[0] if len(loans) == 1 else None, how)


def open_case_of(borrower: Borrower) -> Case | None:
    return Case.objects.filter(borrower=borrower, state=CaseState.OPEN).first()


def earlier_complaint(
    borrower: Borrower, *, before: datetime, exclude: int | None = None
) -> Complaint | None:
    """The newest complaint of the same borrower that makes this one a repeat (look-back from policy)."""
    since = before - timedelta(days=timing.policy_days(timing.REPEAT_DAYS, at=before))
    earlier = Complaint.objects.filter(
        borrower=borrower, received_at__gte=since, received_at__lte=before
    ).exclude(state=ComplaintState.MERGED)
    if exclude is not None:
        earlier = earlier.exclude(pk=exclude)
    return earlier.order_by("-received_at", "-id").first()


def match_borrower(
    *,
    complaint: Complaint,
    borrower: Borrower,
    loan: Loan | None = None,
    case: Case | None = None,
    by: User,
    at: datetime,
    reason: str = "",
) -> Complaint:
    """Say which borrower (loan, case) the complaint is about; without ``case``, the open one.

    Complainants in the borrower's role become aliases of the borrower's data subject: on record and reversible,
    nothing is re-encrypted. Holds take effect. Raises ``NotPermitted``, ``TransitionRefused``, ``InputRefused``.
    """
    if loan is not None and loan.borrower_id != borrower.pk:
        raise InputRefused(_("This loan is owed by somebody else."), field="loan")
    if case is not None and case.borrower_id != borrower.pk:
        raise InputRefused(_("This case is somebody else's."), field="case")
    with changing(complaint, by=by, at=at, code="complaint.borrower_matched", reason=reason) as change:
        change.step("match_borrower")
        _no_foreign_contacts(change.complaint, borrower)
        change.complaint.borrower = borrower
        change.complaint.loan = loan
        change.complaint.case = case or open_case_of(borrower)
        if change.complaint.repeat_of_id is None:
            change.complaint.repeat_of = earlier_complaint(
                borrower, before=change.complaint.received_at, exclude=change.complaint.pk
            )
        change.save()
        _alias(change, borrower, reason=reason)
        find_our_records(change)
        settle_holds(change)
        change.record(
            "borrower_matched", data={"loan": loan is not None, "case": change.complaint.case is not None}
        )
    return change.complaint


def _no_foreign_contacts(complaint: Complaint, borrower: Borrower) -> None:
    linked = complaint.allegations.filter(contacts__removed_at__isnull=True, contacts__contact__isnull=False)
    if complaint.borrower_id != borrower.pk and linked.exists():
        raise InputRefused(_("Contacts of another borrower are linked; unlink them first."), field="borrower")


def _alias(change: Change, borrower: Borrower, *, reason: str) -> None:
    complainants = change.complaint.complainants.filter(role=ComplainantRole.BORROWER)
    for complainant in complainants.select_related("subject"):
        if complainant.subject_id not in (borrower.subject_id, borrower.subject.same_as_id):
            link_subjects(
                subject=complainant.subject,
                same_as=borrower.subject,
                reason=reason,
                dossier=change.complaint.dossier,
                by=change.frame.by,
                at=change.frame.at,
            )


def find_our_records(change: Change) -> None:
    """Look for our own record of every alleged contact that has none, and name its collector where none is named."""
    complaint = change.complaint
    if complaint.borrower is None:
        return
    unmatched = AllegedContact.objects.filter(
        allegation_links__allegation__complaint=complaint,
        allegation_links__removed_at__isnull=True,
        matched__isnull=True,
        alleged_at__isnull=False,
    ).distinct()
    for alleged in unmatched:
        contact = our_record(alleged, complaint.borrower)
        alleged.borrower = complaint.borrower
        alleged.matched = contact
        alleged.save()
        if contact is not None:
            for link in alleged.allegation_links.select_related("allegation__category"):
                name_collector(link.allegation, contact)


def our_record(alleged: AllegedContact, borrower: Borrower) -> ContactAttempt | None:
    """The one contact of ours within the clock tolerance that fits the number; None when several would do."""
    if alleged.alleged_at is None:
        return None
    near = ContactAttempt.objects.filter(
        borrower=borrower,
        started_at__gte=alleged.alleged_at - CLOCK_TOLERANCE,
        started_at__lte=alleged.alleged_at + CLOCK_TOLERANCE,
    )
    if alleged.number_index:
        near = near.filter(phone_number__number_index=alleged.number_index)
    found = list(near[:2])
    return found[0] if len(found) == 1 else None


def name_collector(allegation: Allegation, contact: ContactAttempt) -> None:
    """The first contact complained of names the collector complained of."""
    if (
        allegation.collector_id is None
        and allegation.category.root == CategoryRoot.COLLECTION
        and contact.collector_id
    ):
        allegation.collector_id = contact.collector_id
        allegation.save()
