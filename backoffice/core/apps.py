from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "backoffice.core"
    label = "core"

    def ready(self) -> None:
        from backoffice.core import checks, lookups  # noqa: F401  (registers system checks and lookups)
