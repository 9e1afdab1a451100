from __future__ import annotations

from django import forms
from django.contrib import admin

from backoffice.api.models import Client
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.guarded import GuardedForm
from complaints.mediation.models import MediationOrganisation
from complaints.mediation.services.organisations import OTHER_CLIENT


class OrganisationForm(GuardedForm):
    """A row of reference; the client is asked for what the service asks of it."""

    def clean_client(self) -> Client | None:
        """No client of the house."""
        client: Client | None = self.cleaned_data["client"]
        if client is not None and not client.for_mediation:
            raise forms.ValidationError(OTHER_CLIENT)
        return client


@admin.register(MediationOrganisation)
class MediationOrganisationAdmin(BaseModelAdmin):
    """Whom we work with, for how long a case stays there, and the client of its system."""

    not_logged_because = "an organisation and its system; no person's data is on these pages"
    form = OrganisationForm
    list_display = ("name", "client", "period_days", "access_days_after_end", "active")
    list_select_related = ("client",)
    search_fields = ("name",)
    ordering = ("name",)
    fields = ("name", "client", "period_days", "access_days_after_end", "active")
    page_fields = ("name", "client", "period_days", "access_days_after_end", "active")
    raw_id_fields = ("client",)
