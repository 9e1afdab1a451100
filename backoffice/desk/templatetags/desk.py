"""The pieces that pages are put together from: chips, money, masked values, steps, timeline, panels."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from backoffice.core.time import business_day
from backoffice.desk import page
from backoffice.desk.reveal import EVERY_FIELD, may_correct, may_reveal
from backoffice.privacy.rights import key_of, label_of_field, spec_of

register = template.Library()

#: Steps drawn as buttons; the others are in the menu.
BUTTONS = 4

TONES = frozenset({"neutral", "info", "good", "warn", "bad", "primary"})


@register.simple_tag
def chip(text: Any, tone: str = "neutral", title: Any = "") -> SafeString:
    """A short label. ``tone``: neutral, info, good, warn, bad; the text says what the colour says."""
    tone = tone if tone in TONES else "neutral"
    if title:
        return format_html('<span class="chip chip-{}" title="{}">{}</span>', tone, title, text)
    return format_html('<span class="chip chip-{}">{}</span>', tone, text)


@register.simple_tag
def money(amount: Decimal | None) -> SafeString:
    """Yuan with two places and thousands separators; a dash for nothing."""
    if amount is None:
        return format_html('<span class="muted">{}</span>', page.EMPTY)
    return format_html('<span class="num">{}</span>', _("%(amount)s yuan") % {"amount": f"{amount:,.2f}"})


@register.filter
def amount(value: Decimal) -> str:
    """Yuan as ``money`` writes them, for where the unit stands beside: in tables, and within a sentence.

    Not ``floatformat:"2g"``: in Chinese that sets a comma every four figures, which no bank does.
    """
    return f"{value:,.2f}"


@register.simple_tag
def masked(value: str) -> SafeString:
    """A masked personal datum, so marked that nobody takes the stars for the data."""
    if not value:
        return format_html('<span class="muted">{}</span>', page.EMPTY)
    return format_html('<span class="masked num" title="{}">{}</span>', _("Masked"), value)


@register.simple_tag(takes_context=True)
def personal(context: dict[str, Any], row: Any, field: str) -> SafeString:
    """A masked personal field of ``row``, with the control that shows it in full for those who may."""
    mask = getattr(row, f"{field}_mask", "") if row is not None else ""
    if not mask:
        return masked("")
    key = key_of(row, field)
    text = format_html(
        '<span class="masked num" title="{}" data-personal="{}">{}</span>', _("Masked"), key, mask
    )
    if not context.get("reveal_url") or not may_reveal(context["request"].user, row, field):
        return text
    return SafeString(text + _reveal_control(context, key, label_of_field(row, field)))


def _reveal_control(context: dict[str, Any], key: str, what: str) -> SafeString:
    words = _("Show in full: %(what)s") % {"what": what}
    return format_html(
        '<a class="reveal" role="button" aria-pressed="false" href="{}?value={}" data-reveal="{}" data-what="{}" '
        'data-label="{}" aria-label="{}" title="{}">'
        '<span class="material-symbols-outlined" aria-hidden="true">visibility</span></a>',
        *(context["reveal_url"], key, key, what, words, words, words),
    )


@register.simple_tag(takes_context=True)
def personal_tools(context: dict[str, Any], row: Any) -> SafeString:
    """For one person's row: show everything of it, and correct it; what the viewer may not is not drawn."""
    user, parts = context["request"].user, []
    fields = [name for name in spec_of(row).fields if getattr(row, f"{name}_mask")]
    allowed = [name for name in fields if context.get("reveal_url") and may_reveal(user, row, name)]
    if len(allowed) > 1:
        key = key_of(row, EVERY_FIELD)
        parts.append(
            format_html(
                '<a class="reveal-all" role="button" href="{}?value={}" data-reveal="{}" data-what="{}">{}</a>',
                *(context["reveal_url"], key, key, _("the whole record"), _("Show all")),
            )
        )
    if context.get("correct_url") and may_correct(user, row):
        words = _("Correct")
        parts.append(
            format_html(
                '<a class="correct" href="{}?row={}" aria-label="{}" title="{}">'
                '<span class="material-symbols-outlined" aria-hidden="true">edit</span></a>',
                *(context["correct_url"], key_of(row, EVERY_FIELD), words, words),
            )
        )
    return format_html_join(" ", "{}", ((part,) for part in parts))


@register.inclusion_tag("desk/parts/people.html", takes_context=True)
def people_card(context: dict[str, Any]) -> dict[str, Any]:
    """The people on a page without a template of its own: every masked field of every row, with its controls."""
    rows = context["people_rows"]() if "people_rows" in context else []
    names = ("request", "reveal_url", "correct_url")
    return {
        **{name: context.get(name) for name in names},
        "people": [
            (
                row,
                capfirst(str(row._meta.verbose_name)),
                [
                    (label_of_field(row, name), name)
                    for name in spec_of(row).fields
                    if getattr(row, f"{name}_mask")
                ],
            )
            for row in rows
        ],
    }


@register.simple_tag
def dpd(days: int) -> SafeString:
    """Days past due as a chip: none is good, up to 30 a warning, more is bad."""
    if days <= 0:
        return chip(_("Not overdue"), "good")
    return chip(_("%(days)s d overdue") % {"days": days}, "warn" if days <= 30 else "bad")


@register.simple_tag
def days_left(due_on: date | None, today: date | None = None) -> SafeString:
    """How far off a last day is, as a chip: overdue and today are bad, up to three days a warning."""
    if due_on is None:
        return format_html('<span class="muted">{}</span>', page.EMPTY)
    left = (due_on - (today or business_day(timezone.now()))).days
    if left < 0:
        return chip(_("%(days)s d late") % {"days": -left}, "bad", due_on.isoformat())
    if left == 0:
        return chip(_("Due today"), "bad", due_on.isoformat())
    return chip(_("%(days)s d left") % {"days": left}, "warn" if left <= 3 else "neutral", due_on.isoformat())


@register.simple_tag
def when(at: datetime | date | None) -> SafeString:
    """A moment in Shanghai, short: “Today 10:05”, “11-19 23:10”, with the year when it is another one."""
    if at is None:
        return format_html('<span class="muted">{}</span>', page.EMPTY)
    today = business_day(timezone.now())
    if not isinstance(at, datetime):
        text = at.isoformat() if at.year != today.year else at.strftime("%m-%d")
        return format_html('<time class="num" datetime="{}">{}</time>', at.isoformat(), text)
    local = timezone.localtime(at)
    clock = local.strftime("%H:%M")
    days = (today - local.date()).days
    if days == 0:
        text = _("Today %(time)s") % {"time": clock}
    elif days == 1:
        text = _("Yesterday %(time)s") % {"time": clock}
    else:
        text = local.strftime("%m-%d %H:%M" if local.year == today.year else "%Y-%m-%d %H:%M")
    full = local.strftime("%Y-%m-%d %H:%M:%S")
    return format_html('<time class="num" datetime="{}" title="{}">{}</time>', local.isoformat(), full, text)


@register.simple_tag
def today_line() -> str:
    """Today's date in words, for the greeting."""
    return (
        formats.date_format(business_day(timezone.now()), "DATE_FORMAT")
        + " "
        + formats.date_format(business_day(timezone.now()), "l")
    )


@register.inclusion_tag("desk/parts/empty.html")
def empty_state(title: Any, text: Any = "", icon: str = "task_alt") -> dict[str, Any]:
    """What stands where nothing is: a calm sentence instead of a blank."""
    return {"title": title, "text": text, "icon": icon}


@register.inclusion_tag("desk/parts/definitions.html")
def definitions(rows: list[tuple[Any, Any]]) -> dict[str, Any]:
    """Pairs of label and value."""
    return {"rows": rows}


@register.inclusion_tag("desk/parts/steps.html")
def steps_buttons(steps: page.Steps) -> dict[str, Any]:
    """The next steps as buttons: at most four drawn, what leads onward first even while something still blocks it
    (its reason says what to do), the rest in a menu."""
    onward = [step for step in [*steps.now, *steps.blocked] if step.style == "primary"]
    rest = [step for step in [*steps.now, *steps.blocked] if step.style != "primary"]
    order = [*onward, *(step for step in rest if step.allowed), *(step for step in rest if not step.allowed)]
    return {"shown": order[:BUTTONS], "more": [*order[BUTTONS:], *steps.later]}


@register.inclusion_tag("desk/parts/timeline.html", takes_context=True)
def timeline(context: dict[str, Any], borrower_id: int | None) -> dict[str, Any]:
    """Everything about a borrower from every app in one order; ``?timeline=`` filters, ``?before=`` pages back."""
    request = context["request"]
    found = None
    if borrower_id is not None:
        found = page.timeline(
            borrower_id=borrower_id,
            viewer=request.user,
            source=request.GET.get("timeline", ""),
            before=request.GET.get("timeline_before", ""),
        )
    return {"found": found, "path": request.path}


@register.simple_tag(takes_context=True)
def page_panels(context: dict[str, Any], name: str, obj: Any) -> SafeString:
    """The cards other apps registered for page ``name``."""
    request = context["request"]
    parts = [
        render_to_string("desk/parts/panel.html", {"panel": panel, **panel.context}, request=request)
        for panel in page.panels(request, name, obj)
    ]
    return SafeString("".join(parts))


@register.simple_block_tag
def card(content: str, title: Any = "", hint: Any = "", tone: str = "") -> SafeString:
    """A white card with a title and a quiet hint at its right: ``{% card title=… %}…{% endcard %}``."""
    head = format_html("<h2>{}<small>{}</small></h2>", title, hint) if title else ""
    return format_html(
        '<section class="card {}">{}{}</section>', f"card-{tone}" if tone else "", head, content
    )


@register.filter
def attribute(mapping: dict[str, Any], name: str) -> Any:
    """The entry ``name`` of a mapping, for keys that are only known at run time."""
    return mapping.get(name)


@register.simple_tag
def page_range_text(cl: Any) -> str:
    """“1–50 of 1000+” for a list whose count is bounded."""
    first = (cl.page_num - 1) * cl.list_per_page + 1 if cl.result_count else 0
    last = min(cl.page_num * cl.list_per_page, cl.result_count)
    total = f"{cl.result_count}+" if getattr(cl.paginator, "is_capped", False) else str(cl.result_count)
    return _("%(first)s–%(last)s of %(total)s") % {"first": first, "last": last, "total": total}


@register.simple_tag(takes_context=True)
def tile_body(context: dict[str, Any], tile: Any) -> SafeString:
    """A tile of the home page with its own context."""
    return SafeString(
        render_to_string("desk/parts/tile.html", {"tile": tile, **tile.context}, request=context["request"])
    )


@register.inclusion_tag("desk/parts/filter.html")
def list_filter(cl: Any, spec: Any) -> dict[str, Any]:
    """One filter of a list as a menu that says what it is set to; filters with a form of their own keep it."""
    plain = spec.template in {"admin/filter.html", "unfold/filters/filters_field.html"} and not hasattr(
        spec, "form_class"
    )
    choices = list(spec.choices(cl)) if plain else []
    chosen = [choice["display"] for choice in choices[1:] if choice["selected"]]
    return {"cl": cl, "spec": spec, "choices": choices, "current": chosen[0] if chosen else ""}
