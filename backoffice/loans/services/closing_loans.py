"""The close of day's step over the loan book: what time alone did to loans on the day, and what was to be reported.

Only loans whose ``next_event_on`` has come are read. Where nothing happened but time, the posted amounts say all
and each distinct situation is judged once, however many loans are in it. Loans with credit, and loans that stand
as of a later day (this close is late), are judged from their facts as they were at the end of the day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import F, Min, Q
from django.db.models.lookups import GreaterThan

from backoffice.audit.services import act, event_columns
from backoffice.core.bulk import insert_values, uncollected
from backoffice.core.history import bulk_update_with_history
from backoffice.loans.account import Account, Facts, derive
from backoffice.loans.ageing import Pause, Standing, standing
from backoffice.loans.choices import LoanState
from backoffice.loans.classification import Watch
from backoffice.loans.closing import take_reports
from backoffice.loans.ledger import Ledger, ledgers_of
from backoffice.loans.models import ClosedDay, Instalment, Loan, LoanEvent, PaymentPause
from backoffice.loans.policy import LoanPolicy, loan_policy
from backoffice.loans.posting import STANDING_COLUMNS
from backoffice.loans.services.accounts import (
    LOAN_COLUMNS,
    POSTED_COLUMNS,
    settle_standing,
    take_account,
    write_allocations,
)
from backoffice.loans.services.chunks import chunks
from backoffice.loans.signals import loans_restated
from backoffice.loans.spells import spells_of
from backoffice.staff.models import User

#: So many ids make a part: one transaction, small enough to wait for and large enough to be worth its statements.
WIDTH = 50_000
_DAY = timedelta(days=1)
_REPORTED = ("fell_overdue_on", "reported_class")
_COLUMNS = (*STANDING_COLUMNS, *_REPORTED)


class Touched(NamedTuple):
    """What a part of the close did: loans it touched, rows it wrote (changes, their history, events)."""

    things: int
    rows: int


@dataclass(slots=True)
class _Row:
    """A loan as the close needs it; the names are the columns'."""

    pk: int
    borrower_id: int
    dossier_id: int
    credit: Any
    schedule_version: int
    watched_until: date | None
    restructurings_in_watch: int
    oldest_unpaid_due_on: date | None
    delinquent_since: date | None
    overdue_spells: int
    overdue_kind: str
    risk_class: str
    next_event_on: date | None
    stood_on: date | None
    fell_overdue_on: date | None
    reported_class: str


_NAMES = tuple(one.name for one in fields(_Row))


class _Part(NamedTuple):
    """What the close of ``day`` has to look at, of the loans with ids from ``first`` to below ``end``."""

    day: date
    first: int = 0
    end: int | None = None

    def loans(self, path: str = "") -> Q:
        """The condition that finds them; ``path`` leads to the loan."""
        wanted = Q(**{f"{path}next_event_on__lte": self.day})
        rules, before = (loan_policy(on=one).ageing for one in (self.day, self.day - _DAY))
        if rules != before or not ClosedDay.objects.exists():
            # What other rules may judge otherwise; and at the first close of all, what nobody has reported yet.
            wanted |= Q(**{f"{path}oldest_unpaid_due_on__isnull": False})
            # Overdue on the day, though cured since.
            wanted |= Q(**{f"{path}fell_overdue_on__isnull": False}) | ~Q(**{f"{path}risk_class": "normal"})
        wanted &= Q(**{f"{path}disbursed_on__lte": self.day, f"{path}pk__gte": self.first})
        return wanted if self.end is None else wanted & Q(**{f"{path}pk__lt": self.end})


def loan_parts(*, day: date) -> list[int]:
    """The first ids of the parts of the book in which the close of ``day`` has something to do."""
    found = Loan.objects.filter(_Part(day).loans()).annotate(part=F("pk") / WIDTH)
    return [number * WIDTH for number in found.order_by("part").values_list("part", flat=True).distinct()]


def close_loans(*, first_id: int, day: date, by: User, at: datetime) -> Touched:
    """Close ``day`` for the loans with ids from ``first_id`` on (one part), in one transaction.

    Writes standings with history and events. The caller sees to it that a part is done once.
    """
    with act(by=by, at=at, code="loan.day_closed"), uncollected():
        part = _Part(day, first_id, first_id + WIDTH)
        batch = _Batch(day=day, policy=loan_policy(on=day))
        # Readers wait for nobody; a service that has the loan is waited for, and what it wrote is read.
        found = Loan.objects.filter(part.loans()).order_by("pk")
        locked = found.select_for_update(no_key=True).values_list(*_NAMES)
        rows = [_Row(*values) for values in locked]
        quick: list[_Row] = []
        special: list[_Row] = []
        for row in rows:
            late = row.stood_on is not None and row.stood_on > day
            (special if late or row.credit else quick).append(row)
        batch.by_time_alone(quick, part)
        batch.from_facts([row.pk for row in special])
        written = batch.write(at=at)
        if batch.restated:
            loans_restated.send(sender=Loan, loans=batch.restated, by=by, at=at)
    return Touched(len(rows), written)


@dataclass(slots=True)
class _Batch:
    """What becomes rows, gathered loan by loan and written table by table."""

    day: date
    policy: LoanPolicy
    moved: list[_Row] = field(default_factory=list)
    waiting: list[Loan] = field(default_factory=list)
    restated: list[Loan] = field(default_factory=list)
    accounts: list[tuple[Ledger, Account]] = field(default_factory=list)
    instalments: list[Instalment] = field(default_factory=list)
    events: list[tuple[Any, ...]] = field(default_factory=list)

    def by_time_alone(self, rows: Sequence[_Row], part: _Part) -> None:
        """Loans of the part on which nothing happened since they stood, but time."""
        unpaid, pauses = _unpaid(rows, self.day), _pauses(part)
        judged: dict[object, Standing] = {}
        for row in rows:
            oldest, upcoming = unpaid.get(row.pk, (None, None))
            rests = tuple(pauses.get(row.pk, ()))
            watch = (row.watched_until, row.restructurings_in_watch)
            in_spell = row.oldest_unpaid_due_on is not None
            situation = (oldest, upcoming, rests, watch, row.overdue_spells, in_spell)
            stands = judged.get(situation)
            if stands is None:
                stands = judged[situation] = standing(
                    on=self.day,
                    unpaid_due_days=[one for one in (oldest, upcoming) if one is not None],
                    spells=row.overdue_spells,
                    policy=self.policy.ageing,
                    pauses=rests,
                    watch=Watch(*watch),
                    in_spell=in_spell,
                )
            row.oldest_unpaid_due_on = stands.oldest_unpaid_due_on
            row.delinquent_since = stands.delinquent_since
            row.overdue_spells = stands.overdue_spells
            row.overdue_kind = stands.overdue_kind
            row.risk_class = stands.risk_class
            row.next_event_on = stands.next_event_on
            row.stood_on = self.day
            self._report(row, stands)
            self.moved.append(row)

    def from_facts(self, ids: Sequence[int]) -> None:
        """Loans whose facts have to be read: with credit, or standing as of a later day."""
        for part in chunks(ids):
            loans = Loan.objects.select_related("product").filter(pk__in=part).order_by("pk")
            for ledger in ledgers_of(list(loans)).values():
                facts = ledger.facts()
                account = derive(facts, on=self.day)
                if ledger.loan.stood_on is not None and ledger.loan.stood_on > self.day:
                    self._late(ledger, facts, account)
                else:
                    self._restate(ledger, account)

    def _late(self, ledger: Ledger, facts: Facts, account: Account) -> None:
        """What is stored holds for a later day and stays; only what this day had to report is reported."""
        loan = ledger.loan
        stands = standing(
            on=self.day,
            unpaid_due_days=[row.due_on for row in account.rows if row.contract_open],
            spells=spells_of(account),
            policy=self.policy.ageing,
            pauses=ledger.count_pauses,
            watch=self._watch(ledger),
        )
        self._report(loan, stands)
        turns = [*_later(facts, self.day), loan.stood_on, stands.next_event_on]
        loan.next_event_on = min(turn for turn in turns if turn is not None)
        self.waiting.append(loan)

    def _watch(self, ledger: Ledger) -> Watch:
        """The watch as it was on the day: as stored, unless a later change has begun it anew."""
        if all(day <= self.day for day in ledger.restructured_on):
            return Watch(ledger.loan.watched_until, ledger.loan.restructurings_in_watch)
        return ledger.watch(on=self.day, months=self.policy.ageing.watch_months)

    def _restate(self, ledger: Ledger, account: Account) -> None:
        """The credit may have paid what fell due."""
        loan, before = ledger.loan, ledger.loan.state
        self.instalments += take_account(ledger, account)
        self.accounts.append((ledger, account))
        settle_standing(ledger, account, on=self.day, policy=self.policy, closing=True)
        if loan.state != before and loan.state == LoanState.SETTLED:
            self._event("loan_settled", loan, {"day": self.day.isoformat()})
        self._report(
            loan,
            Standing(
                oldest_unpaid_due_on=loan.oldest_unpaid_due_on,
                delinquent_since=loan.delinquent_since,
                overdue_kind=loan.overdue_kind,  # type: ignore[arg-type]
                risk_class=loan.risk_class,  # type: ignore[arg-type]
                overdue_spells=loan.overdue_spells,
                next_event_on=loan.next_event_on,
            ),
        )
        self.restated.append(loan)

    def _report(self, loan: _Row | Loan, stands: Standing) -> None:
        for kind, data in take_reports(loan, stands, on=self.day):
            self._event(kind, loan, data)

    def _event(self, kind: str, loan: _Row | Loan, data: Mapping[str, object]) -> None:
        self.events.append((kind, loan.dossier_id, loan.borrower_id, loan.pk, data))

    def write(self, *, at: datetime) -> int:
        """Write everything; answers the number of rows, history among them."""
        allocated = write_allocations(self.accounts, at=at, cause="credit")
        bulk_update_with_history(Instalment, self.instalments, POSTED_COLUMNS)
        bulk_update_with_history(Loan, self.moved, _COLUMNS, changed=True)
        bulk_update_with_history(Loan, self.waiting, ("next_event_on", *_REPORTED))
        bulk_update_with_history(Loan, self.restated, (*LOAN_COLUMNS, *_REPORTED))
        columns = event_columns(at=at)
        columns["actor_id"] = columns.pop("actor").pk
        insert_values(
            LoanEvent,
            ("kind", "dossier_id", "borrower_id", "loan_id", "data", *columns),
            [(*row, *columns.values()) for row in self.events],
        )
        loans = len(self.moved) + len(self.waiting) + len(self.restated)
        return 2 * (loans + len(self.instalments)) + allocated + len(self.events)


def _unpaid(rows: Sequence[_Row], day: date) -> dict[int, tuple[date | None, date | None]]:
    """The due days of each loan's oldest unpaid instalment, and of its first unpaid one due on ``day`` or later."""
    due = F("principal_due") + F("interest_due") + F("fee_due")
    paid = F("principal_paid") + F("interest_paid") + F("fee_paid")
    versions = {row.pk: row.schedule_version for row in rows}
    found: dict[int, tuple[date | None, date | None]] = {}
    for part in chunks(list(versions)):
        # Of every version: joined to the loan for the one in force, each loan would be read twice.
        open_ones = (
            Instalment.objects.filter(GreaterThan(due, paid), loan__in=part)
            .order_by()
            .values_list("loan", "schedule_version")
            .annotate(oldest=Min("due_on"), upcoming=Min("due_on", filter=Q(due_on__gte=day)))
        )
        for loan_id, version, oldest, upcoming in open_ones:
            if version == versions[loan_id]:
                found[loan_id] = (oldest, upcoming)
    return found


def _pauses(part: _Part) -> dict[int, list[Pause]]:
    """The pauses that take days off the delinquent days, by loan."""
    found: dict[int, list[Pause]] = {}
    pauses = PaymentPause.objects.filter(part.loans("loan__"), stops_count=True).order_by("from_on", "pk")
    for loan_id, from_on, until in pauses.values_list("loan", "from_on", "until"):
        found.setdefault(loan_id, []).append(Pause(from_on, until))
    return found


def _later(facts: Facts, day: date) -> Iterable[date]:
    """The days after ``day`` on which something is known to have happened."""
    days = [
        *(one.on for one in facts.receipts),
        *(one.on for one in facts.reliefs),
        *(one.on for one in facts.costs),
        *(one.effective_on for one in facts.versions),
    ]
    return [one for one in days if one > day]
