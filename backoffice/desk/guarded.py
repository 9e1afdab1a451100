"""Forms of stored rows that never undo what somebody else saved after the page was drawn.

The page carries how far the row's history had come. When it is sent, the row is locked and its history asked again:
if it went on meanwhile nothing is saved, and the page says who changed what, to what.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from django.db.models import Max, QuerySet
from django.forms.models import model_to_dict
from django.utils.translation import gettext as _

from backoffice.audit.services import lock
from backoffice.desk import record

#: The hidden field.
NAME = "drawn_from"
#: More digits than any number of the record has.
_LONGEST = 18


def reconcile(
    form: forms.BaseForm, *, drawn: Mapping[str, Any], now: Mapping[str, Any], say: Callable[[str], str]
) -> None:
    """Bring a refused form in step with what is stored.

    ``drawn`` and ``now`` are the values that it was drawn from and those that stand now. Where they differ, a field
    that the person left alone shows what stands now; one that was typed in keeps its text. Both say so.
    """
    for name, field in form.fields.items():
        typed, stands = form[name].data, now.get(name)
        if field.disabled or drawn.get(name) == stands or not field.has_changed(stands, typed):
            continue
        if field.has_changed(drawn.get(name), typed):
            text = _("Changed meanwhile to: %(value)s. What you typed stands here and would replace it.")
        else:
            text = _("Changed meanwhile to: %(value)s. It now stands here; you had not touched it.")
            _show(field, stands)
        form.add_error(name, text % {"value": say(name)})


def _show(field: forms.Field, value: Any) -> None:
    # The field is this form's own copy. What was sent is left alone: how a value is spread over it is the widget's.
    field.bound_data = lambda data, initial: value  # type: ignore[method-assign]


class GuardedForm(forms.ModelForm[Any]):
    """The form of a model with history. What is sent has to be validated and saved within one transaction."""

    #: A form that only draws a preview locks and refuses nothing.
    saves = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        instance: Any = kwargs.get("instance")
        self.drawn_from = ""
        #: Of a page that was refused for being stale: how far the histories had come when it was drawn.
        self.stale_since: list[int] | None = None
        sent = (args[0] if args else kwargs.get("data")) is not None
        # A row that is being added has nothing to be compared with.
        self.guarded = instance is not None and instance.pk is not None
        if self.guarded and not sent:
            # Before the values are read: what comes between makes the page stale, and never goes unseen.
            self.drawn_from = "-".join(str(one) for one in self._stamp(instance))
            instance.refresh_from_db()
        super().__init__(*args, **kwargs)
        if self.guarded and sent:
            self.drawn_from = self.data.get(NAME, "")

    def histories(self, instance: Any) -> Sequence[QuerySet[Any]]:
        """What the page edits: the row's own history first, then those of its parts. Override to add."""
        return [record.history_of(instance)]

    def value_text(self, name: str, stored: Any) -> str:
        """What is stored in the field, for people. Override where the form shows it otherwise."""
        field = stored._meta.get_field(name)
        pk = getattr(stored, field.attname)
        labels = {(field.related_model, pk): str(getattr(stored, name))} if field.is_relation else {}
        return record.value_text(field, stored, labels)

    def nothing_new(self, now: Mapping[str, Any]) -> bool:
        """Whether what was sent stands already: a second click on “Save” is no quarrel between two people."""
        return not any(
            field.has_changed(now.get(name), self[name].data) for name, field in self.fields.items()
        )

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        if self.guarded and self.saves:
            stored = lock(type(self.instance), self.instance.pk)
            stamp = self._stamp(self.instance)
            if stamp != self.seen():
                self._meanwhile(stored, stamp)
        return data

    def seen(self) -> list[int]:
        """How far each of the histories had come when the page was drawn; empty for a page that does not say."""
        parts = self.drawn_from.split("-")
        if any(not one.isdecimal() or len(one) > _LONGEST for one in parts):
            return []
        return [int(one) for one in parts]

    def _stamp(self, instance: Any) -> list[int]:
        return [one.aggregate(last=Max("history_id"))["last"] or 0 for one in self.histories(instance)]

    def _meanwhile(self, stored: Any, stamp: list[int]) -> None:
        now = model_to_dict(stored, fields=list(self.fields))
        if self.nothing_new(now):
            self.instance.refresh_from_db()
            return
        seen = self.stale_since = self.seen()
        self.add_error(None, self._refusal(seen))
        first = self.histories(stored)[0].filter(history_id__in=seen[:1]).first()
        # Without the row it was drawn from, everything that was sent counts as typed.
        drawn = model_to_dict(first, fields=list(self.fields)) if first is not None else {}
        reconcile(self, drawn=drawn, now=now, say=lambda name: self.value_text(name, stored))
        # Whoever sends the page again has been told.
        self.drawn_from = "-".join(str(one) for one in stamp)

    def _refusal(self, seen: Sequence[int]) -> str:
        names: dict[str, None] = {}
        for history, last in zip(self.histories(self.instance), seen, strict=False):
            rows = history.filter(history_id__gt=last).order_by("history_id")
            names |= dict.fromkeys(rows.values_list("history_actor_name", flat=True))
        if not names:
            return _("This page is out of date; nothing was saved. Look at it and save again.")
        return _(
            "Changed meanwhile by %(names)s; nothing was saved. Look at what is marked below and save again."
        ) % {"names": "、".join(names)}
