"""What mediation knows about people: the referrals of their complaints."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from backoffice.audit.keeping import seams
from backoffice.audit.keeping.seams import Blocker, Ids, PersonSource
from complaints.keeping import own_complaints
from complaints.mediation.choices import ENDED_STATES
from complaints.mediation.models import Referral
from complaints.models import Complainant


def _about(subjects: Ids) -> QuerySet[Referral]:
    own = Complainant.objects.filter(subject_id__in=subjects).values("complaint_id")
    return Referral.objects.filter(Q(complaint_id__in=own) | Q(complaint__borrower__subject_id__in=subjects))


def _dossiers(subjects: Ids) -> set[int]:
    """As with the complaint: theirs alone when nobody else complained."""
    rows = Referral.objects.filter(complaint__in=own_complaints(subjects))
    return set(rows.values_list("dossier_id", flat=True))


def _subjects(dossiers: Ids) -> set[int]:
    rows = Complainant.objects.filter(complaint__referrals__dossier_id__in=dossiers)
    return set(rows.values_list("subject_id", flat=True))


def _blockers(subjects: Ids, dossiers: Ids, at: datetime) -> list[Blocker]:
    rows = _about(subjects).exclude(state__in=ENDED_STATES).order_by("number")
    return [
        Blocker("live-referral", _("Mediation %(number)s is under way.") % {"number": number}, dossier_id)
        for number, dossier_id in rows.values_list("number", "dossier_id")
    ]


def _lock(subjects: Ids) -> None:
    list(_about(subjects).select_for_update(of=("self",)).order_by("pk").only("pk"))


seams.people.register(
    "mediation", PersonSource(dossiers=_dossiers, subjects=_subjects, blockers=_blockers, lock=_lock)
)
