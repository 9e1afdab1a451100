"""What the complaints desk adds to an evidence bundle: the file of each complaint, as far as the viewer sees it."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from backoffice.audit.evidence.scope import Scope
from backoffice.audit.evidence.seams import Kind, Part, seams
from backoffice.core.choices import DossierKind
from backoffice.core.models import Dossier
from backoffice.desk.evidence import offer
from backoffice.loans.evidence import BORROWER, LOAN, PHONE_NUMBER
from backoffice.staff.models import User
from complaints.choices import ComplainantRole
from complaints.models import (
    Allegation,
    AllegationContact,
    Category,
    Complainant,
    ComplainantPhone,
    Complaint,
    ComplaintDeadline,
    ComplaintDeadlineAct,
    ComplaintEvent,
    Conversation,
    Decision,
    DecisionNotice,
    Demand,
    Note,
    Remedy,
)
from complaints.querysets import visible_to
from complaints.selectors.timeline import TITLES
from conduct.evidence import ALLEGED
from debt_collections.evidence import CASE, COLLECTOR, CONTACT
from debt_collections.models import ContactAttempt

COMPLAINT = "complaints.complaint"
WORDS = "complaints.read_words"


def about_complaint(scope: Scope) -> None:
    """One complaint with the contacts complained of. The person concerned is the borrower, or whoever complains
    for themselves; agents and the others of a joint complaint are third persons."""
    complaint = Complaint.objects.select_related("borrower", "case").get(dossier=scope.root)
    scope.add_whole(COMPLAINT, [complaint.pk])
    scope.add_named(BORROWER, [complaint.borrower_id])
    scope.add_named(LOAN, [complaint.loan_id])
    scope.add_named(CASE, [complaint.case_id])
    links = AllegationContact.objects.filter(allegation__complaint=complaint).select_related("alleged")
    for link in links:
        scope.add_whole(CONTACT, [link.contact_id])
        if link.alleged is not None:
            scope.add_whole(ALLEGED, [link.alleged_id])
            scope.add_whole(CONTACT, [link.alleged.matched_id])
    called = ContactAttempt.objects.filter(pk__in=scope.all_of(CONTACT))
    scope.add_named(PHONE_NUMBER, called.values_list("phone_number_id", flat=True))
    scope.add_named(COLLECTOR, complaint.allegations.values_list("collector_id", flat=True))
    people = list(complaint.complainants.order_by("pk"))
    own = [one.subject_id for one in people if one.role == ComplainantRole.BORROWER]
    if complaint.borrower is not None:
        own.append(complaint.borrower.subject_id)
    scope.add_principals(own or [one.subject_id for one in people[:1]])


def _visible(user: User, dossier: Dossier) -> bool:
    return visible_to(user).filter(dossier=dossier).exists()


def _whole(scope: Scope) -> QuerySet[Complaint]:
    belongs = (
        Q(pk__in=scope.all_of(COMPLAINT))
        | Q(borrower__in=scope.all_of(BORROWER))
        | Q(case__in=scope.all_of(CASE))
        | Q(loan__in=scope.all_of(LOAN))
    )
    return Complaint.objects.filter(pk__in=visible_to(scope.viewer).filter(belongs).values("pk"))


def parts(scope: Scope) -> Iterator[Part]:
    """The complaints with all their parts; of a collector the allegations that name them, and no more."""
    found = _whole(scope)
    yield Part(
        found,
        moments=() if scope.all_of(COMPLAINT) else ("received_at", "closed_at"),
        follow=True,
        texts=WORDS,
    )
    yield from _persons(found)
    named = Allegation.objects.filter(
        collector__in=scope.all_of(COLLECTOR), complaint__in=visible_to(scope.viewer).values("pk")
    )
    yield Part(
        Complaint.objects.filter(pk__in=named.values("complaint")).exclude(pk__in=found.values("pk")),
        moments=("received_at", "closed_at"),
        texts=WORDS,
    )
    allegations = Allegation.objects.filter(Q(complaint__in=found) | Q(pk__in=named.values("pk")))
    yield Part(allegations, follow=True, texts=WORDS)
    yield Part(AllegationContact.objects.filter(allegation__in=allegations))
    yield Part(Category.objects.filter(pk__in=allegations.values("category")))
    yield Part(Demand.objects.filter(complaint__in=found), texts=WORDS)
    yield Part(ComplaintDeadline.objects.filter(owner__in=found))
    yield Part(ComplaintDeadlineAct.objects.filter(deadline__owner__in=found), moments=("at",))
    yield from _exchange(found)


def _persons(found: QuerySet[Complaint]) -> Iterator[Part]:
    yield Part(
        Complainant.objects.filter(complaint__in=found),
        texts=WORDS,
        names=frozenset({"on_behalf_of_cipher"}),
    )
    yield Part(
        ComplainantPhone.objects.filter(complainant__complaint__in=found).select_related("complainant")
    )


def _exchange(found: QuerySet[Complaint]) -> Iterator[Part]:
    yield Part(Conversation.objects.filter(complaint__in=found), moments=("started_at",), texts=WORDS)
    yield Part(Note.objects.filter(complaint__in=found), moments=("written_at",), texts=WORDS)
    yield Part(Decision.objects.filter(complaint__in=found), follow=True, texts=WORDS)
    yield Part(DecisionNotice.objects.filter(decision__complaint__in=found), moments=("at",))
    yield Part(Remedy.objects.filter(complaint__in=found), texts=WORDS)


def event_words(event: ComplaintEvent) -> str:
    """The title the timeline of the complaint's page has for it."""
    return str(TITLES[event.kind][0]) if event.kind in TITLES else event.kind


seams.kinds.register(
    DossierKind.COMPLAINT,
    Kind(Complaint._meta.verbose_name, about_complaint, _visible, person=_("The borrower or complainant")),
)
seams.sources.register("complaints", parts)
seams.events.register(ComplaintEvent._meta.label_lower, event_words)
offer("complaints.complaint")
