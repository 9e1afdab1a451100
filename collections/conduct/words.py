"""How verdicts are said on a screen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from backoffice.core.explain import Line
from backoffice.desk.templatetags.desk import chip
from conduct.choices import RuleKind
from conduct.rules import Verdict


def show(value: object) -> str:
    """Moments in Shanghai, everything else as it is."""
    return f"{timezone.localtime(value):%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)


def say(lines: Iterable[Line]) -> list[str]:
    """The lines in the reader's language."""
    return [line.render(gettext, show) for line in lines]


def name_of(verdict: Verdict) -> Any:
    """The rule's name as its kind says it."""
    return RuleKind(verdict.kind).label


def chips(judged: Iterable[Verdict]) -> list[SafeString]:
    """A red chip per broken rule (amber when it only flags or may be overridden), or one green chip."""
    judged = list(judged)
    broken = [verdict for verdict in judged if not verdict.passed]
    if broken:
        return [
            chip(name_of(one), "bad" if one.effect == "block" else "warn", " ".join(say(one.lines)))
            for one in broken
        ]
    return [chip(gettext("Passed"), "good")] if judged else []
