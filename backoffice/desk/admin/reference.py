"""Reference rows of the core: the calendar, the numbers of law and policy, the imports."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.core.models import CalendarDay, ImportRun, PolicyValue
from backoffice.desk.base import BaseModelAdmin


@admin.register(CalendarDay)
class CalendarDayAdmin(BaseModelAdmin):
    """Rest days and make-up workdays; compliance enters a year when it is published."""

    list_display = ("date", "kind", "name", "source")
    list_filter = ("kind",)
    ordering = ("-date",)


@admin.register(PolicyValue)
class PolicyValueAdmin(BaseModelAdmin):
    """Every number that comes from law or policy, with the time it is in force and where it stands."""

    list_display = (
        "code",
        "title_text",
        "value_text",
        "unit",
        "effective_from",
        "effective_to",
        "legal_force",
        "confidence",
        "source",
    )
    list_filter = ("legal_force", "confidence")
    search_fields = ("code",)
    page_fields = list_display
    ordering = ("code", "-effective_from")

    @admin.display(description=_("title"), ordering="title")
    def title_text(self, obj: PolicyValue) -> str:
        # Stored as it stands in the source: our own rows in English, which the catalogue translates.
        return gettext(obj.title)

    @admin.display(description=_("value"), ordering="value")
    def value_text(self, obj: PolicyValue) -> str:
        # Stored with six places, since rates need them; most are whole days.
        return f"{obj.value.normalize():,f}"


@admin.register(ImportRun)
class ImportRunAdmin(BaseModelAdmin):
    """What was loaded from files, when, and with what result. Written by the import commands only."""

    list_display = (
        "started_at",
        "kind",
        "file_name",
        "state",
        "rows_read",
        "rows_created",
        "rows_skipped",
        "rows_failed",
    )
    list_filter = ("state",)
    ordering = ("-pk",)
