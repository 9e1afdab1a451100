"""Which loans were overdue on a past day, by what is known now. Reads only."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from backoffice.loans.account import derive
from backoffice.loans.ledger import ledgers_of
from backoffice.loans.models import Loan


def overdue_at_end_of(day: date, *, loan_ids: Collection[int]) -> set[int]:
    """Those of these loans that had an instalment past due at the end of ``day`` (Shanghai). Seven queries per chunk.

    Money that came in by then counts, whenever it was entered; reversed money does not.
    """
    loans = Loan.objects.select_related("product").filter(pk__in=loan_ids, disbursed_on__lte=day)
    return {
        pk
        for pk, ledger in ledgers_of(list(loans)).items()
        if any(row.contract_open and row.due_on < day for row in derive(ledger.facts(), on=day).rows)
    }
