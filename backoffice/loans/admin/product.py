"""The product editor: what is offered with its fees, beside a sample loan with its schedule and its cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.core.bounds import in_years
from backoffice.core.errors import DomainError, InputRefused, NotPermitted
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.once import Once
from backoffice.desk.templatetags.desk import amount
from backoffice.loans.admin.ageing import today
from backoffice.loans.admin.cost import TONES, table_context
from backoffice.loans.admin.order_field import OrderField
from backoffice.loans.choices import CostStanding, FeeBasis, FeeKind, FeeTiming
from backoffice.loans.disclosure import percent
from backoffice.loans.models import LoanProduct, ProductFee
from backoffice.loans.pricing import cost_policy
from backoffice.loans.samples import dearest, sample
from backoffice.loans.services import change_product, create_product
from backoffice.loans.services.lending import longest_term
from backoffice.loans.services.offers import FeeTerms

#: Rows for further fees below those that there are.
SPARE_FEES = 2

#: The form's parts: title and fields.
PARTS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (_("Offer"), ("code", "name", "active", "minimum_amount", "maximum_amount", "term_months")),
    (_("Price"), ("annual_rate", "default_multiple")),
    (
        _("Schedule"),
        (
            *("method", "period_unit", "every", "day_count", "rounding", "instalment_unit", "month_end"),
            *("odd_days", "grace_principal", "grace_interest", "daily_interest", "early_repayment"),
        ),
    ),
    (
        _("What a payment pays"),
        ("order_past_due", "order_due", "order_in_advance", "surplus", "filling"),
    ),
)


def _plain(value: Any) -> Any:
    """A number as one would type it, without the zeros that its column adds."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


class ProductForm(forms.ModelForm):
    """The product as it shall be. Conventions of a product with loans are shown and not changed."""

    class Meta:
        model = LoanProduct
        fields = [name for _title, names in PARTS for name in names]
        field_classes = dict.fromkeys(("order_past_due", "order_due", "order_in_advance"), OrderField)

    def __init__(self, *args: Any, fixed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in LoanProduct.CONVENTIONS if fixed else ():
            self.fields[name].disabled = True
        self.initial["annual_rate"] = _plain(self.initial.get("annual_rate"))
        self.fields["annual_rate"].help_text = _("As a fraction, such as 0.146.")

    def _post_clean(self) -> None:
        """Fill the instance; whether it makes a product is the service's question, and asked once."""
        forms.models.construct_instance(self, self.instance, self._meta.fields, self._meta.exclude)

    def parts(self) -> list[tuple[Any, list[forms.BoundField]]]:
        return [(title, [self[name] for name in names]) for title, names in PARTS]


class FeeForm(forms.Form):
    """One fee; a row without kind is none."""

    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", "—"), *FeeKind.choices])
    label = forms.CharField(label=_("For what"), required=False, max_length=60)
    payee = forms.CharField(label=_("Payee"), required=False, max_length=100)
    basis = forms.ChoiceField(label=_("Basis"), required=False, choices=[("", "—"), *FeeBasis.choices])
    timing = forms.ChoiceField(label=_("When"), required=False, choices=[("", "—"), *FeeTiming.choices])
    value = forms.DecimalField(
        label=_("Amount or share"), required=False, min_value=Decimal(0), max_digits=12, decimal_places=6
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind"):
            for name in ("label", "payee", "basis", "timing"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, _("Every fee has this."))
        return data

    def terms(self) -> FeeTerms | None:
        data = self.cleaned_data
        if not data.get("kind"):
            return None
        texts = {name: data[name] for name in ("kind", "label", "payee", "basis", "timing")}
        return FeeTerms(**texts, value=data.get("value") or Decimal(0))


class SampleForm(forms.Form):
    """The loan that is shown beside the product."""

    sample_principal = forms.DecimalField(
        label=_("Principal (yuan)"), min_value=Decimal("0.01"), max_digits=12, decimal_places=2
    )
    sample_periods = forms.IntegerField(label=_("Instalments"), min_value=1, max_value=2000)
    sample_on = forms.DateField(
        label=_("Paid out on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        validators=[in_years],
    )


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
        editor = _Editor(request, obj)
        if request.method != "POST" or "preview" in request.POST:
            return self._draw(request, editor, status=200)
        once = Once(request)
        if once.was_used():
            messages.info(request, gettext("This was already done; the second click changed nothing."))
            return HttpResponseRedirect(reverse("admin:loans_loanproduct_changelist"))
        if not editor.is_valid():
            return self._draw(request, editor, status=422)
        if not once.take():
            messages.info(request, gettext("This was already done; the second click changed nothing."))
            return HttpResponseRedirect(reverse("admin:loans_loanproduct_changelist"))
        try:
            saved = editor.save(request)
        except NotPermitted as error:
            once.give_back()
            raise PermissionDenied from error
        except DomainError as error:
            once.give_back()
            editor.refuse(error)
            return self._draw(request, editor, status=422)
        except BaseException:
            once.give_back()
            raise
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
        present = [] if obj is None else list(obj.fees.order_by("sequence"))
        data = request.POST if request.method == "POST" else None
        # Its own instance: what was typed must not show through in what is stored.
        instance = LoanProduct() if obj is None else LoanProduct.objects.get(pk=obj.pk)
        self.form = ProductForm(data, instance=instance, fixed=self.fixed)
        names = [name for name, _field in FeeForm.base_fields.items()]
        rows = 0 if self.fixed else SPARE_FEES
        if data is not None:
            given = data.get("fees", "")
            rows = min(int(given), 20) - len(present) if given.isdecimal() else 0
        self.fees: list[FeeForm] = []
        for number in range(len(present) + max(rows, 0)):
            initial = (
                {name: getattr(present[number], name) for name in names} if number < len(present) else {}
            )
            form = FeeForm(data, prefix=f"fee{number}", initial=initial)
            if self.fixed:
                for field in form.fields.values():
                    field.disabled = True
            self.fees.append(form)
        first = data if data is not None and "sample_principal" in data else None
        self.sample_form = SampleForm(first, initial=_first_sample(instance))

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
            )
            worst = dearest(product, fees, on=on, costs=costs)
        except InputRefused as error:
            return {"sample_error": str(error.message)}
        return {
            **table_context(shown.table),
            "sample": shown,
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


def _terms_of(fee: ProductFee) -> FeeTerms:
    return FeeTerms(fee.kind, fee.label, fee.payee, fee.basis, fee.timing, fee.value)


def _first_sample(product: LoanProduct) -> dict[str, Any]:
    """Ten thousand yuan over a year, or what comes nearest to it within the product's limits."""
    principal, periods = Decimal(10_000), 12
    if product.pk is not None:
        principal = min(max(principal, product.minimum_amount), product.maximum_amount)
        periods = min(periods, max(longest_term(product), 1))
    return {"sample_principal": principal, "sample_periods": periods, "sample_on": today()}
