"""The settlement quote of a loan: a page for a day of one's choice, and the PDF that the borrower gets."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import ReadEvent
from backoffice.loans import workflow
from backoffice.loans.admin.ageing import today
from backoffice.loans.choices import Component
from backoffice.loans.ledger import ledger_of
from backoffice.loans.models import Loan
from backoffice.loans.quotes import DAYS_AHEAD, Quote, quote_letter, quote_of

if TYPE_CHECKING:
    from backoffice.desk.base import BaseModelAdmin

    _Base = BaseModelAdmin
else:
    _Base = object

RIGHT = "loans.quote_settlement"


class QuoteMixin(_Base):
    """Two addresses below the loan: ``quote/`` and ``quote.pdf``, both for a day from today on (``?on=``)."""

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<path:object_id>/quote/", wrap(self.quote_view), name="loans_loan_quote"),
            path("<path:object_id>/quote.pdf", wrap(self.quote_pdf_view), name="loans_loan_quote_pdf"),
            *super().get_urls(),
        ]

    def quote_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page: what settles the loan, by component, until when it holds and what comes after."""
        obj = self._quotable(request, object_id)
        if isinstance(obj, HttpResponse):
            return obj
        self.log_object_read(request, obj)
        last = today()
        context: dict[str, Any] = {
            **self._object_context(request, obj, tab="quote"),
            "first": last,
            "last": last + timedelta(days=DAYS_AHEAD),
            "refusal": _why_none(obj),
        }
        if context["refusal"]:
            return TemplateResponse(request, "loans/quote_page.html", context)
        status = 200
        try:
            on = _day(request.GET.get("on", ""))
        except ValueError:
            context["error"], status = (
                _("Choose a day from today on, at most %(days)s days ahead.") % {"days": DAYS_AHEAD},
                400,
            )
        else:
            found = quote_of(ledger_of(obj), on=on)
            context |= {"asked": on.isoformat(), "quote": found, "parts": _parts(found)}
            if request.user.has_perm(RIGHT):
                pdf = reverse("admin:loans_loan_quote_pdf", args=(quote(obj.pk),))
                context["pdf_url"] = f"{pdf}?on={on.isoformat()}"
            step = workflow.loan.availability("settle_early", obj, by=request.user, at=timezone.now())  # type: ignore[arg-type]
            if step.allowed:
                context["settle_url"] = self.transition_url(obj, "settle_early")
        return TemplateResponse(request, "loans/quote_page.html", context, status=status)

    def quote_pdf_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same as a PDF for the borrower; it leaves the house, so it is on record as an export. Where there is no
        quote, the page says why."""
        if not request.user.has_perm(RIGHT):
            raise PermissionDenied
        obj = self._quotable(request, object_id)
        if isinstance(obj, HttpResponse):
            return obj
        if _why_none(obj):
            return HttpResponseRedirect(reverse("admin:loans_loan_quote", args=(quote(obj.pk),)))
        try:
            on = _day(request.GET.get("on", ""))
        except ValueError as error:
            raise Http404 from error
        ledger = ledger_of(obj)
        letter = quote_letter(ledger, quote_of(ledger, on=on), at=timezone.now())
        self.log_object_read(request, obj, ReadEvent.What.EXPORT)
        response = HttpResponse(letter, content_type="application/pdf")
        response["Content-Disposition"] = f'attachment; filename="{obj.number}-{on.isoformat()}.pdf"'
        response["Cache-Control"] = "no-store"
        return response

    def _quotable(self, request: HttpRequest, object_id: str) -> Loan | HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        obj: Loan | None = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        return obj


def _why_none(loan: Loan) -> Any:
    """Why there is nothing to quote today, whatever the day; empty when there is."""
    if loan.state not in workflow.loan["settle_early"].sources:
        return _("Nothing is owed on this loan to us.")
    if loan.disbursed_on > today():
        return _("The loan is paid out on %(day)s; there is nothing to settle before.") % {
            "day": loan.disbursed_on
        }
    return ""


def _day(asked: str) -> date:
    """The day asked for, today if none was. Raises ``ValueError`` for one that gets no quote."""
    first = today()
    day = date.fromisoformat(asked) if asked else first
    if not first <= day <= first + timedelta(days=DAYS_AHEAD):
        raise ValueError("No quote for that day.")
    return day


def _parts(found: Quote) -> list[tuple[Any, Any]]:
    return [
        (Component(name).label, amount)
        for name, amount in found.parts.items()
        if amount or name in {"principal", "interest"}
    ]
