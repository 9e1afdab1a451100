"""What can be done with a seal: nothing changes it, everybody with the right may check it."""

from django.utils.translation import gettext_lazy as _

from backoffice.core.workflow import Workflow, transition

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
