"""The close of day's step over the loan book: what time alone did to loans on the day, and what was to be reported.

Only loans whose ``next_event_on`` has come are read. Where nothing happened but time, the posted amounts say all
and one loan of each lot that is alike is judged for all of it, however many they are. Loans with credit, and loans
that stand as of a later day (this close is late), are judged from their facts as they were at the end of the day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import F, Min, Q, QuerySet
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
from backoffice.loans.services.closing_alike import Lots, lots
from backoffice.loans.signals import loans_restated
from backoffice.loans.spells import spells_of
from backoffice.staff.models import User

#: So many ids make a part: one transaction, small enough to wait for and large enough to be worth its statements.
WIDTH = 125_000
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


def _part(day: date, first: int, *, all_are_judged: bool) -> QuerySet[Loan]:
    """What the close of ``day`` has to look at, of the part that begins with the id ``first``."""
    wanted = Q(next_event_on__lte=day)
    if all_are_judged:
        # What other rules may judge otherwise; what nobody has reported yet; overdue on the day, though cured since.
        wanted |= Q(oldest_unpaid_due_on__isnull=False)
        wanted |= Q(fell_overdue_on__isnull=False) | ~Q(risk_class="normal")
    return Loan.objects.filter(wanted, disbursed_on__lte=day, pk__gte=first, pk__lt=first + WIDTH)


def _all_are_judged(day: date) -> bool:
    """Whether the close of ``day`` looks at what was overdue before: new rules begin, or nothing was closed yet."""
    rules, before = (loan_policy(on=one).ageing for one in (day, day - _DAY))
    return rules != before or not ClosedDay.objects.exists()


def loan_parts(*, day: date) -> list[int]:
    """The first ids of the parts of the book in which the close of ``day`` may have something to do."""
    loans = Loan.objects.all()
    if not _all_are_judged(day):
        # By the index alone: which of them were paid out by then, each part sees when it reads them.
        loans = loans.filter(next_event_on__lte=day)
    found = loans.annotate(part=F("pk") / WIDTH).order_by("part").values_list("part", flat=True)
    return [number * WIDTH for number in found.distinct()]


def close_loans(*, first_id: int, day: date, by: User, at: datetime) -> Touched:
    """Close ``day`` for the loans with ids from ``first_id`` on (one part), in one transaction.

    Writes standings with history and events. The caller sees to it that a part is done once.
    """
    with act(by=by, at=at, code="loan.day_closed"), uncollected():
        all_are_judged = _all_are_judged(day)
        with lots(_part(day, first_id, all_are_judged=all_are_judged), day=day) as found:
            if not found:
                return Touched(0, 0)
            batch = _Batch(day=day, policy=loan_policy(on=day), lots=found, all_are_judged=all_are_judged)
            batch.by_time_alone()
            batch.from_facts()
            written = batch.write(at=at)
        if batch.restated:
            loans_restated.send(sender=Loan, loans=batch.restated, cause="credit", by=by, at=at)
    return Touched(len(found), written)


@dataclass(slots=True)
class _Batch:
    """What becomes rows, gathered loan by loan and written table by table."""

    day: date
    policy: LoanPolicy
    lots: Lots
    all_are_judged: bool
    moved: list[_Row] = field(default_factory=list)
    waiting: list[Loan] = field(default_factory=list)
    restated: list[Loan] = field(default_factory=list)
    accounts: list[tuple[Ledger, Account]] = field(default_factory=list)
    instalments: list[Instalment] = field(default_factory=list)
    events: list[tuple[Any, ...]] = field(default_factory=list)

    def by_time_alone(self) -> None:
        """Loans on which nothing happened since they stood, but time: one of each lot is judged for all of it."""
        rows = [
            _Row(*values)
            for part in chunks(list(self.lots.alike))
            for values in Loan.objects.filter(pk__in=part).order_by("pk").values_list(*_NAMES)
        ]
        unpaid, pauses = _unpaid(rows, self.day), _pauses([row.pk for row in rows])
        for row in rows:
            stands = standing(
                on=self.day,
                unpaid_due_days=[one for one in unpaid.get(row.pk, ()) if one is not None],
                spells=row.overdue_spells,
                policy=self.policy.ageing,
                pauses=pauses.get(row.pk, ()),
                watch=Watch(row.watched_until, row.restructurings_in_watch),
                in_spell=row.oldest_unpaid_due_on is not None,
            )
            row.oldest_unpaid_due_on = stands.oldest_unpaid_due_on
            row.delinquent_since = stands.delinquent_since
            row.overdue_spells = stands.overdue_spells
            row.overdue_kind = stands.overdue_kind
            row.risk_class = stands.risk_class
            row.next_event_on = stands.next_event_on
            row.stood_on = self.day
            for kind, data in take_reports(row, stands, on=self.day):
                self.events += [
                    (kind, one.dossier_id, one.borrower_id, one.pk, data) for one in self.lots.alike[row.pk]
                ]
            self.moved.append(row)

    def from_facts(self) -> None:
        """Loans whose facts have to be read: with credit, or standing as of a later day."""
        for part in chunks(self.lots.single):
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

    def _report(self, loan: Loan, stands: Standing) -> None:
        for kind, data in take_reports(loan, stands, on=self.day):
            self._event(kind, loan, data)

    def _event(self, kind: str, loan: Loan, data: Mapping[str, object]) -> None:
        self.events.append((kind, loan.dossier_id, loan.borrower_id, loan.pk, data))

    def write(self, *, at: datetime) -> int:
        """Write everything; answers the number of rows, history among them."""
        allocated = write_allocations(self.accounts, at=at, cause="credit")
        bulk_update_with_history(Instalment, self.instalments, POSTED_COLUMNS)
        # Only where new rules begin may a loan stand as it did, on the day on which it stood.
        changed = not self.all_are_judged
        bulk_update_with_history(Loan, self.moved, _COLUMNS, changed=changed, alike=self.lots.table)
        bulk_update_with_history(Loan, self.waiting, ("next_event_on", *_REPORTED))
        bulk_update_with_history(Loan, self.restated, (*LOAN_COLUMNS, *_REPORTED))
        columns = event_columns(at=at)
        columns["actor_id"] = columns.pop("actor").pk
        insert_values(
            LoanEvent,
            ("kind", "dossier_id", "borrower_id", "loan_id", "data", *columns),
            [(*row, *columns.values()) for row in self.events],
        )
        loans = len(self.lots)
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


def _pauses(ids: Sequence[int]) -> dict[int, list[Pause]]:
    """The pauses that take days off the delinquent days, by loan."""
    found: dict[int, list[Pause]] = {}
    for part in chunks(ids):
        pauses = PaymentPause.objects.filter(loan__in=part, stops_count=True).order_by("from_on", "pk")
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
