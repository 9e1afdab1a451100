"""How long a loan has been past due, and why. Pure: facts in, number and explanation out; no tables, no clock.

* ``days_past_due`` is the contract's fact: 0 on the due date itself, 1 on the day after, counted from the
  oldest instalment that was not paid in full by the end of the day asked about. Part payment stops nothing.
* ``delinquent_days`` takes off the days of grace and the days of pauses; a freeze stops the count.

An instalment is unpaid while anything of its principal, interest or fee is. Default interest and costs are owed
beside the schedule and keep no count going: whoever pays an instalment late, but whole, is not overdue for the few
cents of default interest that remain. What the days are called is ``classification``'s.

Days are calendar days of Shanghai; a payment counts from the day it was received. Any past day can be asked
about, and gives what would have been known of it by the end of that day (with what we know now).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from backoffice.core.explain import N_, Line
from backoffice.core.money import ZERO
from backoffice.loans.classification import (
    NO_WATCH,
    Class,
    ClassPolicy,
    OverdueKind,
    OverduePolicy,
    Watch,
    classify,
    kind_of,
)

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Due:
    """One instalment: the whole amount that falls due on a day (yuan)."""

    sequence: int
    due_on: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Paid:
    """A part of a payment that went to an instalment; less than nothing where a payment was reversed."""

    sequence: int
    received_on: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Pause:
    """Days that are not counted. It begins to work when ``from_on`` ends, and still works on ``until``
    (open: until further notice). So from the 6th to the 30th takes 24 days off."""

    from_on: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class PastDue:
    """``days`` past due on a day, counted from ``since`` (the oldest unpaid due date; None when 0 days)."""

    days: int
    since: date | None
    sequence: int | None
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Delinquency:
    """``days`` after grace and pauses."""

    days: int
    lines: tuple[Line, ...]


def days_past_due(*, on: date, schedule: Sequence[Due], payments: Iterable[Paid]) -> PastDue:
    """The days past due at the end of ``on``, with one line for each instalment that had fallen due by then."""
    received: dict[int, list[Paid]] = {}
    for payment in payments:
        if payment.received_on <= on:
            received.setdefault(payment.sequence, []).append(payment)
    lines = [Line("judged-at", N_("Judged at the end of %(on)s, Shanghai time."), {"on": on})]
    oldest: Due | None = None
    for due in sorted(schedule, key=lambda one: (one.due_on, one.sequence)):
        if due.due_on > on:
            lines.append(
                Line(
                    "next-due",
                    N_("Instalment %(sequence)s was to fall due on %(due_on)s only."),
                    {"sequence": due.sequence, "due_on": due.due_on},
                )
            )
            break
        parts = received.get(due.sequence, [])
        paid = sum((part.amount for part in parts), ZERO)
        lines.append(_line_of(due, parts, paid))
        if paid < due.amount and oldest is None:
            oldest = due
    if oldest is None or oldest.due_on == on:
        lines.append(_nothing_overdue(oldest))
        return PastDue(0, None, None, tuple(lines))
    days = (on - oldest.due_on).days
    lines.append(
        Line(
            "count",
            N_(
                "Counted from instalment %(sequence)s: %(due_on)s itself is day 0, %(first)s is day 1, "
                "%(on)s is day %(days)s."
            ),
            {
                "sequence": oldest.sequence,
                "due_on": oldest.due_on,
                "first": oldest.due_on + _DAY,
                "on": on,
                "days": days,
            },
        )
    )
    return PastDue(days, oldest.due_on, oldest.sequence, tuple(lines))


def _line_of(due: Due, parts: Sequence[Paid], paid: Decimal) -> Line:
    facts: dict[str, object] = {"sequence": due.sequence, "due_on": due.due_on, "amount": due.amount}
    if paid >= due.amount:
        last = max((part.received_on for part in parts), default=due.due_on)
        return Line(
            "paid",
            N_("Instalment %(sequence)s, due on %(due_on)s: %(amount)s yuan, paid in full on %(paid_on)s."),
            {**facts, "paid_on": last},
        )
    if paid > 0:
        return Line(
            "part-paid",
            N_(
                "Instalment %(sequence)s, due on %(due_on)s: %(amount)s yuan, of which %(paid)s were paid and "
                "%(open)s were still open. A part payment does not stop the count."
            ),
            {**facts, "paid": paid, "open": due.amount - paid},
        )
    return Line(
        "unpaid", N_("Instalment %(sequence)s, due on %(due_on)s: %(amount)s yuan, nothing paid yet."), facts
    )


def _nothing_overdue(due_today: Due | None) -> Line:
    if due_today is not None:
        return Line(
            "due-today",
            N_("The due date itself is not past due yet: %(due_on)s counts as 0 days."),
            {"due_on": due_today.due_on},
        )
    return Line("none", N_("Nothing that had fallen due was unpaid: 0 days."), {})


def delinquent_days(
    *,
    on: date,
    since: date | None,
    grace_days: int = 0,
    pauses: Sequence[Pause] = (),
    frozen_on: date | None = None,
) -> Delinquency:
    """The days past due at the end of ``on`` less grace and pauses, never below 0.

    ``since`` is the oldest unpaid due date (``PastDue.since``); ``frozen_on`` is the day after whose end nothing
    is counted any more. Pauses may overlap: a day is taken off once.
    """
    if since is None:
        return Delinquency(0, (Line("none", N_("Nothing that had fallen due was unpaid: 0 days."), {}),))
    last = min(on, frozen_on) if frozen_on is not None else on
    lines: list[Line] = []
    first = since + (grace_days + 1) * _DAY
    if grace_days:
        lines.append(
            Line(
                "grace",
                N_("%(grace)s days of grace after %(since)s: the count begins on %(first)s."),
                {"grace": grace_days, "since": since, "first": first},
            )
        )
    if frozen_on is not None and frozen_on < on:
        lines.append(
            Line("frozen", N_("The count has been frozen since %(frozen_on)s."), {"frozen_on": frozen_on})
        )
    counted = max((last - first).days + 1, 0)
    taken = 0
    for start, end in _merged(pauses, first=first, last=last):
        days = (end - start).days + 1
        taken += days
        lines.append(
            Line(
                "pause",
                N_("Paused from %(start)s to %(end)s: %(days)s days are not counted."),
                {"start": start, "end": end, "days": days},
            )
        )
    result = counted - taken
    lines.append(
        Line(
            "result",
            N_("%(counted)s days up to %(last)s, less %(taken)s: %(days)s days."),
            {"counted": counted, "last": last, "taken": taken, "days": result},
        )
    )
    return Delinquency(result, tuple(lines))


def _merged(pauses: Sequence[Pause], *, first: date, last: date) -> list[tuple[date, date]]:
    """The uncounted days between ``first`` and ``last`` as separate stretches, first and last day included."""
    stretches: list[tuple[date, date]] = []
    for pause in sorted(pauses, key=lambda one: one.from_on):
        start = max(pause.from_on + _DAY, first)
        end = min(pause.until or last, last)
        if stretches and start <= stretches[-1][1]:
            start = stretches[-1][1] + _DAY
        if start <= end:
            stretches.append((start, end))
    return stretches


def beside_original(*, present: PastDue, original: PastDue) -> Line:
    """What the contract as it was first made says beside the schedule in force: no change hides days.

    Both counts are of the same day, each from its own schedule and what was paid on it.
    """
    facts = {"days": present.days, "original": original.days, "since": original.since}
    if present.days == original.days:
        words = N_("By the original contract it is %(original)s days as well.")
    elif original.since is None:
        words = N_(
            "By the original contract nothing is past due; by the schedule in force it is %(days)s days."
        )
    else:
        words = N_(
            "By the original contract it is %(original)s days, since %(since)s; by the schedule in force, which "
            "replaced it, it is %(days)s days."
        )
    return Line("original", words, facts)


@dataclass(frozen=True, slots=True)
class AgeingPolicy:
    """Everything the rules of age ask of law and policy, as in force on one day.

    ``buckets`` are their first days; ``watch_months`` is how long a restructured loan is watched at least.
    """

    grace_days: int
    overdue: OverduePolicy
    classes: ClassPolicy
    buckets: tuple[int, ...]
    watch_months: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What a loan stores about its age, as it was at the end of a day (see ``standing``)."""

    oldest_unpaid_due_on: date | None
    delinquent_since: date | None
    overdue_kind: OverdueKind
    risk_class: Class
    overdue_spells: int
    next_event_on: date | None


def standing(
    *,
    on: date,
    unpaid_due_days: Iterable[date],
    spells: int,
    policy: AgeingPolicy,
    pauses: Sequence[Pause] = (),
    watch: Watch = NO_WATCH,
    in_spell: bool = True,
) -> Standing:
    """What a loan stores at the end of ``on``, from the due dates of its unpaid instalments.

    ``spells``: how often it is known to have fallen overdue. ``in_spell`` says that an overdue of today is among
    them; whoever counted them when nothing was overdue yet says False, and an overdue of today is one more.
    ``delinquent_since`` is the last day of grace, from which delinquent days are counted as past due days are from
    the due date.

    ``next_event_on`` is the next day after ``on`` on which time alone changes something: an instalment falls
    overdue, grace or a technical delay ends, a bucket, class or kind begins, a pause begins or ends to work, the
    watch is over. A change of the policy itself is no such day: whoever closes the day looks for it.
    """
    days = sorted(unpaid_due_days)
    oldest = days[0] if days and days[0] < on else None
    past = (on - oldest).days if oldest is not None else 0
    count = spells + 1 if oldest is not None and not in_spell else spells
    grace_end = oldest + policy.grace_days * _DAY if oldest is not None else None
    return Standing(
        oldest_unpaid_due_on=oldest,
        delinquent_since=grace_end if grace_end is not None and grace_end < on else None,
        overdue_kind=kind_of(days=past, spells=count, policy=policy.overdue).value,
        risk_class=classify(on=on, days=past, policy=policy.classes, watch=watch).value,
        overdue_spells=count,
        next_event_on=min(
            (day for day in _events(days, oldest, policy, pauses, watch) if day > on), default=None
        ),
    )


def _events(
    unpaid: Sequence[date],
    oldest: date | None,
    policy: AgeingPolicy,
    pauses: Sequence[Pause],
    watch: Watch,
) -> Iterator[date]:
    """The days on which time alone changes something, past ones among them."""
    if watch.until is not None:
        yield watch.until + _DAY
    if not unpaid:
        return
    for day in unpaid:
        yield day + _DAY
    for pause in pauses:
        yield pause.from_on + _DAY
        if pause.until is not None:
            yield pause.until + _DAY
    if oldest is not None:
        turns = (
            policy.grace_days + 1,
            policy.overdue.long_term_from_day,
            *policy.classes.first_days,
            *policy.buckets,
        )
        for turn in turns:
            yield oldest + turn * _DAY
