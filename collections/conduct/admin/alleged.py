"""Contacts that somebody says happened."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backoffice.desk import dossiers
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.operations import Operation, OperationForm
from backoffice.desk.templatetags.desk import chip, masked
from backoffice.loans.selectors import borrowers_of
from conduct import services, workflow
from conduct.models import AllegedContact
from conduct.selectors import candidates_for
from debt_collections.models import ContactAttempt


class ContactChoice(forms.ModelChoiceField):
    """Our contacts by time, collector and channel."""

    def label_from_instance(self, obj: Any) -> str:
        who = obj.collector.name if obj.collector else "—"
        return f"{obj.started_at.astimezone():%Y-%m-%d %H:%M} · {who} · {obj.get_channel_display()}"


class MatchForm(OperationForm):
    """Which of our contacts was meant."""

    contact = ContactChoice(
        label=_("Our record of it"),
        queryset=ContactAttempt.objects.none(),
        required=False,
        help_text=_("Contacts with this borrower near that time. None: we hold no record of it."),
    )
    reason = forms.CharField(label=_("Reason"), required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        near = [contact.pk for contact in candidates_for(self.obj)]
        found = ContactAttempt.objects.visible_to(self.viewer).filter(pk__in=near).select_related("collector")
        self.fields["contact"].queryset = found  # type: ignore[attr-defined]


def _match(*, obj: AllegedContact, **given: Any) -> AllegedContact:
    return services.match_alleged_contact(alleged=obj, **given)


@admin.register(AllegedContact)
class AllegedContactAdmin(BaseModelAdmin):
    """What was said, and whether our systems hold it."""

    workflow = workflow.alleged_contact
    operations = (Operation("match", _match, MatchForm),)
    page_template = "desk/object_page.html"
    page_name = "conduct.alleged"
    page_fields = ("source_link", "alleged_at", "matched")
    logs_reads = True
    search_help_text = _("A whole telephone or document number, e-mail address or name")
    list_display = ("alleged_at", "source_number", "number", "match_chip")
    list_select_related = ("dossier",)
    ordering = ("-pk",)

    def by_people(
        self, queryset: QuerySet[AllegedContact], subject_ids: Collection[int]
    ) -> QuerySet[AllegedContact]:
        own = AllegedContact.objects.filter(subject__in=subject_ids).values_list("pk", flat=True)
        about = AllegedContact.objects.filter(borrower__in=borrowers_of(subject_ids))
        return queryset.filter(pk__in={*own, *about.values_list("pk", flat=True)})

    def personal_rows(self, request: HttpRequest, obj: AllegedContact) -> list[AllegedContact]:
        return [obj]

    @admin.display(description=_("reported in"))
    def source_link(self, obj: AllegedContact) -> Any:
        return dossiers.link(obj.dossier)

    @admin.display(description=_("reported in"))
    def source_number(self, obj: AllegedContact) -> str:
        return obj.dossier.number

    @admin.display(description=_("calling number"))
    def number(self, obj: AllegedContact) -> Any:
        return masked(obj.number_mask)

    @admin.display(description=_("our record of it"))
    def match_chip(self, obj: AllegedContact) -> Any:
        return chip(obj.get_state_display(), "good" if obj.matched_id else "bad")
