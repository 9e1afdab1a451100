"""Planning a loan anew: deferral, new schedule, more instalments, lower rate, waiver, early settlement. Pure.

Every new version lists the whole loan. First come the parts that were paid, as instalments with nothing open; what
was still open is planned from the day of the change on:

* Interest (contract rate) of the days up to the change is carried over, to the cent; from then on it runs on all
  principal that is not overdue by the new schedule, period by period of the contract (``accrual``).
* Default interest run up by then is carried over as such: no interest runs on it, and it keeps no count going.
* What was paid keeps its due days, those of instalments paid ahead too: should the money bounce, each is owed from its
  own day on.
* Interest paid ahead is taken off what the loan bears from now on; what is left of it pays what else is owed.
* No kind makes a loan dearer by a higher rate, and none touches what was paid.

Amounts are yuan, rates per year as fractions, days are Shanghai's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import zip_longest

from backoffice.core.explain import N_
from backoffice.core.money import ZERO, to_cents
from backoffice.loans.account import Account, Beginning, at_change, derive
from backoffice.loans.accrual import periods_of
from backoffice.loans.change_interest import bearing, interest_of, spread, taken_off
from backoffice.loans.facts import COMPONENTS, AccountRow, Facts, PlanRow, Relief, Version
from backoffice.loans.schedule import rows_on, step

#: Names of waivers that are simulated; those of the table are smaller.
_SIMULATED = 2**62
_RATE = Decimal("0.000001")
#: A first due date later than this is a typing error, or a moratorium that nobody should enter as a schedule.
_LONGEST_WAIT = timedelta(days=366)


class ChangeRefused(ValueError):
    """The loan cannot be changed like this. ``words`` with ``facts`` say why; ``field`` names the parameter."""

    def __init__(self, words: str, *, field: str = "", **facts: object) -> None:
        self.words, self.field, self.facts = words, field, facts
        super().__init__(words % facts)


@dataclass(frozen=True, slots=True)
class Deferral:
    """展期: everything open falls due ``periods`` periods later, what is overdue too."""

    periods: int


@dataclass(frozen=True, slots=True)
class ExtraInstalments:
    """What is open is repaid in ``extra`` more instalments than are left, from the next due date on."""

    extra: int


@dataclass(frozen=True, slots=True)
class Reschedule:
    """What is open is repaid in ``periods`` instalments, the first one on ``first_due_on``, at no higher a rate."""

    periods: int
    first_due_on: date
    annual_rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class RateCut:
    """From now on ``annual_rate``: due dates and principal stay, the default rate falls in proportion."""

    annual_rate: Decimal


@dataclass(frozen=True, slots=True)
class WaiverOf:
    """So many yuan of these components that are due by now are no longer asked for."""

    parts: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class EarlySettlement:
    """提前结清: everything falls due today, with interest to the day, or to the end of the running period."""

    to_period_end: bool = False


Terms = Deferral | ExtraInstalments | Reschedule | RateCut | WaiverOf | EarlySettlement


@dataclass(frozen=True, slots=True)
class Planned:
    """What a change adds to the facts of a loan: a schedule version, or waivers."""

    version: Version | None = None
    reliefs: tuple[Relief, ...] = ()

    def unconditional(self) -> Planned:
        """The same, holding whether it is paid or not: what it would ask for."""
        version = self.version
        return self if version is None else replace(self, version=replace(version, if_paid=False))

    def on_top_of(self, facts: Facts) -> Facts:
        """The facts with the change among them."""
        versions = facts.versions if self.version is None else (*facts.versions, self.version)
        return replace(facts, versions=versions, reliefs=(*facts.reliefs, *self.reliefs))


def plan(facts: Facts, terms: Terms, *, on: date) -> Planned:
    """What the change on ``on`` comes to. Raises ``ChangeRefused``.

    A new schedule follows from everything that happened before that day: what is received on it pays the new schedule.
    A waiver takes from what is open at the end of it.
    """
    last = facts.versions[-1].effective_on
    if on <= facts.disbursed_on:
        words = N_("A change takes effect after the day on which the loan was paid out, %(day)s.")
        raise ChangeRefused(words, day=facts.disbursed_on)
    if on < last:
        raise ChangeRefused(N_("A change takes effect no earlier than the last one, %(last)s."), last=last)
    if isinstance(terms, WaiverOf):
        return Planned(reliefs=_reliefs(derive(facts, on=on), terms, on=on))
    start = at_change(facts, on=on)
    before = start.account.version
    number = max(one.number for one in facts.versions) + 1
    version = Version(number, on, (), before.annual_rate, before.default_rate)
    open_ = _open_rows(start)
    if not open_ and not (isinstance(terms, EarlySettlement) and _anything_open(start)):
        raise ChangeRefused(N_("Nothing is left to be repaid by instalments."))
    if isinstance(terms, EarlySettlement):
        rows = _settled(start, terms, on=on)
        return Planned(replace(version, rows=_numbered(rows), if_paid=True, taken_over=len(rows) - 1))
    if isinstance(terms, Deferral):
        rows = _deferred(facts, start, open_, terms, on=on)
    elif isinstance(terms, RateCut):
        version = _cheaper(version, terms.annual_rate, below=True)
        rows = _cut(facts, start, open_, version.annual_rate, on=on)
    else:
        if isinstance(terms, Reschedule) and terms.annual_rate is not None:
            version = _cheaper(version, terms.annual_rate)
        rows = _anew(facts, start, open_, _dues(facts, open_, terms, on=on), version.annual_rate, on=on)
    kept = _sum([row for row in rows if row.due_on <= on], "interest") + _sum(rows, "carried")
    owed = _sum([row for row in open_ if row.due_on <= on], "interest") + start.run_up
    paid = _given_back(_paid(start), min(kept - owed, max(-start.settling, ZERO)))
    return Planned(replace(version, rows=_numbered([*paid, *rows]), taken_over=len(paid)))


def _reliefs(account: Account, terms: WaiverOf, *, on: date) -> tuple[Relief, ...]:
    if not terms.parts:
        raise ChangeRefused(N_("Say how much of what is waived."))
    for component, amount in terms.parts:
        if component == "principal" or component not in COMPONENTS:
            raise ChangeRefused(N_("The principal is never waived; it is written off."), field="principal")
        if amount <= 0 or amount != to_cents(amount):
            raise ChangeRefused(N_("A waiver is a positive amount with two places."), field=component)
        due_by = on if component in {"interest", "fee"} else None
        owed = account.owed(component, due_by=due_by)
        if amount > owed:
            words = N_("Only %(owed)s yuan of it are due by now, so no more can be waived.")
            raise ChangeRefused(words, field=component, owed=owed)
    return tuple(
        Relief(_SIMULATED + place, on, component, amount)
        for place, (component, amount) in enumerate(terms.parts)
    )


def _cheaper(version: Version, rate: Decimal, *, below: bool = False) -> Version:
    """The version at another rate; the default rate keeps its proportion to it."""
    old = version.annual_rate
    if rate < 0 or rate > old or (below and rate == old):
        words = N_("The new rate is below the present one of %(rate)s per cent, and not less than nothing.")
        raise ChangeRefused(words, field="annual_rate", rate=f"{old * 100:.2f}")
    default = version.default_rate if old == 0 else (version.default_rate * rate / old).quantize(_RATE)
    return replace(version, annual_rate=rate, default_rate=default)


# --- what there is ----------------------------------------------------------------------------------------


def _paid(start: Beginning) -> list[PlanRow]:
    """What was paid, instalment by instalment, as instalments with nothing open, the oldest first."""
    return [
        PlanRow(
            0,
            row.due_on,
            row.paid["principal"],
            row.paid["interest"],
            row.paid["fee"],
            row.paid["penalty"],
        )
        for row in _oldest_first(start)
        if any(row.paid[name] for name in ("principal", "interest", "fee", "penalty"))
    ]


def _given_back(paid: Sequence[PlanRow], amount: Decimal) -> list[PlanRow]:
    """The rows less interest that was paid for a time that bears none any more (Civil Code art. 677: interest for the
    actual time). The money is free to pay what else is owed, and is not asked for again should it bounce."""
    left, rows = amount, []
    for row in reversed(paid):
        part = min(row.interest, left)
        left -= part
        rows.append(replace(row, interest=row.interest - part))
    return [row for row in reversed(rows) if any((row.principal, row.interest, row.fee, row.penalty))]


def _open_rows(start: Beginning) -> list[PlanRow]:
    """What is open on each due day, as of now; default interest apart."""
    return _one_a_day(
        [
            PlanRow(0, row.due_on, row.open("principal"), row.open("interest"), row.open("fee"))
            for row in _oldest_first(start)
            if row.contract_open
        ]
    )


def _one_a_day(rows: Sequence[PlanRow]) -> list[PlanRow]:
    """What falls due on one day is one instalment: money paid ahead that bounced after a change stands beside the
    instalment of its day."""
    found: dict[date, PlanRow] = {}
    for row in rows:
        other = found.get(row.due_on)
        found[row.due_on] = (
            row
            if other is None
            else replace(
                other,
                principal=other.principal + row.principal,
                interest=other.interest + row.interest,
                fee=other.fee + row.fee,
            )
        )
    return list(found.values())


def _oldest_first(start: Beginning) -> list[AccountRow]:
    # What an earlier change took over comes first in its schedule, whenever it falls due.
    return sorted(start.account.rows, key=lambda row: row.due_on)


def _anything_open(start: Beginning) -> bool:
    return any(start.account.owed(name) for name in COMPONENTS)


def _sum(rows: Sequence[PlanRow], name: str) -> Decimal:
    return sum((getattr(row, name) for row in rows), ZERO)


def _numbered(rows: Sequence[PlanRow]) -> tuple[PlanRow, ...]:
    return tuple(replace(row, sequence=number) for number, row in enumerate(rows, start=1))


# --- the kinds --------------------------------------------------------------------------------------------


def _settled(start: Beginning, terms: EarlySettlement, *, on: date) -> list[PlanRow]:
    """What was paid, and one last row."""
    account = start.account
    settling = start.settling_to_end if terms.to_period_end else start.settling
    rows = _given_back(_paid(start), max(-settling, ZERO))
    last = PlanRow(
        0,
        on,
        account.owed("principal"),
        account.owed("interest", due_by=on) + max(settling, ZERO),
        account.owed("fee", due_by=on),
        account.owed("penalty"),
    )
    # Everything falls due today; if the money does not come, nothing of this ever held.
    return [*(replace(row, due_on=min(row.due_on, on)) for row in rows), last]


def _deferred(
    facts: Facts, start: Beginning, open_: Sequence[PlanRow], terms: Deferral, *, on: date
) -> list[PlanRow]:
    if terms.periods < 1:
        raise ChangeRefused(N_("A deferral is by one period at least."), field="periods")
    periods = periods_of(facts)
    rows = _one_a_day([replace(row, due_on=periods.later(row.due_on, terms.periods)) for row in open_])
    if rows[0].due_on <= on:
        words = N_(
            "Put off by so many periods, the instalment of %(due_on)s would still be overdue (%(later)s). "
            "Choose more periods or a new schedule."
        )
        raise ChangeRefused(words, field="periods", due_on=open_[0].due_on, later=rows[0].due_on)
    past = [row for row in open_ if row.due_on <= on]
    carried = [start.run_up + _sum(past, "interest")]
    rows = bearing(facts, rows, start.account.version.annual_rate, carried, on=on)
    return [replace(rows[0], penalty=start.account.owed("penalty")), *rows[1:]]


def _cut(
    facts: Facts, start: Beginning, open_: Sequence[PlanRow], rate: Decimal, *, on: date
) -> list[PlanRow]:
    """What has fallen due stays due; the rest bears the new rate from the day of the change on."""
    past = [row for row in open_ if row.due_on <= on]
    ahead = [row for row in open_ if row.due_on > on]
    if not ahead:
        raise ChangeRefused(N_("Everything has fallen due: a lower rate would change nothing."))
    rows = [*past, *bearing(facts, ahead, rate, [start.run_up], on=on)]
    return [replace(rows[0], penalty=start.account.owed("penalty")), *rows[1:]]


def _dues(
    facts: Facts, open_: Sequence[PlanRow], terms: ExtraInstalments | Reschedule, *, on: date
) -> list[date]:
    if isinstance(terms, Reschedule):
        if terms.periods < 1:
            raise ChangeRefused(N_("There is at least one instalment."), field="periods")
        if not on < terms.first_due_on <= on + _LONGEST_WAIT:
            words = N_("The first instalment falls due after %(on)s and within a year of it.")
            raise ChangeRefused(words, field="first_due_on", on=on)
        return [
            step(
                terms.first_due_on,
                count,
                period_unit=facts.period_unit,
                every=facts.every,
                month_end=facts.month_end,
            )
            for count in range(terms.periods)
        ]
    if terms.extra < 1:
        raise ChangeRefused(N_("There is at least one more instalment."), field="extra")
    periods = periods_of(facts)
    dues = [row.due_on for row in open_ if row.due_on > on]
    last = dues[-1] if dues else periods.due(periods.before(on))
    return [*dues, *(periods.later(last, count) for count in range(1, terms.extra + 1))]


def _anew(
    facts: Facts,
    start: Beginning,
    open_: Sequence[PlanRow],
    dues: Sequence[date],
    rate: Decimal,
    *,
    on: date,
) -> list[PlanRow]:
    """Everything open on new due dates by the contract's method; what was overdue is spread over all of them."""
    principal = _sum(open_, "principal")
    if principal == 0:
        raise ChangeRefused(N_("No principal is left to be repaid by instalments."))
    rates = [
        interest_of(facts, Decimal(1), rate, before, due)
        for before, due in zip([on, *dues], dues, strict=False)
    ]
    rows = rows_on(
        principal=principal,
        dues=dues,
        rates=rates,
        method=facts.method,
        since=on,
        rounding=facts.rounding,
        instalment_unit=facts.instalment_unit,
    )
    # Interest that is overdue is spread; that of the running period falls due with the first instalment, as it would.
    carried = spread(_sum([row for row in open_ if row.due_on <= on], "interest"), len(rows))
    interest = [row.interest + more for row, more in zip(rows, carried, strict=True)]
    run_up = taken_off(interest, start.run_up) if start.run_up < 0 else [start.run_up]
    carried = [more + own for more, own in zip_longest(carried, run_up, fillvalue=ZERO)]
    fees = spread(_sum(open_, "fee"), len(rows))
    penalties = spread(start.account.owed("penalty"), len(rows))
    return [
        PlanRow(0, row.due_on, row.principal, row.interest + more, fee, penalty, more)
        for row, more, fee, penalty in zip(rows, carried, fees, penalties, strict=True)
    ]
