"""What can be done with seals, legal holds and erasures, and by whom.

Nothing changes a seal; everybody with the right may check it. A legal hold is lifted, an erasure carried out or
refused; carrying out takes another person than the one who asked.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import Erasure, LegalHold
from backoffice.core.context import Actor
from backoffice.core.workflow import Workflow, transition

#: Who asks for an erasure and who places a hold: both make a row, so no row of a table says it.
REQUEST = "audit.request_erasure"
HOLD = "audit.place_legal_hold"
CARRY_OUT = "audit.carry_out_erasure"


# A seal has no state that changes: the step is open whichever way its run ended.
seal = Workflow(
    "audit.Seal",
    field="closes_window",
    initial="",
    transitions=[
        transition(
            *("verify", _("Verify this seal"), (True, False), None, "audit.verify_record"),  # type: ignore[arg-type]
            effect=_("Checks the whole chain, the newest seals and every row of this one."),
            style="primary",
        ),
    ],
)


# Whether a hold stands follows from the day it was lifted (``LegalHold.state``), which the service sets.
legal_hold = Workflow(
    "audit.LegalHold",
    initial=LegalHold.State.STANDING,
    transitions=[
        transition(
            "lift",
            _("Lift the legal hold"),
            [LegalHold.State.STANDING],
            None,
            HOLD,
            effect=_("What is in the dossier may be erased and run out again, as for every other dossier."),
            style="danger",
        ),
    ],
)


def _another_person(erasure: Any, by: Actor, at: datetime) -> Any | None:
    """An erasure cannot be undone; two people have to want it."""
    if by.pk == erasure.requested_by_id:
        return _("You asked for this erasure yourself; another person has to decide.")
    return None


erasure = Workflow(
    "audit.Erasure",
    initial=Erasure.State.REQUESTED,
    transitions=[
        transition(
            "carry_out",
            _("Erase for good"),
            [Erasure.State.REQUESTED],
            Erasure.State.DONE,
            CARRY_OUT,
            _another_person,
            effect=_(
                "Deletes the person’s keys and files and takes them out of every text. Nobody can undo it."
            ),
            style="danger",
        ),
        transition(
            "refuse",
            _("Refuse the erasure"),
            [Erasure.State.REQUESTED],
            Erasure.State.REFUSED,
            CARRY_OUT,
            _another_person,
            effect=_("Nothing is erased; the person is told why."),
        ),
    ],
)
