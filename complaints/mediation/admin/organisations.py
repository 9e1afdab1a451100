from __future__ import annotations

from django.contrib import admin

from backoffice.desk.base import BaseModelAdmin
from complaints.mediation.models import MediationOrganisation


@admin.register(MediationOrganisation)
class MediationOrganisationAdmin(BaseModelAdmin):
    """Whom we work with, for how long a case stays there, and the client of its system."""

    not_logged_because = "an organisation and its system; no person's data is on these pages"
    list_display = ("name", "client", "period_days", "access_days_after_end", "active")
    list_select_related = ("client",)
    search_fields = ("name",)
    ordering = ("name",)
    fields = ("name", "client", "period_days", "access_days_after_end", "active")
    page_fields = ("name", "client", "period_days", "access_days_after_end", "active")
    raw_id_fields = ("client",)
