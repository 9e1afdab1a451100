"""The order in which a payment pays the parts of a debt, chosen part by part in words."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from backoffice.loans.choices import Component

_PLACES = (_("First"), _("Second"), _("Third"), _("Fourth"), _("Fifth"))


class OrderWidget(forms.MultiWidget):
    """A list to choose from for each place."""

    def __init__(self) -> None:
        super().__init__([forms.Select({"aria-label": place}, Component.choices) for place in _PLACES])

    def decompress(self, value: Any) -> list[str]:
        return str(value).split(",") if value else []


class OrderField(forms.MultiValueField):
    """The components in the order of ``LoanProduct.order_…``, separated by commas."""

    def __init__(self, *, max_length: int | None = None, **kwargs: Any) -> None:
        # The column tells its length; the choices keep to it.
        places = tuple(forms.ChoiceField(choices=Component.choices) for _place in _PLACES)
        super().__init__(places, widget=OrderWidget(), **kwargs)

    def compress(self, data_list: list[str]) -> str:
        """Raises ``ValidationError`` where a part stands twice."""
        if len(set(data_list)) < len(_PLACES):
            raise ValidationError(_("Each part of the debt has one place: one of them stands twice."))
        return ",".join(data_list)
