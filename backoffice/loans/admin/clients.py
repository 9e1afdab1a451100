"""Which API client sees whose loans: opened and ended by whoever answers for the doors of the house."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backoffice.api.models import Client
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.creation import CreationMixin, Shown
from backoffice.desk.operations import Operation, ReasonForm
from backoffice.desk.templatetags.desk import when
from backoffice.loans import workflow
from backoffice.loans.models import Creditor, CreditorClient
from backoffice.loans.services.clients import end_creditor_access, open_creditor_to_client


class AccessForm(ReasonForm):
    """Whose loans to which machine, and why."""

    client = forms.ModelChoiceField(label=_("API client"), queryset=Client.objects.none())
    creditor = forms.ModelChoiceField(label=_("Creditor"), queryset=Creditor.objects.order_by("name"))
    field_order = ("client", "creditor", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fitting = [one.pk for one in Client.objects.filter(active=True) if not one.for_mediation]
        self.fields["client"].queryset = Client.objects.filter(pk__in=fitting).order_by("name")  # type: ignore[attr-defined]


@admin.register(CreditorClient)
class CreditorClientAdmin(CreationMixin, BaseModelAdmin):
    """What the client may do there say its scopes."""

    workflow = workflow.creditor_client
    operations = (
        Operation(
            "end",
            lambda *, obj, by, at, reason: end_creditor_access(access=obj, by=by, at=at, reason=reason),
            form=ReasonForm,
        ),
    )
    creation_form = AccessForm
    creation_permission = "api.change_client"
    not_logged_because = "a system and a company; no person's data"

    list_display = ("client", "creditor", "opened", "ended")
    list_select_related = ("client", "creditor")
    list_filter = (("until", admin.EmptyFieldListFilter),)
    page_template = "loans/access_page.html"
    page_fields = ("client", "creditor", "opened", "ended")
    ordering = ("-pk",)

    def create(
        self, request: HttpRequest, at: datetime, data: dict[str, Any]
    ) -> tuple[CreditorClient, Shown]:
        """Nothing to show once: the client has its secret."""
        return open_creditor_to_client(by=request.user, at=at, **data), ()  # type: ignore[arg-type]

    @admin.display(description=_("since"))
    def opened(self, obj: CreditorClient) -> SafeString:
        return when(obj.since)

    @admin.display(description=_("until"))
    def ended(self, obj: CreditorClient) -> SafeString | None:
        return when(obj.until) if obj.until is not None else None
