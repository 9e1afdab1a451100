"""What the collections desk adds to an evidence bundle: cases, who had them, contacts, holds, collectors."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.audit.evidence.scope import Scope
from backoffice.audit.evidence.seams import Kind, Part, seams, titles
from backoffice.core.choices import DossierKind
from backoffice.core.models import Dossier
from backoffice.desk.evidence import offer
from backoffice.loans.evidence import BORROWER, CONTACT_PERSON, LOAN, PHONE_NUMBER
from backoffice.staff.models import User
from debt_collections.models import (
    Agency,
    Authorisation,
    Case,
    CaseLoan,
    CollectionEvent,
    Collector,
    ContactAttempt,
    ContactAttemptLoan,
    Hold,
    HoldLoan,
    Placement,
)

CASE, COLLECTOR, CONTACT, HOLD = (
    "collections.case",
    "collections.collector",
    "collections.contactattempt",
    "collections.hold",
)

EVENT_TITLES = {
    "agency_registered": gettext_lazy("Agency registered"),
    "collector_registered": gettext_lazy("Collector registered"),
    "collector_authorised": gettext_lazy("Collector authorised"),
    "collector_suspended": gettext_lazy("Collector suspended"),
    "case_opened": gettext_lazy("Collection case opened"),
    "loan_added": gettext_lazy("Loan added to the case"),
    "case_placed": gettext_lazy("Case placed"),
    "case_closed": gettext_lazy("Collection case closed"),
    "hold_placed": gettext_lazy("Hold placed"),
    "hold_lifted": gettext_lazy("Hold lifted"),
    # A contact is told by its own row, at the moment it was made.
    "contact_logged": "",
    "contact_imported": "",
}


def about_case(scope: Scope) -> None:
    """One case with its contacts; its borrower and loans are named, and the borrower is the person concerned."""
    case = Case.objects.select_related("borrower").get(dossier=scope.root)
    scope.add_whole(CASE, [case.pk])
    scope.add_named(BORROWER, [case.borrower_id])
    scope.add_named(LOAN, case.case_loans.values_list("loan_id", flat=True))
    scope.add_principals([case.borrower.subject_id])
    contacts = case.contact_attempts
    scope.add_named(CONTACT_PERSON, contacts.values_list("contact_person_id", flat=True).distinct())
    scope.add_named(PHONE_NUMBER, contacts.values_list("phone_number_id", flat=True).distinct())


def about_collector(scope: Scope) -> None:
    """What one collector did. Nobody's personal data are shown in full: those called are third persons here."""
    collector = Collector.objects.get(dossier=scope.root)
    scope.add_whole(COLLECTOR, [collector.pk])


def _case_visible(user: User, dossier: Dossier) -> bool:
    return user.has_perm("collections.view_case") and (
        Case.objects.visible_to(user).filter(dossier=dossier).exists()
    )


def _collector_visible(user: User, dossier: Dossier) -> bool:
    return user.has_perm("collections.view_collector") and Collector.objects.filter(dossier=dossier).exists()


def contacts_of(scope: Scope) -> Q:
    """The contacts that belong to a bundle."""
    return (
        Q(pk__in=scope.all_of(CONTACT))
        | Q(borrower__in=scope.all_of(BORROWER))
        | Q(case__in=scope.all_of(CASE))
        | Q(collector__in=scope.all_of(COLLECTOR))
        | Q(second_collector__in=scope.all_of(COLLECTOR))
        | Q(pk__in=ContactAttemptLoan.objects.filter(loan__in=scope.all_of(LOAN)).values("contact"))
    )


def _holds_of(scope: Scope) -> Q:
    cases = Case.objects.filter(
        Q(pk__in=scope.all_of(CASE)) | Q(placements__collector__in=scope.all_of(COLLECTOR))
    )
    owed = HoldLoan.objects.filter(loan__in=scope.all_of(LOAN))
    return (
        Q(borrower__in=scope.all_of(BORROWER))
        | Q(borrower__in=cases.values("borrower"))
        | Q(collector__in=scope.all_of(COLLECTOR))
        | Q(pk__in=owed.values("hold"))
        # A hold that names no loan holds all of them.
        | Q(borrower__loans__in=scope.all_of(LOAN), hold_loans__isnull=True)
        | Q(source=scope.root)
    )


def _told(row: ContactAttempt) -> tuple[str, str]:
    facts = {
        "channel": row.get_channel_display(),
        "direction": row.get_direction_display(),
        "party": row.get_party_display(),
        "connection": row.get_connection_display(),
        "outcome": row.get_outcome_display(),
    }
    who = f"{row.collector.name} {row.collector.staff_number}" if row.collector is not None else ""
    return _("%(channel)s, %(direction)s: %(party)s, %(connection)s, %(outcome)s") % facts, who


def parts(scope: Scope) -> Iterator[Part]:
    """Cases and placements, contacts with their debts, holds, then the people and firms that collected."""
    viewer, collectors = scope.viewer, scope.all_of(COLLECTOR)
    seen = Case.objects.visible_to(viewer)
    whole = Q(pk__in=scope.all_of(CASE)) | Q(borrower__in=scope.all_of(BORROWER))
    cases = Case.objects.filter(pk__in=seen.filter(whole).values("pk"))
    yield Part(cases, moments=("opened_on", "closed_on") if not scope.all_of(CASE) else (), follow=True)
    placed = Placement.objects.filter(collector__in=collectors).values("case")
    mentioned = (
        Q(pk__in=scope.only_named(CASE)) | Q(pk__in=placed) | Q(case_loans__loan__in=scope.all_of(LOAN))
    )
    yield Part(
        Case.objects.filter(pk__in=seen.filter(mentioned).values("pk")).exclude(pk__in=cases.values("pk")),
        moments=("opened_on", "closed_on") if collectors else (),
    )
    yield Part(CaseLoan.objects.filter(Q(case__in=cases) | Q(loan__in=scope.all_of(LOAN))))
    yield Part(
        Placement.objects.filter(Q(case__in=cases) | Q(collector__in=collectors)),
        moments=("from_on", "until"),
    )
    contacts = ContactAttempt.objects.filter(
        pk__in=ContactAttempt.objects.visible_to(viewer).filter(contacts_of(scope)).values("pk")
    )
    yield Part(
        contacts.select_related("collector"),
        moments=("started_at",),
        follow=True,
        texts="collections.read_contact_note",
        sentence=_told,
    )
    yield Part(ContactAttemptLoan.objects.filter(contact__in=contacts), moments=("contact__started_at",))
    holds = Hold.objects.filter(pk__in=Hold.objects.visible_to(viewer).filter(_holds_of(scope)).values("pk"))
    yield Part(holds, moments=("starts_at", "lifted_at"), follow=True)
    yield Part(HoldLoan.objects.filter(hold__in=holds))
    had = Placement.objects.filter(case__in=cases).values("collector")
    people = Collector.objects.filter(
        Q(pk__in=scope.only_named(COLLECTOR))
        | Q(pk__in=had)
        | Q(pk__in=contacts.values("collector"))
        | Q(pk__in=contacts.values("second_collector"))
    )
    yield Part(Collector.objects.filter(pk__in=collectors), follow=True)
    yield Part(people.exclude(pk__in=collectors))
    every = Q(pk__in=collectors) | Q(pk__in=people.values("pk"))
    working = Collector.objects.filter(every)
    # Whether a call was authorised is asked of these rows.
    yield Part(Authorisation.objects.filter(collector__in=working), moments=("starts_at", "ends_at"))
    yield Part(Agency.objects.filter(pk__in=working.values("agency")))


seams.kinds.register(
    DossierKind.CASE,
    Kind(Case._meta.verbose_name, about_case, _case_visible, person=gettext_lazy("The borrower")),
)
seams.kinds.register(
    DossierKind.COLLECTOR, Kind(Collector._meta.verbose_name, about_collector, _collector_visible)
)
seams.sources.register("collections", parts)
seams.events.register(CollectionEvent._meta.label_lower, titles(EVENT_TITLES))
offer("collections.case")
offer("collections.collector")
