from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "backoffice.audit"
    label = "audit"
    verbose_name = _("Audit")

    def ready(self) -> None:
        from backoffice.audit import checks, triggers  # noqa: F401

        pre_migrate.connect(triggers.drop_before_migrate, dispatch_uid="audit.drop_triggers")
        post_migrate.connect(triggers.install_after_migrate, dispatch_uid="audit.install_triggers")
