"""What the steps of an erasure ask for, and the one service call each of them makes."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.audit.keeping import people
from backoffice.audit.models import Erasure
from backoffice.audit.services.erasure import carry_out_erasure, refuse_erasure
from backoffice.desk.operations import Operation, OperationForm
from backoffice.desk.people import names_of

_PLACE = re.compile(r"dossier:\d+|column:\w+\.\w+")


class PlacesField(forms.MultipleChoiceField):
    """Places ticked in the preview. Which ones there are is told by the search, not by the form."""

    def valid_value(self, value: str) -> bool:
        return bool(_PLACE.fullmatch(value))


class RequestForm(OperationForm):
    """Why the person is to be erased, and which texts speak of somebody else of that name."""

    basis = forms.ChoiceField(label=_("Basis"), choices=Erasure.Basis.choices, widget=forms.RadioSelect)
    reference = forms.CharField(
        label=_("Reference"),
        required=False,
        max_length=60,
        help_text=_("The number of the letter or complaint by which it was asked for. No names."),
    )
    # Drawn in the table of the places.
    spared = PlacesField(required=False, widget=forms.MultipleHiddenInput)


class CarryOutForm(OperationForm):
    """Typed by hand, so that nobody erases the wrong person by a click."""

    confirm = forms.CharField(
        label=_("Customer number or identifier of the person"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = names_of({self.obj.subject_id}, viewer=self.viewer)[self.obj.subject_id]
        self.fields["confirm"].help_text = gettext(
            "This is about %(person)s. Type the number in to confirm: an erasure cannot be undone, not even from a "
            "backup."
        ) % {"person": f"{known.mask} {known.number}".strip()}

    def clean_confirm(self) -> str:
        text: str = self.cleaned_data["confirm"].strip()
        found = people.find(text)
        if found is None or found.pk not in people.alias_group({self.obj.subject_id}):
            raise ValidationError(_("This is not the person whose erasure was asked for."))
        return text


class RefusalForm(OperationForm):
    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The person is told this (PIPL art. 50)."),
    )


def _carry_out(*, obj: Erasure, confirm: str, **given: Any) -> Erasure:
    return carry_out_erasure(erasure=obj, **given)


def _refuse(*, obj: Erasure, **given: Any) -> Erasure:
    return refuse_erasure(erasure=obj, **given)


OPERATIONS = (
    Operation(
        "carry_out",
        _carry_out,
        CarryOutForm,
        help=_("Every text is searched once more, so that what was written since the request goes too."),
    ),
    Operation("refuse", _refuse, RefusalForm),
)
