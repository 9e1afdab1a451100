from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class LoansConfig(AppConfig):
    name = "backoffice.loans"
    label = "loans"
    verbose_name = _("Loan book")

    def ready(self) -> None:
        from backoffice.core.services import fill_policy_values
        from backoffice.loans import policy, receivers, triggers  # noqa: F401  (receivers connect themselves)
        from backoffice.staff import reference

        reference.register("loan policy", lambda: fill_policy_values(policy.seed_rows()))

        pre_migrate.connect(triggers.drop_before_migrate, dispatch_uid="loans.drop_triggers")
        post_migrate.connect(triggers.install_after_migrate, dispatch_uid="loans.install_triggers")
