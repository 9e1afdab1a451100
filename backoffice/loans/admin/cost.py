"""What a loan costs: the card on its page, the cost table as a page and as PDF."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import ReadEvent
from backoffice.core.pdf import render_pdf
from backoffice.core.time import SHANGHAI
from backoffice.desk.base import BaseModelAdmin
from backoffice.loans import disclosure
from backoffice.loans.choices import CostConvention, CostStanding, FeeBasis, FeeKind, FeeTiming
from backoffice.loans.cost import quoted
from backoffice.loans.cost_tables import cost_as_changed, cost_table
from backoffice.loans.disclosure import CostItem, CostTable, document_data, percent, value_text
from backoffice.loans.models import Loan
from backoffice.loans.pricing import CostPolicy, cost_policy
from backoffice.loans.shown import CostTableShown, Shown, what_is_missing, what_terms_lack

TEMPLATE = "backoffice.loans:document_templates/cost_table.typ"
_KINDS: dict[str, Any] = {
    disclosure.INTEREST: _("Interest"),
    disclosure.DEFAULT_INTEREST: _("Default interest"),
    **dict(FeeKind.choices),
}
_BASES: dict[str, Any] = {
    "rate": _("Per year on the principal owed"),
    "overdue": _("Per year on overdue principal, by the day"),
    **dict(FeeBasis.choices),
}
TONES = {
    CostStanding.UNKNOWN: "neutral",
    CostStanding.WITHIN: "good",
    CostStanding.ABOVE_LPR: "warn",
    CostStanding.ABOVE_CAP: "bad",
}


def evidence_of(loan: Loan) -> CostTableShown:
    """What the loan says about its cost table having been shown."""
    return CostTableShown(
        loan.cost_rendered_at, loan.cost_dwell_seconds, loan.cost_confirmed_at, loan.cost_table_hash
    )


def cost_card(loan: Loan) -> dict[str, Any]:
    """The card "what it costs" on the loan's page: as agreed, and as changed. Two queries, more for a changed loan."""
    costs = cost_policy(on=loan.disbursed_on)
    terms = Shown(loan.terms_rendered_at, loan.terms_dwell_seconds, loan.terms_confirmed_at)
    missing = [
        *what_terms_lack(terms, disbursed_on=loan.disbursed_on),
        *what_is_missing(evidence_of(loan), disbursed_on=loan.disbursed_on, costs=costs),
    ]
    changed = cost_as_changed(loan)
    standing, tone = _standing(loan, costs)
    return {
        "changed": changed
        and {
            "on": changed.on,
            "nominal": percent(quoted(changed.cost.nominal)),
            "effective": percent(quoted(changed.cost.effective)),
            "convention": CostConvention(changed.cost.convention).label,
        },
        "nominal": None if loan.cost_nominal is None else percent(loan.cost_nominal),
        "effective": None if loan.cost_effective is None else percent(loan.cost_effective),
        "convention": CostConvention(loan.cost_convention).label if loan.cost_convention else "",
        "standing": standing,
        "tone": tone,
        "cap": None if costs.cap is None else percent(costs.cap),
        "lpr": None if costs.lpr is None else percent(costs.lpr),
        "lpr_flagged": None if costs.lpr_flagged is None else percent(costs.lpr_flagged),
        "missing": missing,
        "required": costs.table_required,
    }


def _standing(loan: Loan, costs: CostPolicy) -> tuple[Any, str]:
    """Words and tone: within the limits nobody can be where there were none."""
    standing = CostStanding(loan.cost_standing)
    if standing == CostStanding.WITHIN and not costs.limited:
        return _("No limit was in force that day"), "neutral"
    return standing.label, TONES[standing]


def lines_of(items: tuple[CostItem, ...]) -> list[dict[str, Any]]:
    """The items in the reader's language."""
    return [
        {
            "name": one.label or _KINDS[one.kind],
            "kind": _KINDS[one.kind] if one.label else "",
            "basis": _BASES[one.basis],
            "timing": "" if one.basis in {"rate", "overdue"} else FeeTiming(one.timing).label,
            "value": value_text(one),
            "yuan": one.basis == "amount",
            "payee": one.payee or _("Court, notary or whoever was paid"),
            "total": one.total,
            "yearly": None if one.yearly is None else percent(one.yearly),
        }
        for one in items
    ]


def table_context(table: CostTable) -> dict[str, Any]:
    """What ``loans/parts/cost_table.html`` shows."""
    return {
        "table": table,
        "items": lines_of(table.items),
        "contingent": lines_of(table.contingent),
        "table_nominal": percent(table.nominal),
        "table_effective": percent(table.effective),
        "table_convention": CostConvention(table.convention).label,
    }


class CostPages(BaseModelAdmin):
    """Two addresses of a loan: its cost table, and the same as PDF."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<path:object_id>/cost/", view(self.cost_view), name="loans_loan_cost"),
            path("<path:object_id>/cost-table.pdf", view(self.cost_pdf_view), name="loans_loan_cost_pdf"),
            *super().get_urls(),
        ]

    def cost_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The cost table of the contract as it was made, and what is known about its having been shown."""
        obj = self._loan_to_read(request, object_id)
        if isinstance(obj, HttpResponse):
            return obj
        self.log_object_read(request, obj)
        table = cost_table(obj)
        context = {
            **self._object_context(request, obj, tab="cost"),
            **table_context(table),
            "cost": cost_card(obj),
            "same_table": bool(obj.cost_table_hash) and obj.cost_table_hash == table.fingerprint(),
            "pdf_url": reverse("admin:loans_loan_cost_pdf", args=(quote(obj.pk),)),
        }
        return TemplateResponse(request, "loans/cost_page.html", context)

    def cost_pdf_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The table as a Chinese document to hand out; told to the record as a file that left the house."""
        obj = self._loan_to_read(request, object_id)
        if isinstance(obj, HttpResponse):
            return obj
        self.log_object_read(request, obj, ReadEvent.What.FILE)
        pdf = render_pdf(
            TEMPLATE,
            document_data(cost_table(obj), product=obj.product.name, shown=_evidence_in_chinese(obj)),
        )
        response = HttpResponse(pdf, content_type="application/pdf")
        response["Content-Disposition"] = f'attachment; filename="cost-table-{obj.number}.pdf"'
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "private, no-store"
        return response

    def _loan_to_read(self, request: HttpRequest, object_id: str) -> Any:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        return obj


def _evidence_in_chinese(loan: Loan) -> list[str]:
    lines = []
    if loan.cost_rendered_at is not None:
        seconds = "" if loan.cost_dwell_seconds is None else f"，停留{loan.cost_dwell_seconds}秒"
        lines.append(f"本表于{_moment(loan.cost_rendered_at)}向借款人展示{seconds}。")
    if loan.cost_confirmed_at is not None:
        lines.append(f"借款人于{_moment(loan.cost_confirmed_at)}确认。")
    if loan.cost_table_hash:
        lines.append(f"所展示明示表的SHA-256：{loan.cost_table_hash}")
    return lines


def _moment(at: datetime) -> str:
    local = timezone.localtime(at, SHANGHAI)
    return f"{local.year}年{local.month}月{local.day}日{local:%H:%M:%S}"
