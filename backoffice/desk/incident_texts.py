"""The words of incidents: duties, events, tones. Shared by page, list, tile and task."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.utils.translation import gettext_noop as N_

from backoffice.desk import incident_rules
from backoffice.desk.choices import IncidentKind, IncidentLevel, IncidentState, Party
from backoffice.desk.models import IncidentDuty
from backoffice.desk.templatetags.desk import chip, when

DUTIES: dict[str, Any] = {
    "leak_authority": gettext_lazy("Tell the data protection authority"),
    "leak_persons": gettext_lazy("Tell the persons concerned"),
    "leak_supervisor": gettext_lazy("First report to the financial regulator"),
    "leak_supervisor_written": gettext_lazy("Written report to the financial regulator"),
    "leak_supervisor_closing": gettext_lazy("Closing report to the financial regulator"),
    "cyber_protection": gettext_lazy("Report the cyber incident (critical infrastructure)"),
    "cyber_authority": gettext_lazy("Report the cyber incident"),
    "cyber_summary": gettext_lazy("Summary of the cyber incident"),
    "emergency_call": gettext_lazy("Call for help"),
    "police_call": gettext_lazy("Call the police"),
    "management": gettext_lazy("Tell the management on duty"),
    "management_written": gettext_lazy("Written report to management"),
    "press_office": gettext_lazy("Tell the press office"),
}

#: What PIPL art. 57 wants in it, shown beside the duty.
CONTENTS: dict[str, Any] = {
    "leak_authority": gettext_lazy(
        "Kinds of data, cause and possible harm; what we did and what persons can do; whom to ask."
    ),
    "leak_persons": gettext_lazy(
        "Kinds of data, cause and possible harm; what we did and what they can do; whom to ask."
    ),
}

KIND_TONES = {
    IncidentKind.LEAK.value: "info",
    IncidentKind.SELF_HARM.value: "bad",
    IncidentKind.VIOLENCE.value: "bad",
    IncidentKind.CROWD.value: "warn",
    IncidentKind.MEDIA.value: "warn",
}
STATE_TONES = {
    IncidentState.OPEN.value: "bad",
    IncidentState.CONTAINED.value: "warn",
    IncidentState.REPORTED.value: "info",
    IncidentState.CLOSED.value: "good",
}
LEVEL_TONES = {IncidentLevel.ORDINARY.value: "neutral", IncidentLevel.LARGE.value: "warn"}

#: Kind of event → its words and tone.
EVENTS: dict[str, tuple[str, str]] = {
    "reported": (N_("Incident reported"), "bad"),
    "taken": (N_("Taken over"), "info"),
    "assessed": (N_("Assessed"), "info"),
    "notified": (N_("Told: %(party)s"), "good"),
    "duty_waived": (N_("Waived: %(duty)s"), "warn"),
    "persons_added": (N_("%(count)s persons added"), "info"),
    "persons_told": (N_("%(count)s persons told"), "good"),
    "persons_left_out": (N_("%(count)s persons left untold"), "warn"),
    "file_added": (N_("File added"), "neutral"),
    "contained": (N_("Incident contained"), "info"),
    "marked_reported": (N_("Everybody who must know at first knows"), "info"),
    "closed": (N_("Incident closed"), "good"),
    "reopened": (N_("Incident reopened"), "bad"),
}


def duty_title(code: str) -> Any:
    """The words for a duty; the code itself for one of an older release."""
    return DUTIES.get(code, code)


def event_title(kind: str, data: dict[str, Any]) -> tuple[str, str]:
    """The sentence and tone of one event."""
    words, tone = EVENTS.get(kind, (kind, "neutral"))
    facts = {
        "party": dict(Party.choices).get(data.get("party", ""), ""),
        "duty": duty_title(data.get("code", "")),
        "count": data.get("count", ""),
    }
    return _(words) % facts, tone


def left(due_at: datetime | None, started_at: datetime | None, at: datetime) -> Any:
    """How much of a clock is left, as a chip: late is bad, nearly over a warning."""
    if due_at is None or started_at is None:
        return format_html('<span class="muted">{}</span>', "—")
    exact = when(due_at)
    if due_at < at:
        return format_html("{} {}", chip(_("%(time)s late") % {"time": duration(at - due_at)}, "bad"), exact)
    tone = "warn" if incident_rules.is_pressing(started_at=started_at, due_at=due_at, at=at) else "neutral"
    return format_html("{} {}", chip(_("%(time)s left") % {"time": duration(due_at - at)}, tone), exact)


def duration(span: Any) -> str:
    """Days above two, else hours and minutes: as exact as matters."""
    minutes = int(span.total_seconds() // 60)
    if minutes >= 2 * 24 * 60:
        return _("%(days)s d") % {"days": minutes // (24 * 60)}
    if minutes >= 60:
        return _("%(hours)s h %(minutes)s min") % {"hours": minutes // 60, "minutes": minutes % 60}
    return _("%(minutes)s min") % {"minutes": minutes}


def standing(duty: IncidentDuty, at: datetime) -> tuple[Any, str]:
    """How a duty stands at ``at``: words and tone."""
    if duty.waived_at is not None:
        return duty.get_waived_because_display(), "neutral"
    if duty.met_at is not None:
        if duty.met_at > duty.due_at:
            return _("Told, late"), "warn"
        return _("Told in time"), "good"
    if duty.due_at < at:
        return _("Report overdue"), "bad"
    pressing = incident_rules.is_pressing(started_at=duty.started_at, due_at=duty.due_at, at=at)
    return pgettext("of a report duty", "Open"), "warn" if pressing else "neutral"
