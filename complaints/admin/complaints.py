"""The handler's desk: the list of complaints, and one page per complaint."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.db.models.expressions import Combinable
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.desk import page as desk_page
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.creation import CreationMixin, Shown
from backoffice.desk.templatetags.desk import chip, days_left, when
from complaints import workflow
from complaints.admin.filters import DueFilter, MineFilter, SourceFilter, StateFilter
from complaints.admin.forms_filing import FileComplaintForm, arguments
from complaints.admin.operations import BESIDE_THE_PART, OPERATIONS
from complaints.choices import STATE_TONES, ComplaintState
from complaints.models import (
    Allegation,
    AllegationContact,
    Complainant,
    Complaint,
    ComplaintDeadline,
    Conversation,
    Decision,
    Demand,
    Note,
    Remedy,
)
from complaints.selectors import for_list, for_page
from complaints.selectors.lists import complaints_of
from complaints.services import file_complaint
from conduct.models import AllegedContact
from conduct.selectors import failing, judge_contacts
from debt_collections.models import ContactAttempt

#: Contacts this long before receipt are offered for linking.
SUGGESTION_DAYS = 30
SUGGESTIONS = 8


def state_chip(complaint: Complaint) -> Any:
    """The state as a coloured chip."""
    return chip(complaint.get_state_display(), STATE_TONES.get(ComplaintState(complaint.state), "info"))


@admin.register(Complaint)
class ComplaintAdmin(CreationMixin, BaseModelAdmin):
    """Every complaint the person may see; what can be done stands on its page."""

    workflow = workflow.complaint
    operations = OPERATIONS
    page_template = "complaints/page.html"
    page_name = "complaints.complaint"
    logs_reads = True
    creation_form = FileComplaintForm
    creation_permission = "complaints.file_complaint"

    list_display = ("number_", "state_", "due_", "received_", "source", "borrower_", "handler_", "severity_")
    list_display_links = ("number_",)
    list_select_related = ("handler", "team", "borrower", "loan")
    list_filter = (MineFilter, DueFilter, StateFilter, SourceFilter)
    search_fields = ("=number", "=sender_reference", "=external_id")
    search_help_text = _(
        "A whole number of the complaint or its sender; telephone or document number, e-mail address or name"
    )
    ordering = ("-pk",)

    def create(self, request: HttpRequest, at: datetime, data: dict[str, Any]) -> tuple[Complaint, Shown]:
        """A complaint entered by hand goes to the team of whoever took it."""
        user: Any = request.user
        return file_complaint(**arguments(data), team=user.team, by=user, at=at), ()

    def get_ordering(self, request: HttpRequest) -> tuple[str | Combinable, ...]:
        """A queue is worked by due day; the register is read newest first."""
        if request.GET.get("whose") == "mine" or "due" in request.GET:
            return (F("due_on").asc(nulls_last=True), "pk")
        return self.ordering

    def get_queryset(self, request: HttpRequest) -> QuerySet[Complaint]:
        return for_list(viewer=request.user)  # type: ignore[arg-type]

    def subject_of(self, obj: Complaint) -> int | None:
        return obj.borrower.subject_id if obj.borrower is not None else None

    def by_people(self, queryset: QuerySet[Complaint], subject_ids: Collection[int]) -> QuerySet[Complaint]:
        return queryset.filter(pk__in=complaints_of(subject_ids))

    def personal_rows(self, request: HttpRequest, obj: Complaint) -> list[Any]:
        """The complainants with their numbers, the borrower, and numbers that somebody else called from."""
        complainants = list(obj.complainants.prefetch_related("phones"))
        alleged = AllegedContact.objects.filter(allegation_links__allegation__complaint=obj).distinct()
        return [
            *complainants,
            *(phone for one in complainants for phone in one.phones.all()),
            *([obj.borrower] if obj.borrower is not None else []),
            *alleged,
        ]

    def record_sources(self, request: HttpRequest, obj: Complaint) -> list[QuerySet[Any]]:
        """The complaint and every part of its file; nothing in it is ever deleted, so live ids find all history."""
        parts = (
            Complainant.objects.filter(complaint=obj),
            Allegation.objects.filter(complaint=obj),
            AllegationContact.objects.filter(allegation__complaint=obj),
            Demand.objects.filter(complaint=obj),
            ComplaintDeadline.objects.filter(owner=obj),
            Conversation.objects.filter(complaint=obj),
            Note.objects.filter(complaint=obj),
            Remedy.objects.filter(complaint=obj),
            Decision.objects.filter(complaint=obj),
        )
        histories = [
            part.model.history.filter(id__in=list(part.values_list("pk", flat=True))) for part in parts
        ]
        return [*super().record_sources(request, obj), *histories]

    def page_chips(self, request: HttpRequest, obj: Complaint) -> list[tuple[Any, str]]:
        chips: list[tuple[Any, str]] = [
            (obj.get_state_display(), STATE_TONES.get(ComplaintState(obj.state), "info"))
        ]
        if obj.severity != "normal":
            chips.append((obj.get_severity_display(), "bad"))
        if obj.repeat_of_id is not None:
            chips.append((_("Repeat complaint"), "warn"))
        return chips

    def page_context(self, request: HttpRequest, obj: Complaint) -> dict[str, Any]:
        at = timezone.now()
        found = for_page(obj, viewer=request.user, at=at)  # type: ignore[arg-type]
        steps = desk_page.next_steps(self, request, obj)
        return {
            "page": found,
            "page_steps": desk_page.Steps(
                *(self._in_header(part) for part in (steps.now, steps.blocked, steps.later))
            ),
            "can": {step.name: step.url for step in steps.now},
            "cannot": {step.name: step.reason for step in [*steps.blocked, *steps.later]},
            "suggestions": self._suggestions(obj, found, at=at)
            if "link_contact" in {s.name for s in steps.now}
            else [],
            "draft": found.letter,
            "pending_findings": sum(view.allegation.finding == "open" for view in found.allegations),
            "pending_answers": sum(view.demand.answered_at is None for view in found.demands),
        }

    @staticmethod
    def _in_header(steps: list[desk_page.Step]) -> list[desk_page.Step]:
        return [step for step in steps if step.name not in BESIDE_THE_PART]

    @staticmethod
    def _suggestions(obj: Complaint, found: Any, *, at: datetime) -> list[dict[str, Any]]:
        """The borrower's contacts before receipt that are not linked yet, those that broke a rule first."""
        if obj.borrower_id is None:
            return []
        linked = {
            view.contact.pk for one in found.allegations for view in one.contacts if view.contact is not None
        }
        contacts = list(
            ContactAttempt.objects.filter(
                borrower_id=obj.borrower_id,
                direction="out",
                started_at__gte=obj.received_at - timedelta(days=SUGGESTION_DAYS),
                started_at__lte=obj.received_at,
            )
            .exclude(pk__in=linked)
            .select_related("collector__agency", "phone_number")
            .defer("note_cipher", "phone_number__number_cipher")
            .order_by("-started_at")[:200]
        )
        verdicts = judge_contacts({contact.pk for contact in contacts})
        rows = [{"contact": one, "broken": failing(verdicts.get(one.pk, []))} for one in contacts]
        rows.sort(key=lambda row: (not row["broken"], -row["contact"].started_at.timestamp()))  # type: ignore[attr-defined]
        return rows[:SUGGESTIONS]

    @admin.display(description=_("number"), ordering="pk")
    def number_(self, obj: Complaint) -> str:
        return obj.number

    @admin.display(description=_("state"))
    def state_(self, obj: Complaint) -> Any:
        return state_chip(obj)

    @admin.display(description=_("answer and deliver by"))
    def due_(self, obj: Any) -> Any:
        if obj.paused_since is not None:
            return chip(_("Paused"), "info")
        return days_left(obj.due_on)

    @admin.display(description=_("came in at"), ordering="received_at")
    def received_(self, obj: Complaint) -> Any:
        return when(obj.received_at)

    @admin.display(description=_("borrower"))
    def borrower_(self, obj: Complaint) -> str:
        return f"{obj.borrower.name_mask} {obj.borrower.customer_number}" if obj.borrower is not None else "—"

    @admin.display(description=_("handler"))
    def handler_(self, obj: Complaint) -> str:
        return obj.handler.display_name if obj.handler is not None else "—"

    @admin.display(description=_("severity"))
    def severity_(self, obj: Complaint) -> Any:
        return (
            chip(obj.get_severity_display(), "bad")
            if obj.severity != "normal"
            else obj.get_severity_display()
        )
