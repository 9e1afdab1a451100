"""Which loans were overdue on a past day or at a past moment, by what is known now. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime

from backoffice.core.time import business_day
from backoffice.loans.account import Facts, derive
from backoffice.loans.ledger import Ledger, ledgers_of
from backoffice.loans.models import Loan


def overdue_at_end_of(day: date, *, loan_ids: Collection[int]) -> set[int]:
    """Those of these loans that had an instalment past due at the end of ``day`` (Shanghai). Seven queries per chunk.

    Money that came in by then counts, whenever it was entered; reversed money does not.
    """
    loans = Loan.objects.select_related("product").filter(pk__in=loan_ids, disbursed_on__lte=day)
    ledgers = ledgers_of(list(loans))
    return {pk for pk, ledger in ledgers.items() if _past_due(ledger.facts(), on=day)}


def overdue_at(moments: Mapping[int, datetime]) -> set[int]:
    """Those of these loans (ids) that had an instalment past due at the moment given for each. Queries as above.

    Money that had come in by then counts, whenever it was entered; reversed money does not. A change counts from when
    it was agreed, even if it takes effect as of an earlier day: until then the debt was what it was.
    """
    loans = Loan.objects.select_related("product").filter(pk__in=moments)
    paid_out = [loan for loan in loans if loan.disbursed_on <= business_day(moments[loan.pk])]
    return {
        pk
        for pk, ledger in ledgers_of(paid_out).items()
        if _past_due(_by(ledger, moments[pk]), on=business_day(moments[pk]))
    }


def _by(ledger: Ledger, moment: datetime) -> Facts:
    """What had come in and had been agreed by the moment."""
    facts = ledger.facts()
    received = {one.pk for one in ledger.repayments if one.received_at <= moment}
    agreed = [one for one in ledger.changes if one.decided_at is not None and one.decided_at <= moment]
    versions = {1, *(one.version for one in agreed)}
    waivers = {one.pk for one in ledger.waivers if one.change_id in {change.pk for change in agreed}}
    return replace(
        facts,
        versions=tuple(one for one in facts.versions if one.number in versions),
        receipts=tuple(one for one in facts.receipts if one.key in received),
        reliefs=tuple(one for one in facts.reliefs if one.key in waivers),
    )


def _past_due(facts: Facts, *, on: date) -> bool:
    return any(row.contract_open and row.due_on < on for row in derive(facts, on=on).rows)
