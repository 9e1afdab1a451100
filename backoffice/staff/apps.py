from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class StaffConfig(AppConfig):
    name = "backoffice.staff"
    label = "staff"
    verbose_name = _("Staff")

    def ready(self) -> None:
        from backoffice.core.policy import seed_rows
        from backoffice.core.services import fill_calendar, fill_policy_values
        from backoffice.staff import checks, reference, services  # noqa: F401  (registers the system check)

        reference.register("roles", services.sync_roles)
        reference.register("calendar", lambda: fill_calendar(years=reference.CALENDAR_YEARS))
        reference.register("policy", lambda: fill_policy_values(seed_rows()))
        post_migrate.connect(reference.load_after_migrate, dispatch_uid="staff.reference")
