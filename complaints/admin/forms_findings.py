"""Forms about what is complained of, what is wanted, and what was found."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import InputRefused
from backoffice.desk.operations import OperationForm
from backoffice.loans.choices import Channel
from backoffice.privacy import kinds
from complaints.choices import Finding, RemedyKind, RemedyState
from complaints.models import Allegation, AllegationContact, Demand, Remedy
from complaints.selectors import category_choices
from debt_collections.models import ContactAttempt

TEXT = forms.Textarea(attrs={"rows": 4})


def allegation_label(allegation: Allegation) -> str:
    """“1 · Night calls”: the words themselves stay on the page."""
    chinese = (translation.get_language() or "").startswith("zh")
    category = allegation.category
    return f"{allegation.sequence} · {category.name_zh if chinese else category.name_en}"


class AllegationField(forms.ModelChoiceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            queryset=Allegation.objects.none(), to_field_name="uid", label=_("Allegation"), **kwargs
        )

    def label_from_instance(self, obj: Any) -> str:
        return allegation_label(obj)


class AllegationForm(OperationForm):
    """A form about one allegation of this complaint."""

    allegation = AllegationField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["allegation"].queryset = (  # type: ignore[attr-defined]
            Allegation.objects.filter(complaint=self.obj).select_related("category").order_by("sequence")
        )


class AddAllegationForm(OperationForm):
    category = forms.ChoiceField(label=_("Category"))
    text = forms.CharField(label=_("What is complained of"), widget=TEXT)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = category_choices()  # type: ignore[attr-defined]


class LinkContactForm(AllegationForm):
    """The contacts of the matched borrower around the days complained of; several at once."""

    contact = forms.ModelChoiceField(label=_("Contact"), queryset=ContactAttempt.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["contact"].queryset = (  # type: ignore[attr-defined]
            ContactAttempt.objects.filter(borrower_id=self.obj.borrower_id).order_by("-started_at")
        )


class UnlinkContactForm(OperationForm):
    link = forms.ModelChoiceField(label=_("Contact"), queryset=AllegationContact.objects.none())
    reason = forms.CharField(label=_("Reason"), widget=TEXT)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["link"].queryset = (  # type: ignore[attr-defined]
            AllegationContact.objects.filter(allegation__complaint=self.obj, removed_at__isnull=True)
            .select_related("contact", "alleged")
            .order_by("pk")
        )
        self.fields["link"].label_from_instance = _link_label  # type: ignore[attr-defined]


def _link_label(link: AllegationContact) -> str:
    return str(link.contact) if link.contact else f"{link.alleged.number_mask if link.alleged else ''}"


class ReportAllegedContactForm(AllegationForm):
    number = forms.CharField(label=_("Calling number"), required=False)
    alleged_at = forms.DateTimeField(
        label=_("Said to have happened at"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    text = forms.CharField(label=_("What happened, as told"), widget=TEXT, required=False)

    def clean_number(self) -> str:
        typed: str = self.cleaned_data["number"]
        if typed:
            try:
                kinds.PHONE.normalise(typed)
            except InputRefused as error:
                raise forms.ValidationError(str(error.message)) from error
        return typed

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not data.get("number") and not data.get("alleged_at"):
            raise forms.ValidationError(_("Give the number or the time, better both."))
        return data


class SetFindingForm(AllegationForm):
    finding = forms.ChoiceField(
        label=_("What was found"),
        choices=[choice for choice in Finding.choices if choice[0] != Finding.OPEN],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("Reasons, as the letter will give them"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_(
            "Which records were checked, what they show, which rule applies. Written to the complainant."
        ),
    )


class AddDemandForm(OperationForm):
    text = forms.CharField(label=_("What is wanted"), widget=TEXT)
    amount = forms.DecimalField(
        label=_("Amount (yuan)"), max_digits=12, decimal_places=2, min_value=0, required=False
    )


class AnswerDemandForm(OperationForm):
    demand = forms.ModelChoiceField(label=_("Demand"), queryset=Demand.objects.none(), to_field_name="uid")
    answer = forms.CharField(
        label=_("Answer, as the letter will give it"), widget=forms.Textarea(attrs={"rows": 5})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["demand"]
        field.queryset = Demand.objects.filter(complaint=self.obj).order_by("sequence")  # type: ignore[attr-defined]
        field.label_from_instance = lambda demand: str(demand.sequence)  # type: ignore[attr-defined]


class AddRemedyForm(OperationForm):
    kind = forms.ChoiceField(label=_("Remedy"), choices=RemedyKind.choices)
    allegation = AllegationField(required=False)
    amount = forms.DecimalField(
        label=_("Amount (yuan)"),
        max_digits=12,
        decimal_places=2,
        min_value=0,
        required=False,
        help_text=_("For waiver and compensation."),
    )
    channel = forms.ChoiceField(
        label=_("Channel"),
        choices=[("", "—"), *Channel.choices],
        required=False,
        help_text=_("For no contact."),
    )
    text = forms.CharField(label=_("In words, as the letter will give it"), widget=TEXT, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["allegation"].queryset = (  # type: ignore[attr-defined]
            Allegation.objects.filter(complaint=self.obj).select_related("category").order_by("sequence")
        )


class RemedyForm(OperationForm):
    """Chooses one remedy of this complaint in the states given by a subclass."""

    states: tuple[str, ...] = ()
    remedy = forms.ModelChoiceField(label=_("Remedy"), queryset=Remedy.objects.none(), to_field_name="uid")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["remedy"]
        field.queryset = Remedy.objects.filter(complaint=self.obj, state__in=self.states)  # type: ignore[attr-defined]
        field.label_from_instance = lambda remedy: remedy.get_kind_display()  # type: ignore[attr-defined]


class RemoveRemedyForm(RemedyForm):
    states = (RemedyState.PROPOSED,)


class ExecuteRemedyForm(RemedyForm):
    states = (RemedyState.GRANTED,)
    reason = forms.CharField(label=_("What was done, and where it can be seen"), widget=TEXT)
