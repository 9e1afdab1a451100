"""The forms of the product editor: the product, each of its fees, the sample loan beside them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from backoffice.core.bounds import in_years
from backoffice.desk.guarded import GuardedForm
from backoffice.desk.record import EMPTY
from backoffice.loans.admin.order_field import OrderField
from backoffice.loans.admin.percent_field import PercentField, as_fraction, as_percent, plain
from backoffice.loans.choices import FeeBasis, FeeKind, FeeTiming
from backoffice.loans.disclosure import percent
from backoffice.loans.models import LoanProduct, ProductFee
from backoffice.loans.services.offers import FeeTerms

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


class ProductForm(GuardedForm):
    """The product as it shall be. Conventions of a product with loans are shown and not changed."""

    annual_rate = PercentField(label=_("Annual rate in per cent"), help_text=_("Such as 14.6."))

    class Meta:
        model = LoanProduct
        fields = [name for _title, names in PARTS for name in names]
        field_classes = dict.fromkeys(("order_past_due", "order_due", "order_in_advance"), OrderField)

    def __init__(self, *args: Any, fixed: bool = False, saves: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.saves = saves
        for name in LoanProduct.CONVENTIONS if fixed else ():
            self.fields[name].disabled = True

    def histories(self, instance: LoanProduct) -> list[QuerySet[Any]]:
        return [*super().histories(instance), ProductFee.history.filter(product_id=instance.pk)]

    def value_text(self, name: str, stored: LoanProduct) -> str:
        return percent(stored.annual_rate) if name == "annual_rate" else super().value_text(name, stored)

    def nothing_new(self, now: Mapping[str, Any]) -> bool:
        """Never: the fees are not asked here, and the editor knows a second click by itself."""
        return False

    def _post_clean(self) -> None:
        """Fill the instance; whether it makes a product is the service's question, and asked once."""
        forms.models.construct_instance(self, self.instance, self._meta.fields, self._meta.exclude)

    def parts(self) -> list[tuple[Any, list[forms.BoundField], bool]]:
        """Title, fields, and whether all of them are locked."""
        drawn = [(title, [self[name] for name in names]) for title, names in PARTS]
        return [(title, fields, all(one.field.disabled for one in fields)) for title, fields in drawn]


#: Shares are typed in per cent, and kept as fractions of six places.
_SHARES = (FeeBasis.PRINCIPAL, FeeBasis.BALANCE)
_PLACES = 4


def fee_values(fee: Any) -> dict[str, Any]:
    """What the form of a fee (or of a row of its history) is drawn from."""
    value = as_percent(fee.value) if fee.basis in _SHARES else plain(fee.value)
    names = ("kind", "label", "payee", "basis", "timing")
    return {**{name: getattr(fee, name) for name in names}, "value": value}


class FeeForm(forms.Form):
    """One fee. An empty row is none; one that is stored goes when its kind is emptied."""

    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", "—"), *FeeKind.choices])
    label = forms.CharField(label=_("For what"), required=False, max_length=60)
    payee = forms.CharField(label=_("Payee"), required=False, max_length=100)
    basis = forms.ChoiceField(label=_("Basis"), required=False, choices=[("", "—"), *FeeBasis.choices])
    timing = forms.ChoiceField(label=_("When"), required=False, choices=[("", "—"), *FeeTiming.choices])
    value = forms.DecimalField(
        label=_("Yuan or per cent"), required=False, min_value=Decimal(0), max_digits=12, decimal_places=6
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind"):
            self._demand(data)
        elif not self.initial.get("kind") and any(value not in {None, ""} for value in data.values()):
            self.add_error("kind", _("Every fee has this. To enter no fee here, empty the whole row."))
        return data

    def _demand(self, data: dict[str, Any]) -> None:
        for name in ("label", "payee", "basis", "timing"):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, _("Every fee has this."))
        basis, value = data.get("basis"), data.get("value") or Decimal(0)
        if "value" in self.errors or not basis:
            return
        if basis != FeeBasis.ACTUAL and not value:
            self.add_error("value", _("Every fee has this."))
        elif basis in _SHARES and value >= as_percent(Decimal(1)):
            self.add_error("value", _("A share is less than the whole; type 3 for three per cent."))
        elif basis in _SHARES and value != round(value, _PLACES):
            self.add_error("value", _("Not more than four places after the point, in per cent."))

    def terms(self) -> FeeTerms | None:
        data = self.cleaned_data
        if not data.get("kind"):
            return None
        texts = {name: data[name] for name in ("kind", "label", "payee", "basis", "timing")}
        value = data.get("value") or Decimal(0)
        return FeeTerms(**texts, value=as_fraction(value) if data["basis"] in _SHARES else value)

    def text_of(self, name: str, values: Mapping[str, Any]) -> str:
        """One of ``fee_values`` for people."""
        value = values.get(name)
        if value in {None, ""}:
            return EMPTY
        return str(dict(getattr(self.fields[name], "choices", ())).get(value, value))


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
    sample_first_due = forms.DateField(
        label=_("First due on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
