from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ComplaintsConfig(AppConfig):
    name = "complaints"
    label = "complaints"
    verbose_name = _("Complaints desk")

    def ready(self) -> None:
        from backoffice.core.services import fill_policy_values
        from backoffice.staff import reference
        from complaints import policy
        from complaints.categories import fill_categories

        reference.register("complaint policy", lambda: fill_policy_values(policy.seed_rows()))
        reference.register("complaint categories", fill_categories)
