"""What the record calls the acts of API clients."""

from django.utils.translation import gettext_lazy as _

from backoffice.desk.registry import registries

registries.act_labels.register_all(
    {
        "client.created": _("API client created"),
        "client.secret_rotated": _("Client secret rotated"),
        "client.secret_revoked": _("Client secret revoked"),
        "client.secrets_revoked": _("All client secrets revoked"),
        "client.scopes_set": _("Client scopes set"),
        "client.deactivated": _("API client deactivated"),
        "client.reactivated": _("API client reactivated"),
    }
)
