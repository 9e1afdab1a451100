"""Filters of the complaints list: fixed choices on indexed columns, no DISTINCT over the table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from complaints.choices import OPEN_STATES, ComplaintState, Source
from complaints.selectors.lists import overdue_ids, soon_ids, today_ids


class MineFilter(admin.SimpleListFilter):
    title = _("Whose")
    parameter_name = "whose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [("mine", _("Mine")), ("team", _("My team's")), ("nobody", _("Nobody's yet"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "mine":
                return queryset.filter(handler=request.user, state__in=OPEN_STATES)
            case "team":
                return queryset.filter(team_id=request.user.team_id or 0, state__in=OPEN_STATES)  # type: ignore[union-attr]
            case "nobody":
                return queryset.filter(handler__isnull=True, state__in=OPEN_STATES)
        return queryset


class DueFilter(admin.SimpleListFilter):
    title = _("Answer due")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [("late", _("Late")), ("today", _("Today")), ("soon", _("Within five days"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        find = {"late": overdue_ids, "today": today_ids, "soon": soon_ids}.get(self.value() or "")
        return queryset.filter(pk__in=find(at=timezone.now())) if find else queryset


class StateFilter(admin.SimpleListFilter):
    title = _("State")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [("open", _("Everything open")), *ComplaintState.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value == "open":
            return queryset.filter(state__in=OPEN_STATES)
        return queryset.filter(state=value) if value in ComplaintState.values else queryset


class SourceFilter(admin.SimpleListFilter):
    title = _("Source")
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return list(Source.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(source=self.value()) if self.value() in Source.values else queryset
