from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MediationConfig(AppConfig):
    name = "complaints.mediation"
    label = "mediation"
    verbose_name = _("Mediation")

    def ready(self) -> None:
        # Imported for what they register: the receivers of the complaints desk's signals.
        from complaints.mediation import receivers  # noqa: F401
