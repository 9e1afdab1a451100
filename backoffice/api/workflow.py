"""What can be done to an API client, and who may."""

from django.utils.translation import gettext_lazy as _

from backoffice.core.workflow import Workflow, transition

ACTIVE, INACTIVE = "active", "inactive"

client = Workflow(
    "api.Client",
    initial=ACTIVE,
    transitions=[
        transition("rotate_secret", _("New secret"), [ACTIVE], None, "api.change_client", style="primary"),
        transition(
            *("revoke_secrets", _("Revoke all secrets"), [ACTIVE], None, "api.change_client"), style="danger"
        ),
        transition("set_scopes", _("Set scopes"), [ACTIVE], None, "api.change_client"),
        transition(*("deactivate", _("Deactivate"), [ACTIVE], INACTIVE, "api.change_client"), style="danger"),
        transition("reactivate", _("Reactivate"), [INACTIVE], ACTIVE, "api.change_client"),
    ],
)
