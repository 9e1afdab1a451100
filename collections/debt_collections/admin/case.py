"""Cases: the list, and one page with loans, placements, holds, the gate and the contacts."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.operations import Operation
from backoffice.desk.templatetags.desk import masked
from backoffice.loans.models import PhoneNumber
from backoffice.loans.selectors import borrowers_of
from debt_collections import services, workflow
from debt_collections.admin.forms import CloseForm, LogContactForm, PlaceForm, PlaceHoldForm
from debt_collections.choices import CaseState
from debt_collections.models import Agency, Case, Collector, Placement
from debt_collections.querysets import SEES_ALL
from debt_collections.selectors import live_holds


class CurrentAgencyFilter(admin.SimpleListFilter):
    """By the agency that has the case now."""

    title = _("agency")
    parameter_name = "agency"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[Any, str]]:
        return Agency.objects.order_by("code").values_list("pk", "name")

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        value = self.value()
        if not value or not value.isdecimal():
            return queryset
        held = Placement.objects.filter(until__isnull=True, agency_id=int(value))
        return queryset.filter(pk__in=held.values("case_id"))


def _log_contact(*, obj: Case, by: Any, **given: Any) -> Any:
    current = obj.placements.filter(until__isnull=True).select_related("collector").first()
    collector = current.collector if current is not None else None
    if not by.has_perm(SEES_ALL):
        collector = Collector.objects.filter(user=by).first()
    return services.log_contact(borrower=obj.borrower, case=obj, collector=collector, by=by, **given)


def _place(*, obj: Case, **given: Any) -> Any:
    return services.place_case(case=obj, **given)


def _place_hold(*, obj: Case, **given: Any) -> Any:
    return services.place_hold(borrower=obj.borrower, source=obj.dossier, lifts_with="by_hand", **given)


def _close(*, obj: Case, **given: Any) -> Any:
    return services.close_case(case=obj, **given)


def _numbers(obj: Case) -> list[PhoneNumber]:
    """The borrower's own numbers that are not known to be dead: whom to ring, nobody else's."""
    own = PhoneNumber.objects.filter(borrower=obj.borrower_id, contact_person__isnull=True)
    return list(own.filter(invalid_since__isnull=True, wrong_number_on__isnull=True).order_by("pk"))


@admin.register(Case)
class CaseAdmin(BaseModelAdmin):
    """Collectors find here the cases placed with them, everybody else all."""

    workflow = workflow.case
    operations = (
        Operation("log_contact", _log_contact, LogContactForm),
        Operation("place", _place, PlaceForm),
        Operation("place_hold", _place_hold, PlaceHoldForm),
        Operation("close", _close, CloseForm),
    )
    page_template = "collections/case_page.html"
    page_name = "collections.case"
    logs_reads = True
    list_display = ("number", "borrower_name", "stage", "state", "placed_with", "opened_on", "closed_on")
    list_select_related = ("borrower",)
    list_filter = ("state", "stage", CurrentAgencyFilter)
    search_fields = ("number",)
    search_help_text = _(
        "Beginning of a number, or a whole telephone or document number, e-mail address or name"
    )
    # Those that are worked on before those that are closed; the newest first.
    ordering = ("-state", "-pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        current = Placement.objects.filter(until__isnull=True).select_related("agency", "collector")
        rows: Any = super().get_queryset(request)
        return rows.visible_to(request.user).prefetch_related(
            Prefetch("placements", current, to_attr="current_placements")
        )

    @admin.display(description=_("borrower"))
    def borrower_name(self, obj: Case) -> Any:
        return masked(obj.borrower.name_mask)

    @admin.display(description=_("placed with"))
    def placed_with(self, obj: Any) -> str:
        return " · ".join(
            f"{one.agency} {one.collector.name if one.collector else ''}".strip()
            for one in obj.current_placements
        )

    def subject_of(self, obj: Case) -> int | None:
        return obj.borrower.subject_id

    def by_people(self, queryset: QuerySet[Case], subject_ids: Collection[int]) -> QuerySet[Case]:
        return queryset.filter(borrower__in=borrowers_of(subject_ids))

    def personal_rows(self, request: HttpRequest, obj: Case) -> list[Any]:
        return [obj.borrower, *_numbers(obj)]

    def page_chips(self, request: HttpRequest, obj: Case) -> list[tuple[Any, str]]:
        tone = "info" if obj.state == CaseState.OPEN else "neutral"
        return [(obj.get_state_display(), tone), (obj.get_stage_display(), "neutral")]

    def page_context(self, request: HttpRequest, obj: Case) -> dict[str, Any]:
        return {
            "loans": obj.case_loans.select_related("loan").order_by("pk"),
            "phone_numbers": _numbers(obj),
            "placements": obj.placements.select_related("agency", "collector").order_by("-pk"),
            "holds": live_holds(obj.borrower_id, timezone.now())
            if request.user.has_perm("collections.view_hold")
            else [],
        }
