"""What a lender's machine may know of the loan book: the loans of the creditors opened to it, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import QuerySet

from backoffice.api.models import Client
from backoffice.loans.choices import PostingKind, PostingState
from backoffice.loans.ledger import ledgers_of
from backoffice.loans.models import (
    CreditorClient,
    Loan,
    LoanEvent,
    PostingRequest,
    Repayment,
)
from backoffice.loans.policy import loan_policy
from backoffice.loans.selectors import LoanSnapshot, RepaymentLine, repayment_lines, snapshot_of

_CIPHERS = ("name", "id_number", "mobile", "email", "address", "service_address")


def creditors_of(client: Client) -> list[int]:
    """The ids of the creditors opened to this client. One query."""
    rows = CreditorClient.objects.filter(client=client, until=None)
    return list(rows.values_list("creditor_id", flat=True))


def visible_loans(client: Client) -> QuerySet[Loan]:
    """The loans this client may see. Everything the API does with loans starts here. One query for the creditors."""
    creditors = creditors_of(client)
    return Loan.objects.filter(creditor__in=creditors) if creditors else Loan.objects.none()


def visible_repayments(client: Client) -> QuerySet[Repayment]:
    """The repayments, and reversals, that belong to the creditors opened to this client."""
    creditors = creditors_of(client)
    found = Repayment.objects.filter(creditor__in=creditors) if creditors else Repayment.objects.none()
    return found.select_related("loan__dossier", "creditor", "reverses", "reversal")


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


def lines_of(repayments: Sequence[Repayment]) -> list[RepaymentLine]:
    """The repayments with where they went, in their order. One query; loan and reversal are joined."""
    return repayment_lines(repayments, undone={one.pk for one in repayments if hasattr(one, "reversal")})


def reported(client: Client, external_id: str, *, creditor: str = "") -> list[Repayment | PostingRequest]:
    """What the creditors opened to this client, or the one of this name, know by this id: for each what is posted, or
    else the request under which it awaits, or was refused by, a second person. Four queries."""
    posted = visible_repayments(client).filter(external_id=external_id)
    asked = (
        PostingRequest.objects.filter(
            loan__in=visible_loans(client), external_id=external_id, kind=PostingKind.REPAYMENT
        )
        .exclude(state=PostingState.DONE)
        .select_related("loan__dossier", "loan__creditor")
        .order_by("pk")
    )
    found: dict[str, Repayment | PostingRequest] = {one.loan.creditor.name: one for one in asked}
    found |= {one.creditor.name: one for one in posted}
    return [one for name, one in found.items() if creditor in {"", name}]


def reversals_asked_for(repayments: Sequence[Repayment]) -> set[int]:
    """Which of these repayments wait for a second person to reverse them. One query."""
    waiting = PostingRequest.objects.filter(repayment__in=repayments, state=PostingState.REQUESTED)
    return {pk for pk in waiting.values_list("repayment_id", flat=True) if pk is not None}
