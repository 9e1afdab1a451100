from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    name = "backoffice.desk"
    label = "desk"
    verbose_name = _("Desk")
    default = True

    def ready(self) -> None:
        from backoffice.core.services import fill_policy_values
        from backoffice.desk import checks, policy, services  # noqa: F401
        from backoffice.staff import reference

        reference.register("incident policy", lambda: fill_policy_values(policy.seed_rows()))
        reference.register("incident contacts", services.fill_contacts)


class DeskAdminConfig(AdminConfig):
    """Puts our site in the place of ``django.contrib.admin.site``."""

    default_site = "backoffice.desk.site.BackofficeAdminSite"
    default = False
