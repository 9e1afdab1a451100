"""Incidents: the red button's form, what to do now, the queue by what is due first, and one incident's page."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import F, QuerySet
from django.forms import Form
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.audit.models import Purpose, ReadEvent
from backoffice.core.bounds import is_in_years
from backoffice.core.models import Dossier
from backoffice.core.time import business_day, start_of_day
from backoffice.desk import dossiers, incidents, record, services
from backoffice.desk.admin import incident_page
from backoffice.desk.admin.incident_forms import OPERATIONS, ReportForm
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.choices import IncidentState
from backoffice.desk.incident_guide import guide_for
from backoffice.desk.incident_texts import KIND_TONES, LEVEL_TONES, STATE_TONES, left
from backoffice.desk.models import Incident, IncidentDuty, IncidentSubject
from backoffice.desk.once import Once, answer_once
from backoffice.desk.readlog import log_once
from backoffice.desk.templatetags.desk import chip, when
from backoffice.desk.workflow import incident as incident_workflow

FORMULA = ("=", "+", "-", "@", "\t", "\r")


class UnfinishedFilter(admin.SimpleListFilter):
    """What is not over yet, unless asked otherwise."""

    title = gettext_lazy("Which")
    parameter_name = "which"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [
            ("mine", gettext_lazy("In my hands")),
            ("closed", IncidentState.CLOSED.label),
            ("all", gettext_lazy("All")),
        ]

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield {**first, "display": _("Unfinished")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[Incident]) -> QuerySet[Incident]:
        if self.value() == "closed":
            return queryset.filter(state=IncidentState.CLOSED)
        if self.value() == "mine":
            return queryset.filter(owner=request.user.pk).exclude(state=IncidentState.CLOSED)
        return queryset if self.value() == "all" else queryset.exclude(state=IncidentState.CLOSED)


@admin.register(Incident)
class IncidentAdmin(BaseModelAdmin):
    """Everybody may report and sees their own reports; the rest is for those responsible for the kind."""

    workflow = incident_workflow
    operations = OPERATIONS
    page_template = "desk/incident_page.html"
    page_name = "desk.incident"
    page_fields = (
        *("kind", "level", "state", "reported_by", "owner", "discovered_at", "occurred_at", "contained_at"),
        *("closed_at", "persons_estimated"),
    )
    logs_reads = True
    #: The add page is the red button.
    creation_permission = "desk.report_incident"

    list_display = (
        "number",
        "kind_chip",
        "level_chip",
        "state_chip",
        "next_clock",
        "noticed",
        "owner",
        "about",
    )
    list_select_related = ("owner", "source", "dossier")
    list_filter = (UnfinishedFilter, "kind")
    search_fields = ("=number",)

    # --- rights and rows ------------------------------------------------------------------------------

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(self.creation_permission))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Incident]:
        mine = incidents.visible_to(request.user).values("pk")
        return incidents.with_next_duty(super().get_queryset(request).filter(pk__in=mine))

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        return [F("next_due").asc(nulls_last=True), "-pk"]

    def get_urls(self) -> list[URLPattern]:
        own = [
            ("<path:object_id>/now/", self.now_view, "desk_incident_now"),
            ("<path:object_id>/reads/", self.reads_view, "desk_incident_reads"),
        ]
        return [
            *(path(route, self.admin_site.admin_view(view), name=name) for route, view, name in own),
            *super().get_urls(),
        ]

    # --- the red button -------------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask what happened (GET), report it once (POST), then say what to do now."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        if request.method != "POST":
            source = self._source(request)
            given = {"kind": request.GET.get("kind", ""), "about": source.number if source else ""}
            return self._ask_report(request, ReportForm(obj=None, viewer=request.user, initial=given))
        form = ReportForm(request.POST, obj=None, viewer=request.user)

        def make(data: dict[str, Any]) -> HttpResponse:
            incident = self._press(request, data)
            return HttpResponseRedirect(reverse("admin:desk_incident_now", args=(quote(incident.pk),)))

        return answer_once(
            request,
            form,
            ask=lambda form, status: self._ask_report(request, form, status=status),
            make=make,
            elsewhere=reverse("admin:desk_incident_changelist"),
        )

    def _press(self, request: HttpRequest, data: dict[str, Any]) -> Incident:
        return services.report_incident(
            kind=data["kind"],
            description=data["description"],
            noticed_at=data["noticed_at"],
            source=data["about"],
            persons=data["persons"],
            by=request.user,  # type: ignore[arg-type]
            at=timezone.now(),
        )

    def _source(self, request: HttpRequest) -> Dossier | None:
        try:
            return Dossier.objects.filter(uid=request.GET.get("about", "")).first()
        except (ValidationError, ValueError):
            return None

    def _ask_report(self, request: HttpRequest, form: Form, *, status: int = 200) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Report an incident"),
            "opts": self.opts,
            "media": self.media + form.media,
            "form": form,
            "once": Once.fresh(),
        }
        return TemplateResponse(request, "desk/incident_report.html", context, status=status)

    def now_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What to do in the first minutes. 404 outside the person's incidents."""
        incident = self._visible(request, object_id)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        self.log_object_read(request, incident)
        context = {
            **self._object_context(request, incident, tab="now"),
            "subtitle": _("What to do now"),
            "guide": guide_for(incident.kind),
            "offices": incidents.contacts_for(incident.kind, on=business_day(timezone.now())),
            "called": list(services.responsible_for(incident.kind)),
            "persons_total": incident.subjects.count(),
            "source_link": dossiers.link(incident.source) if incident.source is not None else "",
        }
        return TemplateResponse(request, "desk/incident_now.html", context)

    def _visible(self, request: HttpRequest, object_id: str) -> Incident:
        incident: Incident | None = self.get_object(request, unquote(object_id))
        if not request.user.has_perm("desk.view_incident"):
            raise PermissionDenied
        if incident is None:
            raise Http404
        return incident

    # --- the page -------------------------------------------------------------------------------------

    def page_context(self, request: HttpRequest, obj: Incident) -> dict[str, Any]:
        at = timezone.now()
        context = incident_page.context(request, obj, at=at)
        if context["is_leak"] and request.user.has_perm(incident_page.READS_RIGHT):
            since, until = self._period(request, obj, at)
            context["reads"] = incident_page.read_log(obj, since, until)
            context["reads_url"] = reverse("admin:desk_incident_reads", args=(quote(obj.pk),))
        context["now_url"] = reverse("admin:desk_incident_now", args=(quote(obj.pk),))
        return context

    def page_chips(self, request: HttpRequest, obj: Incident) -> list[tuple[Any, str]]:
        return [
            (obj.get_kind_display(), KIND_TONES[obj.kind]),
            (obj.get_state_display(), STATE_TONES[obj.state]),
            (obj.get_level_display(), LEVEL_TONES.get(obj.level, "bad")),
        ]

    def record_sources(self, request: HttpRequest, obj: Incident) -> list[QuerySet[Any]]:
        """The incident, its clocks and its persons; nothing of it is ever deleted, so live ids find all history."""
        duties = obj.duties.values("pk")
        persons = obj.subjects.values("pk")
        return [
            record.history_of(obj),
            IncidentDuty.history.filter(id__in=duties),
            IncidentSubject.history.filter(id__in=persons),
        ]

    # --- the read log of those concerned --------------------------------------------------------------

    def _period(self, request: HttpRequest, incident: Incident, at: datetime) -> tuple[datetime, datetime]:
        """From and to (both days included) as asked for; a day nobody can read counts as not asked."""
        since, until = incidents.read_period(incident, at=at)
        first, last = _day(request, "reads_from"), _day(request, "reads_to")
        if first is not None:
            since = start_of_day(first)
        if last is not None:
            until = start_of_day(last + timedelta(days=1))
        return since, until

    def reads_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Every read of the persons concerned as CSV; the export is itself on record."""
        incident = self._visible_reads(request, object_id)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        since, until = self._period(request, incident, timezone.now())
        reads = sorted(incidents.reads_of(incident, since, until), key=lambda read: read.at)
        log_once(
            request,
            what=ReadEvent.What.EXPORT,
            dossier=incident.dossier,
            count=len(reads),
            purpose_code=Purpose.INCIDENT,
        )
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{incident.number}-reads.csv"'
        response["Cache-Control"] = "private, no-store"
        # The mark by which spreadsheets know the encoding.
        response.write("\ufeff")
        writer = csv.writer(response)
        writer.writerow(["at", "user", "how", "path", "fields", "entry_point", "dossiers_concerned"])
        for read in reads:
            row = [
                timezone.localtime(read.at).strftime("%Y-%m-%d %H:%M:%S"),
                read.actor_name,
                read.what,
                read.path,
                " ".join(read.fields),
                read.entry_point,
                read.hits,
            ]
            writer.writerow([_harmless(value) for value in row])
        return response

    def _visible_reads(self, request: HttpRequest, object_id: str) -> Incident:
        if not request.user.has_perm(incident_page.READS_RIGHT):
            raise PermissionDenied
        return self._visible(request, object_id)

    # --- the list -------------------------------------------------------------------------------------

    @admin.display(description=gettext_lazy("kind"), ordering="kind")
    def kind_chip(self, obj: Incident) -> Any:
        return chip(obj.get_kind_display(), KIND_TONES[obj.kind])

    @admin.display(description=gettext_lazy("level"), ordering="level")
    def level_chip(self, obj: Incident) -> Any:
        return chip(obj.get_level_display(), LEVEL_TONES.get(obj.level, "bad"))

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def state_chip(self, obj: Incident) -> Any:
        return chip(obj.get_state_display(), STATE_TONES[obj.state])

    @admin.display(description=gettext_lazy("next report due"))
    def next_clock(self, obj: Any) -> Any:
        return left(obj.next_due, obj.next_started, timezone.now())

    @admin.display(description=gettext_lazy("noticed at"), ordering="discovered_at")
    def noticed(self, obj: Incident) -> Any:
        return when(obj.discovered_at)

    @admin.display(description=gettext_lazy("reported from"))
    def about(self, obj: Incident) -> str:
        return obj.source.number if obj.source is not None else "—"


def _day(request: HttpRequest, name: str) -> Any:
    try:
        day = parse_date(request.GET.get(name, ""))
    except ValueError:
        return None
    return day if day is not None and is_in_years(day) else None


def _harmless(value: Any) -> Any:
    """A text that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
