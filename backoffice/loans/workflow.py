"""What can be done with the loan book by hand, and by whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.core.context import Actor
from backoffice.core.workflow import Workflow, transition
from backoffice.loans.choices import LoanState, PostingState, TermsState
from backoffice.loans.models import PostingRequest

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
            [LoanState.ACTIVE, LoanState.WRITTEN_OFF],
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
            effect=_("The repayment counts as never received; everything after it is derived anew."),
            style="danger",
        ),
    ],
)


def _by_another(request: PostingRequest, by: Actor, at: datetime) -> Any | None:
    return (
        _("Another person than the one who asked has to decide.")
        if request.requested_by_id == by.pk
        else None
    )


def _by_the_same(request: PostingRequest, by: Actor, at: datetime) -> Any | None:
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
            "loans.approve_posting",
            _by_another,
            effect=_("It is posted at once."),
            style="primary",
        ),
        transition(
            "refuse",
            _("Refuse"),
            [PostingState.REQUESTED],
            PostingState.REFUSED,
            "loans.approve_posting",
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
