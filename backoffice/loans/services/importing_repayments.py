"""New repayments of loans in the book, set-based: recorded and signalled as ``post_repayment`` does it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import act, event_columns
from backoffice.core.bulk import insert_rows
from backoffice.core.errors import DomainError, InputRefused
from backoffice.core.history import bulk_update_with_history
from backoffice.core.money import ZERO
from backoffice.core.time import business_day
from backoffice.loans.allocation import Share
from backoffice.loans.choices import LoanState
from backoffice.loans.importing import Imported, RepaymentRow
from backoffice.loans.models import Borrower, Instalment, Loan, LoanEvent, Repayment
from backoffice.loans.policy import loan_policy
from backoffice.loans.posting import PAID_COLUMNS, STANDING_COLUMNS, post, take_standing
from backoffice.loans.services.allocations import Shares, insert_allocations
from backoffice.loans.services.chunks import chunks
from backoffice.loans.services.repayments import ExternalIdReused, check_payment
from backoffice.loans.services.rights import require
from backoffice.loans.signals import repayment_posted
from backoffice.staff.models import User


def import_repayments(rows: Sequence[RepaymentRow], *, by: User, at: datetime) -> Imported[Repayment]:
    """New repayments of loans in the book, allocated in the order of receipt; known external ids are left alone.

    A known id with other facts is refused, never overwritten. Raises ``NotPermitted``.
    """
    require(by, "loans.add_repayment")
    result: Imported[Repayment] = Imported()
    with act(by=by, at=at, code="repayment.imported"):
        # All borrowers, then all loans, each in the order of their ids: two imports never wait for each other.
        loans = _locked_loans({row.loan_number for row in rows})
        instalments = _open_schedules(loans.values())
        known = {
            one.external_id: one
            for part in chunks([row.external_id for row in rows])
            for one in Repayment.objects.filter(external_id__in=part)
        }
        order = sorted(range(len(rows)), key=lambda i: (rows[i].received_at, rows[i].external_id))
        shares: list[Shares] = []
        changed: dict[int, Instalment] = {}
        moved: dict[int, Loan] = {}
        day = business_day(at)
        policy = loan_policy(on=day)
        for position in order:
            row = rows[position]
            try:
                loan = _loan_for(row, loans, known, at=at)
            except DomainError as error:
                result.refused.append((position, error))
                continue
            if loan is None:
                result.known += 1
                continue
            parts = instalments[loan.pk]
            posting = post(
                instalments=list(parts.values()), amount=row.amount, on=business_day(row.received_at)
            )
            repayment = Repayment(
                loan=loan,
                external_id=row.external_id,
                received_at=row.received_at,
                amount=row.amount,
                channel=row.channel,
            )
            known[row.external_id] = repayment
            changed.update({one.pk: one for one in posting.changed})
            if take_standing(loan, list(parts.values()), on=day, policy=policy):
                moved[loan.pk] = loan
            shares.append((repayment, parts, posting.shares))
        result.created = insert_rows(Repayment, [one for one, _p, _s in shares])
        insert_allocations(shares, at=at, cause="import")
        bulk_update_with_history(Instalment, list(changed.values()), PAID_COLUMNS)
        bulk_update_with_history(Loan, list(moved.values()), STANDING_COLUMNS)
        settled = [loan for loan in moved.values() if loan.state == LoanState.SETTLED]
        insert_rows(
            LoanEvent,
            [
                *(_posted(repayment, parts, at=at) for repayment, _instalments, parts in shares),
                *(_event("loan_settled", loan, at=at) for loan in settled),
            ],
        )
        for repayment in result.created:
            repayment_posted.send(sender=Loan, loan=repayment.loan, repayment=repayment, by=by, at=at)
    return result


def _posted(repayment: Repayment, shares: Sequence[Share], *, at: datetime) -> LoanEvent:
    surplus = repayment.amount - sum((share.amount for share in shares), ZERO)
    data = {"repayment": repayment.pk, "amount": str(repayment.amount), "surplus": str(surplus)}
    return _event("repayment_posted", repayment.loan, at=at, data=data)


def _event(kind: str, loan: Loan, *, at: datetime, data: dict[str, Any] | None = None) -> LoanEvent:
    return LoanEvent(
        kind=kind,
        dossier_id=loan.dossier_id,
        borrower_id=loan.borrower_id,
        loan=loan,
        data=data or {},
        **event_columns(at=at),
    )


def _loan_for(
    row: RepaymentRow, loans: dict[str, Loan], known: dict[str, Repayment], *, at: datetime
) -> Loan | None:
    """The loan a new repayment goes to; None when the repayment is there already."""
    loan = loans.get(row.loan_number)
    if loan is None:
        raise InputRefused(_("No loan has this number."), field="loan_number")
    before = known.get(row.external_id)
    if before is not None:
        if (before.loan_id, before.amount, before.received_at) == (loan.pk, row.amount, row.received_at):
            return None
        raise ExternalIdReused(field="external_id")
    check_payment(loan=loan, amount=row.amount, received_at=row.received_at, at=at)
    return loan


def _locked_loans(numbers: set[str]) -> dict[str, Loan]:
    found: dict[str, Loan] = {}
    parts = list(chunks(sorted(numbers)))
    owners = [
        pk
        for part in parts
        for pk in Loan.objects.filter(number__in=part).values_list("borrower_id", flat=True)
    ]
    for ids in chunks(sorted(set(owners))):
        list(Borrower.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))
    for part in parts:
        found.update(
            {
                one.number: one
                for one in Loan.objects.select_for_update().filter(number__in=part).order_by("pk")
            }
        )
    return found


def _open_schedules(loans: Iterable[Loan]) -> dict[int, dict[int, Instalment]]:
    """The present schedules, by loan and sequence."""
    versions = {loan.pk: loan.schedule_version for loan in loans}
    found: dict[int, dict[int, Instalment]] = {pk: {} for pk in versions}
    for part in chunks(sorted(versions)):
        for one in Instalment.objects.filter(loan_id__in=part).order_by("loan_id", "sequence"):
            if one.schedule_version == versions[one.loan_id]:
                found[one.loan_id][one.sequence] = one
    return found
