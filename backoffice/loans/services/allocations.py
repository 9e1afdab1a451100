"""Where the money went, as rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from backoffice.core.bulk import insert_rows
from backoffice.loans.allocation import Share
from backoffice.loans.models import Instalment, PostingRun, Repayment, RepaymentAllocation

#: A repayment, the instalments of its loan by sequence, and the shares that name them.
Shares = tuple[Repayment, dict[int, Instalment], Sequence[Share]]


def insert_allocations(shares: Sequence[Shares], *, at: datetime, cause: str) -> None:
    """One posting run per loan, and the rows that say where each repayment went."""
    loans = dict.fromkeys(repayment.loan_id for repayment, _instalments, _shares in shares)
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
                instalment=instalments[share.key],
                component=share.component,
                amount=share.amount,
            )
            for repayment, instalments, parts in shares
            for share in parts
        ],
    )
