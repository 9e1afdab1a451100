"""New repayments of loans in the book, set-based: recorded and signalled as ``post_repayment`` does it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import act
from backoffice.core.errors import DomainError, InputRefused
from backoffice.core.services import policy_value
from backoffice.core.time import business_day
from backoffice.loans.importing import Imported, RepaymentRow
from backoffice.loans.models import Borrower, Loan, LoanProduct, Repayment
from backoffice.loans.policy import FOUR_EYES_FROM
from backoffice.loans.services.chunks import chunks
from backoffice.loans.services.posting_many import post_many
from backoffice.loans.services.repayments import ExternalIdReused, check_payment, is_same
from backoffice.loans.services.rights import require
from backoffice.staff.models import User

#: What an external id stands for: a repayment in the book, or an earlier row of the same file.
Known = Repayment | RepaymentRow


def import_repayments(rows: Sequence[RepaymentRow], *, by: User, at: datetime) -> Imported[Repayment]:
    """New repayments of loans in the book, put where they belong by their dates; known external ids are left alone.

    A known id with other facts is refused, never overwritten. What nothing was owed for stays the borrower's credit
    and is named in ``money.surplus``. A person brings in nothing from the limit for one person on: such a row is
    refused and entered by hand, where a second one approves; the house's own jobs have none. Raises ``NotPermitted``.
    """
    require(by, "loans.import_loanbook")
    limit = None if by.kind == User.Kind.SYSTEM else policy_value(FOUR_EYES_FROM, on=business_day(at))
    result: Imported[Repayment] = Imported()
    with act(by=by, at=at, code="repayment.imported"):
        # All borrowers, then all loans, each in the order of their ids: whoever comes second waits, nobody for ever.
        loans = _locked_loans({row.loan_number for row in rows})
        known = _known(rows, loans)
        new: list[tuple[int, Loan, RepaymentRow]] = []
        # In the order of receipt: so they are told, and so the one that comes after all is paid is known.
        for position in sorted(range(len(rows)), key=lambda i: (rows[i].received_at, rows[i].external_id)):
            row = rows[position]
            try:
                loan = _loan_for(row, loans, known, limit=limit, at=at)
            except DomainError as error:
                result.refused.append((position, error))
                continue
            if loan is None:
                result.known.append(position)
                continue
            known[loan.creditor_id, row.external_id] = row
            new.append((position, loan, row))
        checked = len(result.refused)
        post_many(new, result, by=by, at=at)
        _refuse_repeats(rows, result, result.refused[checked:])
    return result


def _refuse_repeats(
    rows: Sequence[RepaymentRow], result: Imported[Repayment], late: Sequence[tuple[int, DomainError]]
) -> None:
    """A row that only repeats one of those refused ``late`` is no more in the book than that one."""
    errors = {(rows[position].loan_number, rows[position].external_id): error for position, error in late}
    for position in list(result.known) if errors else ():
        error = errors.get((rows[position].loan_number, rows[position].external_id))
        if error is not None:
            result.known.remove(position)
            result.refused.append((position, error))


def _loan_for(
    row: RepaymentRow,
    loans: dict[str, Loan],
    known: dict[tuple[int, str], Known],
    *,
    limit: Decimal | None,
    at: datetime,
) -> Loan | None:
    """The loan a new repayment goes to; None when the repayment is there already."""
    loan = loans.get(row.loan_number)
    if loan is None:
        raise InputRefused(_("No loan has this number; import the loan first."), field="loan_number")
    before = known.get((loan.creditor_id, row.external_id))
    if before is not None:
        if isinstance(before, RepaymentRow):
            same = before._replace(channel=row.channel) == row
        else:
            same = is_same(before, loan=loan, amount=row.amount, received_at=row.received_at)
        if same:
            return None
        raise ExternalIdReused(field="external_id")
    check_payment(loan=loan, amount=row.amount, received_at=row.received_at, channel=row.channel, at=at)
    if limit is not None and row.amount >= limit:
        raise InputRefused(
            _("From %(limit)s yuan on a second person approves: enter this repayment by hand.")
            % {"limit": f"{limit:,.2f}"},
            field="amount",
            code="needs-second-person",
        )
    return loan


def _known(rows: Sequence[RepaymentRow], loans: dict[str, Loan]) -> dict[tuple[int, str], Known]:
    """The repayments that are there with these ids, by creditor and id, of the creditors of these loans."""
    creditors = {loan.creditor_id for loan in loans.values()}
    return {
        (one.creditor_id, one.external_id): one
        for part in chunks([row.external_id for row in rows])
        for one in Repayment.objects.filter(creditor__in=creditors, external_id__one_of=part)
    }


def _locked_loans(numbers: set[str]) -> dict[str, Loan]:
    # In the order of their ids, as everybody locks.
    borrowers = Borrower.objects.select_for_update(of=("self",), no_key=True)
    of_loans = borrowers.filter(loans__number__one_of=sorted(numbers)).order_by("pk")
    owners = {pk for (pk,) in of_loans.values_list("pk")}
    locked = Loan.objects.select_for_update(no_key=True).filter(number__one_of=sorted(numbers)).order_by("pk")
    # One that came into the book a moment ago is not there yet: its borrower is not locked.
    found = {one.number: one for one in locked if one.borrower_id in owners}
    # A few products of many loans: joined, they would be read once per loan.
    products = LoanProduct.objects.in_bulk({one.product_id for one in found.values()})
    for one in found.values():
        one.product = products[one.product_id]
    return found
