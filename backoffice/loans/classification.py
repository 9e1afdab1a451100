"""What a number of days past due is called: class, bucket, kind. Pure: facts in, label and explanation out.

A label always follows from the day count that is shown beside it, and from nothing older than that day. Every
threshold is a dated policy value.

All three follow the days past due, the contract's fact, and not the delinquent days: a pause or days of grace never
make a loan look better than it is, and a part payment changes no label because it changes no day.

* Five-tier class (商业银行金融资产风险分类办法): at least special-mention when overdue, but for a technical delay of a
  few days; more than 90, 270, 360 days are substandard, doubtful, loss. A restructured
  loan is watched for a year and meanwhile at least special-mention; restructured again in the watch it is at least
  substandard, and the watch starts anew.
* Overdue kind: none, minor, long-term, by days and by how often the loan fell overdue.
* Bucket: the stretch of days that reports count by, 0 for not overdue, then M1, M2, …
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from backoffice.core.explain import N_, Line, Phrase
from backoffice.loans.schedule import add_months

Class = Literal["normal", "special_mention", "substandard", "doubtful", "loss"]
#: From the best to the worst, with their names.
NAMES: dict[Class, str] = {
    "normal": N_("Normal"),
    "special_mention": N_("Special mention"),
    "substandard": N_("Substandard"),
    "doubtful": N_("Doubtful"),
    "loss": N_("Loss"),
}
CLASSES: tuple[Class, ...] = tuple(NAMES)

OverdueKind = Literal["none", "minor", "long_term"]


@dataclass(frozen=True, slots=True)
class ClassPolicy:
    """Days past due **above** which a class begins; up to ``technical_days`` an overdue is a technical delay."""

    technical_days: int
    substandard_after: int
    doubtful_after: int
    loss_after: int

    @property
    def first_days(self) -> tuple[int, int, int, int]:
        """The days past due on which a class begins."""
        above = (self.technical_days, self.substandard_after, self.doubtful_after, self.loss_after)
        special, substandard, doubtful, loss = (days + 1 for days in above)
        return special, substandard, doubtful, loss


@dataclass(frozen=True, slots=True)
class OverduePolicy:
    """From how many days, or from how many separate overdue spells, an overdue loan is long-term overdue."""

    long_term_from_day: int
    long_term_from_spell: int


@dataclass(frozen=True, slots=True)
class Watch:
    """The watch of a restructured loan: its last day, and how often it was restructured since the watch began."""

    until: date | None = None
    restructurings: int = 0

    def runs(self, on: date) -> bool:
        return self.until is not None and on <= self.until


@dataclass(frozen=True, slots=True)
class Classification:
    """The class on a day, with the reasons for it."""

    value: Class
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """The overdue kind on a day, with the reasons for it."""

    value: OverdueKind
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Bucket:
    """The bucket of a day: its number, its first and last day past due (None: no last one), and the reason."""

    value: int
    first: int
    last: int | None
    lines: tuple[Line, ...]

    @property
    def name(self) -> str:
        """As reports call it: ``M0`` when nothing is past due, then ``M1``, ``M2``, …"""
        return f"M{self.value}"


NO_WATCH = Watch()


def watch_after(restructured_on: Sequence[date], *, months: int) -> Watch:
    """The watch that restructurings on these days have led to: each one within a watch starts it anew."""
    watch = NO_WATCH
    for day in sorted(restructured_on):
        again = watch.restructurings if watch.runs(day) else 0
        watch = Watch(add_months(day, months), again + 1)
    return watch


def classify(*, on: date, days: int, policy: ClassPolicy, watch: Watch = NO_WATCH) -> Classification:
    """The five-tier class at the end of ``on`` of a loan that is ``days`` past due by the schedule in force."""
    value, line = _by_days(days, policy)
    lines = [line]
    if watch.runs(on):
        least, line = _by_watch(watch)
        value = max(value, least, key=CLASSES.index)
        lines.append(line)
    lines.append(Line("class", N_("Class: %(class)s."), {"class": Phrase(NAMES[value]), "value": value}))
    return Classification(value, tuple(lines))


def _by_days(days: int, policy: ClassPolicy) -> tuple[Class, Line]:
    if days <= 0:
        return "normal", Line("class-none", N_("Nothing is past due: normal."), {})
    if days <= policy.technical_days:
        words = N_("%(days)s days past due, up to %(limit)s days are a technical delay: normal.")
        return "normal", Line("class-technical", words, {"days": days, "limit": policy.technical_days})
    name: Class = "special_mention"
    limit, words = policy.technical_days, N_("%(days)s days past due, more than %(limit)s: special mention.")
    if days > policy.loss_after:
        name, limit, words = (
            "loss",
            policy.loss_after,
            N_("%(days)s days past due, more than %(limit)s: loss."),
        )
    elif days > policy.doubtful_after:
        name, limit = "doubtful", policy.doubtful_after
        words = N_("%(days)s days past due, more than %(limit)s: doubtful.")
    elif days > policy.substandard_after:
        name, limit = "substandard", policy.substandard_after
        words = N_("%(days)s days past due, more than %(limit)s: substandard.")
    return name, Line("class-days", words, {"days": days, "limit": limit})


def _by_watch(watch: Watch) -> tuple[Class, Line]:
    name: Class = "special_mention"
    words = N_("Restructured and watched until %(until)s: at least special mention.")
    if watch.restructurings > 1:
        name = "substandard"
        words = N_("Restructured again while it was watched (until %(until)s): at least substandard.")
    return name, Line("watch", words, {"until": watch.until})


def kind_of(*, days: int, spells: int, policy: OverduePolicy) -> Kind:
    """``none``, ``minor`` or ``long_term`` from the days past due and from how often the loan fell overdue.

    Evasion is never derived: it stands only on a determination that people made.
    """
    facts = {
        "days": days,
        "limit": policy.long_term_from_day,
        "spells": spells,
        "times": policy.long_term_from_spell,
    }
    if days <= 0:
        return Kind("none", (Line("kind-none", N_("Nothing is past due: not overdue."), facts),))
    if days >= policy.long_term_from_day:
        words = N_("%(days)s days past due, %(limit)s or more: long-term overdue.")
        return Kind("long_term", (Line("kind-days", words, facts),))
    if spells >= policy.long_term_from_spell:
        words = N_("Times overdue: %(spells)s, which is %(times)s or more: long-term overdue.")
        return Kind("long_term", (Line("kind-spells", words, facts),))
    words = N_(
        "%(days)s days past due, fewer than %(limit)s; times overdue: %(spells)s, fewer than %(times)s: minor overdue."
    )
    return Kind("minor", (Line("kind-minor", words, facts),))


def bucket_of(days: int, edges: Sequence[int]) -> Bucket:
    """The bucket that ``days`` past due lie in; ``edges`` are the first days of M1, M2, …, in their order."""
    number = sum(1 for edge in edges if days >= edge)
    if number == 0:
        line = Line("bucket-none", N_("Nothing is past due: no bucket."), {"days": days})
        return Bucket(0, 0, edges[0] - 1, (line,))
    first, last = edges[number - 1], edges[number] - 1 if number < len(edges) else None
    words = (
        N_("%(days)s days past due: bucket M%(number)s, from day %(first)s on.")
        if last is None
        else N_("%(days)s days past due: bucket M%(number)s, day %(first)s to day %(last)s.")
    )
    facts = {"days": days, "number": number, "first": first, "last": last}
    return Bucket(number, first, last, (Line("bucket", words, facts),))
