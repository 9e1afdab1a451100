"""What an object's page is made of: next steps, panels of other apps, timeline, details."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.admin.utils import label_for_field, lookup_field
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.text import capfirst

from backoffice.core.bounds import is_in_years
from backoffice.core.errors import NotPermitted, TransitionRefused
from backoffice.desk.codes import label_of_code
from backoffice.desk.registry import Panel, TimelineItem, registries
from backoffice.privacy.fields import BlindIndexField, CipherField

TIMELINE_SIZE = 20
EMPTY = "—"
_STYLE_ORDER = {"primary": 0, "default": 1, "danger": 2}


@dataclass(frozen=True, slots=True)
class Step:
    """A button: the workflow's answer, ready to be drawn. ``reason`` says why it is not available."""

    name: str
    label: Any
    style: str
    url: str
    allowed: bool
    reason: Any = ""


@dataclass(frozen=True, slots=True)
class Steps:
    """The next steps: ``now`` can be taken, ``blocked`` would be next but for a condition, ``later`` belong to
    other states. Steps the person has no right to are not shown at all."""

    now: list[Step]
    blocked: list[Step]
    later: list[Step]


def next_steps(admin: Any, request: HttpRequest, obj: Any) -> Steps:
    """Every step the page offers on ``obj``, sorted into what can be done and why the rest cannot."""
    now, blocked, later = [], [], []
    if admin.workflow is None:
        return Steps([], [], [])
    offered = {operation.name for operation in admin.operations}
    for answer in admin.workflow.available(obj, by=request.user, at=timezone.now()):
        row = answer.transition
        if row.name not in offered or answer.code == NotPermitted.code:
            continue
        step = Step(
            row.name, row.label, row.style, admin.transition_url(obj, row.name), answer.allowed, answer.reason
        )
        if answer.allowed:
            now.append(step)
        elif answer.code == TransitionRefused.code:
            later.append(step)
        else:
            blocked.append(step)
    now.sort(key=lambda step: _STYLE_ORDER.get(step.style, 1))
    return Steps(now, blocked, later)


@dataclass(frozen=True, slots=True)
class DrawnPanel:
    title: Any
    template: str
    context: dict[str, Any]


def panels(request: HttpRequest, page: str, obj: Any) -> list[DrawnPanel]:
    """The cards that other apps put on ``page``, for those the person has the right to see."""
    wanted: list[Panel] = [
        panel for panel in registries.panels if panel.page == page and request.user.has_perm(panel.permission)
    ]
    drawn = []
    for panel in sorted(wanted, key=lambda one: one.order):
        context = panel.context(request, obj)
        if context is not None:
            drawn.append(DrawnPanel(panel.title, panel.template, context))
    return drawn


@dataclass(frozen=True, slots=True)
class Timeline:
    items: list[TimelineItem]
    sources: list[tuple[str, Any]]
    source: str
    older: str


def timeline(
    *, borrower_id: int, viewer: Any, source: str = "", before: str = "", limit: int = TIMELINE_SIZE
) -> Timeline:
    """The newest items of every source in one order; ``source`` shows one only, ``before`` pages back.

    An unreadable ``before`` (somebody edited the address) counts as none.
    """
    sources = list(registries.timeline.items())
    if source not in dict(sources):
        source = ""
    moment = _moment(before)
    found: list[TimelineItem] = []
    for name, entry in sources:
        if source in ("", name):
            found += entry.items(borrower_id=borrower_id, viewer=viewer, before=moment, limit=limit + 1)
    found.sort(key=lambda item: item.at, reverse=True)
    older = found[limit - 1].at.isoformat() if len(found) > limit else ""
    return Timeline(found[:limit], [(name, entry.label) for name, entry in sources], source, older)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if timezone.is_aware(moment) and is_in_years(moment) else None


def details(admin: Any, obj: models.Model, names: Iterable[str]) -> list[tuple[str, Any]]:
    """Label and text of each field (or admin display method) of ``obj``, for a definition list."""
    rows = []
    for name in names:
        label = capfirst(str(label_for_field(name, type(obj), admin)))
        try:
            field, _attr, value = lookup_field(name, obj, admin)
        except (AttributeError, ObjectDoesNotExist, ValueError):
            field, value = None, None
        rows.append((label, display(field, value)))
    return rows


def display(field: models.Field[Any, Any] | None, value: Any) -> Any:
    """A value as the pages show it: choices in words, times in Shanghai's, nothing as a dash."""
    if value is None or value == "":
        return EMPTY
    if field is not None and field.flatchoices:
        return dict(field.flatchoices).get(value, value)
    if field is not None and (label := label_of_code(field, value)) is not None:
        return label
    if isinstance(value, datetime):
        return formats.date_format(timezone.localtime(value), "Y-m-d H:i")
    if isinstance(value, date):
        return value.isoformat()
    return value


def plain_fields(model: type[models.Model]) -> list[str]:
    """The columns of ``model`` that a generic page may show: no keys, no ciphertext, no blind index."""
    hidden = (CipherField, BlindIndexField, models.BinaryField)
    names = []
    for field in model._meta.fields:
        if field.primary_key or isinstance(field, hidden) or field.name in {"xact_id", "epoch"}:
            continue
        names.append(field.name)
    return names
