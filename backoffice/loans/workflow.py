"""What can be done with the loan book by hand, and by whom."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.core.context import Actor
from backoffice.core.money import ZERO
from backoffice.core.services import policy_value
from backoffice.core.time import business_day
from backoffice.core.workflow import Transition, Workflow, transition
from backoffice.loans.changed import can_be_written_off, reversible_repayments
from backoffice.loans.choices import ChangeKind, ChangeState, LoanState, PostingState, TermsState
from backoffice.loans.models import Loan, PostingRequest, ScheduleChange, WriteOff
from backoffice.loans.policy import WAIVER_LIMIT
from backoffice.loans.simulation import interest_left_out

#: To let through what another person asked for; the posting itself is done with it as well.
APPROVE_POSTING = "loans.approve_posting"
#: A written-off debt is still owed: it can be eased, paid and settled like any other.
_OWED = (LoanState.ACTIVE, LoanState.WRITTEN_OFF)


def _change(kind: ChangeKind, label: Any, effect: Any) -> Transition:
    """One kind of change that can be proposed; it is named as its kind."""
    return transition(kind.value, label, _OWED, None, "loans.propose_change", effect=effect)


def _is_paused(loan: Loan, by: Actor, at: datetime) -> Any | None:
    to_come = Q(until__isnull=True) | Q(until__gt=business_day(at))
    return None if loan.pauses.filter(to_come).exists() else _("There is no pause that is not over.")


def _was_charged(loan: Loan, by: Actor, at: datetime) -> Any | None:
    standing = loan.charges.filter(reverses=None, reversal=None)
    return None if standing.exists() else _("No cost was charged on it.")


def _has_what_can_be_reversed(loan: Loan, by: Actor, at: datetime) -> Any | None:
    words = _("There is no repayment on it that can be reversed.")
    return None if reversible_repayments(loan).exists() else words


def _is_overdue(loan: Loan, by: Actor, at: datetime) -> Any | None:
    return _("Nothing is overdue on it.") if loan.oldest_unpaid_due_on is None else None


terms = Workflow(
    "loans.TermsVersion",
    initial=TermsState.DRAFT,
    transitions=[
        transition(
            "publish",
            _("Publish"),
            [TermsState.DRAFT],
            TermsState.PUBLISHED,
            "loans.change_termsversion",
            effect=_("From that day on new loans are made under this text; it can no longer be changed."),
            style="primary",
        ),
        transition(
            "retire",
            _("Retire"),
            [TermsState.PUBLISHED],
            TermsState.RETIRED,
            "loans.change_termsversion",
            effect=_("No new loan is made under this text; the loans made under it keep it."),
            style="danger",
        ),
    ],
)

loan = Workflow(
    "loans.Loan",
    initial=LoanState.ACTIVE,
    transitions=[
        transition(
            "post_repayment",
            _("Post a repayment"),
            # Settled by now: what came before it was, and is only known today.
            (*_OWED, LoanState.SETTLED),
            None,
            "loans.post_repayment",
            effect=_("The money pays the debt in the order of the product, as of the day it came in."),
            style="primary",
        ),
        transition(
            "reverse_repayment",
            _("Reverse a repayment"),
            [LoanState.ACTIVE, LoanState.WRITTEN_OFF, LoanState.SETTLED],
            None,
            "loans.reverse_repayment",
            _has_what_can_be_reversed,
            effect=_("The repayment counts as never received; everything after it is derived anew."),
            style="danger",
        ),
        _change(
            ChangeKind.DEFERRAL,
            _("Propose a deferral"),
            _("All that is open falls due later; interest runs on. First you see the difference."),
        ),
        _change(
            ChangeKind.EXTRA_INSTALMENTS,
            _("Propose more instalments"),
            _("All that is open is spread over more instalments. First you see the difference."),
        ),
        _change(
            ChangeKind.RESCHEDULE,
            _("Propose a new schedule"),
            _("All that is open is planned anew. First you see the difference."),
        ),
        _change(
            ChangeKind.RATE_CUT,
            _("Propose a lower rate"),
            _("From now on the loan costs less; due dates stay. First you see the difference."),
        ),
        _change(
            ChangeKind.WAIVER,
            _("Propose a waiver"),
            _(
                "Part of what is due is no longer asked for, never of the principal. First you see the difference."
            ),
        ),
        # Papers come in late as well: whatever became of the loan.
        transition("attach_document", _("Add a document"), list(LoanState), None, "loans.attach_document"),
        transition(
            "settle_early",
            _("Settle early"),
            _OWED,
            None,
            "loans.settle_early",
            effect=_(
                "Everything falls due on the day on which the money came in, with interest to that day. It takes the "
                "money: post it first."
            ),
        ),
        transition(
            "pause_loan",
            _("Set a payment pause"),
            _OWED,
            None,
            "loans.pause_loan",
            effect=_(
                "Its days are not counted, or bear no default interest. The days past due of the contract go on."
            ),
        ),
        transition(
            "end_pause",
            _("End a payment pause"),
            _OWED,
            None,
            "loans.pause_loan",
            _is_paused,
            effect=_(
                "From tomorrow on days count and default interest runs again, as far as no other pause stops them."
            ),
        ),
        transition(
            "charge_cost",
            _("Charge a cost"),
            _OWED,
            None,
            "loans.charge_cost",
            effect=_("What enforcing cost and the borrower owes by law or contract; payments pay it first."),
        ),
        transition(
            "reverse_charge",
            _("Take a cost back"),
            (*_OWED, LoanState.SETTLED),
            None,
            "loans.charge_cost",
            _was_charged,
            effect=_("The cost counts as never charged; everything after it is derived anew."),
            style="danger",
        ),
        transition(
            "request_write_off",
            _("Ask for a write-off"),
            [LoanState.ACTIVE],
            None,
            "loans.request_write_off",
            _is_overdue,
            effect=_(
                "A second person decides. The borrower owes the same as before, days and interest go on; payments of "
                "the time before can no longer be changed."
            ),
            style="danger",
        ),
    ],
)


def _by_another(request: PostingRequest | WriteOff, by: Actor, at: datetime) -> Any | None:
    words = _("Another person than the one who asked has to decide.")
    return words if request.requested_by_id == by.pk else None


def _by_the_same(request: PostingRequest | WriteOff, by: Actor, at: datetime) -> Any | None:
    return _("Only the person who asked takes it back.") if request.requested_by_id != by.pk else None


posting = Workflow(
    "loans.PostingRequest",
    initial=PostingState.REQUESTED,
    transitions=[
        transition(
            "approve",
            _("Approve and post"),
            [PostingState.REQUESTED],
            PostingState.DONE,
            APPROVE_POSTING,
            _by_another,
            effect=_("It is posted at once."),
            style="primary",
        ),
        transition(
            "refuse",
            _("Refuse"),
            [PostingState.REQUESTED],
            PostingState.REFUSED,
            APPROVE_POSTING,
            _by_another,
            effect=_("Nothing is posted."),
            style="danger",
        ),
        transition(
            "withdraw",
            _("Withdraw"),
            [PostingState.REQUESTED],
            PostingState.WITHDRAWN,
            "loans.post_repayment",
            _by_the_same,
            effect=_("Nothing is posted."),
        ),
    ],
)

creditor_client = Workflow(
    "loans.CreditorClient",
    initial="in_force",
    transitions=[
        # The state is the end that the service sets.
        transition(
            "end",
            _("End access"),
            ["in_force"],
            None,
            "api.change_client",
            effect=_("From the next request on the client sees none of this creditor's loans."),
            style="danger",
        ),
    ],
)


def _by_another_person(change: ScheduleChange, by: Actor, at: datetime) -> Any | None:
    return (
        _("Another person than the one who proposed it has to decide.")
        if change.proposed_by_id == by.pk
        else None
    )


def _by_the_proposer(change: ScheduleChange, by: Actor, at: datetime) -> Any | None:
    return _("Only the person who proposed it takes it back.") if change.proposed_by_id != by.pk else None


def _not_too_old(change: ScheduleChange, by: Actor, at: datetime) -> Any | None:
    return _still_in_time(change.decide_by, change.proposed_at, at=at)


def _still_in_time(decide_by: date | None, asked_at: datetime, *, at: datetime) -> Any | None:
    """Whoever decides late decides on what was true of another time."""
    last = decide_by or business_day(asked_at)
    if business_day(at) <= last:
        return None
    words = gettext("It could be decided until %(last)s. Refuse or withdraw it, and propose it anew.")
    return words % {"last": last}


def _within_the_limit(change: ScheduleChange, by: Actor, at: datetime) -> Any | None:
    """All that the borrower was let off on the loan so far counts: nothing is made small by making two of it."""
    given = _let_off(change)
    if not given or by.has_perm("loans.approve_large_waiver"):
        return None
    limit = policy_value(WAIVER_LIMIT, on=business_day(at))
    before = ScheduleChange.objects.filter(
        loan=change.loan_id,
        state=ChangeState.APPLIED,
        kind__in=(ChangeKind.WAIVER, ChangeKind.RATE_CUT, ChangeKind.RESCHEDULE),
    )
    total = given + sum(map(_let_off, before))
    if total <= limit:
        return None
    words = gettext(
        "With it the borrower would be let off %(total)s yuan of this loan (waivers, and interest that a lower rate "
        "leaves out): above %(limit)s yuan a loan supervisor applies it."
    )
    return words % {"total": f"{total:,.2f}", "limit": f"{limit:,.2f}"}


def _let_off(change: ScheduleChange) -> Decimal:
    if change.kind == ChangeKind.WAIVER:
        return sum((Decimal(amount) for amount in change.parameters.values()), ZERO)
    if change.annual_rate >= change.annual_rate_before:
        return ZERO
    return interest_left_out(change.simulation)


change = Workflow(
    "loans.ScheduleChange",
    initial=ChangeState.PROPOSED,
    transitions=[
        transition(
            "apply",
            _("Apply"),
            [ChangeState.PROPOSED],
            ChangeState.APPLIED,
            "loans.approve_change",
            _by_another_person,
            _not_too_old,
            _within_the_limit,
            effect=_("The loan changes at once, as of the day of the proposal and exactly as shown."),
            style="primary",
        ),
        transition(
            "refuse",
            _("Refuse"),
            [ChangeState.PROPOSED],
            ChangeState.REFUSED,
            "loans.approve_change",
            _by_another_person,
            effect=_("The loan stays as it is."),
            style="danger",
        ),
        transition(
            "withdraw",
            _("Withdraw"),
            [ChangeState.PROPOSED],
            ChangeState.WITHDRAWN,
            "loans.propose_change",
            _by_the_proposer,
            effect=_("The loan stays as it is."),
        ),
    ],
)


def _write_off_not_too_old(write_off: WriteOff, by: Actor, at: datetime) -> Any | None:
    return _still_in_time(write_off.decide_by, write_off.requested_at, at=at)


def _is_still_overdue(write_off: WriteOff, by: Actor, at: datetime) -> Any | None:
    return None if can_be_written_off(write_off.loan) else _("Nothing is overdue on this loan any more.")


write_off = Workflow(
    "loans.WriteOff",
    initial=PostingState.REQUESTED,
    transitions=[
        transition(
            "approve",
            _("Write off"),
            [PostingState.REQUESTED],
            PostingState.DONE,
            "loans.approve_write_off",
            _by_another,
            _write_off_not_too_old,
            _is_still_overdue,
            effect=_("The loan leaves the balance sheet today. The borrower owes the same as before."),
            style="danger",
        ),
        transition(
            "refuse",
            _("Refuse"),
            [PostingState.REQUESTED],
            PostingState.REFUSED,
            "loans.approve_write_off",
            _by_another,
            effect=_("The loan stays as it is."),
        ),
        transition(
            "withdraw",
            _("Withdraw"),
            [PostingState.REQUESTED],
            PostingState.WITHDRAWN,
            "loans.request_write_off",
            _by_the_same,
            effect=_("The loan stays as it is."),
        ),
    ],
)
