"""What the operations on a case ask for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.desk.operations import OperationForm
from backoffice.loans.choices import Channel
from backoffice.loans.models import Loan, PhoneNumber
from debt_collections.choices import (
    CloseReason,
    Connection,
    Direction,
    HoldReason,
    HoldScope,
    Outcome,
    Party,
    Purpose,
)
from debt_collections.models import Agency, Collector


class LoanChoice(forms.ModelMultipleChoiceField):
    """Loans by number."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.number)


class PhoneChoice(forms.ModelChoiceField):
    """Numbers by mask and whose they are."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.number_mask} {obj.get_owner_display()}"


def _moment(label: Any, **given: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, widget=widget, **given)


class LogContactForm(OperationForm):
    """One contact, as it was."""

    purpose = forms.ChoiceField(label=_("Purpose"), choices=Purpose.choices)
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices)
    direction = forms.ChoiceField(label=_("Direction"), choices=Direction.choices)
    party = forms.ChoiceField(label=_("With whom"), choices=Party.choices)
    phone_number = PhoneChoice(
        label=_("Telephone number"), queryset=PhoneNumber.objects.none(), required=False
    )
    connection = forms.ChoiceField(label=_("Connected"), choices=Connection.choices)
    outcome = forms.ChoiceField(label=_("Outcome"), choices=Outcome.choices)
    started_at = _moment(_("Started at"), initial=timezone.now)
    ended_at = _moment(_("Ended at"), initial=timezone.now)
    identity_disclosed = forms.NullBooleanField(label=_("Institution and name stated"), required=False)
    loans = LoanChoice(
        label=_("Debts discussed"),
        queryset=Loan.objects.none(),
        required=False,
        help_text=_("An unanswered call is counted to one debt, a conversation to each debt discussed."),
    )
    note = forms.CharField(label=_("Note"), required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phone_number"].queryset = PhoneNumber.objects.filter(borrower=self.obj.borrower_id)  # type: ignore[attr-defined]
        self.fields["loans"].queryset = Loan.objects.filter(case_loans__case=self.obj)  # type: ignore[attr-defined]


class PlaceForm(OperationForm):
    """Who gets the case."""

    agency = forms.ModelChoiceField(label=_("Agency"), queryset=Agency.objects.filter(active=True))
    collector = forms.ModelChoiceField(
        label=_("Collector"), queryset=Collector.objects.filter(state="active"), required=False
    )
    borrower_told_at = _moment(
        _("Borrower told at"),
        required=False,
        help_text=_("Needed for an outside agency that does not have the case yet."),
    )
    reason = forms.CharField(label=_("Reason"), required=False, widget=forms.Textarea(attrs={"rows": 2}))


class PlaceHoldForm(OperationForm):
    """What may not be done for now, and why."""

    scope = forms.ChoiceField(label=_("Scope"), choices=HoldScope.choices)
    reason = forms.ChoiceField(label=_("Because of"), choices=HoldReason.choices)
    collector = forms.ModelChoiceField(
        label=_("Collector"), queryset=Collector.objects.none(), required=False
    )
    channel = forms.ChoiceField(label=_("Channel"), choices=[("", "—"), *Channel.choices], required=False)
    number = PhoneChoice(label=_("Telephone number"), queryset=PhoneNumber.objects.none(), required=False)
    amount = forms.DecimalField(
        label=_("Disputed amount (yuan)"), max_digits=12, decimal_places=2, required=False
    )
    loans = LoanChoice(
        label=_("Only these loans"),
        queryset=Loan.objects.none(),
        required=False,
        help_text=_("None chosen: all loans of the borrower."),
    )
    until = _moment(_("Until"), required=False, help_text=_("Empty: until it is lifted."))
    reason_text = forms.CharField(label=_("Reason in words"), widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        borrower_id = self.obj.borrower_id
        self.fields["collector"].queryset = Collector.objects.filter(placements__case=self.obj).distinct()  # type: ignore[attr-defined]
        self.fields["number"].queryset = PhoneNumber.objects.filter(borrower=borrower_id)  # type: ignore[attr-defined]
        self.fields["loans"].queryset = Loan.objects.filter(borrower=borrower_id)  # type: ignore[attr-defined]


class CloseForm(OperationForm):
    """Why the case ends."""

    close_reason = forms.ChoiceField(label=_("Closed because"), choices=CloseReason.choices)
    reason = forms.CharField(label=_("Reason"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
