from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MediationConfig(AppConfig):
    name = "complaints.mediation"
    label = "mediation"
    verbose_name = _("Mediation")

    def ready(self) -> None:
        from backoffice.core.services import fill_policy_values
        from backoffice.staff import reference

        # The receivers of the complaints desk's signals connect themselves.
        from complaints.mediation import policy, receivers  # noqa: F401

        reference.register("mediation policy", lambda: fill_policy_values(policy.seed_rows()))
