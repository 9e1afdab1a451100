"""What a person can do with a bundle once it was asked for: have it made again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import EvidenceBundle
from backoffice.core.workflow import Workflow, transition
from backoffice.staff.models import User

MAKE, UNMASK, VIEW = "audit.make_bundle", "audit.unmask_third_parties", "audit.view_evidencebundle"
#: The largest bundle takes minutes; one that has shown no new state for so long was left behind by its worker.
GIVEN_UP_AFTER = timedelta(minutes=30)

_State = EvidenceBundle.State


def is_own(bundle: EvidenceBundle, by: User, at: datetime) -> Any | None:
    """What is in it was decided by the rights of whoever asked for it."""
    if bundle.requested_by_id != by.pk:
        return _("Somebody else asked for this bundle; ask for one of your own.")
    return None


def is_not_at_work(bundle: EvidenceBundle, by: User, at: datetime) -> Any | None:
    """Two workers on one bundle would do everything twice."""
    if bundle.state in (_State.QUEUED, _State.RUNNING):
        since = EvidenceBundle.history.filter(id=bundle.pk).latest().history_date
        if at - since < GIVEN_UP_AFTER:
            return _("It is being made.")
    return None


bundle = Workflow(
    "audit.evidencebundle",
    initial=_State.QUEUED,
    transitions=[
        transition(
            "again",
            _("Make it again"),
            [_State.FAILED, _State.EXPIRED, _State.QUEUED, _State.RUNNING],
            _State.QUEUED,
            MAKE,
            is_own,
            is_not_at_work,
            effect=_("The same bundle, with what the record holds now."),
            style="primary",
        ),
    ],
)
