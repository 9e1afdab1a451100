"""What can be done with a data subject: record that two are one person, and take that back."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from backoffice.core.workflow import Workflow, transition
from backoffice.privacy.models import SubjectState

subject = Workflow(
    "privacy.datasubject",
    initial=SubjectState.SINGLE,
    transitions=[
        # The state follows from the link, so the rows name no target.
        transition(
            "link",
            _("Same person as…"),
            SubjectState.values,
            None,
            "privacy.link_subjects",
            effect=_("Search, read log and “what we hold” follow the link. Nothing is encrypted anew."),
        ),
        transition(
            "unlink",
            _("Not the same person after all"),
            [SubjectState.ALIAS],
            None,
            "privacy.link_subjects",
            style="danger",
        ),
    ],
)
