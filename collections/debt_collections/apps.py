from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DebtCollectionsConfig(AppConfig):
    name = "debt_collections"
    label = "collections"
    verbose_name = _("Collections desk")
