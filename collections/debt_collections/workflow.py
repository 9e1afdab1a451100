"""What can be done with a case and a hold, by whom, in which state."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.core.workflow import Workflow, transition
from backoffice.staff.models import User
from debt_collections.choices import CaseState, CollectorState, HoldState
from debt_collections.models import Case
from debt_collections.querysets import SEES_ALL


def _visible(case: Case, by: User, at: datetime) -> Any | None:
    """A collector works on their own cases only."""
    if by.has_perm(SEES_ALL) or Case.objects.visible_to(by).filter(pk=case.pk).exists():
        return None
    return _("This case is not placed with you.")


case = Workflow(
    "collections.case",
    initial=CaseState.OPEN,
    transitions=[
        # Evidence may come in late: a contact made on a closed case is the kind that must be on record.
        transition(
            "log_contact",
            _("Log a contact"),
            [CaseState.OPEN, CaseState.CLOSED],
            None,
            "collections.log_contact",
            _visible,
            style="primary",
        ),
        transition("place", _("Place with an agency"), [CaseState.OPEN], None, "collections.place_case"),
        transition("add_loan", _("Add a loan"), [CaseState.OPEN], None, "collections.open_case"),
        transition(
            "place_hold",
            _("Place a hold"),
            [CaseState.OPEN],
            None,
            "collections.place_hold",
            effect=_("Collection stops within the scope of the hold."),
        ),
        transition(
            "close",
            _("Close the case"),
            [CaseState.OPEN],
            CaseState.CLOSED,
            "collections.close_case",
            effect=_("The current placement ends today."),
            style="danger",
        ),
    ],
)

hold = Workflow(
    "collections.hold",
    initial=HoldState.LIVE,
    transitions=[
        # The state follows from the moment of lifting, so the row names no target.
        transition(
            "lift",
            _("Lift the hold"),
            [HoldState.LIVE],
            None,
            "collections.lift_hold",
            effect=_("Collection may go on within the other rules."),
            style="danger",
        ),
    ],
)

collector = Workflow(
    "collections.collector",
    initial=CollectorState.ACTIVE,
    transitions=[
        transition(
            "authorise",
            _("Authorise"),
            [CollectorState.ACTIVE, CollectorState.SUSPENDED],
            CollectorState.ACTIVE,
            "collections.authorise_collector",
        ),
        transition(
            "suspend",
            _("Suspend"),
            [CollectorState.ACTIVE],
            CollectorState.SUSPENDED,
            "collections.suspend_collector",
            effect=_("Every authorisation still running ends now."),
            style="danger",
        ),
    ],
)
