"""Money received: evidence, so nothing here can be changed."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.export_pages import ExportPageMixin
from backoffice.desk.file_pages import ImportPagesMixin
from backoffice.desk.paging import KeysetMixin
from backoffice.desk.templatetags.desk import amount, when
from backoffice.loans.admin import files
from backoffice.loans.models import Repayment
from backoffice.loans.resources import RepaymentResource
from backoffice.loans.selectors import allocation_of
from backoffice.loans.services.exporting import record_book_export


@admin.register(Repayment)
class RepaymentAdmin(ImportPagesMixin, ExportPageMixin, KeysetMixin, BaseModelAdmin):
    page_template = "loans/repayment_page.html"
    logs_reads = True
    dossier_path = "loan.dossier"
    borrower_path = "loan__borrower"
    page_fields = (
        *("external_id", "creditor", "loan", "received", "yuan", "channel"),
        *("reverses", "recorded_at"),
    )
    list_display = ("external_id", "received", "loan", "yuan", "channel")
    list_select_related = ("loan",)
    list_filter = ("channel",)
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
        return amount(obj.amount)
