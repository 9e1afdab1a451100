"""What a loan stores about its age: the dates, the labels, and the next day on which time alone changes any of it."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.loans.ageing import Paid, Pause, days_past_due, delinquent_days, standing
from backoffice.loans.classification import NO_WATCH, Watch, bucket_of
from backoffice.loans.models import Instalment, Loan
from backoffice.loans.policy import LoanPolicy
from backoffice.loans.posting import take_standing
from backoffice.loans.spells import overdue_spells
from tests.loans.test_ageing import BUCKETS, DUE, SCHEDULE, SIX, ageing_policy, facts, some_pauses


def test_stored_dates_at_the_boundaries() -> None:
    def stored(on: date) -> tuple[date | None, date | None, date | None]:
        days = [row.due_on for row in SCHEDULE]
        one = standing(on=on, unpaid_due_days=days, spells=1, policy=ageing_policy(grace_days=3))
        return one.oldest_unpaid_due_on, one.delinquent_since, one.next_event_on

    day = timedelta(days=1)
    assert stored(DUE) == (None, None, DUE + day)
    assert stored(DUE + day) == (DUE, None, DUE + 4 * day)
    assert stored(DUE + 3 * day) == (DUE, None, DUE + 4 * day)
    assert stored(DUE + 4 * day) == (DUE, DUE + 3 * day, DUE + 8 * day), "a technical delay no longer"
    assert stored(DUE + 8 * day) == (DUE, DUE + 3 * day, DUE + 31 * day), "the second bucket"
    assert stored(date(2026, 11, 24)) == (DUE, DUE + 3 * day, DUE + 61 * day)
    assert stored(DUE + 91 * day) == (DUE, DUE + 3 * day, DUE + 181 * day)
    assert stored(DUE + 361 * day) == (DUE, DUE + 3 * day, None)


@given(on=st.dates(date(2026, 1, 1), date(2026, 12, 31)), payments=facts)
def test_count_stored_date_and_kind_agree(on: date, payments: list[Paid]) -> None:
    counted = days_past_due(on=on, schedule=SIX, payments=payments)
    paid = {
        due.sequence: sum(p.amount for p in payments if p.sequence == due.sequence and p.received_on <= on)
        for due in SIX
    }
    unpaid = [due.due_on for due in SIX if paid[due.sequence] < due.amount]
    stored = standing(on=on, unpaid_due_days=unpaid, spells=1, policy=ageing_policy())
    assert stored.oldest_unpaid_due_on == counted.since
    assert (stored.overdue_kind == "none") == (counted.days == 0)
    assert (stored.risk_class == "normal") == (counted.days <= 7)
    assert counted.days == ((on - counted.since).days if counted.since else 0)
    delinquent = delinquent_days(on=on, since=counted.since)
    assert delinquent.days == counted.days, "without grace and pauses the two counts are one"
    spells = overdue_spells(on=on, schedule=SIX, payments=payments)
    if counted.days:
        assert spells >= 1
    assert stored.next_event_on is None or stored.next_event_on > on


watches = st.just(NO_WATCH) | st.builds(
    Watch, st.dates(date(2026, 1, 1), date(2027, 6, 30)), st.integers(1, 2)
)


def _unpaid(payments: list[Paid], *, on: date) -> list[date]:
    paid: dict[int, Decimal] = {}
    for one in payments:
        if one.received_on <= on:
            paid[one.sequence] = paid.get(one.sequence, Decimal(0)) + one.amount
    return [due.due_on for due in SIX if paid.get(due.sequence, Decimal(0)) < due.amount]


@settings(max_examples=1000, deadline=None)
@given(
    on=st.dates(date(2026, 1, 1), date(2027, 12, 30)),
    payments=facts,
    grace_days=st.integers(0, 5),
    pauses=some_pauses,
    watch=watches,
)
def test_nothing_changes_before_the_next_event(
    on: date, payments: list[Paid], grace_days: int, pauses: list[Pause], watch: Watch
) -> None:
    """No stored value and no label: standing, bucket, watch, whether a pause works today, how much is overdue."""
    policy = ageing_policy(grace_days=grace_days)
    unpaid = _unpaid(payments, on=on)
    spells = overdue_spells(
        on=on, schedule=SIX, payments=[payment for payment in payments if payment.received_on <= on]
    )
    overdue_now = any(day < on for day in unpaid)

    def shown(day: date) -> tuple[object, ...]:
        stored = standing(
            on=day,
            unpaid_due_days=unpaid,
            spells=spells,
            policy=policy,
            pauses=pauses,
            watch=watch,
            in_spell=overdue_now,
        )
        past = (day - stored.oldest_unpaid_due_on).days if stored.oldest_unpaid_due_on else 0
        paused = [one.from_on < day and (one.until is None or day <= one.until) for one in pauses]
        return (
            stored,
            bucket_of(past, BUCKETS).value,
            watch.runs(day),
            paused if unpaid else None,
            sum(1 for one in unpaid if one < day),
        )

    now = shown(on)
    event: date | None = now[0].next_event_on  # type: ignore[attr-defined]
    until = event - timedelta(days=1) if event else on + timedelta(days=2000)
    assert until >= on
    for offset in range(1, min((until - on).days, 100) + 1):
        assert shown(on + timedelta(days=offset)) == now, offset
    assert shown(until) == now


@settings(max_examples=1000, deadline=None)
@given(payments=facts, days=st.integers(1, 700))
def test_going_from_event_to_event_ends_where_judging_the_day_alone_does(
    payments: list[Paid], days: int
) -> None:
    """The spells that were counted one by one are those that the facts of the last day tell."""
    policy, start = ageing_policy(grace_days=3), date(2026, 1, 1)
    end = start + timedelta(days=days)
    stored = standing(on=start, unpaid_due_days=_unpaid(payments, on=start), spells=0, policy=policy)
    paid_on = {payment.received_on for payment in payments}
    for offset in range(1, days + 1):
        day = start + timedelta(days=offset)
        if day != stored.next_event_on and day not in paid_on:
            continue
        stored = standing(
            on=day,
            unpaid_due_days=_unpaid(payments, on=day),
            spells=stored.overdue_spells,
            policy=policy,
            in_spell=stored.oldest_unpaid_due_on is not None,
        )
    until = [payment for payment in payments if payment.received_on <= end]
    alone = standing(
        on=end,
        unpaid_due_days=_unpaid(payments, on=end),
        spells=overdue_spells(on=end, schedule=SIX, payments=until),
        policy=policy,
    )
    assert stored == alone


def test_every_kind_of_event_has_its_day() -> None:
    policy = ageing_policy(grace_days=3)
    pauses = [Pause(DUE + timedelta(days=10), DUE + timedelta(days=20))]
    watch = Watch(DUE + timedelta(days=400), 1)
    found, on = [], DUE - timedelta(days=5)
    while True:
        event = standing(
            on=on, unpaid_due_days=[DUE], spells=1, policy=policy, pauses=pauses, watch=watch
        ).next_event_on
        if event is None:
            break
        found.append((event - DUE).days)
        on = event
    # Overdue, grace over, technical delay over, paused, counted again, buckets and classes, the watch over.
    assert found == [1, 4, 8, 11, 21, 31, 61, 91, 181, 271, 361, 401]


def test_a_loan_that_owes_nothing_is_still_watched_to_the_end() -> None:
    watch = Watch(date(2027, 1, 31), 1)
    stored = standing(on=DUE, unpaid_due_days=[], spells=2, policy=ageing_policy(), watch=watch)
    assert (stored.risk_class, stored.overdue_spells) == ("special_mention", 2)
    assert stored.next_event_on == date(2027, 2, 1)
    after = standing(on=date(2027, 2, 1), unpaid_due_days=[], spells=2, policy=ageing_policy(), watch=watch)
    assert (after.risk_class, after.next_event_on) == ("normal", None)


def test_an_event_never_moves_a_next_event_that_has_come() -> None:
    """The close of that day has not run yet, and must still find the loan."""
    policy = LoanPolicy(Decimal(10), None, ageing_policy())
    later = Instalment(due_on=DUE + timedelta(days=31), principal_due=Decimal(500), interest_due=Decimal(0))
    for come in (DUE - timedelta(days=3), DUE - timedelta(days=1)):
        loan = Loan(next_event_on=come)
        take_standing(loan, [later], on=DUE, policy=policy, spells=0)
        assert loan.next_event_on == come
    for ahead in (None, DUE + timedelta(days=1), DUE + timedelta(days=200)):
        loan = Loan(next_event_on=ahead)
        assert take_standing(loan, [later], on=DUE, policy=policy, spells=0)
        assert loan.next_event_on == DUE + timedelta(days=32)
