"""Loans: what is owed, what was paid, and why it is so many days."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backoffice.desk import record
from backoffice.desk.export_pages import ExportPageMixin
from backoffice.desk.file_pages import ImportPagesMixin
from backoffice.desk.templatetags.desk import amount, chip, dpd, masked
from backoffice.loans import workflow
from backoffice.loans.admin import documents, easing, files, loan_list, postings, proposing
from backoffice.loans.admin.ageing import OverdueFilter, days_context, today
from backoffice.loans.admin.changes import TONES
from backoffice.loans.admin.chart import balance_chart_of, chart_of, state_in_words
from backoffice.loans.admin.cost import CostPages, cost_card
from backoffice.loans.admin.difference import terms_in_words
from backoffice.loans.admin.proposing import ProposingMixin
from backoffice.loans.admin.quote import QuoteMixin
from backoffice.loans.admin.repayment import narrowed
from backoffice.loans.changed import easing_of, pending_postings
from backoffice.loans.choices import Component, CostStanding, RiskClass
from backoffice.loans.models import Loan
from backoffice.loans.resources import LoanResource
from backoffice.loans.selectors import loan_for_page, stored_days_past_due
from backoffice.loans.services.exporting import record_book_export

KINDS: dict[str, Any] = {
    "none": _("Not overdue"),
    "minor": _("Minor overdue"),
    "long_term": _("Long-term overdue"),
}


#: From good to bad.
CLASS_TONES = {
    "normal": "good",
    "special_mention": "warn",
    "substandard": "bad",
    "doubtful": "bad",
    "loss": "bad",
}


@admin.register(Loan)
class LoanAdmin(QuoteMixin, ProposingMixin, ImportPagesMixin, ExportPageMixin, CostPages):
    workflow = workflow.loan
    operations = (*postings.OPERATIONS, *proposing.OPERATIONS, *easing.OPERATIONS, *documents.OPERATIONS)
    page_template = "loans/loan_page.html"
    page_name = "loans.loan"
    borrower_path = "borrower"
    logs_reads = True
    list_display = (
        "number",
        "borrower_name",
        "product",
        "creditor",
        "owed",
        "overdue_days",
        "bucket_name",
        "class_name",
        "state",
    )
    list_filter = (
        *("state", OverdueFilter, loan_list.BucketFilter, "risk_class", "overdue_kind", "cost_standing"),
        *(loan_list.ProductFilter, loan_list.CreditorFilter),
    )
    list_select_related = ("borrower", "product", "creditor")
    # What an index can answer in its order.
    sortable_by = ("number", "overdue_days")
    search_fields = ("=number",)
    search_help_text = _("A whole loan number")
    ordering = ("-pk",)
    imports = files.LOAN_FILES
    export_resource = LoanResource
    export_permission = files.EXPORT
    export_record = record_book_export
    # Each is derived from its facts, a few milliseconds apiece.
    export_rows = 2_000

    def get_queryset(self, request: HttpRequest) -> QuerySet[Loan]:
        ciphers = ("name", "id_number", "mobile", "email", "address", "service_address")
        return super().get_queryset(request).defer(*(f"borrower__{name}_cipher" for name in ciphers))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[loan_list.LoanChangeList]:
        return loan_list.LoanChangeList

    def get_urls(self) -> list[URLPattern]:
        days = path(
            "<path:object_id>/days/", self.admin_site.admin_view(self.days_view), name="loans_loan_days"
        )
        return [days, *super().get_urls()]

    def subject_of(self, obj: Loan) -> int | None:
        return obj.borrower.subject_id

    def page_context(self, request: HttpRequest, obj: Loan) -> dict[str, Any]:
        on = today()
        facts, easing = loan_for_page(obj, on=on), easing_of(obj)
        # An early settlement whose money does not pay everything (any more) is none of them.
        held = {None, *(one.number for one in facts.snapshot.account.facts.versions)}
        return {
            "facts": facts,
            "snapshot": facts.snapshot,
            "repayments": narrowed(facts.repayments, request.GET.get("repayments", "")),
            "kind": KINDS[facts.snapshot.kind],
            "risk_class": RiskClass(facts.snapshot.classification.value).label,
            "rate_percent": obj.annual_rate * 100,
            "default_rate_percent": obj.default_rate * 100,
            "schedule": [
                (one, *state_in_words(one), [(Component(name).label, yuan) for name, yuan in one.waived])
                for one in facts.snapshot.instalments
            ],
            "chart": chart_of(facts.snapshot.instalments),
            "documents": documents.documents_of(request, obj),
            "balance": balance_chart_of(facts.snapshot.account),
            "easing": easing,
            "changes": [
                (one, terms_in_words(one.kind, one.parameters), one.version in held) for one in easing.changes
            ],
            "pending": pending_postings(obj) if request.user.has_perm("loans.view_postingrequest") else [],
            "tones": TONES,
            "cost": cost_card(obj),
            "days_url": reverse("admin:loans_loan_days", args=(quote(obj.pk),)),
            "borrower_url": reverse("admin:loans_borrower_change", args=(obj.borrower_id,)),
        }

    def page_chips(self, request: HttpRequest, obj: Loan) -> list[tuple[Any, str]]:
        chips: list[tuple[Any, str]] = [(obj.get_state_display(), "info")]
        if obj.cost_standing == CostStanding.ABOVE_CAP:
            chips.append((CostStanding.ABOVE_CAP.label, "bad"))
        if obj.over_person_cap:
            chips.append((_("Above the limit of one person"), "bad"))
        return chips

    def days_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Why so many days: the count of any day up to today, line by line (``?on=2026-11-23``)."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        self.log_object_read(request, obj)
        found = days_context(obj, request.GET.get("on", ""))
        context = {**self._object_context(request, obj, tab="days"), **found}
        status = 400 if "error" in found and request.GET.get("on") else 200
        return TemplateResponse(request, "loans/days_page.html", context, status=status)

    def record_sources(self, request: HttpRequest, obj: Loan) -> list[QuerySet[Any]]:
        """The loan's own history with that of its instalments."""
        return [record.history_of(obj), obj.instalments.model.history.filter(loan_id=obj.pk)]

    @admin.display(description=_("borrower"))
    def borrower_name(self, obj: Loan) -> SafeString:
        return masked(obj.borrower.name_mask)

    @admin.display(description=_("principal owed (yuan)"))
    def owed(self, obj: Any) -> str:
        return amount(obj.principal_owed)

    @admin.display(description=_("bucket"))
    def bucket_name(self, obj: Any) -> str:
        return str(obj.bucket)

    @admin.display(description=_("risk class"))
    def class_name(self, obj: Loan) -> SafeString:
        return chip(obj.get_risk_class_display(), CLASS_TONES[obj.risk_class])

    @admin.display(description=_("days past due"), ordering="-oldest_unpaid_due_on")
    def overdue_days(self, obj: Loan) -> SafeString:
        return dpd(stored_days_past_due(obj, on=today()))
