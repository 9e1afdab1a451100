"""The product editor: what is offered with its fees, beside a sample loan with its schedule and its cost."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import lock
from backoffice.core.errors import DomainError, InputRefused, NotPermitted
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.guarded import reconcile
from backoffice.desk.once import AlreadySent, Once, answer_already_sent
from backoffice.desk.templatetags.desk import amount
from backoffice.loans.admin.ageing import today
from backoffice.loans.admin.cost import TONES, table_context
from backoffice.loans.admin.product_forms import FeeForm, ProductForm, SampleForm, fee_values
from backoffice.loans.choices import CostStanding
from backoffice.loans.disclosure import percent
from backoffice.loans.models import LoanProduct, ProductFee
from backoffice.loans.pricing import cost_policy
from backoffice.loans.samples import dearest, sample
from backoffice.loans.services import change_product, create_product
from backoffice.loans.services.lending import longest_term
from backoffice.loans.services.offers import FeeTerms

#: Rows for further fees below those that there are.
SPARE_FEES = 2


@admin.register(LoanProduct)
class LoanProductAdmin(BaseModelAdmin):
    list_display = (
        "code",
        "name",
        "method",
        "smallest",
        "largest",
        "rate",
        "term_months",
        "active",
    )
    list_filter = ("method", "active")
    search_fields = ("=code",)
    ordering = ("code",)

    @admin.display(description=_("smallest loan (yuan)"), ordering="minimum_amount")
    def smallest(self, obj: LoanProduct) -> str:
        return amount(obj.minimum_amount)

    @admin.display(description=_("largest balance per person (yuan)"), ordering="maximum_amount")
    def largest(self, obj: LoanProduct) -> str:
        return amount(obj.maximum_amount)

    @admin.display(description=_("annual rate"), ordering="annual_rate")
    def rate(self, obj: LoanProduct) -> str:
        return percent(obj.annual_rate)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The editor of a new product."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return self._editor(request, None)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The editor for those who may change products, the page for everybody else."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.has_change_permission(request, obj):
            return super().change_view(request, object_id, form_url, extra_context)
        return self._editor(request, obj)

    def _editor(self, request: HttpRequest, obj: LoanProduct | None) -> HttpResponse:
        """GET shows product and sample; POST with ``preview`` computes the sample anew and writes nothing; any other
        POST makes the one service call."""
        if request.method != "POST" or "preview" in request.POST:
            return self._draw(request, _Editor(request, obj), status=200)
        with transaction.atomic():
            if obj is not None:
                # Before anything is asked: a second click waits here for the first, and is told apart from a quarrel.
                lock(LoanProduct, obj.pk)
            return self._save(request, _Editor(request, obj))

    def _save(self, request: HttpRequest, editor: _Editor) -> HttpResponse:
        once, products = Once(request), reverse("admin:loans_loanproduct_changelist")
        if once.was_used():
            return answer_already_sent(request, products)
        if not editor.is_valid():
            editor.reconcile_fees()
            return self._draw(request, editor, status=422)
        try:
            with once.making():
                saved = editor.save(request)
        except AlreadySent:
            return answer_already_sent(request, products)
        except NotPermitted as error:
            raise PermissionDenied from error
        except DomainError as error:
            editor.refuse(error)
            return self._draw(request, editor, status=422)
        messages.success(request, gettext("Saved."))
        return HttpResponseRedirect(self.object_url(saved))

    def _draw(self, request: HttpRequest, editor: _Editor, *, status: int) -> HttpResponse:
        obj = editor.obj
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("New product") if obj is None else str(obj),
            "opts": self.opts,
            "media": self.media,
            "original": obj,
            "object_url": self.object_url(obj) if obj is not None else "",
            "record_url": self.object_url(obj).removesuffix("change/") + "history/"
            if obj is not None
            else "",
            "editor": editor,
            "form": editor.form,
            "once": Once.fresh(),
            **editor.sample_context(),
        }
        return TemplateResponse(request, "loans/product_form.html", context, status=status)

    def record_sources(self, request: HttpRequest, obj: LoanProduct) -> list[Any]:
        """The product's own history with that of its fees."""
        return [*super().record_sources(request, obj), ProductFee.history.filter(product_id=obj.pk)]


class _Editor:
    """The forms of one request: product, fees, sample."""

    def __init__(self, request: HttpRequest, obj: LoanProduct | None) -> None:
        self.obj = obj
        self.fixed = obj is not None and obj.loans.exists()
        data = request.POST if request.method == "POST" else None
        # Its own instance: what was typed must not show through in what is stored.
        instance = LoanProduct() if obj is None else LoanProduct.objects.get(pk=obj.pk)
        saves = "preview" not in request.POST
        self.form = ProductForm(data, instance=instance, fixed=self.fixed, saves=saves)
        # After the form, which says from when on a change makes the page stale.
        self.stored = [] if obj is None else [fee_values(one) for one in obj.fees.order_by("sequence")]
        self.fees = self._fee_forms(data)
        first = data if data is not None and "sample_principal" in data else None
        self.sample_form = SampleForm(first, initial=_first_sample(instance))

    def _fee_forms(self, data: QueryDict | None) -> list[FeeForm]:
        """One for each stored fee, then the spare rows; of what was sent as many as it says."""
        rows = len(self.stored) + (0 if self.fixed else SPARE_FEES)
        if data is not None:
            given = data.get("fees", "")
            rows = max(min(int(given), 20) if given.isdecimal() and len(given) <= 3 else 0, len(self.stored))
        found = []
        for number in range(rows):
            form = FeeForm(data, prefix=f"fee{number}", initial=_at(self.stored, number))
            for field in form.fields.values():
                field.disabled = self.fixed
            found.append(form)
        return found

    def reconcile_fees(self) -> None:
        """What somebody else made of the fees meanwhile, where the product's form found the page stale."""
        if self.obj is None or self.form.stale_since is None:
            return
        drawn = _fees_as_of(self.obj, self.form.stale_since)
        for number, form in enumerate(self.fees):
            now = _at(self.stored, number)
            reconcile(form, drawn=_at(drawn, number), now=now, say=partial(form.text_of, values=now))

    def is_valid(self) -> bool:
        return all([self.form.is_valid(), *(one.is_valid() for one in self.fees)])

    def terms(self) -> list[FeeTerms]:
        return [terms for one in self.fees if (terms := one.terms()) is not None]

    def save(self, request: HttpRequest) -> LoanProduct:
        """The one service call."""
        service = create_product if self.obj is None else change_product
        return service(
            product=self.form.instance,
            fees=self.terms(),
            by=request.user,  # type: ignore[arg-type]
            at=timezone.now(),
        )

    def refuse(self, error: DomainError) -> None:
        """Say at the field what the service said."""
        self.form.add_error(error.field if error.field in self.form.fields else None, str(error.message))

    def sample_context(self) -> dict[str, Any]:
        """Schedule and cost of the sample loan, of the product as it stands in the form; or why there is none."""
        if self.form.is_bound:
            if not self.is_valid():
                return {"sample_error": gettext("The sample is shown once the product is complete.")}
            product, terms = self.form.instance, self.terms()
        elif self.obj is not None:
            product, terms = self.obj, [_terms_of(one) for one in self.obj.fees.order_by("sequence")]
        else:
            return {"sample_error": gettext("The sample is shown once the product is complete.")}
        if self.sample_form.is_bound and not self.sample_form.is_valid():
            return {"sample_error": gettext("Please correct the sample.")}
        wanted = self.sample_form.cleaned_data if self.sample_form.is_bound else self.sample_form.initial
        on = wanted["sample_on"]
        costs = cost_policy(on=on)
        fees = [
            ProductFee(
                sequence=number,
                kind=one.kind,
                label=one.label,
                payee=one.payee,
                basis=one.basis,
                timing=one.timing,
                value=one.value,
            )
            for number, one in enumerate(terms, start=1)
        ]
        try:
            shown = sample(
                product,
                fees,
                principal=wanted["sample_principal"],
                periods=wanted["sample_periods"],
                on=on,
                costs=costs,
                first_due_on=wanted.get("sample_first_due"),
            )
            worst = dearest(product, fees, on=on, costs=costs)
        except InputRefused as error:
            return {"sample_error": str(error.message)}
        return {
            **table_context(shown.table),
            "sample": shown,
            "sample_outside": _outside(product, wanted["sample_principal"], wanted["sample_periods"]),
            "sample_standing": shown.standing.label,
            "sample_tone": TONES[shown.standing],
            "sample_cap": None if costs.cap is None else percent(costs.cap),
            "sample_flagged": None if costs.lpr_flagged is None else percent(costs.lpr_flagged),
            "worst": worst,
            "worst_amount": "" if worst is None else f"{worst.loan.principal:,.2f}",
            "worst_cost": "" if worst is None else percent(worst.measured),
            "worst_standing": "" if worst is None else worst.standing.label,
            "worst_tone": "neutral" if worst is None else TONES[worst.standing],
            "worst_refused": worst is not None and worst.standing == CostStanding.ABOVE_CAP,
        }


def _at(values: list[dict[str, Any]], number: int) -> dict[str, Any]:
    return values[number] if number < len(values) else {}


def _fees_as_of(product: LoanProduct, seen: Sequence[int]) -> list[dict[str, Any]]:
    """The fees that a page showed; ``seen``: how far the histories of product and fees had come."""
    rows = ProductFee.history.filter(product_id=product.pk, history_id__lte=sum(seen[1:2]))
    last = {row.id: row for row in rows.order_by("history_id")}
    there = [row for row in last.values() if row.history_type != "-"]
    return [fee_values(row) for row in sorted(there, key=lambda row: row.sequence)]


def _terms_of(fee: ProductFee) -> FeeTerms:
    return FeeTerms(fee.kind, fee.label, fee.payee, fee.basis, fee.timing, fee.value)


def _outside(product: LoanProduct, principal: Decimal, periods: int) -> bool:
    """Whether the product's own limits forbid the loan."""
    within = product.minimum_amount <= principal <= product.maximum_amount
    return not within or periods > longest_term(product)


def _first_sample(product: LoanProduct) -> dict[str, Any]:
    """Ten thousand yuan over a year, or what comes nearest to it within the product's limits."""
    principal, periods = Decimal(10_000), 12
    if product.pk is not None:
        principal = min(max(principal, product.minimum_amount), product.maximum_amount)
        periods = min(periods, max(longest_term(product), 1))
    return {"sample_principal": principal, "sample_periods": periods, "sample_on": today()}
