from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "backoffice.audit"
    label = "audit"
    verbose_name = _("Audit")

    def ready(self) -> None:
        from django.utils.module_loading import autodiscover_modules

        from backoffice.audit import checks, receivers, triggers  # noqa: F401
        from backoffice.audit.evidence import own as own_evidence
        from backoffice.audit.keeping import own
        from backoffice.staff import reference

        own.register()
        # Each app says in its keeping.py what it knows about people.
        autodiscover_modules("keeping")
        # And in its evidence.py what it adds to an evidence bundle.
        own_evidence.register()
        autodiscover_modules("evidence")
        reference.register("retention rules", own.fill_rules)

        pre_migrate.connect(triggers.drop_before_migrate, dispatch_uid="audit.drop_triggers")
        post_migrate.connect(triggers.install_after_migrate, dispatch_uid="audit.install_triggers")
