"""Whom to call when something serious happens: everybody may look it up, compliance keeps it right."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.choices import IncidentKind
from backoffice.desk.guarded import GuardedForm
from backoffice.desk.models import IncidentContact


class ContactForm(GuardedForm):
    """The kinds as boxes to tick; in the row they are a list of codes."""

    kinds = forms.MultipleChoiceField(
        label=_("for which incidents"), choices=IncidentKind.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = IncidentContact
        fields = (
            "party",
            "kinds",
            "name",
            "number",
            "email",
            "note",
            "order",
            "valid_from",
            "valid_to",
        )


@admin.register(IncidentContact)
class IncidentContactAdmin(BaseModelAdmin):
    """Offices and their numbers. No private person's."""

    form = ContactForm
    list_display = ("order", "name", "party", "number", "kinds_text", "note", "valid_from", "valid_to")
    list_display_links = ("name",)
    list_filter = ("party",)
    page_fields = (
        "name",
        "party",
        "number",
        "email",
        "kinds_text",
        "note",
        "order",
        "valid_from",
        "valid_to",
    )
    ordering = ("order", "pk")

    @admin.display(description=_("for which incidents"))
    def kinds_text(self, obj: Any) -> str:
        labels = dict(IncidentKind.choices)
        return "、".join(str(labels.get(code, code)) for code in obj.kinds)
