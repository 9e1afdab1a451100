"""Early settlement, payment pauses, costs and the request for a write-off, from the loan's page."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.core.time import business_day
from backoffice.desk.operations import Operation, OperationForm, ReasonForm
from backoffice.loans import services
from backoffice.loans.choices import PauseKind
from backoffice.loans.models import Charge, PaymentPause


def _today() -> date:
    return business_day(timezone.now())


def _date_field(label: Any, **kwargs: Any) -> forms.DateField:
    return forms.DateField(
        label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **kwargs
    )


class SettleForm(OperationForm):
    """On which day the money came in."""

    on = _date_field(_("The money came in on"), initial=_today)
    reason = forms.CharField(
        label=_("Note"), widget=forms.Textarea(attrs={"rows": 2}), max_length=500, required=False
    )


class PauseForm(OperationForm):
    kind = forms.ChoiceField(label=_("Why"), choices=PauseKind.choices)
    from_on = _date_field(_("From"), initial=_today, help_text=_("It begins to work when this day ends."))
    until = _date_field(
        _("Until"), required=False, help_text=_("It still works on this day. Empty: until it is ended.")
    )
    stops_count = forms.BooleanField(label=_("The days are not counted"), required=False, initial=True)
    stops_default_interest = forms.BooleanField(
        label=_("No default interest runs"), required=False, initial=True
    )
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}), max_length=500)


class PauseField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        until = obj.until or gettext("until further notice")
        return f"{obj.get_kind_display()} · {obj.from_on} – {until}"


class EndPauseForm(OperationForm):
    """Which of the pauses that are not over."""

    pause = PauseField(queryset=PaymentPause.objects.none(), label=_("Payment pause"), empty_label=None)
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}), max_length=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        running = Q(until__isnull=True) | Q(until__gt=_today())
        pauses = PaymentPause.objects.filter(running, loan=self.obj).order_by("from_on", "pk")
        self.fields["pause"].queryset = pauses  # type: ignore[attr-defined]
        if len(pauses) > 1:
            self.fields["pause"].help_text = gettext(
                "Only the one chosen ends. What the others stop stays stopped until the end that stands beside them."
            )


class CostForm(OperationForm):
    amount = forms.DecimalField(label=_("Amount (yuan)"), max_digits=12, decimal_places=2, min_value=0)
    label = forms.CharField(label=_("For what"), max_length=60)
    payee = forms.CharField(label=_("Paid to"), max_length=100)
    charged_on = _date_field(_("Owed from"), initial=_today)
    reason = forms.CharField(
        label=_("By what title the borrower owes it"),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=500,
    )


class ChargeField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.charged_on} · {obj.amount:,.2f} · {obj.label}"


class CostBackForm(OperationForm):
    """Which of the costs that stand."""

    charge = ChargeField(queryset=Charge.objects.none(), label=_("Cost of enforcing"), empty_label=None)
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 2}), max_length=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["charge"].queryset = Charge.objects.filter(  # type: ignore[attr-defined]
            loan=self.obj, reverses=None, reversal=None
        ).order_by("-pk")


#: What a loan's page offers beside postings and changes of the schedule.
OPERATIONS = (
    Operation(
        "settle_early",
        lambda *, obj, by, at, on, reason: services.settle_early(
            loan=obj, on=on, by=by, at=at, reason=reason
        ),
        form=SettleForm,
        help=_("How much it takes is on the page “Settlement quote”."),
    ),
    Operation(
        "pause_loan",
        lambda *, obj, by, at, **given: services.pause_loan(loan=obj, by=by, at=at, **given),
        form=PauseForm,
    ),
    Operation(
        "end_pause",
        lambda *, obj, by, at, pause, reason: services.end_pause(pause=pause, by=by, at=at, reason=reason),
        form=EndPauseForm,
    ),
    Operation(
        "charge_cost",
        lambda *, obj, by, at, **given: services.charge_cost(loan=obj, by=by, at=at, **given),
        form=CostForm,
    ),
    Operation(
        "reverse_charge",
        lambda *, obj, by, at, charge, reason: services.reverse_charge(
            charge=charge, by=by, at=at, reason=reason
        ),
        form=CostBackForm,
    ),
    Operation(
        "request_write_off",
        lambda *, obj, by, at, reason: services.request_write_off(loan=obj, by=by, at=at, reason=reason),
        form=ReasonForm,
        help=_("Say what was tried to recover it."),
        awaits=lambda made: reverse("admin:loans_writeoff_change", args=(made.pk,)),
    ),
)
