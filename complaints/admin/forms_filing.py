"""The intake form: a complaint that came by telephone, letter or counter, entered while the person is on the line."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import InputRefused
from backoffice.desk.operations import OperationForm
from backoffice.privacy import kinds
from complaints.admin.forms_decision import MOMENT, moment_field
from complaints.choices import ComplainantRole, ComplaintSeverity, Source
from complaints.selectors import category_choices
from complaints.services import NewAllegation, NewComplainant, NewDemand

#: Machines bring these in themselves.
_NOT_BY_HAND = (Source.APP, Source.IMPORT)


class FileComplaintForm(OperationForm):
    """One allegation and one demand at first; more are added on the page. Borrower and loan are matched by number."""

    source = forms.ChoiceField(
        label=_("Source"),
        choices=[one for one in Source.choices if one[0] not in _NOT_BY_HAND],
        initial="hotline",
    )
    received_at = moment_field(_("Received at (Shanghai)"))
    words = forms.CharField(
        label=_("In the complainant's own words"), widget=forms.Textarea(attrs={"rows": 5})
    )
    category = forms.ChoiceField(label=_("Category"))
    allegation = forms.CharField(label=_("What is complained of"), widget=forms.Textarea(attrs={"rows": 2}))
    demand = forms.CharField(
        label=_("What is wanted"), widget=forms.Textarea(attrs={"rows": 2}), required=False
    )
    name = forms.CharField(label=_("Name of the complainant"), max_length=60)
    role = forms.ChoiceField(
        label=_("Role"), choices=ComplainantRole.choices, initial=ComplainantRole.BORROWER
    )
    phone = forms.CharField(label=_("Telephone"), required=False)
    id_number = forms.CharField(label=_("Resident ID"), required=False)
    loan_number = forms.CharField(label=_("Loan number"), required=False)
    sender_reference = forms.CharField(label=_("Sender's reference"), max_length=60, required=False)
    sender_due_on = forms.DateField(
        label=_("Sender's own due day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    severity = forms.ChoiceField(label=_("Severity"), choices=ComplaintSeverity.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = category_choices()  # type: ignore[attr-defined]
        self.fields["received_at"].initial = lambda: timezone.localtime().strftime(MOMENT)

    def clean_phone(self) -> str:
        return self._checked("phone", kinds.PHONE)

    def clean_id_number(self) -> str:
        return self._checked("id_number", kinds.RESIDENT_ID)

    def _checked(self, name: str, kind: kinds.Kind) -> str:
        typed: str = self.cleaned_data[name]
        if typed:
            try:
                kind.normalise(typed)
            except InputRefused as error:
                raise forms.ValidationError(str(error.message)) from error
        return typed


def arguments(data: dict[str, Any]) -> dict[str, Any]:
    """The arguments of ``file_complaint`` from the cleaned form."""
    person = NewComplainant(
        name=data["name"],
        role=data["role"],
        id_number=data["id_number"],
        phones=[data["phone"]] if data["phone"] else [],
    )
    as_they_are = ("source", "received_at", "words", "severity", "sender_reference", "sender_due_on")
    return {
        **{name: data[name] for name in as_they_are},
        "complainants": [person],
        "loan_refs": [data["loan_number"]] if data["loan_number"] else [],
        "allegations": [NewAllegation(category=data["category"], text=data["allegation"])],
        "demands": [NewDemand(text=data["demand"])] if data["demand"] else [],
    }
