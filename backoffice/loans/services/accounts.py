"""Writing down what a loan's facts make of it: the one place where posted amounts and the standing come from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from backoffice.audit.services import Act
from backoffice.core.bulk import insert_rows
from backoffice.core.history import bulk_create_with_history, bulk_update_with_history
from backoffice.core.money import ZERO
from backoffice.core.time import business_day
from backoffice.loans.account import COMPONENTS, Account, AccountRow, derive
from backoffice.loans.choices import LoanState
from backoffice.loans.ledger import Ledger, ledger_of
from backoffice.loans.models import Instalment, Loan, LoanEvent, PostingRun, RepaymentAllocation
from backoffice.loans.policy import LoanPolicy, loan_policy
from backoffice.loans.posting import STANDING_COLUMNS, take_standing
from backoffice.loans.signals import loans_restated
from backoffice.loans.spells import spells_of

#: What a restatement may write of an instalment.
POSTED_COLUMNS = (
    *(f"{name}_{side}" for name in COMPONENTS for side in ("due", "paid")),
    "planned_principal",
    "planned_interest",
    "planned_fee",
)
#: What a restatement may write of a loan.
LOAN_COLUMNS = ("state", "credit", "settled_on", "schedule_version", *STANDING_COLUMNS)
#: The parts whose plan is kept where something else became of it.
_PLANNED = ("principal", "interest", "fee")


def restate(
    loan: Loan, *, frame: Act, cause: str, new: Sequence[Instalment] = (), changed: bool = False
) -> Account:
    """Derive the account of ``loan`` from its facts as of the business day of the act and write what changed.

    Writes the posted columns of the instalments in force, the standing and state of the loan, and negating and new
    allocations in one posting run named ``cause``. A loan that owes nothing any more is settled, one that owes again
    is active or written off again; both leave an event. Sends ``loans_restated``. The caller holds the locks (borrower,
    then loan) and has written the new facts; ``loan`` carries what was written. ``new`` are the unsaved instalments of
    a new schedule version, ``changed`` says that the caller set other columns of the loan: both are written here.
    """
    day = max(business_day(frame.at), loan.disbursed_on)
    ledger = ledger_of(loan)
    ledger.instalments += new
    account = derive(ledger.facts(), on=day)
    posted = [one for one in take_account(ledger, account) if one not in new]
    bulk_create_with_history(Instalment, new)
    bulk_update_with_history(Instalment, posted, POSTED_COLUMNS)
    write_allocations([(ledger, account)], at=frame.at, cause=cause)
    before = loan.state
    if settle_standing(ledger, account, on=day, policy=loan_policy(on=day)) or changed:
        loan.save()
    if loan.state != before:
        kind = "loan_settled" if loan.state == LoanState.SETTLED else "loan_reopened"
        frame.record(LoanEvent, kind, dossier=loan.dossier, borrower_id=loan.borrower_id, loan=loan)
    loans_restated.send(sender=Loan, loans=[loan], cause=cause, by=frame.by, at=frame.at)
    return account


def take_account(ledger: Ledger, account: Account) -> list[Instalment]:
    """Set the posted amounts on the instalments in force; answers those that changed. Nothing is saved."""
    by_sequence = {one.sequence: one for one in ledger.version(account.version.number)}
    changed = []
    for row in account.rows:
        instalment = by_sequence[row.sequence]
        if _take_row(instalment, row):
            changed.append(instalment)
    return changed


def _take_row(instalment: Instalment, row: AccountRow) -> bool:
    changed = False
    for name in COMPONENTS:
        due, paid, amount = f"{name}_due", f"{name}_paid", row.due[name]
        if name == "penalty" and row.open("principal"):
            # It runs on by formula; posted is what was paid of it, or carried over into this instalment.
            amount = max(row.paid[name], instalment.penalty_carried)
        if getattr(instalment, due) != amount:
            if name in _PLANNED and getattr(instalment, f"planned_{name}") is None:
                setattr(instalment, f"planned_{name}", getattr(instalment, due))
            setattr(instalment, due, amount)
            changed = True
        if getattr(instalment, paid) != row.paid[name]:
            setattr(instalment, paid, row.paid[name])
            changed = True
    return changed


def settle_standing(
    ledger: Ledger, account: Account, *, on: date, policy: LoanPolicy, closing: bool = False
) -> bool:
    """Set state, credit and standing on the loan; answers whether anything changed. Nothing is saved."""
    loan = ledger.loan
    before = (loan.state, loan.credit, loan.settled_on, loan.schedule_version)
    loan.credit = sum(account.surplus.values(), ZERO)
    # An early settlement whose money is gone has never held: the schedule before it is in force.
    loan.schedule_version = account.version.number
    if account.settled and loan.state != LoanState.ASSIGNED:
        loan.state = LoanState.SETTLED
        loan.settled_on = _last_paid(account) or loan.settled_on or on
    elif not account.settled and loan.state == LoanState.SETTLED:
        # What was written off before it was paid is written off again.
        loan.state = LoanState.ACTIVE if loan.written_off_on is None else LoanState.WRITTEN_OFF
        loan.settled_on = None
    moved = take_standing(
        loan,
        ledger.version(account.version.number),
        on=on,
        policy=policy,
        spells=spells_of(account),
        pauses=ledger.count_pauses,
        closing=closing,
    )
    return moved or before != (loan.state, loan.credit, loan.settled_on, loan.schedule_version)


def _last_paid(account: Account) -> date | None:
    return max((part.on for row in account.rows for part in row.parts), default=None)


def write_allocations(accounts: Sequence[tuple[Ledger, Account]], *, at: datetime, cause: str) -> int:
    """Bring the allocations of these loans in step with their accounts: negating and new rows, one posting run each.

    Answers the number of rows written; a loan whose allocations agree gets no run.
    """
    present = _present([ledger.loan.pk for ledger, _account in accounts])
    wanted: dict[int, list[tuple[int, int, str, Decimal]]] = {}
    for ledger, account in accounts:
        of = {(one.schedule_version, one.sequence): one.pk for one in ledger.instalments}
        difference = present.pop(ledger.loan.pk, {})
        difference = {key: -amount for key, amount in difference.items()}
        for share in account.shares:
            key = (share.receipt, of[share.version, share.sequence], share.component)
            difference[key] = difference.get(key, ZERO) + share.amount
        rows = [(*key, amount) for key, amount in difference.items() if amount]
        if rows:
            # What is taken back stands before what is given.
            wanted[ledger.loan.pk] = sorted(rows, key=lambda one: one[3] > 0)
    runs = insert_rows(
        PostingRun, [PostingRun(loan_id=loan_id, posted_at=at, cause=cause) for loan_id in wanted]
    )
    rows_written = insert_rows(
        RepaymentAllocation,
        [
            RepaymentAllocation(
                posting_run=run,
                repayment_id=repayment_id,
                instalment_id=instalment_id,
                component=component,
                amount=amount,
            )
            for run in runs
            for repayment_id, instalment_id, component, amount in wanted[run.loan_id]
        ],
    )
    return len(rows_written)


def _present(loan_ids: Iterable[int]) -> dict[int, dict[tuple[int, int, str], Decimal]]:
    found: dict[int, dict[tuple[int, int, str], Decimal]] = {}
    rows: Any = RepaymentAllocation.objects.filter(posting_run__loan__in=list(loan_ids)).values_list(
        "posting_run__loan", "repayment", "instalment", "component", "amount"
    )
    for loan_id, repayment_id, instalment_id, component, amount in rows:
        key = (repayment_id, instalment_id, component)
        of_loan = found.setdefault(loan_id, {})
        of_loan[key] = of_loan.get(key, ZERO) + amount
    return found
