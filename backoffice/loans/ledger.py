"""A loan's facts as the tables hold them, for the account that follows from them. Reads only.

Amounts are yuan, days are Shanghai's. One loan costs six queries, many cost six per chunk.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeVar

from django.db.models import Model

from backoffice.core.time import business_day
from backoffice.loans.account import Cost, Facts, PlanRow, Receipt, Relief, Version
from backoffice.loans.ageing import Pause
from backoffice.loans.choices import ChangeKind, ChangeState
from backoffice.loans.classification import Watch, watch_after
from backoffice.loans.conventions import allocation_rule, day_count
from backoffice.loans.models import Charge, Instalment, Loan, PaymentPause, Repayment, ScheduleChange, Waiver

CHUNK = 500
_DAY = timedelta(days=1)
M = TypeVar("M", bound=Model)


@dataclass(slots=True)
class Ledger:
    """One loan with everything its account follows from. ``repayments`` are all, reversals and reversed too."""

    loan: Loan
    instalments: list[Instalment] = field(default_factory=list)
    repayments: list[Repayment] = field(default_factory=list)
    changes: list[ScheduleChange] = field(default_factory=list)
    waivers: list[Waiver] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    pauses: list[PaymentPause] = field(default_factory=list)

    def version(self, number: int) -> list[Instalment]:
        """The instalments of a schedule version, in their order."""
        return [one for one in self.instalments if one.schedule_version == number]

    @property
    def effective_repayments(self) -> list[Repayment]:
        """What was received and not reversed."""
        undone = {one.reverses_id for one in self.repayments if one.reverses_id is not None}
        return [one for one in self.repayments if one.reverses_id is None and one.pk not in undone]

    @property
    def restructured_on(self) -> list[date]:
        """The days of the concessions to somebody in difficulty."""
        return [one.effective_on for one in self.changes if one.restructuring]

    @property
    def count_pauses(self) -> list[Pause]:
        """The pauses that take days off the delinquent days."""
        return [Pause(one.from_on, one.until) for one in self.pauses if one.stops_count]

    def watch(self, *, on: date, months: int) -> Watch:
        """The watch as it was on ``on``: of the restructurings that had taken effect by then."""
        return watch_after([day for day in self.restructured_on if day <= on], months=months)

    def facts(self) -> Facts:
        """Everything as plain data, for ``account.derive``."""
        loan, product = self.loan, self.loan.product
        reversed_charges = {one.reverses_id for one in self.charges}
        return Facts(
            principal=loan.principal,
            disbursed_on=loan.disbursed_on,
            method=loan.method,  # type: ignore[arg-type]
            day_count=day_count(loan.day_count),
            rounding=loan.rounding,  # type: ignore[arg-type]
            period_unit=product.period_unit,  # type: ignore[arg-type]
            every=product.every,
            first_due_on=loan.first_due_on,
            daily_interest=product.daily_interest,
            month_end=product.month_end,
            instalment_unit=product.instalment_unit,
            rule=allocation_rule(product),
            versions=tuple(self._versions()),
            receipts=tuple(
                Receipt(one.pk, business_day(one.received_at), one.amount, (one.received_at, one.external_id))
                for one in self.effective_repayments
            ),
            reliefs=tuple(
                Relief(one.pk, one.effective_on, one.component, one.amount) for one in self.waivers
            ),
            costs=tuple(
                Cost(one.pk, one.charged_on, one.amount)
                for one in self.charges
                if one.reverses_id is None and one.pk not in reversed_charges
            ),
            free=tuple((one.from_on + _DAY, one.until) for one in self.pauses if one.stops_default_interest),
        )

    def _versions(self) -> Iterable[Version]:
        loan = self.loan
        planned = sorted(
            (one for one in self.changes if one.version is not None), key=lambda one: one.version or 0
        )
        rate = planned[0].annual_rate_before if planned else loan.annual_rate
        default_rate = planned[0].default_rate_before if planned else loan.default_rate
        yield Version(1, loan.disbursed_on, self._plan(1), rate, default_rate)
        for change in planned:
            number = change.version or 0
            yield Version(
                number,
                change.effective_on,
                self._plan(number),
                change.annual_rate,
                change.default_rate,
                if_paid=change.kind == ChangeKind.EARLY_SETTLEMENT,
                taken_over=change.rows_taken_over or 0,
            )

    def _plan(self, number: int) -> tuple[PlanRow, ...]:
        return tuple(
            PlanRow(
                one.sequence,
                one.due_on,
                one.principal_due if one.planned_principal is None else one.planned_principal,
                one.interest_due if one.planned_interest is None else one.planned_interest,
                one.fee_due if one.planned_fee is None else one.planned_fee,
                one.penalty_carried,
                one.interest_carried,
            )
            for one in self.version(number)
        )


def ledger_of(loan: Loan) -> Ledger:
    """One loan's ledger. Six queries, and one for the product where the caller has not joined it."""
    return ledgers_of([loan])[loan.pk]


def ledgers_of(loans: Sequence[Loan]) -> dict[int, Ledger]:
    """The ledgers of many loans by their ids; give loans with their products joined."""
    found = {loan.pk: Ledger(loan) for loan in loans}
    ids = sorted(found)
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        for one in Instalment.objects.filter(loan__in=part).order_by("loan", "schedule_version", "sequence"):
            found[one.loan_id].instalments.append(one)
        for paid in Repayment.objects.filter(loan__in=part).order_by("received_at", "external_id"):
            paid.loan = found[paid.loan_id].loan
            found[paid.loan_id].repayments.append(paid)
        applied = ScheduleChange.objects.filter(loan__in=part, state=ChangeState.APPLIED)
        for change in applied.order_by("effective_on", "pk"):
            found[change.loan_id].changes.append(change)
        for waiver in Waiver.objects.filter(loan__in=part).order_by("pk"):
            found[waiver.loan_id].waivers.append(waiver)
        for charge in Charge.objects.filter(loan__in=part).order_by("pk"):
            found[charge.loan_id].charges.append(charge)
        for pause in PaymentPause.objects.filter(loan__in=part).order_by("from_on", "pk"):
            found[pause.loan_id].pauses.append(pause)
    return found
