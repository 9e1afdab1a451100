"""What a lender's machine may know of the loan book: the loans of the creditors opened to it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db.models import QuerySet

from backoffice.api.models import Client
from backoffice.core.money import ZERO
from backoffice.loans.choices import PostingKind, PostingState
from backoffice.loans.ledger import ledgers_of
from backoffice.loans.models import (
    CreditorClient,
    Loan,
    LoanEvent,
    PostingRequest,
    Repayment,
    RepaymentAllocation,
)
from backoffice.loans.policy import loan_policy
from backoffice.loans.selectors import AllocatedPart, LoanSnapshot, RepaymentLine, snapshot_of

_CIPHERS = ("name", "id_number", "mobile", "email", "address", "service_address")


def visible_loans(client: Client) -> QuerySet[Loan]:
    """The loans this client may see. Everything the API does with loans starts here. One query for the creditors."""
    rows = CreditorClient.objects.filter(client=client, until=None)
    creditors = list(rows.values_list("creditor_id", flat=True))
    return Loan.objects.filter(creditor__in=creditors) if creditors else Loan.objects.none()


def visible_repayments(client: Client) -> QuerySet[Repayment]:
    """The repayments, and reversals, of the loans this client may see."""
    rows = CreditorClient.objects.filter(client=client, until=None)
    creditors = list(rows.values_list("creditor_id", flat=True))
    found = Repayment.objects.filter(loan__creditor__in=creditors) if creditors else Repayment.objects.none()
    return found.select_related("loan__dossier", "reverses", "reversal")


def with_related(loans: QuerySet[Loan]) -> QuerySet[Loan]:
    """Joined to what the API tells of a loan; ciphertext stays in the database."""
    joined = loans.select_related("dossier", "borrower", "product", "creditor")
    return joined.defer(*(f"borrower__{name}_cipher" for name in _CIPHERS))


def snapshots(loans: Sequence[Loan], *, on: date) -> list[LoanSnapshot]:
    """The loans as of the end of ``on``, in their order. Seven queries, however many they are (in chunks of 500)."""
    if not loans:
        return []
    ledgers, policy = ledgers_of(loans), loan_policy(on=on)
    return [snapshot_of(ledgers[loan.pk], on=on, policy=policy) for loan in loans]


def changed_since(loans: QuerySet[Loan], moment: datetime) -> QuerySet[Loan]:
    """Loans of which anything was put on record since then: their own history, and the events of their repayments."""
    changed = Loan.history.filter(history_date__gte=moment).order_by().values_list("id")
    events = LoanEvent.objects.filter(occurred_at__gte=moment, loan__isnull=False).values_list("loan_id")
    return loans.filter(pk__in=changed.union(events))


def repayment_lines(repayments: Sequence[Repayment]) -> list[RepaymentLine]:
    """The repayments with where they went, in their order. One query."""
    where: dict[int, dict[tuple[int, str], Decimal]] = {one.pk: {} for one in repayments}
    rows: Iterable[tuple[int, int, str, Decimal]] = (
        RepaymentAllocation.objects.filter(repayment__in=list(where))
        .order_by("pk")
        .values_list("repayment_id", "instalment__sequence", "component", "amount")
    )
    for repayment_id, sequence, component, amount in rows:
        parts = where[repayment_id]
        parts[sequence, component] = parts.get((sequence, component), ZERO) + amount
    return [_line(one, where[one.pk]) for one in repayments]


def _line(repayment: Repayment, where: dict[tuple[int, str], Decimal]) -> RepaymentLine:
    parts = tuple(
        AllocatedPart(sequence, component, amount)
        for (sequence, component), amount in sorted(where.items())
        if amount
    )
    undone = hasattr(repayment, "reversal")
    counts = repayment.reverses_id is None and not undone
    rest = repayment.amount - sum((part.amount for part in parts), ZERO) if counts else ZERO
    return RepaymentLine(repayment, parts, rest, undone)


def asked_for(loans: QuerySet[Loan], external_id: str) -> PostingRequest | None:
    """The request under which this money awaits, or was refused by, a second person; not one that was done."""
    return (
        PostingRequest.objects.filter(loan__in=loans, external_id=external_id, kind=PostingKind.REPAYMENT)
        .exclude(state=PostingState.DONE)
        .select_related("loan__dossier")
        .order_by("-pk")
        .first()
    )


def reversals_asked_for(repayments: Sequence[Repayment]) -> set[int]:
    """Which of these repayments wait for a second person to reverse them. One query."""
    waiting = PostingRequest.objects.filter(repayment__in=repayments, state=PostingState.REQUESTED)
    return {pk for pk in waiting.values_list("repayment_id", flat=True) if pk is not None}
