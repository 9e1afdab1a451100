"""What the complaint desk knows about people, and how long complaint files are kept."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.audit.keeping import seams
from backoffice.audit.keeping.seams import Blocker, Ids, LastUse, PersonSource, RetentionKind, Unit
from backoffice.core.time import business_day, start_of_day
from complaints.choices import ENDED_STATES, OPEN_STATES, ComplainantRole, ComplaintState
from complaints.models import Complainant, Complaint

COMPLAINT = "complaint"


def _about(subjects: Ids) -> QuerySet[Complaint]:
    """Complaints these people made, or that somebody made about their loans."""
    own = Complainant.objects.filter(subject_id__in=subjects).values("complaint_id")
    return Complaint.objects.filter(Q(pk__in=own) | Q(borrower__subject_id__in=subjects))


def own_complaints(subjects: Ids) -> QuerySet[Complaint]:
    """Complaints that nobody but these people made. What an agent or several together wrote stays, rewritten.

    Who complains as the borrower of their loan is the borrower, whether or not somebody has recorded that yet.
    """
    others = (
        Complainant.objects.exclude(subject_id__in=subjects)
        .exclude(role=ComplainantRole.BORROWER, complaint__borrower__subject_id__in=subjects)
        .values("complaint_id")
    )
    return _about(subjects).exclude(pk__in=others)


def _dossiers(subjects: Ids) -> set[int]:
    return set(own_complaints(subjects).values_list("dossier_id", flat=True))


def _subjects(dossiers: Ids) -> set[int]:
    found = set(
        Complainant.objects.filter(complaint__dossier_id__in=dossiers).values_list("subject_id", flat=True)
    )
    borrowers = Complaint.objects.filter(dossier_id__in=dossiers, borrower__isnull=False)
    return found | set(borrowers.values_list("borrower__subject_id", flat=True))


def _homes(subjects: Ids) -> set[int]:
    rows = Complainant.objects.filter(subject_id__in=subjects)
    return set(rows.values_list("complaint__dossier_id", flat=True))


def _dependents(subjects: Ids, dossiers: Ids) -> set[int]:
    rows = Complainant.objects.filter(complaint__dossier_id__in=dossiers)
    return set(rows.values_list("subject_id", flat=True))


def _standing(candidates: Ids, subjects: Ids, dossiers: Ids) -> set[int]:
    rows = Complainant.objects.filter(subject_id__in=candidates).exclude(complaint__dossier_id__in=dossiers)
    return set(rows.values_list("subject_id", flat=True))


def _blockers(subjects: Ids, dossiers: Ids, at: datetime) -> list[Blocker]:
    rows = _about(subjects).filter(state__in=OPEN_STATES).order_by("number")
    return [
        Blocker("open-complaint", _("Complaint %(number)s is open.") % {"number": number}, dossier_id)
        for number, dossier_id in rows.values_list("number", "dossier_id")
    ]


def _last_used(subjects: Ids, dossiers: Ids) -> list[LastUse]:
    latest = Complaint.objects.filter(dossier_id__in=dossiers).aggregate(
        closed=Max("closed_at"), received=Max("received_at")
    )
    moments = [moment for moment in latest.values() if moment is not None]
    return [LastUse(COMPLAINT, business_day(max(moments)))] if moments else []


def _lock(subjects: Ids) -> None:
    list(_about(subjects).select_for_update(of=("self",)).order_by("pk").only("pk"))


def _complaints_due(cut_off: date) -> QuerySet[Complaint, int]:
    """Files of complaints that ended by then. One that was not admitted ended when it came in."""
    after = start_of_day(cut_off + timedelta(days=1))
    ended = Q(state__in=ENDED_STATES, closed_at__lt=after) | Q(
        state=ComplaintState.NOT_ADMITTED, received_at__lt=after
    )
    return (
        Complaint.objects.filter(ended, dossier__data_key__isnull=False)
        .exclude(merged_into__state__in=OPEN_STATES)
        .exclude(merged__state__in=OPEN_STATES)
        .order_by("dossier_id")
        .values_list("dossier_id", flat=True)
    )


seams.people.register(
    "complaints",
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
    COMPLAINT,
    RetentionKind(
        label=gettext_lazy("Complaint files"),
        ends=gettext_lazy("the complaint has ended"),
        unit=Unit.DOSSIERS,
        due=_complaints_due,
    ),
)
