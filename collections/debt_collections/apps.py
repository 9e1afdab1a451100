from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DebtCollectionsConfig(AppConfig):
    name = "debt_collections"
    label = "collections"
    verbose_name = _("Collections desk")

    def ready(self) -> None:
        # The receivers of the desk's signals connect themselves.
        from debt_collections import receivers  # noqa: F401
