"""The page of events, and taking them along."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from backoffice.audit.models import ReadEvent
from backoffice.audit.services.exporting import Part
from backoffice.desk.explorer import events, export, scanning
from backoffice.desk.explorer.forms import EventsForm
from backoffice.desk.explorer.merged import Key, write_cursor
from backoffice.desk.explorer.pages import EXPLORE, allow, common, cursor_of, moment_text, users
from backoffice.desk.readlog import log_once


def events_page(site: Any, request: HttpRequest) -> HttpResponseBase:
    """What was decided, on every desk the person may see; POST takes it along as a file."""
    refused = allow(request, EXPLORE, methods=("GET", "HEAD", "POST"))
    if refused is not None:
        return refused
    form = EventsForm(request.GET, viewer=request.user)  # type: ignore[arg-type]
    filters = form.filters() if form.is_valid() else None
    if request.method == "POST":
        return _export_events(request, filters)
    found = scanning.Found()
    if filters is not None:
        found = events.find(filters, viewer=request.user, before=cursor_of(request))  # type: ignore[arg-type]
    rows = events.rows_of(found.keys)
    if rows:
        log_once(
            request, what=ReadEvent.What.HISTORY, count=len(rows), listed=[row.dossier_id for row in rows]
        )
    context = {
        **common(site, request, tab="events", title=_("Events")),
        "form": form,
        "users": users(),
        "lines": events.lines_of(rows),
        "found": found,
        "older": write_cursor(found.older) if found.older is not None else "",
    }
    return TemplateResponse(request, "desk/explorer/events.html", context)


def _export_events(request: HttpRequest, filters: events.EventFilters | None) -> HttpResponseBase:
    if filters is None:
        return HttpResponse(status=422)
    viewer: Any = request.user

    def lines(keys: Sequence[Key]) -> Iterable[Sequence[Any]]:
        for row in events.rows_of(keys):
            table = row._meta.label_lower
            number = row.dossier.number if row.dossier is not None else ""
            yield (
                *(moment_text(row.occurred_at), row.actor_name, events.table_label(table)),
                *(events.kind_label(table, row.kind), row.kind, number, row.entry_point, row.request_id),
            )

    return export.answer(
        request,
        part=Part.EVENTS,
        keys=lambda limit: list(events.walk(filters, viewer=viewer, limit=limit)),
        headers=(
            *(_("When"), _("Who"), _("Desk"), _("Event"), _("Code")),
            *(_("Dossier"), _("Entry point"), _("Request")),
        ),
        lines=lines,
        listed=lambda keys: [row.dossier_id for row in events.rows_of(keys)],
        filters={
            "actor": filters.actor_id,
            "table": filters.table,
            "kind": filters.kind,
            "since": filters.since.isoformat() if filters.since else None,
            "until": filters.until.isoformat() if filters.until else None,
        },
    )
