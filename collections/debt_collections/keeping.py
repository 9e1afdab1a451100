"""What the collection desk knows about people, and how long the notes of contacts are kept."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.audit.keeping import seams
from backoffice.audit.keeping.seams import Blocker, Ids, LastUse, PersonSource, RetentionKind, Unit
from backoffice.core.time import business_day, start_of_day
from backoffice.loans.choices import LoanState
from debt_collections.choices import CaseState
from debt_collections.models import Case, ContactAttempt, Hold

CONTACT = "contact"


def _dossiers(subjects: Ids) -> set[int]:
    return {
        pk
        for model in (Case, ContactAttempt)
        for pk in model.objects.filter(borrower__subject_id__in=subjects).values_list("dossier_id", flat=True)
    }


def _subjects(dossiers: Ids) -> set[int]:
    return {
        pk
        for model in (Case, ContactAttempt)
        for pk in model.objects.filter(dossier_id__in=dossiers).values_list("borrower__subject_id", flat=True)
    }


def _blockers(subjects: Ids, dossiers: Ids, at: datetime) -> list[Blocker]:
    cases = Case.objects.filter(borrower__subject_id__in=subjects, state=CaseState.OPEN).order_by("number")
    found = [
        Blocker("open-case", _("Collection case %(number)s is open.") % {"number": number}, dossier_id)
        for number, dossier_id in cases.values_list("number", "dossier_id")
    ]
    holds = Hold.objects.filter(borrower__subject_id__in=subjects, lifted_at__isnull=True)
    for source_id, number, until in holds.filter(Q(until__isnull=True) | Q(until__gt=at)).values_list(
        "source_id", "source__number", "until"
    ):
        sentence = _("A hold on collection from %(number)s is live.") % {"number": number}
        free = business_day(until) + timedelta(days=1) if until is not None else None
        found.append(Blocker("live-hold", sentence, source_id, free))
    return found


def _last_used(subjects: Ids, dossiers: Ids) -> list[LastUse]:
    latest = ContactAttempt.objects.filter(borrower__subject_id__in=subjects).aggregate(
        latest=Max("started_at")
    )["latest"]
    return [LastUse(CONTACT, business_day(latest))] if latest is not None else []


def _lock(subjects: Ids) -> None:
    cases = Case.objects.select_for_update(of=("self",)).filter(borrower__subject_id__in=subjects)
    list(cases.order_by("pk").only("pk"))


def _contacts_due(cut_off: date) -> QuerySet[ContactAttempt, int]:
    """The dossiers of contacts with borrowers of whom nothing runs and who have not been contacted since."""
    after = start_of_day(cut_off + timedelta(days=1))
    return (
        ContactAttempt.objects.filter(started_at__lt=after, dossier__data_key__isnull=False)
        .exclude(borrower__loans__state=LoanState.ACTIVE)
        .exclude(borrower__cases__state=CaseState.OPEN)
        .exclude(borrower_id__in=ContactAttempt.objects.filter(started_at__gte=after).values("borrower_id"))
        .order_by("dossier_id")
        .values_list("dossier_id", flat=True)
    )


seams.people.register(
    "collections",
    PersonSource(
        dossiers=_dossiers, subjects=_subjects, blockers=_blockers, last_used=_last_used, lock=_lock
    ),
)
seams.kinds.register(
    CONTACT,
    RetentionKind(
        label=gettext_lazy("Notes and files of contacts"),
        ends=gettext_lazy(
            "no loan or case of the borrower is open, and the borrower has not been contacted since"
        ),
        unit=Unit.DOSSIERS,
        due=_contacts_due,
    ),
)
