"""What became of a few of the demo's loans: eased, paused, charged, settled early, written off. By services only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal

from backoffice.core.money import ZERO
from backoffice.core.time import business_day, start_of_day
from backoffice.desk.seeding import Demo
from backoffice.loans import services
from backoffice.loans.account import payoff
from backoffice.loans.changes import Deferral, ExtraInstalments
from backoffice.loans.choices import LoanState, PauseKind, RepaymentChannel
from backoffice.loans.ledger import ledger_of
from backoffice.loans.models import Loan
from backoffice.staff.models import User
from backoffice.staff.roles import Role

_SHORTEST_MONTH = 28


def seed(demo: Demo) -> None:
    """The step of ``seed_demo`` after the loans: one loan of each kind, by two loan officers, this very day.

    A book too small to hold a loan of some kind goes without.
    """
    officers = User.objects.filter(groups__name=Role.LOAN_OFFICER.value).order_by("pk")
    first, second = officers[:2]
    loans: list[Loan] = demo.results["loans"].loans
    today = business_day(demo.now)
    # Not before midnight: what is proposed takes effect on its day.
    asked_at = max(demo.now - timedelta(minutes=30), start_of_day(today))
    left = _Left(loans, today)

    if loan := left.overdue(31, 60):
        change = services.propose_change(
            loan=loan,
            terms=Deferral(left.days(loan) // _SHORTEST_MONTH + 1),
            by=first,
            at=asked_at,
            reason="借款人住院治疗，提供了住院证明，申请展期。",
        )
        services.apply_change(change=change, by=second, at=demo.now, reason="材料属实，同意展期。")
    if loan := left.overdue(1, 30):
        services.propose_change(
            loan=loan,
            terms=ExtraInstalments(6),
            by=second,
            at=asked_at,
            reason="收入下降，申请增加期数以降低月供。",
        )
    if loan := left.overdue(1, 30):
        services.pause_loan(
            loan=loan,
            kind=PauseKind.DISASTER,
            from_on=today,
            until=today + timedelta(days=30),
            by=first,
            at=demo.now,
            reason="所在地遭遇洪涝灾害。",
        )
    if loan := left.overdue(91, 180):
        services.charge_cost(
            loan=loan,
            amount=Decimal("50.00"),
            label="案件受理费",
            payee="杭州互联网法院",
            charged_on=today,
            by=first,
            at=demo.now,
            reason="法院缴费凭证。",
        )
    if loan := left.overdue(181, 400):
        write_off = services.request_write_off(
            loan=loan, by=first, at=asked_at, reason="多次催收并已起诉，无可供执行的财产。"
        )
        services.approve_write_off(write_off=write_off, by=second, at=demo.now, reason="符合核销条件。")
    if loan := left.kept():
        owed = sum(payoff(ledger_of(loan).facts(), on=today).values(), ZERO)
        services.post_repayment(
            loan=loan,
            external_id=f"{loan.number}-EARLY",
            amount=owed,
            received_at=asked_at,
            channel=RepaymentChannel.TRANSFER,
            by=first,
            at=demo.now,
        )
        services.settle_early(loan=loan, on=today, by=first, at=demo.now, reason="借款人申请提前结清。")
    for loan in left.taken:
        loan.refresh_from_db()


class _Left:
    """The loans of which nothing was made yet, in the order in which they were made."""

    def __init__(self, loans: list[Loan], today: date) -> None:
        self.today = today
        self.loans = loans
        self.taken: list[Loan] = []

    def days(self, loan: Loan) -> int:
        """Days past due."""
        since = loan.oldest_unpaid_due_on
        return 0 if since is None else (self.today - since).days

    def overdue(self, low: int, high: int) -> Loan | None:
        """One that is so many days past due."""
        return self._take(lambda loan: low <= self.days(loan) <= high)

    def kept(self) -> Loan | None:
        """One that runs as agreed, with something paid and something to come."""
        return self._take(
            lambda loan: (
                loan.oldest_unpaid_due_on is None
                and loan.credit == 0
                and loan.disbursed_on < self.today - timedelta(days=90)
                and loan.matures_on > self.today + timedelta(days=60)
            )
        )

    def _take(self, fits: Callable[[Loan], bool]) -> Loan | None:
        found = next(self._fitting(fits), None)
        if found is not None:
            self.taken.append(found)
        return found

    def _fitting(self, fits: Callable[[Loan], bool]) -> Iterator[Loan]:
        for loan in self.loans:
            if loan not in self.taken and loan.state == LoanState.ACTIVE and fits(loan):
                yield loan
