"""Tasks: one queue for every desk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backoffice.core.time import business_day
from backoffice.desk import dossiers, services
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.models import Task
from backoffice.desk.operations import Operation, OperationForm, ReasonForm
from backoffice.desk.registry import registries
from backoffice.desk.templatetags.desk import days_left, when
from backoffice.desk.workflow import keeps_to_own_tasks
from backoffice.desk.workflow import task as task_workflow
from backoffice.privacy.services import Erased
from backoffice.privacy.texts import text_for
from backoffice.staff.models import Team, User


def kind_label(code: str) -> Any:
    """The words for a kind of task; the code itself while no app names it."""
    return registries.task_kinds.get(code) or code


def own_tasks(user: Any) -> Q:
    """The person's own, and their team's that nobody has taken."""
    own = Q(assigned_to=user)
    if user.team_id is not None:
        own |= Q(assigned_to=None, team=user.team_id)
    return own


def mine(user: Any) -> QuerySet[Task]:
    """The open tasks that wait for this person."""
    return Task.objects.filter(own_tasks(user), state=Task.State.OPEN)


class QueueFilter(admin.SimpleListFilter):
    """Whose tasks; mine unless asked otherwise."""

    title = _("Whose")
    parameter_name = "whose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [("team", _("My team's")), ("all", _("Everybody's"))]

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield {**first, "display": _("Mine")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Task]) -> QuerySet[Task]:
        user = request.user
        if self.value() == "team":
            return queryset.filter(team=user.team_id) if user.team_id else queryset.none()  # type: ignore[union-attr]
        return queryset if self.value() == "all" else queryset & mine(user)


class CompleteForm(OperationForm):
    """What was done, if there is anything to say."""

    reason = forms.CharField(
        label=_("What was done"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class ReassignForm(OperationForm):
    """To whom."""

    assigned_to = forms.ModelChoiceField(
        label=_("Person"),
        required=False,
        queryset=User.objects.filter(is_active=True, kind=User.Kind.PERSON),
        widget=AutocompleteSelect(Task._meta.get_field("assigned_to"), admin.site),
    )
    team = forms.ModelChoiceField(
        label=_("Team"),
        required=False,
        queryset=Team.objects.order_by("name"),
        help_text=_("Without a person the task waits in the team's queue."),
    )
    reason = forms.CharField(label=_("Reason"), required=False, widget=forms.Textarea(attrs={"rows": 2}))


def _complete(*, obj: Task, **given: Any) -> Task:
    return services.complete_task(task=obj, **given)


def _reassign(*, obj: Task, **given: Any) -> Task:
    return services.reassign_task(task=obj, **given)


def _cancel(*, obj: Task, **given: Any) -> Task:
    return services.cancel_task(task=obj, **given)


@admin.register(Task)
class TaskAdmin(BaseModelAdmin):
    """The queue, and one task's page."""

    workflow = task_workflow
    operations = (
        Operation("complete", _complete, CompleteForm, bulk=True),
        Operation("reassign", _reassign, ReassignForm, bulk=True),
        Operation("cancel", _cancel, ReasonForm),
    )
    page_template = "desk/task_page.html"
    logs_reads = True
    page_fields = ("kind_words", "dossier_link", "assigned_to", "team", "due_at", "opened_at", "done_at")

    list_display = ("kind_words", "dossier_number", "due_chip", "assigned_to", "team", "state", "opened")
    list_select_related = ("dossier", "assigned_to", "team")
    list_filter = (QueueFilter, "state")
    ordering = ("due_at", "pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        rows = super().get_queryset(request)
        return rows.filter(own_tasks(request.user)) if keeps_to_own_tasks(request.user) else rows

    @admin.display(description=_("kind"), ordering="kind")
    def kind_words(self, obj: Task) -> Any:
        return kind_label(obj.kind)

    @admin.display(description=_("dossier"))
    def dossier_number(self, obj: Task) -> str:
        return obj.dossier.number

    @admin.display(description=_("dossier"))
    def dossier_link(self, obj: Task) -> Any:
        return dossiers.link(obj.dossier)

    @admin.display(description=_("due"), ordering="due_at")
    def due_chip(self, obj: Task) -> Any:
        return days_left(business_day(obj.due_at)) if obj.state == Task.State.OPEN else when(obj.due_at)

    @admin.display(description=_("opened at"), ordering="opened_at")
    def opened(self, obj: Task) -> Any:
        return when(obj.opened_at)

    def fields_read(self, request: HttpRequest, obj: Task) -> list[str]:
        return ["detail"] if obj.detail_cipher else []

    def page_context(self, request: HttpRequest, obj: Task) -> dict[str, Any]:
        detail, erased = "", False
        if obj.detail_cipher:
            try:
                detail = text_for(request.user, obj, "detail_cipher")
            except Erased:
                erased = True
        return {"detail": detail, "detail_erased": erased, "task_title": kind_label(obj.kind)}
