"""What the loan book knows about people, and how long a customer's records are kept."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.audit.keeping import seams
from backoffice.audit.keeping.seams import Blocker, Ids, LastUse, PersonSource, RetentionKind, Unit
from backoffice.core.time import business_day, start_of_day
from backoffice.loans.choices import LoanState
from backoffice.loans.models import Borrower, ContactPerson, Loan, LoanEvent, PhoneNumber, Repayment

CUSTOMER = "customer"


def _dossiers(subjects: Ids) -> set[int]:
    borrowers = Borrower.objects.filter(subject_id__in=subjects)
    return set(borrowers.values_list("dossier_id", flat=True)) | set(
        Loan.objects.filter(borrower__in=borrowers).values_list("dossier_id", flat=True)
    )


def _subjects(dossiers: Ids) -> set[int]:
    owners = Borrower.objects.filter(Q(dossier_id__in=dossiers) | Q(loans__dossier_id__in=dossiers))
    return set(owners.values_list("subject_id", flat=True))


def _homes(subjects: Ids) -> set[int]:
    named = ContactPerson.objects.filter(subject_id__in=subjects).values_list(
        "borrower__dossier_id", flat=True
    )
    dialled = PhoneNumber.objects.filter(subject_id__in=subjects).values_list(
        "borrower__dossier_id", flat=True
    )
    return set(named) | set(dialled)


def _dependents(subjects: Ids, dossiers: Ids) -> set[int]:
    """Contact persons and owners of numbers: held for the sake of the borrower alone."""
    found: set[int] = set()
    for model in (ContactPerson, PhoneNumber):
        rows = model.objects.filter(borrower__subject_id__in=subjects)
        found |= set(rows.values_list("subject_id", flat=True))
    return found


def _standing(candidates: Ids, subjects: Ids, dossiers: Ids) -> set[int]:
    """Borrowers, and whoever another borrower named."""
    going = Q(borrower__subject_id__in=subjects) | Q(borrower__dossier_id__in=dossiers)
    found = set(
        Borrower.objects.filter(subject_id__in=candidates)
        .exclude(subject_id__in=subjects)
        .values_list("subject_id", flat=True)
    )
    for model in (ContactPerson, PhoneNumber):
        rows = model.objects.filter(subject_id__in=candidates).exclude(going)
        found |= set(rows.values_list("subject_id", flat=True))
    return found


def _blockers(subjects: Ids, dossiers: Ids, at: datetime) -> list[Blocker]:
    active = Loan.objects.filter(borrower__subject_id__in=subjects, state=LoanState.ACTIVE).order_by("number")
    return [
        Blocker("active-loan", _("Loan %(number)s is still running.") % {"number": number}, dossier_id)
        for number, dossier_id in active.values_list("number", "dossier_id")
    ]


def _last_used(subjects: Ids, dossiers: Ids) -> list[LastUse]:
    """The customer relationship ended with the last thing that happened on it."""
    borrowers = Borrower.objects.filter(subject_id__in=subjects)
    moments = [*borrowers.values_list("registered_at", flat=True)]
    if not moments:
        return []
    paid = Repayment.objects.filter(loan__borrower__in=borrowers).order_by("-received_at")
    happened = LoanEvent.objects.filter(Q(borrower__in=borrowers) | Q(loan__borrower__in=borrowers)).order_by(
        "-occurred_at"
    )
    moments += paid.values_list("received_at", flat=True)[:1]
    moments += happened.values_list("occurred_at", flat=True)[:1]
    # A loan that was sold or written off ends for us when its term does, if nothing later is known.
    ends = Loan.objects.filter(borrower__in=borrowers).order_by("-disbursed_on")
    days = [business_day(moment) for moment in moments]
    days += ends.values_list("disbursed_on", flat=True)[:1]
    return [LastUse(CUSTOMER, max(days))]


def _lock(subjects: Ids) -> None:
    borrowers = Borrower.objects.select_for_update(of=("self",)).filter(subject_id__in=subjects)
    found = [borrower.pk for borrower in borrowers.order_by("pk").only("pk")]
    list(Loan.objects.select_for_update(of=("self",)).filter(borrower_id__in=found).order_by("pk").only("pk"))


def _customers_due(cut_off: date) -> QuerySet[Borrower, int]:
    """People of whom nothing runs and nothing has happened since; other desks are asked one by one."""
    after = start_of_day(cut_off + timedelta(days=1))
    return (
        Borrower.objects.filter(registered_at__lt=after)
        .exclude(name_index="", mobile_index="", id_number_index="")
        .exclude(loans__state=LoanState.ACTIVE)
        .exclude(loans__disbursed_on__gt=cut_off)
        .exclude(loans__repayments__received_at__gte=after)
        .exclude(events__occurred_at__gte=after)
        .order_by("pk")
        .values_list("subject_id", flat=True)
    )


seams.people.register(
    "loans",
    PersonSource(
        dossiers=_dossiers,
        subjects=_subjects,
        homes=_homes,
        dependents=_dependents,
        standing=_standing,
        blockers=_blockers,
        last_used=_last_used,
        lock=_lock,
    ),
)
seams.kinds.register(
    CUSTOMER,
    RetentionKind(
        label=gettext_lazy("Customers with loans and repayments"),
        ends=gettext_lazy("the last loan has ended, and nothing has been paid or decided since"),
        unit=Unit.PEOPLE,
        due=_customers_due,
    ),
)
