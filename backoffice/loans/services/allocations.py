"""Where the money went, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from backoffice.core.bulk import insert_rows
from backoffice.loans.models import Instalment, PostingRun, Repayment, RepaymentAllocation


class Part(Protocol):
    """So many yuan of a component."""

    @property
    def component(self) -> str: ...
    @property
    def amount(self) -> Decimal: ...


#: A repayment, the instalment it paid a part of, and that part.
Shares = tuple[Repayment, Instalment, Part]


def insert_allocations(shares: Sequence[Shares], *, at: datetime, cause: str) -> None:
    """One posting run per loan, and the rows that say where each repayment went."""
    loans = dict.fromkeys(repayment.loan_id for repayment, _instalment, _part in shares)
    runs = insert_rows(
        PostingRun, [PostingRun(loan_id=loan_id, posted_at=at, cause=cause) for loan_id in loans]
    )
    run_of = {run.loan_id: run for run in runs}
    insert_rows(
        RepaymentAllocation,
        [
            RepaymentAllocation(
                posting_run=run_of[repayment.loan_id],
                repayment=repayment,
                instalment=instalment,
                component=part.component,
                amount=part.amount,
            )
            for repayment, instalment, part in shares
        ],
    )
