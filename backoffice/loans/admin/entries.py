"""What the loan book puts into the registries: sidebar, timeline, search, pages of dossiers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.utils.translation import gettext_noop as N_

from backoffice.core.choices import DossierKind
from backoffice.core.models import Dossier
from backoffice.desk.keeping_cards import offer_erasure, offer_holds
from backoffice.desk.paging import COUNT_LIMIT, bounded_count
from backoffice.desk.reach import is_confined, within_reach
from backoffice.desk.registry import (
    SearchHit,
    SearchSource,
    SidebarItem,
    TimelineItem,
    TimelineSource,
    registries,
)
from backoffice.loans.admin.waiting import waiting_changes, waiting_postings, waiting_write_offs
from backoffice.loans.choices import RiskClass
from backoffice.loans.models import (
    Borrower,
    Loan,
    LoanEvent,
    Repayment,
)
from backoffice.loans.selectors import find_borrowers_by
from backoffice.staff.models import User

#: Kind of event → its words and tone. Repayments are shown from their own table.
EVENTS: dict[str, tuple[str, str]] = {
    "borrower_registered": (N_("Became a customer"), "neutral"),
    "contact_person_registered": (N_("Named a contact person"), "neutral"),
    "contact_consent_given": (N_("Consented to contact at other hours"), "info"),
    "contact_consent_revoked": (N_("Revoked the consent to contact at other hours"), "info"),
    "need_added": (N_("Needs gentler handling"), "info"),
    "need_ended": (N_("Gentler handling ends"), "neutral"),
    "loan_created": (N_("Took out loan %(loan)s"), "neutral"),
    "loan_settled": (N_("Settled loan %(loan)s"), "good"),
    "posting_requested": (N_("A posting on %(loan)s awaits a second person"), "info"),
    "posting_approved": (N_("A posting on %(loan)s was approved"), "good"),
    "posting_refused": (N_("A posting on %(loan)s was refused"), "warn"),
    "posting_withdrawn": (N_("A posting on %(loan)s was withdrawn"), "neutral"),
    "document_attached": (N_("A document was added to loan %(loan)s"), "neutral"),
    "loan_fell_overdue": (N_("Loan %(loan)s fell overdue"), "warn"),
    "loan_overdue_ended": (N_("Loan %(loan)s is not overdue any more"), "good"),
    "loan_class_changed": (N_("Loan %(loan)s changed its class"), "info"),
    "change_proposed": (N_("A change of %(loan)s was proposed"), "info"),
    "change_applied": (N_("A change of %(loan)s took effect"), "good"),
    "change_refused": (N_("A change of %(loan)s was refused"), "warn"),
    "change_withdrawn": (N_("A proposed change of %(loan)s was withdrawn"), "neutral"),
    "settled_early": (N_("Settled %(loan)s early"), "good"),
    "loan_paused": (N_("A payment pause on %(loan)s was set"), "info"),
    "pause_ended": (N_("A payment pause on %(loan)s was ended"), "neutral"),
    "cost_charged": (N_("A cost was charged on %(loan)s"), "warn"),
    "cost_reversed": (N_("A cost on %(loan)s was taken back"), "good"),
    "write_off_requested": (N_("A write-off of %(loan)s awaits a second person"), "info"),
    "loan_written_off": (N_("Loan %(loan)s was written off; it is still owed"), "warn"),
    "write_off_refused": (N_("A write-off of %(loan)s was refused"), "neutral"),
    "write_off_withdrawn": (N_("A write-off of %(loan)s was withdrawn"), "neutral"),
    "loan_reopened": (N_("Owes on loan %(loan)s again"), "warn"),
}


def overdue_loans(user: User) -> int:
    """Loans overdue today that this person may know of, counted no further than the sidebar shows."""
    overdue = Loan.objects.filter(oldest_unpaid_due_on__isnull=False)
    return bounded_count(within_reach(overdue, user, borrower="borrower"), limit=COUNT_LIMIT)


def loan_url(pk: int) -> str:
    return reverse("admin:loans_loan_change", args=(pk,))


def repayment_items(
    *, borrower_id: int, viewer: User, before: datetime | None, limit: int
) -> list[TimelineItem]:
    """The newest repayments on any loan of the borrower."""
    if not viewer.has_perm("loans.view_repayment"):
        return []
    rows = Repayment.objects.filter(loan__borrower_id=borrower_id).select_related("loan", "reverses")
    if before is not None:
        rows = rows.filter(received_at__lt=before)
    return [
        TimelineItem(
            at=row.received_at,
            title=_title(row),
            source="loans.repayments",
            tone="warn" if row.reverses_id else "good",
            detail=row.get_channel_display(),
            url=loan_url(row.loan_id),
        )
        for row in rows.order_by("-received_at", "-pk")[:limit]
    ]


def _title(row: Repayment) -> str:
    facts = {"amount": f"{row.amount:,.2f}", "loan": row.loan.number}
    if row.reverses_id:
        return _("Reversed a repayment of %(amount)s yuan on %(loan)s") % facts
    return _("Repaid %(amount)s yuan on %(loan)s") % facts


def event_items(*, borrower_id: int, viewer: User, before: datetime | None, limit: int) -> list[TimelineItem]:
    """The newest decisions about the borrower and their loans."""
    if not viewer.has_perm("loans.view_loanevent"):
        return []
    rows = LoanEvent.objects.filter(borrower_id=borrower_id, kind__in=EVENTS).select_related("loan")
    if before is not None:
        rows = rows.filter(occurred_at__lt=before)
    found = []
    for row in rows.defer("reason_cipher").order_by("-occurred_at", "-pk")[:limit]:
        words, tone = EVENTS[row.kind]
        found.append(
            TimelineItem(
                at=row.occurred_at,
                title=_(words) % {"loan": row.loan.number if row.loan else ""},
                source="loans.events",
                tone=tone,
                detail=_detail(row),
                actor=row.actor_name,
                url=loan_url(row.loan_id) if row.loan_id else "",
            )
        )
    return found


def _detail(row: LoanEvent) -> str:
    data = row.data
    if row.kind == "loan_class_changed":
        before, after = RiskClass(data["from"]).label, RiskClass(data["to"]).label
        return _("%(before)s → %(after)s, %(days)s days past due") % {
            "before": before,
            "after": after,
            "days": data["days"],
        }
    if row.kind == "loan_fell_overdue":
        return _("Close of %(day)s: due since %(since)s") % {"day": data["day"], "since": data["since"]}
    return ""


def search_people(query: str, viewer: User, limit: int) -> list[SearchHit]:
    """Borrowers by a full identifier."""
    return [
        SearchHit(
            one.customer_number,
            one.name_mask,
            reverse("admin:loans_borrower_change", args=(one.pk,)),
            one.dossier_id,
        )
        for one in find_borrowers_by(query, viewer=viewer).only("customer_number", "name_mask", "dossier")[
            :limit
        ]
    ]


def search_loans(query: str, viewer: User, limit: int) -> list[SearchHit]:
    """Loans by number, from its beginning."""
    found = Loan.objects.filter(number__startswith=query.strip()).select_related("product")
    rows = within_reach(found, viewer, borrower="borrower")
    return [
        SearchHit(one.number, one.product.name, loan_url(one.pk), one.dossier_id)
        for one in rows.order_by("number")[:limit]
    ]


def _page(model: Any, view: str, dossier: Dossier) -> str | None:
    pk = model.objects.filter(dossier=dossier).values_list("pk", flat=True).first()
    return reverse(view, args=(pk,)) if pk is not None else None


def dossiers_of_people(subject_ids: Sequence[int]) -> list[int]:
    """Folders of borrowers, of those who name these people as contact persons, and of their loans."""
    own = Borrower.objects.filter(subject__in=subject_ids).values_list("dossier_id", flat=True)
    named = Borrower.objects.filter(contact_persons__subject__in=subject_ids)
    loans = Loan.objects.filter(borrower__subject__in=subject_ids).values_list("dossier_id", flat=True)
    return [*own, *named.values_list("dossier_id", flat=True), *loans]


def may_read_files(user: User, dossier: Dossier) -> bool:
    """Files of a loan: for those who may open its page."""
    if not user.has_perm("loans.view_loan"):
        return False
    loan = Loan.objects.filter(dossier=dossier)
    return not is_confined(user) or within_reach(loan, user, borrower="borrower").exists()


registries.person_dossiers.register("loans", dossiers_of_people)
offer_erasure("loans.borrower")
offer_holds("loans.borrower")
offer_holds("loans.loan")
registries.dossier_pages.register(
    DossierKind.BORROWER, lambda dossier: _page(Borrower, "admin:loans_borrower_change", dossier)
)
registries.dossier_pages.register(
    DossierKind.LOAN, lambda dossier: _page(Loan, "admin:loans_loan_change", dossier)
)
registries.file_readers.register(DossierKind.LOAN, may_read_files)
registries.task_kinds.register("loans.assess_hardship", gettext_lazy("Assess the hardship"))
registries.timeline.register("loans.repayments", TimelineSource(gettext_lazy("Repayments"), repayment_items))
registries.timeline.register("loans.events", TimelineSource(gettext_lazy("Loans"), event_items))
registries.search.register(
    "loans.borrowers", SearchSource(gettext_lazy("Borrowers"), "loans.view_borrower", search_people)
)
registries.search.register(
    "loans.loans", SearchSource(gettext_lazy("Loans"), "loans.view_loan", search_loans)
)
for _order, (_name, _words, _icon, _count) in enumerate(
    (
        ("borrower", gettext_lazy("Borrowers"), "person", None),
        ("loan", gettext_lazy("Loans"), "account_balance_wallet", overdue_loans),
        ("repayment", gettext_lazy("Repayments"), "payments", None),
        ("postingrequest", gettext_lazy("Postings to approve"), "rule", waiting_postings),
        ("closedday", gettext_lazy("Closes of day"), "event_available", None),
        ("schedulechange", pgettext_lazy("of a loan", "Changes"), "edit_calendar", waiting_changes),
        ("writeoff", gettext_lazy("Write-offs"), "money_off", waiting_write_offs),
        ("loanproduct", gettext_lazy("Products"), "inventory_2", None),
        ("termsversion", gettext_lazy("Terms"), "description", None),
        ("creditor", gettext_lazy("Creditors"), "account_balance", None),
    )
):
    registries.sidebar.register(
        f"loans.{_name}",
        SidebarItem(
            desk="loans",
            title=_words,
            url=lambda name=_name: reverse(f"admin:loans_{name}_changelist"),  # type: ignore[misc]
            icon=_icon,
            permission=f"loans.view_{_name}",
            order=10 + _order,
            count=_count,
        ),
    )
# For those who answer for the doors of the house, and those who audit them.
registries.sidebar.register(
    "loans.creditorclient",
    SidebarItem(
        desk="loans",
        title=gettext_lazy("Creditors' machines"),
        url=lambda: reverse("admin:loans_creditorclient_changelist"),
        icon="api",
        permission="api.view_client",
        order=19,
    ),
)
