"""What can be done with an alleged contact."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from backoffice.core.workflow import Workflow, transition
from conduct.choices import AllegedState

alleged_contact = Workflow(
    "conduct.allegedcontact",
    initial=AllegedState.UNMATCHED,
    transitions=[
        # The state follows from the match, so the row names no target.
        transition(
            "match",
            _("Match with our record"),
            [AllegedState.UNMATCHED, AllegedState.MATCHED],
            None,
            "conduct.match_alleged_contact",
            style="primary",
        ),
    ],
)
