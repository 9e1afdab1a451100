"""The demo's loan book: 2,000 borrowers, 2,500 loans with schedules, 18 months of repayments, 30 % overdue.

Draws from the given dice only and never asks a clock: the same seed and day make the same book.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from backoffice.core.money import to_cents
from backoffice.core.time import SHANGHAI, business_day, start_of_day
from backoffice.desk.seeding import Demo
from backoffice.loans import seed_people as people
from backoffice.loans import services
from backoffice.loans.choices import (
    Channel,
    Need,
    NumberOwner,
    RepaymentChannel,
)
from backoffice.loans.default_interest import day_basis
from backoffice.loans.importing import (
    BorrowerRow,
    ContactPersonRow,
    Imported,
    LoanRow,
    NeedRow,
    PaymentRow,
    PhoneRow,
)
from backoffice.loans.models import Borrower, Creditor, Loan, LoanProduct
from backoffice.loans.pricing import cost_policy
from backoffice.loans.samples import sample
from backoffice.loans.schedule import Row, add_months, build_schedule
from backoffice.loans.seed_people import resident_id
from backoffice.loans.seed_products import DEFAULT_MULTIPLE, PRODUCTS, lenders
from backoffice.staff.models import User

__all__ = ["Counts", "SeededLoans", "resident_id", "seed", "seed_loans"]

T = TypeVar("T")
HISTORY_MONTHS = 18
#: No more than this is asked for (``loan.court_line``), whatever the multiple.
_COURT_LINE = Decimal("0.24")
#: 《个人贷款业务明示综合融资成本规定》 (``loan.cost_table_required``).
_COST_TABLE_FROM = date(2026, 8, 1)
_AMOUNTS = (500, 1000, 2000, 3000, 5000, 5000, 8000, 10_000, 12_000, 15_000, 20_000, 30_000, 50_000)
#: Share of the overdue loans, and the days past due they lie between.
_AGEING = ((22, 1, 7), (27, 8, 30), (18, 31, 60), (12, 61, 90), (13, 91, 180), (8, 181, 400))


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is made."""

    borrowers: int = 2000
    loans: int = 2500


@dataclass(frozen=True, slots=True)
class SeededLoans:
    """What later steps build on. Loans are in the order in which they were made."""

    creditors: list[Creditor]
    products: list[LoanProduct]
    borrowers: list[Borrower]
    loans: list[Loan]


def seed(demo: Demo) -> None:
    """The step of ``seed_demo``: leaves ``SeededLoans`` in ``demo.results["loans"]``."""
    counts = Counts(borrowers=max(int(2000 * demo.scale), 10), loans=max(int(2500 * demo.scale), 12))
    demo.results["loans"] = seed_loans(rng=demo.rng, now=demo.now, by=demo.by, counts=counts)


def seed_loans(*, rng: random.Random, now: datetime, by: User, counts: Counts) -> SeededLoans:
    """Make the book as of ``now``. The database holds no loan book yet."""
    today = business_day(now)
    creditors, products = lenders(today=today, by=by)
    plans = [
        _plan(rng, number, today=today, products=products, now=now) for number in range(1, counts.loans + 1)
    ]
    # Everybody has one loan, the loans that are left go to some as a second or third one.
    owners = [*range(counts.borrowers), *(rng.randrange(counts.borrowers) for _ in range(counts.loans))]
    owners = owners[: counts.loans]
    first: dict[int, date] = {}
    for owner, plan in zip(owners, plans, strict=True):
        first[owner] = min(first.get(owner, plan.disbursed_on), plan.disbursed_on)
    borrowers = _done(
        services.import_borrowers(
            [
                _borrower(rng, number, today=today, first=first.get(number, today))
                for number in range(counts.borrowers)
            ],
            by=by,
            at=now,
        )
    )
    loans = _done(
        services.import_loans(
            [
                plan.row(customer_number=_customer_number(owner), creditor=rng.choice(creditors))
                for owner, plan in zip(owners, plans, strict=True)
            ],
            by=by,
            at=now,
        )
    )
    _consents(rng, borrowers, creditors, by=by, at=now)
    return SeededLoans(creditors, products, borrowers, loans)


def _done(result: Imported[T]) -> list[T]:
    """What was created; the demo makes no row that the book refuses."""
    if result.refused:
        position, error = result.refused[0]
        raise ValueError(f"The demo made a row that the book refuses: {position}: {error}")
    return result.created


@dataclass(frozen=True, slots=True)
class _Plan:
    """One loan before it has a borrower."""

    number: str
    product: LoanProduct
    principal: Decimal
    annual_rate: Decimal
    periods: int
    disbursed_on: date
    payments: tuple[PaymentRow, ...]
    dwell_seconds: int

    def row(self, *, customer_number: str, creditor: Creditor) -> LoanRow:
        shown = datetime.combine(self.disbursed_on, time(9, 30), SHANGHAI)
        evidence = self._cost_table_shown(customer_number, creditor)
        return LoanRow(
            number=self.number,
            customer_number=customer_number,
            product_code=self.product.code,
            creditor_name=creditor.name,
            principal=self.principal,
            annual_rate=self.annual_rate,
            periods=self.periods,
            disbursed_on=self.disbursed_on,
            payments=self.payments,
            terms_rendered_at=shown,
            terms_dwell_seconds=self.dwell_seconds,
            terms_confirmed_at=shown + timedelta(seconds=self.dwell_seconds),
            **evidence,
        )

    def _cost_table_shown(self, customer_number: str, creditor: Creditor) -> dict[str, Any]:
        """From the day the law demands it the table was shown, but for every fortieth loan, which is to be found."""
        if self.disbursed_on < _COST_TABLE_FROM or int(self.number[-5:]) % 40 == 0:
            return {}
        rendered = datetime.combine(self.disbursed_on, time(9, 28), SHANGHAI)
        seconds = 6 + self.dwell_seconds % 40
        table = sample(
            self.product,
            (),
            principal=self.principal,
            periods=self.periods,
            on=self.disbursed_on,
            costs=cost_policy(on=self.disbursed_on),
            annual_rate=self.annual_rate,
            creditor=creditor,
            customer_number=customer_number,
        ).table
        return {
            "cost_rendered_at": rendered,
            "cost_dwell_seconds": seconds,
            "cost_confirmed_at": rendered + timedelta(seconds=seconds),
            "cost_table_hash": table.fingerprint(),
        }


def _plan(
    rng: random.Random, number: int, *, today: date, products: list[LoanProduct], now: datetime
) -> _Plan:
    kind = rng.choices(range(len(PRODUCTS)), weights=(70, 15, 15))[0]
    _code, _name, _method, rates, terms = PRODUCTS[kind]
    periods = rng.choice(terms)
    overdue = rng.random() < 0.30
    if overdue:
        days, paid = _overdue_age(rng, periods)
        disbursed_on = add_months(today - timedelta(days=days), -(paid + 1))
    else:
        paid = periods
        disbursed_on = today - timedelta(days=rng.randint(3, HISTORY_MONTHS * 30))
    principal = to_cents(Decimal(rng.choice(_AMOUNTS)))
    rate = Decimal(rng.choice(rates))
    schedule = build_schedule(
        principal=principal,
        annual_rate=rate,
        periods=periods,
        method=products[kind].method,  # type: ignore[arg-type]
        disbursed_on=disbursed_on,
    )
    loan_number = f"JB{disbursed_on:%Y%m%d}-{number:05d}"
    return _Plan(
        number=loan_number,
        product=products[kind],
        principal=principal,
        annual_rate=rate,
        periods=periods,
        disbursed_on=disbursed_on,
        payments=tuple(
            _payments(
                rng,
                loan_number,
                schedule,
                paid=paid,
                overdue=overdue,
                now=now,
                default_rate=min(rate * DEFAULT_MULTIPLE, _COURT_LINE),
            )
        ),
        dwell_seconds=rng.randint(8, 240),
    )


def _overdue_age(rng: random.Random, periods: int) -> tuple[int, int]:
    """Days past due of a loan that fell behind, and how many instalments were paid before."""
    _share, low, high = rng.choices(_AGEING, weights=[share for share, _low, _high in _AGEING])[0]
    days = rng.randint(low, high)
    most = max(min(periods - 1, HISTORY_MONTHS - days // 30 - 1), 0)
    return days, rng.randint(0, most)


def _payments(
    rng: random.Random,
    loan: str,
    schedule: list[Row],
    *,
    paid: int,
    overdue: bool,
    now: datetime,
    default_rate: Decimal,
) -> list[PaymentRow]:
    """What came in by ``now``: the first ``paid`` instalments, each near its due date, sometimes in two parts.

    Whoever pays late pays the default interest with it: without, a few cents would stay open for ever.
    """
    rows: list[PaymentRow] = []

    def receive(amount: Decimal, on: date) -> None:
        moment = start_of_day(on) + timedelta(minutes=rng.randint(7 * 60, 23 * 60))
        if amount > 0 and moment <= now:
            channel = rng.choices(RepaymentChannel.values, weights=(60, 30, 8, 2))[0]
            rows.append(PaymentRow(f"{loan}-{len(rows) + 1:02d}", moment, amount, channel))

    early = not overdue and rng.random() < 0.06
    for row in schedule[:paid]:
        if early and row.sequence == 3:
            receive(sum((one.amount for one in schedule[2:]), Decimal(0)), row.due_on - timedelta(days=6))
            return rows
        late = rng.choices((0, 1, 2, 5, 12), weights=(70, 8, 6, 4, 2))[0]
        # Whoever is said to be up to date today has paid whatever fell due by yesterday.
        if not overdue and start_of_day(row.due_on + timedelta(days=late + 2)) > now:
            late = 0
        if late > 2 and rng.random() < 0.3:
            half = to_cents(row.amount / 2)
            receive(half, row.due_on)
            rest = row.amount - half
            receive(
                rest + _penalty(min(rest, row.principal), default_rate, late),
                row.due_on + timedelta(days=late),
            )
        else:
            receive(
                row.amount + _penalty(row.principal, default_rate, late), row.due_on + timedelta(days=late)
            )
    if overdue and rng.random() < 0.2:
        stuck = schedule[paid]
        receive(
            to_cents(stuck.amount * rng.randint(1, 8) / 10), stuck.due_on + timedelta(days=rng.randint(0, 6))
        )
    return rows


def _penalty(principal: Decimal, rate: Decimal, days: int) -> Decimal:
    return to_cents(principal * rate * days / day_basis("equal"))


def _customer_number(position: int) -> str:
    return f"KH{position + 1:08d}"


def _borrower(rng: random.Random, position: int, *, today: date, first: date) -> BorrowerRow:
    birth = people.birth_date(rng, today=today)
    full_name = people.name(rng, birth=birth)
    home = people.address(rng)
    contacts = [
        ContactPersonRow(
            people.name(rng), rng.choice(people.RELATIONS), people.mobile(20_000_000 + position * 2 + which)
        )
        for which in range(rng.choices((0, 1, 2), weights=(25, 45, 30))[0])
    ]
    phones: list[PhoneRow] = []
    if rng.random() < 0.25:
        phones.append(
            PhoneRow(people.mobile(40_000_000 + position), NumberOwner.WORKPLACE, rng.random() < 0.2)
        )
    if rng.random() < 0.10:
        since = today - timedelta(days=rng.randint(5, 200))
        phones.append(PhoneRow(people.mobile(60_000_000 + position), NumberOwner.OWN, False, since))
    return BorrowerRow(
        customer_number=_customer_number(position),
        name=full_name,
        id_number=resident_id(birth, position),
        mobile=people.mobile(position),
        registered_at=start_of_day(first - timedelta(days=rng.randint(0, 400))) + timedelta(hours=10),
        email=f"kh{position + 1}@example.com" if rng.random() < 0.4 else "",
        address=home,
        service_address=home if rng.random() < 0.7 else people.address(rng),
        phones=phones,
        contact_persons=contacts,
        needs=_needs(rng, birth, today=today),
    )


def _needs(rng: random.Random, birth: date, *, today: date) -> list[NeedRow]:
    if (today - birth).days > 60 * 365:
        return [NeedRow(Need.ELDERLY, today - timedelta(days=rng.randint(30, 300)))]
    if rng.random() < 0.03:
        start = today - timedelta(days=rng.randint(1, 60))
        return [NeedRow(Need.GENTLE, start, start + timedelta(days=90))]
    return []


def _consents(
    rng: random.Random, borrowers: list[Borrower], creditors: list[Creditor], *, by: User, at: datetime
) -> None:
    """A few people who asked to be called later in the evening."""
    for borrower in rng.sample(borrowers, k=max(len(borrowers) // 100, 1)):
        services.record_contact_consent(
            borrower=borrower,
            creditor=rng.choice(creditors),
            channel=Channel.CALL,
            window_from=time(22, 0),
            window_to=time(22, 30),
            valid_from=at - timedelta(days=rng.randint(20, 200)),
            by=by,
            at=at,
        )
