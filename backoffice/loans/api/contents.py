"""Loans and repayments as plain data in the words of the contract. No name, document or number of a person in full."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from backoffice.api import formats
from backoffice.core.money import ZERO
from backoffice.loans import lender
from backoffice.loans.models import Creditor, Loan, PostingRequest, Repayment
from backoffice.loans.owed import InstalmentStatus, Outstanding
from backoffice.loans.pricing import CostPolicy
from backoffice.loans.selectors import LoanSnapshot, RepaymentLine

#: What became of reported money, beside the states of a request (``choices.PostingState``).
POSTED, REVERSED, REVERSAL, AWAITS = "posted", "reversed", "reversal", "requested"


def loan_item(snapshot: LoanSnapshot) -> dict[str, Any]:
    """A loan as lists show it, as of the end of the snapshot's day; state and end are those of today."""
    loan = snapshot.loan
    return {
        "id": str(loan.dossier.uid),
        "number": loan.number,
        "state": loan.state,
        "customer_number": loan.borrower.customer_number,
        "product": loan.product.code,
        "creditor": loan.creditor.name,
        "principal": formats.money(loan.principal),
        "annual_rate": f"{loan.annual_rate:.6f}",
        "disbursed_on": loan.disbursed_on.isoformat(),
        "first_due_on": _day(loan.first_due_on),
        "matures_on": loan.matures_on.isoformat(),
        "settled_on": _day(loan.settled_on),
        "written_off_on": _day(loan.written_off_on),
        "on": snapshot.on.isoformat(),
        "days_past_due": snapshot.days_past_due,
        "delinquent_days": snapshot.delinquency.days,
        "oldest_unpaid_due_on": _day(snapshot.past_due.since),
        "overdue_kind": snapshot.kind,
        "risk_class": snapshot.classification.value,
        "bucket": snapshot.bucket.name,
        "outstanding": _outstanding(snapshot.outstanding),
        "credit": formats.money(sum(snapshot.account.surplus.values(), ZERO)),
    }


def loan_contents(snapshot: LoanSnapshot, *, costs: CostPolicy) -> dict[str, Any]:
    """One loan with its schedule in force and what it costs; ``costs`` is what was in force on its day of payment."""
    loan, original = snapshot.loan, snapshot.original
    return {
        **loan_item(snapshot),
        "borrower_name": loan.borrower.name_mask,
        "default_rate": f"{loan.default_rate:.6f}",
        "method": loan.method,
        "day_count": loan.day_count,
        "schedule_version": snapshot.account.version.number,
        "overdue_spells": snapshot.spells,
        "days_past_due_by_first_schedule": None if original is None else original.days,
        "cost": _cost(loan, costs),
        "instalments": [_instalment(one) for one in snapshot.instalments],
    }


def repayment_items(repayments: Sequence[Repayment]) -> list[dict[str, Any]]:
    """Repayments with where they went. Two queries, however many they are."""
    waiting = lender.reversals_asked_for(repayments)
    return [_posted(line, line.repayment.pk in waiting) for line in lender.lines_of(repayments)]


def posting(of: Repayment | PostingRequest) -> dict[str, Any]:
    """What a report led to: money on the loan, or a request that awaits a second person."""
    if isinstance(of, Repayment):
        return repayment_items([of])[0]
    return {
        **_money_received(of.loan, of.loan.creditor, of.external_id, of.amount, of.received_at, of.channel),
        "recorded_at": None,
        "state": of.state,
        "reverses": None,
        "reversed_by": None,
        "reversal_requested": False,
        "allocations": [],
        "unallocated": formats.money(ZERO),
    }


def _posted(line: RepaymentLine, reversal_requested: bool) -> dict[str, Any]:
    one = line.repayment
    state = REVERSAL if one.reverses is not None else REVERSED if line.reversed else POSTED
    return {
        **_money_received(one.loan, one.creditor, one.external_id, one.amount, one.received_at, one.channel),
        "recorded_at": formats.moment(one.recorded_at),
        "state": state,
        "reverses": one.reverses.external_id if one.reverses is not None else None,
        "reversed_by": one.reversal.external_id if line.reversed else None,
        "reversal_requested": reversal_requested,
        "allocations": [
            {
                "schedule_version": part.version,
                "instalment": part.sequence,
                "due_on": part.due_on.isoformat(),
                "component": part.component,
                "amount": formats.money(part.amount),
            }
            for part in line.parts
        ],
        "unallocated": formats.money(line.unallocated),
    }


def _money_received(
    loan: Loan,
    creditor: Creditor,
    external_id: str,
    amount: Decimal,
    received_at: datetime | None,
    channel: str,
) -> dict[str, Any]:
    return {
        "external_id": external_id,
        "creditor": creditor.name,
        "loan": {"id": str(loan.dossier.uid), "number": loan.number},
        "amount": formats.money(amount),
        "received_at": None if received_at is None else formats.moment(received_at),
        "channel": channel,
    }


def _outstanding(owed: Outstanding) -> dict[str, Any]:
    names = ("principal", "interest", "fee", "penalty", "cost", "accrued", "total", "overdue")
    return {name: formats.money(getattr(owed, name)) for name in names}


def _cost(loan: Loan, costs: CostPolicy) -> dict[str, Any]:
    return {
        "effective": _rate(loan.cost_effective),
        "nominal": _rate(loan.cost_nominal),
        "convention": loan.cost_convention or None,
        "standing": loan.cost_standing or None,
        "held_against": "effective" if costs.compound else "nominal",
        "limits": {
            "cap": _rate(costs.cap),
            "lpr": _rate(costs.lpr),
            "lpr_flagged": _rate(costs.lpr_flagged),
            "lpr_cap": _rate(costs.lpr_cap),
            "lpr_cap_spares_months": costs.spares_months,
        },
    }


def _instalment(one: InstalmentStatus) -> dict[str, Any]:
    amounts = ("principal_due", "interest_due", "fee_due", "paid", "open", "penalty_due", "penalty_paid")
    return {
        "sequence": one.sequence,
        "due_on": one.due_on.isoformat(),
        "state": one.state,
        **{name: formats.money(getattr(one, name)) for name in amounts},
        "cost_due": formats.money(one.cost_due),
        "cost_paid": formats.money(one.cost_paid),
        "waived": formats.money(sum((amount for _component, amount in one.waived), ZERO)),
        "last_paid_on": _day(one.last_paid_on),
    }


def _rate(rate: Decimal | None) -> str | None:
    return None if rate is None else f"{rate:.6f}"


def _day(on: date | None) -> str | None:
    return None if on is None else on.isoformat()
