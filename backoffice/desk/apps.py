from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.translation import gettext_lazy as _


class DeskConfig(AppConfig):
    name = "backoffice.desk"
    label = "desk"
    verbose_name = _("Desk")
    default = True

    def ready(self) -> None:
        from backoffice.desk import checks  # noqa: F401


class DeskAdminConfig(AdminConfig):
    """Puts our site in the place of ``django.contrib.admin.site``."""

    default_site = "backoffice.desk.site.BackofficeAdminSite"
    default = False
