"""Who looked at what, and each use of the one entry through which logs may be touched. Read only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import Maintenance, ReadEvent
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.paging import KeysetMixin
from backoffice.desk.record import DOORS
from backoffice.desk.templatetags.desk import when


class LogAdmin(KeysetMixin, BaseModelAdmin):
    """An append-only log: newest first, no count."""

    list_display_links = ("at",)

    @admin.display(description=_("occurred at"))
    def at(self, obj: Any) -> Any:
        return when(obj.occurred_at)

    @admin.display(description=_("entry point"))
    def door(self, obj: Any) -> Any:
        return DOORS.get(obj.entry_point, obj.entry_point)


@admin.register(ReadEvent)
class ReadEventAdmin(LogAdmin):
    """Reading the log of reads is a read as well."""

    logs_reads = True
    list_display = ("at", "actor_name", "what", "dossier", "count", "path", "door")
    list_select_related = ("dossier",)
    list_filter = ("what",)


@admin.register(Maintenance)
class MaintenanceAdmin(LogAdmin):
    list_display = ("at", "actor_name", "purpose", "door")
