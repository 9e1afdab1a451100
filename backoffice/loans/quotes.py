"""What settles a loan on a day: the quote that the borrower gets (结清试算). Reads only.

Amounts are yuan; a quote holds to the end of its day in Shanghai, as long as nothing else happens on the loan.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from backoffice.core.money import ZERO
from backoffice.core.pdf import render_pdf
from backoffice.core.time import SHANGHAI
from backoffice.loans.account import payoff, with_payoff
from backoffice.loans.conventions import interest_to_period_end
from backoffice.loans.facts import COMPONENTS
from backoffice.loans.ledger import Ledger

TEMPLATE = "backoffice.loans:letter_templates/settlement.typ"
#: So far ahead a quote is given: longer, and something will have happened.
DAYS_AHEAD = 31
_DAY = timedelta(days=1)
#: As the borrower reads them, in the order of Civil Code art. 561 turned round.
NAMES = {
    "principal": "剩余本金",
    "interest": "利息",
    "fee": "费用",
    "penalty": "罚息",
    "cost": "实现债权的费用",
}


@dataclass(frozen=True, slots=True)
class Quote:
    """What has to be paid in on ``on`` to settle the loan. ``parts`` by component, interest less than nothing where it
    was paid in advance; ``credit`` is taken off. ``each_day``: what the next day adds."""

    on: date
    parts: dict[str, Decimal]
    credit: Decimal
    total: Decimal
    each_day: Decimal
    to_period_end: bool


def quote_of(ledger: Ledger, *, on: date) -> Quote:
    """The quote for ``on``, from all that is known now; no queries. The product is joined."""
    facts, to_end = ledger.facts(), interest_to_period_end(ledger.loan.product)
    account, parts = with_payoff(facts, on=on, to_period_end=to_end)
    credit = sum(account.surplus.values(), ZERO)
    owed = sum(parts.values(), ZERO)
    later = sum(payoff(facts, on=on + _DAY, to_period_end=to_end).values(), ZERO)
    return Quote(on, parts, credit, max(owed - credit, ZERO), later - owed, to_end)


def quote_letter(ledger: Ledger, quote: Quote, *, at: datetime) -> bytes:
    """The quote as PDF, in Chinese, with the borrower's masked name. Raises what ``core.pdf.render_pdf`` raises."""
    loan = ledger.loan
    made = at.astimezone(SHANGHAI)
    data: dict[str, Any] = {
        "creditor": loan.creditor.name,
        "number": loan.number,
        "borrower": loan.borrower.name_mask,
        "on": _day(quote.on),
        "made": f"{_day(made.date())} {made:%H:%M}",
        "rows": [
            [NAMES[name], _yuan(quote.parts[name])]
            for name in COMPONENTS
            if quote.parts[name] or name == "principal"
        ],
        "credit": _yuan(quote.credit) if quote.credit else "",
        "total": _yuan(quote.total),
        "each_day": _yuan(quote.each_day),
        "to_period_end": quote.to_period_end,
        "overdue": loan.oldest_unpaid_due_on is not None,
    }
    return render_pdf(TEMPLATE, data)


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _yuan(amount: Decimal) -> str:
    return f"{amount:,.2f}"
