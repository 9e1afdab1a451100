"""Agencies and collectors."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.operations import Operation, OperationForm, ReasonForm
from debt_collections import services, workflow
from debt_collections.models import Agency, Collector


@admin.register(Agency)
class AgencyAdmin(BaseModelAdmin):
    """The agencies, our own floor among them."""

    page_template = "collections/agency_page.html"
    logs_reads = True
    page_name = "collections.agency"
    page_fields = ("code", "name", "in_house", "active")
    list_display = ("code", "name", "in_house", "active")
    list_filter = ("in_house", "active")
    search_fields = ("=code",)
    ordering = ("code",)

    def page_context(self, request: HttpRequest, obj: Agency) -> dict[str, Any]:
        return {"collectors": obj.collectors.order_by("staff_number")[:200]}


class AuthoriseForm(OperationForm):
    """From when to when, and when the background was checked."""

    background_checked_on = forms.DateField(
        label=_("Background checked on"), widget=forms.DateInput(attrs={"type": "date"})
    )
    from_on = forms.DateField(label=_("Authorised from"), widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Authorised until"), widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(label=_("Reason"), required=False, widget=forms.Textarea(attrs={"rows": 2}))


def _authorise(
    *, obj: Collector, background_checked_on: date, from_on: date, until: date, **given: Any
) -> Collector:
    return services.authorise_collector(
        collector=obj, background_checked_on=background_checked_on, from_on=from_on, until=until, **given
    )


def _suspend(*, obj: Collector, **given: Any) -> Collector:
    return services.suspend_collector(collector=obj, **given)


@admin.register(Collector)
class CollectorAdmin(BaseModelAdmin):
    """Who may contact borrowers. What they did, with the verdicts, is shown by the conduct desk's panels."""

    workflow = workflow.collector
    operations = (
        Operation("authorise", _authorise, AuthoriseForm),
        Operation("suspend", _suspend, ReasonForm),
    )
    page_template = "collections/collector_page.html"
    logs_reads = True
    page_name = "collections.collector"
    page_fields = (
        "staff_number",
        "name",
        "agency",
        "background_checked_on",
        "authorised_from",
        "authorised_until",
    )
    list_display = ("staff_number", "name", "agency", "state", "authorised_until")
    list_select_related = ("agency",)
    list_filter = ("state",)
    search_fields = ("staff_number",)
    ordering = ("staff_number",)

    def page_context(self, request: HttpRequest, obj: Collector) -> dict[str, Any]:
        return {"authorisations": obj.authorisations.order_by("-starts_at")[:20]}
