from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApiConfig(AppConfig):
    name = "backoffice.api"
    label = "api"
    verbose_name = _("API")

    def ready(self) -> None:
        # There is no admin package here that Django would import.
        from backoffice.api import acts  # noqa: F401
