"""Pages of the explorer: changes, one request, events, an object at a moment. Each asks for its right first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.audit.models import ReadEvent
from backoffice.audit.services.exporting import Part
from backoffice.core.models import Dossier
from backoffice.desk import dossiers, record
from backoffice.desk.explorer import changes, events, export, moment, scanning, shown
from backoffice.desk.explorer.forms import ChangesForm, ExportForm, MomentForm
from backoffice.desk.explorer.merged import Key, read_cursor, write_cursor
from backoffice.desk.readlog import log_once
from backoffice.privacy.texts import words_for
from backoffice.staff.models import User

EXPLORE = "audit.explore_record"
READS = "audit.view_readevent"
ALERTS = "audit.view_recordevent"
REQUEST_ROWS = 200
USERS_OFFERED = 300


@dataclass(frozen=True, slots=True)
class Tab:
    """One of the views of the record. ``url`` is worked out when the page is drawn."""

    name: str
    title: Any
    view: str
    permission: str


TABS = (
    Tab("changes", gettext_lazy("Changes"), "admin:record_changes", EXPLORE),
    Tab("events", gettext_lazy("Events"), "admin:record_events", EXPLORE),
    Tab("reads", gettext_lazy("Reads"), "admin:record_reads", READS),
    Tab("alerts", gettext_lazy("Alerts"), "admin:record_alerts", ALERTS),
    Tab("seals", gettext_lazy("Seals"), "admin:audit_seal_changelist", "audit.view_seal"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One change as the page draws it."""

    entry: record.Entry
    name: str
    url: str
    then_url: str


def allow(
    request: HttpRequest, permission: str, *, methods: Sequence[str] = ("GET", "HEAD")
) -> HttpResponse | None:
    """403 without the right; a response to give instead when the method is none of the page's."""
    if not request.user.has_perm(permission):
        raise PermissionDenied
    return None if request.method in methods else HttpResponseNotAllowed(list(methods))


def common(site: Any, request: HttpRequest, *, tab: str, title: Any) -> dict[str, Any]:
    """What every page of the record needs."""
    tabs = [(one, _address(one.view)) for one in TABS if request.user.has_perm(one.permission)]
    return {
        **site.each_context(request),
        "title": title,
        "tabs": [(one, url) for one, url in tabs if url],
        "tab": tab,
        "export_form": ExportForm(),
        "query": without(request, "before"),
    }


def _address(view: str) -> str:
    try:
        return reverse(view)
    except NoReverseMatch:
        return ""


def without(request: HttpRequest, *names: str) -> str:
    """The present query without ``names``, ready to be added to."""
    query = request.GET.copy()
    for name in names:
        query.pop(name, None)
    return query.urlencode()


def cursor_of(request: HttpRequest) -> Key | None:
    """The cursor of the address. 404 for one we did not write."""
    try:
        return read_cursor(request.GET.get("before", ""))
    except ValueError as error:
        raise Http404 from error


def users() -> list[tuple[str, str]]:
    """Names to choose from while typing: the people who work here."""
    people = User.objects.filter(kind=User.Kind.PERSON).order_by("username")
    return list(people.values_list("username", "full_name")[:USERS_OFFERED])


# --- changes ----------------------------------------------------------------------------------------------


def changes_page(site: Any, request: HttpRequest) -> HttpResponseBase:
    """Every change the person may see, by who, what, where and when; POST takes it along as a file."""
    refused = allow(request, EXPLORE, methods=("GET", "HEAD", "POST"))
    if refused is not None:
        return refused
    form = ChangesForm(request.GET, viewer=request.user)  # type: ignore[arg-type]
    filters = form.filters() if form.is_valid() else None
    if request.method == "POST":
        return _export_changes(request, filters)
    found = scanning.Found()
    if filters is not None:
        found = changes.find(filters, viewer=request.user, before=cursor_of(request))  # type: ignore[arg-type]
    lines = _lines(request, found.keys)
    context = {
        **common(site, request, tab="changes", title=_("Changes")),
        "form": form,
        "users": users(),
        "lines": lines,
        "found": found,
        "older": write_cursor(found.older) if found.older is not None else "",
    }
    return TemplateResponse(request, "desk/explorer/changes.html", context)


def _lines(request: HttpRequest, keys: Sequence[Key], *, log: bool = True) -> list[Line]:
    rows = changes.rows_of(keys)
    ordered = [rows[(key.table, key.pk)] for key in keys if (key.table, key.pk) in rows]
    if ordered and log:
        log_once(request, what=ReadEvent.What.HISTORY, count=len(ordered), listed=shown.dossiers_of(ordered))
    # Reasons are words of people, and people write numbers into them.
    viewer: Any = request.user
    entries = [replace(one, reason=words_for(viewer, one.reason)) for one in record.entries_of(ordered)]
    names = shown.names_of(entries)
    return [
        Line(
            entry,
            names.get((entry.model, entry.object_pk), f"#{entry.object_pk}"),
            shown.page_of(entry.model, entry.object_pk, request.user),
            moment_url(entry.model._meta.label_lower, entry.object_pk, entry.at),
        )
        for entry in entries
    ]


def moment_url(table: str, pk: Any, at: datetime) -> str:
    """The address of an object as it stood at ``at``."""
    local = timezone.localtime(at).isoformat()
    return f"{reverse('admin:record_moment')}?{urlencode({'kind': table, 'pk': pk, 'at': local})}"


def _export_changes(request: HttpRequest, filters: changes.Filters | None) -> HttpResponseBase:
    if filters is None:
        return HttpResponse(status=422)
    viewer: Any = request.user

    def lines(keys: Sequence[Key]) -> Iterable[Sequence[Any]]:
        entries = changes.entries(keys)
        names = shown.names_of(entries)
        for entry in entries:
            name = names.get((entry.model, entry.object_pk), f"#{entry.object_pk}")
            kind = capfirst(str(entry.model._meta.verbose_name))
            head = (
                moment_text(entry.at),
                entry.actor,
                kind,
                name,
                entry.act,
                entry.code,
                entry.door,
                entry.request_id,
            )
            for change in entry.changes:
                encrypted = _("changed (encrypted)") if change.secret else ""
                yield (*head, change.field, change.before, encrypted or change.after)

    return export.answer(
        request,
        part=Part.CHANGES,
        keys=lambda limit: list(changes.walk(filters, viewer=viewer, limit=limit)),
        headers=(
            *(_("When"), _("Who"), _("Kind of object"), _("Object"), _("Act"), _("Code")),
            *(_("Entry point"), _("Request"), _("Field"), _("Before"), _("After")),
        ),
        lines=lines,
        listed=_dossiers_of_keys,
        filters={
            "actor": filters.actor_id,
            "model": filters.model,
            "objects": sum(map(len, filters.objects.values())) if filters.objects is not None else None,
            "request": filters.request_id,
            "since": filters.since.isoformat() if filters.since else None,
            "until": filters.until.isoformat() if filters.until else None,
            "door": filters.door,
            "code": filters.code,
            "field": filters.field,
        },
    )


def _dossiers_of_keys(keys: Sequence[Key]) -> set[int]:
    found: set[int] = set()
    for start in range(0, len(keys), 500):
        found |= shown.dossiers_of(list(changes.rows_of(keys[start : start + 500]).values()))
    return found


def moment_text(at: datetime) -> str:
    """A moment in Shanghai, as exports write it."""
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S")


# --- one request ------------------------------------------------------------------------------------------


def request_page(site: Any, request: HttpRequest) -> HttpResponseBase:
    """Everything one request did, in its order: changes, events and what was read (``?id=``)."""
    refused = allow(request, EXPLORE)
    if refused is not None:
        return refused
    request_id = request.GET.get("id", "")
    if not request_id:
        raise Http404
    viewer: Any = request.user
    filters = changes.Filters(request_id=request_id)
    found = changes.find(filters, viewer=viewer, size=REQUEST_ROWS)
    decided = events.find(events.EventFilters(request_id=request_id), viewer=viewer, size=REQUEST_ROWS)
    reads = list(
        ReadEvent.objects.filter(request_id=request_id).select_related("dossier").order_by("pk")[:50]
        if viewer.has_perm(READS)
        else ()
    )
    lines = _lines(request, found.keys[::-1])
    happened = events.lines_of(events.rows_of(decided.keys[::-1]))
    if not lines and not happened and not reads:
        raise Http404
    first: Any = lines[0].entry if lines else happened[0]["event"] if happened else reads[0]
    context = {
        **common(site, request, tab="changes", title=_("One request")),
        "request_id": request_id,
        "lines": lines,
        "events": happened,
        "reads": reads,
        "more": found.older is not None,
        "who": first.actor if lines else first.actor_name,
        "door": first.door if lines else record.DOORS.get(first.entry_point, first.entry_point),
        "at": first.at if lines else first.occurred_at,
    }
    log_once(request, what=ReadEvent.What.HISTORY, listed=[row["event"].dossier_id for row in happened])
    return TemplateResponse(request, "desk/explorer/request.html", context)


# --- from a dossier to its page -----------------------------------------------------------------------------


def dossier_page(site: Any, request: HttpRequest) -> HttpResponseBase:
    """``?id=``: to the page of what a dossier belongs to; to its changes when it has none. Asked only when a link is
    followed, for which page it is takes a query."""
    refused = allow(request, EXPLORE)
    if refused is not None:
        return refused
    pk = request.GET.get("id", "")
    dossier = (
        Dossier.objects.filter(pk=int(pk)).first()
        if pk.isascii() and pk.isdigit() and len(pk) <= 18
        else None
    )
    if dossier is None:
        raise Http404
    found = f"{reverse('admin:record_changes')}?{urlencode({'thing': dossier.number})}"
    return HttpResponseRedirect(dossiers.page_url(dossier) or found)


# --- an object at a moment --------------------------------------------------------------------------------


def moment_page(site: Any, request: HttpRequest) -> HttpResponseBase:
    """``?kind=&pk=&at=``: any object of the record as it stood at a moment, parts without a page of their own too."""
    refused = allow(request, EXPLORE)
    if refused is not None:
        return refused
    model = changes.visible_models(request.user).get(request.GET.get("kind", ""))  # type: ignore[arg-type]
    pk = request.GET.get("pk", "")
    if model is None or not (pk.isascii() and pk.isdigit() and len(pk) <= 18):
        raise Http404
    history: Any = model.history.model  # type: ignore[attr-defined]
    newest = history.objects.filter(**{model._meta.pk.attname: int(pk)}).order_by("-history_id").first()
    if newest is None:
        raise Http404
    log_once(request, what=ReadEvent.What.HISTORY, listed=shown.dossiers_of([newest]))
    live = model._default_manager.filter(pk=int(pk)).first()
    context = {
        **common(site, request, tab="changes", title=str(live) if live is not None else f"#{pk}"),
        **moment_context(model, int(pk), text=request.GET.get("at", "")),
        "kind_name": capfirst(str(model._meta.verbose_name)),
        "object_url": shown.page_of(model, int(pk), request.user),
        "kind": request.GET["kind"],
        "pk": pk,
    }
    return TemplateResponse(request, "desk/explorer/moment.html", context)


def moment_context(model: Any, pk: Any, *, text: str) -> dict[str, Any]:
    """What the part ``desk/explorer/parts/moment.html`` draws; what is no moment stands for now."""
    form = MomentForm({"at": text})
    at = form.cleaned_data["at"] if form.is_valid() else timezone.now()
    return {
        "moment": moment.moment_of(model, pk, at=at),
        "at_value": timezone.localtime(at).strftime("%Y-%m-%dT%H:%M:%S"),
    }
