"""The filter bars. Everything is asked by GET, so that a result has an address; nothing typed here is personal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import Purpose, ReadEvent
from backoffice.core.bounds import in_years
from backoffice.desk.explorer import changes, events
from backoffice.desk.record import DOORS
from backoffice.desk.registry import registries
from backoffice.staff.models import User

ANY = ("", _("Any"))


class UserField(forms.CharField):
    """A user by name or user name, exactly as it is written."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            max_length=150,
            widget=forms.TextInput(attrs={"list": "record-users", "autocomplete": "off", "size": 12}),
            **kwargs,
        )

    def clean(self, value: Any) -> User | None:
        """The user, None when nothing was typed; refuses a name that nobody or more than one has."""
        text = super().clean(value).strip()
        if not text:
            return None
        found = list(User.objects.filter(models.Q(username=text) | models.Q(full_name=text))[:2])
        if len(found) != 1:
            raise forms.ValidationError(
                _("Several people have this name; give the user name.")
                if found
                else _("Nobody has this name.")
            )
        return found[0]


def _moment(label: Any) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        validators=[in_years],
    )


class PeriodForm(forms.Form):
    """From and until; the end must not come first."""

    since = _moment(_("From"))
    until = _moment(_("Until"))

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if found.get("since") and found.get("until") and found["since"] >= found["until"]:
            self.add_error("until", _("The end comes before the beginning."))
        return found


class ChangesForm(PeriodForm):
    """Who, what, where, when. ``field`` is offered once a kind of object is chosen."""

    who = UserField(label=_("Who"))
    kind = forms.ChoiceField(label=_("Kind of object"), required=False)
    thing = forms.CharField(
        label=_("Number or id"),
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "size": 14}),
    )
    field = forms.ChoiceField(label=_("Field changed"), required=False)
    door = forms.ChoiceField(label=_("Entry point"), required=False, choices=[ANY, *DOORS.items()])
    act = forms.ChoiceField(label=_("Act"), required=False)
    request = forms.CharField(
        label=_("Request"),
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "off", "size": 10}),
    )

    field_order = ("who", "kind", "thing", "field", "act", "door", "request", "since", "until")

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.viewer = viewer
        visible = changes.visible_models(viewer)
        self.fields["kind"].choices = [ANY, *_by_name(visible)]  # type: ignore[attr-defined]
        self.fields["act"].choices = [ANY, *_acts()]  # type: ignore[attr-defined]
        chosen = visible.get(str(self.data.get("kind", "")))
        self.fields["field"].choices = [ANY, *_columns(chosen)] if chosen else [ANY]  # type: ignore[attr-defined]
        self.fields["field"].widget.attrs["disabled"] = chosen is None

    def filters(self) -> changes.Filters:
        """What was asked for, ready to be looked for. A number that names nothing finds nothing."""
        data = self.cleaned_data
        objects = None
        if data["thing"]:
            objects = changes.find_objects(data["thing"], model=data["kind"], viewer=self.viewer)
        return changes.Filters(
            actor_id=data["who"].pk if data["who"] else None,
            model=data["kind"],
            objects=objects,
            request_id=data["request"].strip(),
            since=data["since"],
            until=data["until"],
            door=data["door"],
            code=data["act"],
            field=data["field"],
        )


class EventsForm(PeriodForm):
    """Events by table, kind, person and time."""

    who = UserField(label=_("Who"))
    table = forms.ChoiceField(label=_("Desk"), required=False)
    kind = forms.CharField(
        label=_("Kind"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "size": 14}),
    )

    field_order = ("who", "table", "kind", "since", "until")

    def __init__(self, *args: Any, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tables = [(label, events.table_label(label)) for label in events.visible_tables(viewer)]
        self.fields["table"].choices = [ANY, *tables]  # type: ignore[attr-defined]

    def filters(self) -> events.EventFilters:
        """What was asked for."""
        data = self.cleaned_data
        return events.EventFilters(
            actor_id=data["who"].pk if data["who"] else None,
            table=data["table"],
            kind=data["kind"].strip(),
            since=data["since"],
            until=data["until"],
        )


class PersonForm(PeriodForm):
    """Reads of one person: when, by whom, how, for what."""

    who = UserField(label=_("Who looked"))
    what = forms.ChoiceField(label=_("How"), required=False, choices=[ANY, *ReadEvent.What.choices])
    purpose = forms.ChoiceField(label=_("Purpose"), required=False, choices=[ANY, *Purpose.choices])

    field_order = ("who", "what", "purpose", "since", "until")


class ReadsForm(PeriodForm):
    """Reads by one user: when and how."""

    who = UserField(label=_("User"))
    what = forms.ChoiceField(label=_("How"), required=False, choices=[ANY, *ReadEvent.What.choices])

    field_order = ("who", "what", "since", "until")


class ExportForm(forms.Form):
    """In which form, and for what."""

    form = forms.ChoiceField(label=_("Format"), choices=[("csv", "CSV"), ("xlsx", "XLSX")])
    purpose = forms.ChoiceField(label=_("Purpose"), choices=Purpose.choices, initial=Purpose.AUDIT)


class MomentForm(forms.Form):
    """Which moment to show an object at."""

    at = forms.DateTimeField(
        label=_("As it was on"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        validators=[in_years],
    )


def _by_name(found: dict[str, type[models.Model]]) -> list[tuple[str, str]]:
    pairs = [(label, str(capfirst(str(model._meta.verbose_name)))) for label, model in found.items()]
    return sorted(pairs, key=lambda pair: pair[1])


def _acts() -> Iterable[tuple[str, str]]:
    return sorted(
        ((code, str(label)) for code, label in registries.act_labels.items()), key=lambda one: one[1]
    )


def _columns(model: type[models.Model]) -> list[tuple[str, str]]:
    history: Any = model.history.model  # type: ignore[attr-defined]
    fields = [field for field in history.tracked_fields if not field.primary_key and field.name != "uid"]
    return sorted(
        ((field.name, str(capfirst(str(field.verbose_name)))) for field in fields), key=lambda one: one[1]
    )
