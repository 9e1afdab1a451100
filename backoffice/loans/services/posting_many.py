"""Putting many new repayments on their loans at once, as ``restate`` does it for one.

A plain loan whose new payments come after all its facts goes on from its posted amounts (``loans.onward``); every
other one is derived from all its facts. The callers hold the locks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import router
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.utils import timezone

from backoffice.audit.services import event_columns
from backoffice.core.bulk import insert_values
from backoffice.core.history import bulk_update_with_history
from backoffice.core.money import ZERO
from backoffice.core.time import business_day
from backoffice.loans import onward
from backoffice.loans.account import Account, Receipt, anything_owed, derive
from backoffice.loans.allocation import Share
from backoffice.loans.choices import ChangeState, LoanState
from backoffice.loans.conventions import allocation_rule, day_count
from backoffice.loans.default_interest import day_basis
from backoffice.loans.importing import Imported, RepaymentRow
from backoffice.loans.ledger import Ledger, ledgers_of
from backoffice.loans.models import (
    Charge,
    Instalment,
    Loan,
    LoanEvent,
    PaymentPause,
    PostingRun,
    Repayment,
    RepaymentAllocation,
    ScheduleChange,
    Waiver,
)
from backoffice.loans.policy import LoanPolicy, loan_policy
from backoffice.loans.posting import take_standing
from backoffice.loans.schedule import ROUNDINGS
from backoffice.loans.services.accounts import (
    LOAN_COLUMNS,
    POSTED_COLUMNS,
    settle_standing,
    take_account,
    write_allocations,
)
from backoffice.loans.services.chunks import chunks
from backoffice.loans.services.repayments import LoanNotOpen
from backoffice.loans.signals import loans_restated, repayment_posted
from backoffice.staff.models import User

#: Repayments of one loan with their positions in the file, in the order of receipt.
Coming = Sequence[tuple[int, RepaymentRow]]
#: What going on from the posted amounts may write of an instalment.
LINE_COLUMNS = ("principal_paid", "interest_paid", "fee_paid", "penalty_paid", "penalty_due")
#: So far ahead are instalments read at first.
AHEAD = timedelta(days=45)
_LINE = (
    *("pk", "sequence", "due_on", "principal_due", "interest_due", "fee_due", "penalty_due"),
    *("principal_paid", "interest_paid", "fee_paid", "penalty_paid"),
)


def post_many(
    new: Sequence[tuple[int, Loan, RepaymentRow]], result: Imported[Repayment], *, by: User, at: datetime
) -> None:
    """Put new repayments on their loans and write everything that follows: allocations, posted amounts, standings,
    states, history, events; then tell. ``new`` are in the order of receipt, with their positions in the file;
    ``result`` takes what was created or refused, and the money.
    """
    coming: dict[int, tuple[Loan, list[tuple[int, RepaymentRow]]]] = {}
    for position, loan, row in new:
        coming.setdefault(loan.pk, (loan, []))[1].append((position, row))
    batch = _Batch(result, on=business_day(at))
    batch.derive(batch.go_on(list(coming.values())))
    for repayment in batch.write(at=at):
        repayment_posted.send(sender=Loan, loan=repayment.loan, repayment=repayment, by=by, at=at)
    if batch.loans:
        loans_restated.send(sender=Loan, loans=batch.loans, cause="repayment", by=by, at=at)


@dataclass(slots=True)
class _Batch:
    """What becomes rows, gathered loan by loan and written table by table. Repayments are known by their positions
    until they have ids."""

    result: Imported[Repayment]
    on: date
    policy: LoanPolicy = field(init=False)
    taken: list[tuple[int, Loan, RepaymentRow]] = field(default_factory=list)
    shares: list[tuple[int, int, Share]] = field(default_factory=list)
    lines: list[onward.Line] = field(default_factory=list)
    accounts: list[tuple[Ledger, Account]] = field(default_factory=list)
    changed: list[Instalment] = field(default_factory=list)
    loans: list[Loan] = field(default_factory=list)
    moved: list[Loan] = field(default_factory=list)
    settled: list[Loan] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.policy = loan_policy(on=self.on)

    # --- from the posted amounts ---

    def go_on(self, rest: Sequence[tuple[Loan, Coming]]) -> Sequence[tuple[Loan, Coming]]:
        """Everything that can go on from what is posted; answers the rest."""
        # Most payments are about the next instalments only, and reading the others would be half of the work.
        for until in (self.on + AHEAD, None):
            left: list[tuple[Loan, Coming]] = []
            for part in chunks(rest):
                positions = _positions([loan for loan, _coming in part], until=until)
                for loan, coming in part:
                    position = positions.get(loan.pk)
                    if position is None or not self._goes_on(loan, position, coming):
                        left.append((loan, coming))
            rest = left
        return rest

    def _goes_on(self, loan: Loan, position: onward.Position, coming: Coming) -> bool:
        first_on = business_day(coming[0][1].received_at)
        if not onward.may_go_on(position, first_on=first_on, on=self.on):
            return False
        onward.set_out(position, first_on=first_on)
        pk, shares = loan.pk, []
        for number, row in coming:
            parts = onward.put(position, amount=row.amount, on=business_day(row.received_at))
            if parts is None:
                return False
            shares += [(pk, number, part) for part in parts]
        onward.finish(position, on=self.on)
        if not position.whole and not any(
            line.due_on >= self.on for line in position.lines if line.contract_open
        ):
            # What comes next is beyond what was read.
            return False
        if position.settled:
            loan.state, loan.settled_on = LoanState.SETTLED, business_day(coming[-1][1].received_at)
            self.settled.append(loan)
        # Lines have the names of the instalments' columns.
        lines: Any = position.lines
        moved = take_standing(loan, lines, on=self.on, policy=self.policy, spells=position.spells)
        if moved or position.settled:
            self.moved.append(loan)
        self.loans.append(loan)
        self.taken += [(number, loan, row) for number, row in coming]
        self.shares += shares
        self.lines += position.touched.values()
        allocated = self.result.money.allocated
        for _pk, _number, share in shares:
            allocated[share.component] = allocated.get(share.component, ZERO) + share.amount
        return True

    # --- from all facts ---

    def derive(self, rest: Sequence[tuple[Loan, Coming]]) -> None:
        """The accounts of loans that cannot go on from what is posted."""
        ledgers = ledgers_of([loan for loan, _coming in rest])
        for loan, coming in rest:
            ledger, before = ledgers[loan.pk], loan.state
            known = [business_day(one.received_at) for one in ledger.repayments]
            account, kept = self._account(ledger, coming)
            if kept and known and business_day(kept[0][1].received_at) < max(known):
                self.result.money.derived_anew.add(loan.pk)
            self.accounts.append((ledger, account))
            self.taken += [(number, loan, row) for number, row in kept]
            self.loans.append(loan)
            self.changed += take_account(ledger, account)
            if settle_standing(ledger, account, on=self.on, policy=self.policy):
                self.moved.append(loan)
            if loan.state == LoanState.SETTLED and loan.state != before:
                self.settled.append(loan)

    def _account(self, ledger: Ledger, coming: Coming) -> tuple[Account, Coming]:
        """The account with what comes. What nothing at all was owed for is refused, as it would be alone."""
        facts, money = ledger.facts(), self.result.money
        receipts = tuple(
            Receipt(
                _key(number), business_day(one.received_at), one.amount, (one.received_at, one.external_id)
            )
            for number, one in coming
        )
        account = derive(
            replace(facts, receipts=(*facts.receipts, *receipts)), on=max(self.on, ledger.loan.disbursed_on)
        )
        late = {
            one.key
            for one in receipts
            if account.settled
            and account.surplus.get(one.key) == one.amount
            and not anything_owed(account.facts, one)
        }
        self.result.refused += [(number, LoanNotOpen()) for number, _one in coming if _key(number) in late]
        kept = [(number, one) for number, one in coming if _key(number) not in late]
        names = {_key(number) for number, _one in kept}
        for share in account.shares:
            if share.receipt in names:
                money.allocated[share.component] = money.allocated.get(share.component, ZERO) + share.amount
        for number, _one in kept:
            if account.surplus.get(_key(number)):
                money.surplus[number] = account.surplus[_key(number)]
        surplus = {key: amount for key, amount in account.surplus.items() if key not in late}
        return replace(account, surplus=surplus), kept

    # --- tables ---

    def write(self, *, at: datetime) -> list[Repayment]:
        self.taken.sort(key=lambda one: (one[2].received_at, one[2].external_id))
        repayments = self._insert_repayments()
        ids = {number: one.pk for (number, _loan, _row), one in zip(self.taken, repayments, strict=True)}
        self._insert_shares(ids, at=at)
        named = {_key(number): pk for number, pk in ids.items()}
        write_allocations(
            [(ledger, _named(account, named)) for ledger, account in self.accounts], at=at, cause="import"
        )
        bulk_update_with_history(Instalment, self.lines, LINE_COLUMNS, changed=True)
        bulk_update_with_history(Instalment, self.changed, POSTED_COLUMNS, changed=True)
        bulk_update_with_history(Loan, self.moved, LOAN_COLUMNS, changed=True)
        self._insert_events(ids, at=at)
        result = self.result
        result.created += repayments
        result.positions += ids
        result.money.loans.update(loan.pk for loan in self.loans)
        result.money.settled.update(loan.pk for loan in self.settled)
        return repayments

    def _insert_repayments(self) -> list[Repayment]:
        names = ("loan_id", "creditor_id", "external_id", "received_at", "amount", "channel", "recorded_at")
        now = timezone.now()
        rows = [
            (loan.pk, loan.creditor_id, row.external_id, row.received_at, row.amount, row.channel, now)
            for _number, loan, row in self.taken
        ]
        keys = insert_values(Repayment, names, rows, keys=True)
        made = []
        alias = router.db_for_write(Repayment)
        for key, values, (_number, loan, _row) in zip(keys, rows, self.taken, strict=True):
            one = Repayment.from_db(alias, ("id", *names), (key, *values))
            one.loan = loan
            made.append(one)
        return made

    def _insert_shares(self, ids: dict[int, int], *, at: datetime) -> None:
        loan_ids = list(dict.fromkeys(pk for pk, _number, _share in self.shares))
        runs = insert_values(
            PostingRun,
            ("loan_id", "posted_at", "cause"),
            [(pk, at, "import") for pk in loan_ids],
            keys=True,
        )
        run_of = dict(zip(loan_ids, runs, strict=True))
        insert_values(
            RepaymentAllocation,
            ("posting_run_id", "repayment_id", "instalment_id", "component", "amount"),
            [(run_of[pk], ids[number], *share) for pk, number, share in self.shares],
        )

    def _insert_events(self, ids: dict[int, int], *, at: datetime) -> None:
        columns, surplus = event_columns(at=at), self.result.money.surplus
        columns["actor_id"] = columns.pop("actor").pk
        rows: list[tuple[Any, ...]] = []
        for number, loan, row in self.taken:
            data = {
                "repayment": ids[number],
                "amount": str(row.amount),
                "surplus": str(surplus.get(number, ZERO)),
            }
            rows.append(("repayment_posted", loan.dossier_id, loan.borrower_id, loan.pk, data))
        rows += [("loan_settled", one.dossier_id, one.borrower_id, one.pk, {}) for one in self.settled]
        insert_values(
            LoanEvent,
            ("kind", "dossier_id", "borrower_id", "loan_id", "data", *columns),
            [(*row, *columns.values()) for row in rows],
        )


def _positions(loans: Sequence[Loan], *, until: date | None) -> dict[int, onward.Position]:
    """Where the plain ones among these loans stand: one schedule, nothing waived, paused or charged, no credit.

    With ``until``, instalments due later are left out, and loans that need more than the first ones.
    """
    plain = {
        loan.pk: loan
        for loan in loans
        if loan.state == LoanState.ACTIVE
        and loan.schedule_version == 1
        and not loan.credit
        and not loan.product.daily_interest
    }
    last: dict[int, datetime | None] = {}
    for pk, special, received_at in _facts(list(plain)):
        if special:
            del plain[pk]
        else:
            last[pk] = received_at
    lines: dict[int, list[Sequence[object]]] = {pk: [] for pk in plain}
    something_open = Q(principal_paid__lt=F("principal_due")) | Q(interest_paid__lt=F("interest_due"))
    something_open |= Q(fee_paid__lt=F("fee_due")) | Q(penalty_paid__lt=F("penalty_due"))
    within = Instalment.objects.filter(something_open, loan__pk__one_of=list(plain))
    if until is not None:
        within = within.filter(due_on__lte=until)
    for pk, *row in within.values_list("loan", *_LINE):
        lines[pk].append(row)
    terms: dict[tuple[Any, ...], onward.Terms] = {}
    found = {}
    for pk, loan in plain.items():
        received_at = last[pk]
        kind = (loan.product_id, loan.default_rate, loan.day_count, loan.rounding)
        if kind not in terms:
            terms[kind] = onward.Terms(
                rule=allocation_rule(loan.product),
                default_rate=loan.default_rate,
                basis=day_basis(day_count(loan.day_count)),
                rounding=ROUNDINGS[loan.rounding],
            )
        if until is not None and not terms[kind].in_order_of_dues:
            continue
        found[pk] = onward.Position(
            terms=terms[kind],
            whole=until is None,
            lines=onward.lines_of(lines[pk]),
            last_on=max(loan.disbursed_on, business_day(received_at)) if received_at else loan.disbursed_on,
            spells=loan.overdue_spells,
            oldest_unpaid=loan.oldest_unpaid_due_on,
        )
    return found


def _facts(ids: Sequence[int]) -> Any:
    """Of each of these loans: its id, whether something was agreed, waived, charged or paused on it, and when money
    was last received."""
    of_loan = {"loan": OuterRef("pk")}
    special = Q(Exists(ScheduleChange.objects.filter(**of_loan, state=ChangeState.APPLIED)))
    for model in (Waiver, Charge, PaymentPause):
        special |= Q(Exists(model._default_manager.filter(**of_loan)))
    latest = Repayment.objects.filter(**of_loan).order_by("-received_at").values("received_at")[:1]
    loans = Loan.objects.filter(pk__one_of=ids).annotate(special=special, received_at=Subquery(latest))
    return loans.values_list("pk", "special", "received_at")


def _key(number: int) -> int:
    """The name in the account of the repayment at this position, before it has an id."""
    return -1 - number


def _named(account: Account, ids: dict[int, int]) -> Account:
    """The account with the ids that its new repayments have got by now."""
    return replace(
        account,
        shares=tuple(replace(one, receipt=ids.get(one.receipt, one.receipt)) for one in account.shares),
    )
