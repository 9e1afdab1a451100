"""Holds: what may not be done to whom, why, until when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backoffice.desk import dossiers
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.operations import Operation, ReasonForm
from backoffice.desk.templatetags.desk import chip, masked
from debt_collections import services, workflow
from debt_collections.choices import HoldState
from debt_collections.models import Hold


class StateFilter(admin.SimpleListFilter):
    """Those that stand, unless asked otherwise."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return HoldState.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Hold]) -> QuerySet[Hold]:
        if self.value() in HoldState.values:
            return queryset.filter(lifted_at__isnull=self.value() == HoldState.LIVE)
        return queryset


def _lift(*, obj: Hold, **given: Any) -> Hold:
    return services.lift_hold(hold=obj, **given)


@admin.register(Hold)
class HoldAdmin(BaseModelAdmin):
    """The list, and one hold with what caused it."""

    workflow = workflow.hold
    operations = (Operation("lift", _lift, ReasonForm, bulk=True),)
    page_template = "desk/object_page.html"
    page_name = "collections.hold"
    page_fields = (
        *("customer", "source_link", "scope", "reason", "collector", "channel", "number", "amount"),
        *("loan_numbers", "starts_at", "until", "lifts_with", "lifted_at", "lifted_because"),
    )
    logs_reads = True
    dossier_path = "source"
    list_display = ("customer", "scope", "reason", "collector", "channel", "starts_at", "until", "state_chip")
    list_select_related = ("borrower", "collector")
    list_filter = (StateFilter, "scope", "reason")
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Hold]:
        rows: Any = super().get_queryset(request)
        return rows.visible_to(request.user)

    def subject_of(self, obj: Hold) -> int | None:
        return obj.borrower.subject_id

    def personal_rows(self, request: HttpRequest, obj: Hold) -> list[Any]:
        return [obj.borrower, *([obj.number] if obj.number is not None else [])]

    @admin.display(description=_("borrower"))
    def customer(self, obj: Hold) -> Any:
        return masked(obj.borrower.name_mask)

    @admin.display(description=_("source"))
    def source_link(self, obj: Hold) -> Any:
        return dossiers.link(obj.source)

    @admin.display(description=_("only these loans"))
    def loan_numbers(self, obj: Hold) -> str:
        return ", ".join(obj.hold_loans.values_list("loan__number", flat=True))

    @admin.display(description=_("state"))
    def state_chip(self, obj: Hold) -> Any:
        return chip(obj.get_state_display(), "warn" if obj.state == HoldState.LIVE else "neutral")
