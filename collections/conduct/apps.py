from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ConductConfig(AppConfig):
    name = "conduct"
    label = "conduct"
    verbose_name = _("Conduct desk")

    def ready(self) -> None:
        from backoffice.staff import reference
        from conduct.services import fill_rule_sets

        reference.register("rule sets", fill_rule_sets)
