"""Loans and repayments from a foreign file: fields, and the services that take them in (see ``desk.file_import``)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import DomainError
from backoffice.core.imports.mapping import (
    as_amount,
    as_choice,
    as_date,
    as_moment,
    as_rate,
    as_short,
    as_whole,
)
from backoffice.core.money import ZERO
from backoffice.desk.file_import import FileImport, Progress, import_file
from backoffice.desk.file_kinds import FileKind, TakenIn
from backoffice.loans.choices import CostStanding, RepaymentChannel
from backoffice.loans.cost import quoted
from backoffice.loans.disclosure import percent
from backoffice.loans.facts import COMPONENTS
from backoffice.loans.importing import Imported, LoanRow, Money, RepaymentRow
from backoffice.loans.models import Loan, Repayment
from backoffice.loans.services.chunks import chunks
from backoffice.loans.services.importing_loans import import_loans
from backoffice.loans.services.importing_repayments import import_repayments
from backoffice.loans.services.rights import require
from backoffice.staff.models import User

LOANS, REPAYMENTS = "loans", "repayments"
#: Rows to a transaction. More at once is not quicker, and a run that is killed loses no more than this.
LOAN_BATCH = 500
REPAYMENT_BATCH = 2_000

LOAN_FIELDS: dict[str, Callable[..., Any]] = {
    "number": as_short(40),
    "customer_number": as_short(40),
    "product_code": as_short(40),
    "creditor_name": as_short(100),
    "principal": as_amount,
    "annual_rate": as_rate,
    "periods": as_whole,
    "disbursed_on": as_date,
    "first_due_on": as_date,
    "terms_rendered_at": as_moment,
    "terms_dwell_seconds": as_whole,
    "terms_confirmed_at": as_moment,
    "cost_rendered_at": as_moment,
    "cost_dwell_seconds": as_whole,
    "cost_confirmed_at": as_moment,
    "cost_table_hash": as_short(64),
}
REPAYMENT_FIELDS: dict[str, Callable[..., Any]] = {
    "loan_number": as_short(40),
    "external_id": as_short(64),
    "received_at": as_moment,
    "amount": as_amount,
    "channel": as_choice(RepaymentChannel.values),
}


class SurplusKept(DomainError):
    """A notice, no refusal: more came in than was owed."""

    code = "surplus-kept"


class AboveCostCap(DomainError):
    """A notice, no refusal: the loan should not have been lent, but it was."""

    code = "above-cost-cap"


class AbovePersonCap(DomainError):
    """A notice, no refusal: with this loan somebody owes more than one person may."""

    code = "above-person-cap"


class Loans(FileKind[LoanRow]):
    """Loans of borrowers that are in the book, with the schedule that follows from their product."""

    kind = LOANS
    act = "loan"
    fields = LOAN_FIELDS
    required = tuple(LOAN_FIELDS)[:8]
    has_key = True

    def __init__(self) -> None:
        self.lent = ZERO
        self.borrowers: set[int] = set()

    def check(self, by: User) -> None:
        require(by, "loans.import_loanbook")

    def row(self, values: dict[str, Any]) -> LoanRow:
        return LoanRow(**values)

    def take_in(self, rows: Sequence[LoanRow], *, by: User, at: datetime) -> TakenIn:
        made = import_loans(rows, by=by, at=at)
        tally = (
            sum((loan.principal for loan in made.created), ZERO),
            {loan.borrower_id for loan in made.created},
        )
        dossiers = {
            position: loan.dossier_id for position, loan in zip(made.positions, made.created, strict=True)
        }
        return TakenIn(
            created=dossiers,
            refused=dict(made.refused),
            known=_dossiers({place: rows[place].number for place in made.known}),
            notices=_flagged(made),
            tally=tally,
        )

    def count(self, tally: tuple[Decimal, set[int]]) -> None:
        self.lent += tally[0]
        self.borrowers |= tally[1]

    def figures(self) -> dict[str, Any]:
        """Yuan of principal that came into the book, and of how many borrowers."""
        return {"principal_lent": str(self.lent), "borrowers": len(self.borrowers)}


class Repayments(FileKind[RepaymentRow]):
    """Repayments of loans that are in the book."""

    kind = REPAYMENTS
    act = "repayment"
    fields = REPAYMENT_FIELDS
    required = tuple(REPAYMENT_FIELDS)
    has_key = True
    together = "loan_number"
    once = "external_id"

    def __init__(self) -> None:
        self.money = Money()
        self.received = ZERO

    def check(self, by: User) -> None:
        require(by, "loans.import_loanbook")

    def owners(self, values: Collection[str]) -> Mapping[str, int]:
        """The borrowers of these loans: whoever posts to one of them has them locked."""
        found: dict[str, int] = {}
        for part in chunks(list(values)):
            found.update(Loan.objects.filter(number__one_of=part).values_list("number", "borrower_id"))
        return found

    def row(self, values: dict[str, Any]) -> RepaymentRow:
        return RepaymentRow(**values)

    def take_in(self, rows: Sequence[RepaymentRow], *, by: User, at: datetime) -> TakenIn:
        made = import_repayments(rows, by=by, at=at)
        received = sum((one.amount for one in made.created), ZERO)
        dossiers = {
            position: one.loan.dossier_id for position, one in zip(made.positions, made.created, strict=True)
        }
        return TakenIn(
            created=dossiers,
            refused=dict(made.refused),
            known=_dossiers({place: rows[place].loan_number for place in made.known}),
            notices=_surplus(made),
            tally=(received, made.money),
        )

    def count(self, tally: tuple[Decimal, Money]) -> None:
        self.received += tally[0]
        self.money.add(tally[1])

    def figures(self) -> dict[str, Any]:
        """Yuan received; loans touched, settled, derived anew since money came late; yuan by component, and left."""
        money = self.money
        return {
            "received": str(self.received),
            "loans_touched": len(money.loans),
            "loans_settled": len(money.settled),
            "loans_derived_anew": len(money.derived_anew),
            **{f"allocated_to_{name}": str(money.allocated.get(name, ZERO)) for name in COMPONENTS},
            "kept_as_credit": str(money.credit),
        }


def _dossiers(numbers: Mapping[int, str]) -> dict[int, int]:
    """The dossiers of the loans with these numbers, by the positions of the rows that name them."""
    found: dict[str, int] = {}
    for part in chunks(sorted(set(numbers.values()))):
        found.update(Loan.objects.filter(number__one_of=part).values_list("number", "dossier_id"))
    return {position: found[number] for position, number in numbers.items()}


def _flagged(made: Imported[Loan]) -> list[tuple[int, DomainError]]:
    """What the loan's page will flag, said while the file can still be thought over."""
    above_cost = _(
        "Above the cap on the cost of a loan in force on its day of payment (all-in %(nominal)s a year, %(effective)s "
        "compounded): it comes in flagged."
    )
    above_person = _(
        "With this loan its borrower owes more than one person might on its day of payment: it comes in flagged."
    )
    told: list[tuple[int, DomainError]] = []
    for position, loan in zip(made.positions, made.created, strict=True):
        if loan.cost_standing == CostStanding.ABOVE_CAP:
            words = {"nominal": _percent(loan.cost_nominal), "effective": _percent(loan.cost_effective)}
            told.append((position, AboveCostCap(above_cost % words, field="annual_rate")))
        if loan.over_person_cap:
            told.append((position, AbovePersonCap(above_person, field="principal")))
    return told


def _percent(rate: Decimal | None) -> str:
    return percent(quoted(rate or ZERO))


def _surplus(made: Imported[Repayment]) -> list[tuple[int, DomainError]]:
    message = _("%(amount)s yuan more than was owed; they stay the borrower's credit.")
    return [
        (position, SurplusKept(message % {"amount": amount}, field="amount"))
        for position, amount in made.money.surplus.items()
    ]


def import_loans_file(
    *,
    path: Path,
    mapping_path: Path,
    by: User,
    at: datetime,
    name: str = "",
    dry_run: bool = False,
    progress: Progress | None = None,
) -> FileImport:
    """Take in the loans of a CSV or XLSX file. Raises ``FileError`` or ``MappingError`` with nothing taken in,
    ``NotPermitted``. Rows at fault are refused one by one and named in the result; a loan above a cap comes in with a
    notice."""
    return import_file(
        Loans(),
        path=path,
        mapping_path=mapping_path,
        by=by,
        at=at,
        batch=LOAN_BATCH,
        name=name,
        dry_run=dry_run,
        progress=progress,
    )


def import_repayments_file(
    *,
    path: Path,
    mapping_path: Path,
    by: User,
    at: datetime,
    name: str = "",
    dry_run: bool = False,
    progress: Progress | None = None,
    workers: int = 1,
) -> FileImport:
    """Take in the repayments of a CSV or XLSX file; ``figures`` tells what they did to the money. Errors as for loans.

    ``workers`` processes share the file, what would meet in one of them (``desk.file_import``).
    A payment of more than is owed is taken whole: what is left stays the borrower's credit, with a notice.
    """
    return import_file(
        Repayments(),
        path=path,
        mapping_path=mapping_path,
        by=by,
        at=at,
        batch=REPAYMENT_BATCH,
        name=name,
        dry_run=dry_run,
        progress=progress,
        workers=workers,
    )
