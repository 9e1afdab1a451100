from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LoansConfig(AppConfig):
    name = "backoffice.loans"
    label = "loans"
    verbose_name = _("Loan book")

    def ready(self) -> None:
        from backoffice.core.services import fill_policy_values
        from backoffice.loans import policy, receivers  # noqa: F401  (receivers connect themselves)
        from backoffice.staff import reference

        reference.register("loan policy", lambda: fill_policy_values(policy.seed_rows()))
