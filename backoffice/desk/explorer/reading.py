"""Who saw this person, what did this user see, and the alerts about unusual reading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.contrib import messages
from django.core.exceptions import FieldDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.audit import reads
from backoffice.audit.keeping.people import alias_group
from backoffice.audit.models import Purpose, ReadEvent, RecordEvent
from backoffice.audit.services import watching
from backoffice.audit.services.exporting import Part
from backoffice.audit.unusual import RULES, explain
from backoffice.core.bounds import is_in_years
from backoffice.core.errors import DomainError
from backoffice.core.models import Dossier
from backoffice.desk import people, record, sidebar
from backoffice.desk.explorer import export
from backoffice.desk.explorer.forms import PersonForm, ReadsForm
from backoffice.desk.explorer.pages import ALERTS, READS, allow, common, users
from backoffice.desk.readlog import log_once
from backoffice.privacy.models import DataSubject
from backoffice.staff.models import User

PAGE_SIZE = 50
#: So far back the totals go unless the page is asked for another period.
DEFAULT_DAYS = 30
ANSWER = "audit.answer_alert"


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose reads the page shows: a person with all their dossiers, or one dossier."""

    whole: reads.Whole
    title: str
    number: str
    url: str
    subject_id: int | None
    dossier: Dossier | None


# --- who saw this person ----------------------------------------------------------------------------------


def person_page(site: Any, request: HttpRequest) -> HttpResponseBase:
    """``?subject=`` or ``?dossier=``: every read of this person's data, aliases and lists included."""
    refused = allow(request, READS, methods=("GET", "HEAD", "POST"))
    if refused is not None:
        return refused
    whose = _whose(request)
    form = PersonForm(request.GET)
    valid = form.is_valid()
    data = form.cleaned_data if valid else {}
    rows = reads.about(whose.whole, reads.Period(data.get("since"), data.get("until")))
    if not valid:
        rows = rows.none()
    if data.get("who"):
        rows = rows.filter(actor=data["who"])
    if data.get("what"):
        rows = rows.filter(what=data["what"])
    if data.get("purpose"):
        rows = rows.filter(purpose_code=data["purpose"])
    if request.method == "POST":
        if not valid:
            return HttpResponse(status=422)
        return _export(request, Part.PERSON, rows, data, subject_id=whose.subject_id)
    found, older = reads.page(rows, before=_before(request), size=PAGE_SIZE)
    hidden = [(name, request.GET[name]) for name in ("subject", "dossier") if name in request.GET]
    context = {
        **common(site, request, tab="reads", title=_("Who saw this person")),
        "whose": whose,
        "hidden": hidden,
        "reset": f"?{urlencode(hidden)}",
        "concerned": _concerned(whose, request),
        "form": form,
        "users": users(),
        "totals": [(one, _purposes(one.purposes)) for one in reads.totals_by_reader(rows)],
        "rows": [_line(one, whose.whole) for one in found],
        "older": _after(older),
    }
    # After all was read, so that the page does not begin with the look at itself.
    log_once(request, what=ReadEvent.What.PAGE, subject_id=whose.subject_id, dossier=whose.dossier)
    return TemplateResponse(request, "desk/explorer/person.html", context)


def _whose(request: HttpRequest) -> Whose:
    subject, dossier = (_number(request, name) for name in ("subject", "dossier"))
    if subject is not None and DataSubject.objects.filter(pk=subject).exists():
        group = alias_group({subject})
        known = people.names_of({subject}, viewer=request.user)[subject]
        whole = reads.Whole(tuple(sorted(group)), tuple(sorted(people.dossiers_of(group))))
        return Whose(whole, known.mask or _("Somebody"), known.number, known.url, subject, None)
    folder = Dossier.objects.filter(pk=dossier).first() if dossier is not None else None
    if folder is None:
        raise Http404
    whole = reads.Whole((), (folder.pk,))
    return Whose(whole, folder.get_kind_display(), folder.number, "", None, folder)


def _concerned(whose: Whose, request: HttpRequest) -> list[tuple[int, people.Known]]:
    """The people whose data lies in the one dossier that was asked about: reads of them go beyond it."""
    if whose.dossier is None:
        return []
    found = people.names_of(people.subjects_of({whose.dossier.pk}), viewer=request.user)
    return sorted(found.items())


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _line(row: ReadEvent, whole: reads.Whole | None) -> dict[str, Any]:
    in_list = (
        whole is not None
        and row.subject_id not in whole.subject_ids
        and (row.dossier_id not in whole.dossier_ids)
    )
    return {
        "read": row,
        "what": row.get_what_display(),
        "reveal": row.what == ReadEvent.What.REVEAL,
        "in_list": in_list,
        "purpose": row.get_purpose_code_display() if row.purpose_code else "",
        "door": record.DOORS.get(row.entry_point, row.entry_point),
        "fields": ", ".join(field_label(code) for code in row.fields),
    }


_WORDS: dict[str, Any] = {
    "note": gettext_lazy("Note"),
    "detail": gettext_lazy("Details"),
    "file": gettext_lazy("File"),
    "name": gettext_lazy("Name"),
    "id_number": gettext_lazy("Document number"),
    "phones": gettext_lazy("Telephone numbers"),
    "service_address": gettext_lazy("Service address"),
    "words": gettext_lazy("Own words"),
}


def field_label(code: str) -> str:
    """What people call a field that was shown in full: ``loans.borrower.mobile``, or a word for what has no column."""
    app, *rest = code.split(".")
    if len(rest) < 2:
        return str(_WORDS.get(code, code))
    try:
        column = apps.get_model(app, rest[0])._meta.get_field(f"{rest[-1]}_cipher")
    except (LookupError, FieldDoesNotExist):
        return code
    return str(column.verbose_name)


def _purposes(given: Iterable[tuple[str, int]]) -> str:
    names = dict(Purpose.choices)
    return "、".join(f"{names.get(code, code)} {times}" for code, times in given)


def _before(request: HttpRequest) -> tuple[datetime, int] | None:
    text = request.GET.get("before", "")
    if not text:
        return None
    moment, _mark, pk = text.partition("~")
    try:
        at, number = datetime.fromisoformat(moment), int(pk)
    except ValueError as error:
        raise Http404 from error
    if timezone.is_naive(at) or not is_in_years(at):
        raise Http404
    return at, number


def _after(edge: tuple[datetime, int] | None) -> str:
    return f"{edge[0].isoformat()}~{edge[1]}" if edge is not None else ""


# --- what this user saw -----------------------------------------------------------------------------------


def reads_page(site: Any, request: HttpRequest) -> HttpResponseBase:
    """What one user looked at, day by day and line by line; without a user, everybody's newest reads."""
    refused = allow(request, READS, methods=("GET", "HEAD", "POST"))
    if refused is not None:
        return refused
    form = ReadsForm(request.GET)
    valid = form.is_valid()
    data = form.cleaned_data if valid else {}
    who: User | None = data.get("who")
    since = data.get("since") or timezone.now() - timedelta(days=DEFAULT_DAYS)
    period = reads.Period(since, data.get("until"))
    rows = reads.by_user(who.pk, period) if who is not None else reads.by_everybody(period)
    if not valid:
        rows = rows.none()
    if data.get("what"):
        rows = rows.filter(what=data["what"])
    if request.method == "POST":
        if not valid:
            return HttpResponse(status=422)
        return _export(request, Part.READS, rows, {**data, "since": since}, user=who)
    found, older = reads.page(rows, before=_before(request), size=PAGE_SIZE)
    if found:
        listed = [one.dossier_id for one in found]
        log_once(request, what=ReadEvent.What.LIST, count=len(found), listed=listed)
    context = {
        **common(site, request, tab="reads", title=_("What a user saw") if who else _("Reads")),
        "form": form,
        "users": users(),
        "who": who,
        "days": reads.totals_by_day(rows) if who is not None else [],
        "since": since,
        "rows": [_line(one, None) for one in found],
        "older": _after(older),
    }
    return TemplateResponse(request, "desk/explorer/reads.html", context)


def _export(
    request: HttpRequest,
    part: str,
    rows: Any,
    data: dict[str, Any],
    *,
    subject_id: int | None = None,
    user: User | None = None,
) -> HttpResponseBase:
    def lines(found: Sequence[ReadEvent]) -> Iterable[Sequence[Any]]:
        for one in found:
            yield (
                timezone.localtime(one.occurred_at).strftime("%Y-%m-%d %H:%M:%S"),
                one.actor_name,
                one.get_what_display(),
                one.dossier.number if one.dossier is not None else "",
                ", ".join(field_label(code) for code in one.fields),
                one.count,
                one.get_purpose_code_display() if one.purpose_code else "",
                one.purpose,
                one.path,
                one.entry_point,
                one.request_id,
            )

    return export.answer(
        request,
        part=part,
        keys=lambda limit: list(reads.walk(rows, limit=limit)),
        headers=(
            *(_("When"), _("Who"), _("How"), _("Dossier"), _("Fields in full"), _("Count"), _("Purpose")),
            *(_("Purpose in words"), _("Path"), _("Entry point"), _("Request")),
        ),
        lines=lines,
        listed=lambda found: [one.dossier_id for one in found],
        filters={
            "actor": data["who"].pk if data.get("who") else None,
            "what": data.get("what"),
            "purpose": data.get("purpose"),
            "since": data["since"].isoformat() if data.get("since") else None,
            "until": data["until"].isoformat() if data.get("until") else None,
        },
        subject_id=subject_id,
        user=user,
    )


# --- alerts -----------------------------------------------------------------------------------------------


def alerts_page(site: Any, request: HttpRequest) -> HttpResponseBase:
    """Alerts, newest first, with what came of them; POST answers one."""
    refused = allow(request, ALERTS, methods=("GET", "HEAD", "POST"))
    if refused is not None:
        return refused
    if request.method == "POST":
        return _answer(request)
    before = _number(request, "before")
    alerts = RecordEvent.objects.filter(kind__in=watching.ALERTS).select_related("user", "actor")
    if before is not None:
        alerts = alerts.filter(pk__lt=before)
    rows = list(alerts.order_by("-pk")[: PAGE_SIZE + 1])
    more = len(rows) > PAGE_SIZE
    rows = rows[:PAGE_SIZE]
    answers = watching.answers_of(rows)
    outcomes = dict(watching.Outcome.choices)
    context = {
        **common(site, request, tab="alerts", title=_("Alerts")),
        "rows": [
            {
                "alert": alert,
                "user": alert.user or alert.actor,
                "why": why(alert),
                "answer": answers.get(alert.pk),
                "outcome": outcomes.get(answers[alert.pk].data["outcome"]) if alert.pk in answers else "",
                "own": (alert.user_id or alert.actor_id) == request.user.pk,
            }
            for alert in rows
        ],
        "older": str(rows[-1].pk) if more else "",
        "outcomes": watching.Outcome.choices,
        "may_answer": request.user.has_perm(ANSWER),
    }
    return TemplateResponse(request, "desk/explorer/alerts.html", context)


def why(alert: RecordEvent) -> str:
    """The sentence of a stored alert, in the reader's language."""
    data = alert.data
    if data.get("rule") in RULES:
        return explain(data["rule"], seen=data["seen"], limit=data["limit"]).render(_)
    return _("Revealed the data of %(persons)s persons within an hour; the limit is %(limit)s.") % {
        "persons": data.get("persons", "?"),
        "limit": data.get("limit", "?"),
    }


def _answer(request: HttpRequest) -> HttpResponseBase:
    pk = request.POST.get("alert", "")
    alert = (
        RecordEvent.objects.filter(kind__in=watching.ALERTS, pk=int(pk)).first()
        if pk.isascii() and pk.isdigit() and len(pk) <= 18
        else None
    )
    if alert is None:
        raise Http404
    try:
        watching.answer_alert(
            alert=alert,
            outcome=request.POST.get("outcome", ""),
            by=request.user,  # type: ignore[arg-type]
            at=timezone.now(),
        )
    except DomainError as refusal:
        messages.error(request, str(refusal.message))
    else:
        sidebar.forget(request.user)
        messages.success(request, _("Your answer is on record."))
    return HttpResponseRedirect(reverse("admin:record_alerts"))
