"""Computing what loans cost that came into the book before that was stored with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from backoffice.audit.services import act
from backoffice.core.history import bulk_update_with_history
from backoffice.loans.choices import ChangeState, CostStanding
from backoffice.loans.conventions import cost_terms, fee_terms
from backoffice.loans.cost import NotALoan
from backoffice.loans.cost_tables import planned_rows
from backoffice.loans.fees import Fee, price
from backoffice.loans.models import Instalment, Loan, ProductFee, ScheduleChange
from backoffice.loans.pricing import CostPolicy, cost_policy
from backoffice.loans.services.lending import COST_COLUMNS, take_cost
from backoffice.loans.services.rights import require
from backoffice.staff.models import User


@dataclass(frozen=True, slots=True)
class PricedLoans:
    """How many loans got their cost, of how many looked at, and the id of the last one; None when there was none."""

    done: int
    seen: int
    last: int | None


def price_stored_loans(*, after: int = 0, limit: int = 500, by: User, at: datetime) -> PricedLoans:
    """Store the cost of up to ``limit`` loans without one, in the order of their ids from ``after`` on.

    As for an import nothing is refused: a loan above the cap of its day is flagged. Call it again with ``after`` =
    ``last`` until ``last`` is None; breaking off loses nothing. Raises ``NotPermitted``.
    """
    require(by, "loans.import_loanbook")
    with act(by=by, at=at, code="loan.priced"):
        loans = list(
            Loan.objects.select_for_update(of=("self",))
            .filter(cost_standing=CostStanding.UNKNOWN, pk__gt=after)
            .select_related("product")
            .order_by("pk")[:limit]
        )
        if not loans:
            return PricedLoans(0, 0, None)
        priced = _priced(loans)
        bulk_update_with_history(Loan, priced, COST_COLUMNS, changed=True)
    return PricedLoans(len(priced), len(loans), loans[-1].pk)


def _priced(loans: list[Loan]) -> list[Loan]:
    """Those of the loans that have a cost, with it set. Four queries, and one for each day of payment."""
    ids = [one.pk for one in loans]
    fees: dict[int, list[Fee]] = {}
    for fee in ProductFee.objects.order_by("product", "sequence"):
        fees.setdefault(fee.product_id, []).extend(fee_terms([fee]))
    first = ScheduleChange.objects.filter(loan__in=ids, state=ChangeState.APPLIED, version=2)
    rates = dict(first.values_list("loan", "annual_rate_before"))
    rows: dict[int, list[Instalment]] = {}
    for one in Instalment.objects.filter(loan__in=ids, schedule_version=1).order_by("loan", "sequence"):
        rows.setdefault(one.loan_id, []).append(one)
    policies: dict[date, CostPolicy] = {}
    done = []
    for loan in loans:
        day = loan.disbursed_on
        if day not in policies:
            policies[day] = cost_policy(on=day)
        planned = planned_rows(loan.principal, rows.get(loan.pk, []))
        try:
            found = price(
                planned,
                principal=loan.principal,
                disbursed_on=day,
                fees=fees.get(loan.product_id, []),
                **cost_terms(loan.product),
            )
        except NotALoan:
            continue
        take_cost(
            loan,
            found.cost,
            costs=policies[day],
            annual_rate=rates.get(loan.pk, loan.annual_rate),
            matures_on=planned[-1].due_on,
        )
        done.append(loan)
    return done
