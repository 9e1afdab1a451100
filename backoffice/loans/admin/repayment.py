"""Money received: evidence, so nothing here can be changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.export_pages import ExportPageMixin
from backoffice.desk.file_pages import ImportPagesMixin
from backoffice.desk.page import EMPTY
from backoffice.desk.paging import KeysetMixin
from backoffice.desk.templatetags.desk import amount, chip, when
from backoffice.loans.admin import files
from backoffice.loans.models import Repayment
from backoffice.loans.resources import RepaymentResource
from backoffice.loans.selectors import RepaymentLine, allocation_of
from backoffice.loans.services.exporting import record_book_export

#: Name → words, of the filter of the list and of the loan's page.
STANDINGS: dict[str, Any] = {
    "standing": pgettext_lazy("of a repayment", "Standing"),
    "reversed": pgettext_lazy("of a repayment", "Reversed"),
    "reversals": _("Reversals"),
}


class StandingFilter(SimpleListFilter):
    """What stands, what was reversed, and what reverses it.

    The few reversals come by the unique index of what they reverse. What stands is nearly everything: walked in the
    order of the list, and looked up one by one in that index (a join would be hashed over the whole table).
    """

    title = _("reversal")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(STANDINGS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Repayment]) -> QuerySet[Repayment]:
        reversals = Repayment.objects.filter(reverses__isnull=False)
        match self.value():
            case "standing":
                return queryset.filter(~Exists(reversals.filter(reverses=OuterRef("pk"))), reverses=None)
            case "reversed":
                return queryset.filter(pk__in=reversals.values("reverses"))
            case "reversals":
                return queryset.filter(reverses__isnull=False)
        return queryset


def narrowed(lines: Sequence[RepaymentLine], asked: str) -> dict[str, Any]:
    """The repayments of a loan of the standing ``asked`` for (none or an unknown one: all), and the choices where some
    of them were reversed."""
    shown = [line for line in lines if asked not in STANDINGS or _standing(line) == asked]
    some = any(line.reversed for line in lines)
    choices = [("", _("All")), *STANDINGS.items()] if some else []
    return {"lines": shown, "choices": choices, "asked": asked if asked in STANDINGS else ""}


def _standing(line: RepaymentLine) -> str:
    if line.repayment.reverses_id is not None:
        return "reversals"
    return "reversed" if line.reversed else "standing"


@admin.register(Repayment)
class RepaymentAdmin(ImportPagesMixin, ExportPageMixin, KeysetMixin, BaseModelAdmin):
    page_template = "loans/repayment_page.html"
    logs_reads = True
    dossier_path = "loan.dossier"
    borrower_path = "loan__borrower"
    page_fields = (
        *("external_id", "creditor", "loan", "received", "yuan", "channel"),
        *("standing", "recorded_at"),
    )
    list_display = ("external_id", "received", "loan", "yuan", "channel", "standing")
    list_select_related = ("loan", "reverses", "reversal")
    list_filter = (StandingFilter, "channel")
    search_fields = ("=external_id",)
    imports = files.REPAYMENT_FILES
    export_resource = RepaymentResource
    export_permission = files.EXPORT
    export_record = record_book_export

    def page_context(self, request: HttpRequest, obj: Repayment) -> dict[str, Any]:
        return {
            "line": allocation_of(obj),
            "loan_url": reverse("admin:loans_loan_change", args=(obj.loan_id,)),
        }

    @admin.display(description=_("paid in at"))
    def received(self, obj: Repayment) -> SafeString:
        return when(obj.received_at)

    @admin.display(description=_("amount (yuan)"))
    def yuan(self, obj: Repayment) -> str:
        return amount(obj.signed_amount)

    @admin.display(description=_("reversal"))
    def standing(self, obj: Repayment) -> Any:
        if obj.reverses is not None:
            return _beside(chip(_("Reversal"), "warn"), obj.reverses)
        if hasattr(obj, "reversal"):
            return _beside(chip(_("Repayment reversed"), "bad"), obj.reversal)
        return EMPTY


def _beside(mark: SafeString, other: Repayment) -> SafeString:
    url = reverse("admin:loans_repayment_change", args=(other.pk,))
    return format_html('{} <a href="{}">{}</a>', mark, url, other.external_id)
