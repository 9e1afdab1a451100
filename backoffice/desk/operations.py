"""What a button does: the form it asks for and the one service call it makes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from backoffice.core.bounds import in_years


class OperationForm(forms.Form):
    """The form of an operation. ``obj`` and ``viewer`` are known; ``cleaned_data`` becomes the service's arguments.

    ``notices`` stand above the fields: what to know before filling them in.
    """

    notices: Sequence[Any] = ()

    def __init__(self, *args: Any, obj: Any, viewer: Any, **kwargs: Any) -> None:
        self.obj = obj
        self.viewer = viewer
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, forms.DateField | forms.DateTimeField):
                field.validators.append(in_years)


class ReasonForm(OperationForm):
    """Asks for nothing but the reason in words."""

    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}))


@dataclass(frozen=True, slots=True)
class Operation:
    """``run(obj=, by=, at=, **cleaned_data)`` calls exactly one service. ``name`` is the transition's name.

    ``form=None`` shows a confirmation only. ``bulk`` offers it as an action on the list as well. ``commits_itself``:
    the service commits part by part, or what it writes stays although it ends with a refusal (``Once.making``).
    ``awaits`` answers the address of what was made where it only awaits a second person, and nothing where it is done.
    """

    name: str
    run: Callable[..., Any]
    form: type[OperationForm] | None = None
    bulk: bool = False
    help: Any = ""
    commits_itself: bool = False
    awaits: Callable[[Any], str] | None = None
