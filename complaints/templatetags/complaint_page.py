"""The pieces of the complaint's page: chips of findings, holds and verdicts, the instalment bars, the draft."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from backoffice.desk.registry import TimelineItem, registries
from backoffice.desk.templatetags.desk import chip, when
from complaints.choices import STATE_TONES, CategoryRoot, ComplaintState
from complaints.selectors.page import DeadlinePanel
from conduct.words import chips, say

register = template.Library()

_FINDING_TONES = {
    "substantiated": "bad",
    "not_substantiated": "good",
    "undetermined": "neutral",
    "open": "warn",
}
_REMEDY_TONES = {"proposed": "warn", "granted": "info", "executed": "good", "reversed": "neutral"}
_DECISION_TONES = {"proposed": "warn", "approved": "good", "sent_back": "neutral"}
_NOTICE_TONES = {"sent": "info", "delivered": "good", "failed": "bad"}
_TASK_TONES = {"open": "warn", "done": "good", "cancelled": "neutral"}
_GRAVE_ROOTS = frozenset({CategoryRoot.COLLECTION, CategoryRoot.LEAK, CategoryRoot.NOT_MY_LOAN})


@register.simple_tag
def complaint_state(complaint: Any) -> SafeString:
    """The state as a coloured chip."""
    return chip(complaint.get_state_display(), STATE_TONES.get(ComplaintState(complaint.state), "info"))


@register.filter
def root_tone(root: str) -> str:
    """Red for what hurts people, blue for the rest."""
    return "bad" if root in _GRAVE_ROOTS else "info"


@register.filter
def percent(rate: Decimal) -> str:
    """A yearly rate as “14.60 %”."""
    return f"{rate * 100:.2f} %"


@register.filter
def days_used(panel: DeadlinePanel) -> int:
    """How much of the deadline's length is gone, for the bar; full when over."""
    return max(0, min(panel.view.length, panel.view.length - panel.view.remaining))


@register.simple_tag
def finding_chip(allegation: Any) -> SafeString:
    return chip(allegation.get_finding_display(), _FINDING_TONES[allegation.finding])


@register.simple_tag
def remedy_chip(remedy: Any) -> SafeString:
    return chip(remedy.get_state_display(), _REMEDY_TONES[remedy.state])


@register.simple_tag
def decision_chip(decision: Any) -> SafeString:
    return chip(decision.get_state_display(), _DECISION_TONES[decision.state])


@register.simple_tag
def notice_chip(notice: Any) -> SafeString:
    return chip(notice.get_step_display(), _NOTICE_TONES[notice.step])


@register.simple_tag
def task_chip(task: Any) -> SafeString:
    return chip(task.get_state_display(), _TASK_TONES[task.state])


@register.simple_tag
def task_title(task: Any) -> Any:
    return registries.task_kinds.get(task.kind) or task.kind


@register.simple_tag
def connection(contact: Any) -> SafeString:
    """“Person 1′32″”, or how the call did not get through."""
    seconds = int((contact.ended_at - contact.started_at).total_seconds())
    length = f" {seconds // 60}′{seconds % 60:02d}″" if seconds and contact.connection == "person" else ""
    return format_html('<span class="num">{}{}</span>', contact.get_connection_display(), length)


@register.simple_tag
def verdict_chips(broken: Sequence[Any]) -> SafeString:
    """Every rule the contact broke, as the conduct desk draws it; green when it broke none."""
    return format_html_join(" ", "{}", ((one,) for one in chips(broken) or [chip(_("Passed"), "good")]))


@register.simple_tag
def verdict_lines(broken: Sequence[Any]) -> SafeString:
    """Why each rule says so, with where it stands."""
    rows = [(" ".join(say(one.lines)), one.source) for one in broken]
    return format_html_join("", '<div class="verdict">{} <span class="muted">{}</span></div>', rows)


@register.simple_tag
def hold_chip(hold: Any) -> SafeString:
    """“Hold: 陈锋 · Call”, grey once lifted."""
    parts = [str(hold.get_scope_display())]
    if hold.collector is not None:
        parts = [hold.collector.name]
    if hold.channel:
        parts.append(str(hold.get_channel_display()))
    return chip(_("Hold: %(what)s") % {"what": " · ".join(parts)}, "neutral" if hold.lifted_at else "warn")


@register.simple_tag
def instalment_bars(instalments: Sequence[Any]) -> SafeString:
    """One bar per instalment: paid, part paid, overdue, to come; and the same in words."""
    if not instalments:
        return SafeString("")
    count = len(instalments)
    width = 300 / count
    bars = format_html_join(
        "",
        '<rect class="bar-{}" x="{}" y="4" width="{}" height="36" rx="2"><title>{}</title></rect>',
        (
            (
                one.state,
                f"{index * width + width * 0.12:.1f}",
                f"{width * 0.76:.1f}",
                f"{one.sequence} · {one.due_on}",
            )
            for index, one in enumerate(instalments)
        ),
    )
    states = [one.state for one in instalments]
    text = _("%(paid)s paid · %(overdue)s overdue · %(rest)s to come") % {
        "paid": states.count("paid"),
        "overdue": sum(one.state in {"overdue", "part_paid"} for one in instalments),
        "rest": states.count("upcoming") + states.count("due_today"),
    }
    return format_html(
        '<svg class="instalments" viewBox="0 0 300 44" role="img" aria-label="{}">{}</svg><p class="muted">{}</p>',
        text,
        bars,
        text,
    )


@register.simple_tag
def letter_text(draft: Any) -> SafeString:
    """The draft, its gaps in red."""
    return format_html_join(
        "", '<p class="{}">{}</p>', (("gap" if line.gap else "", line.text) for line in draft.lines)
    )


@register.simple_tag
def own_timeline(items: Sequence[TimelineItem]) -> SafeString:
    """The complaint's own events, when no borrower is matched."""
    rows = format_html_join(
        "",
        '<li class="tone-{}">{} <span>{}</span><div class="muted">{}</div></li>',
        ((item.tone, when(item.at), item.title, item.actor) for item in items[:20]),
    )
    return format_html('<ol class="timeline">{}</ol>', rows)
