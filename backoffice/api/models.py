from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from oauth2_provider.generators import generate_client_id
from oauth2_provider.models import AbstractApplication

from backoffice.core.history import HistoricalRecords
from backoffice.privacy.fields import TextCipherField


class Client(AbstractApplication):
    """A machine that may call us: OAuth application with its own service user, scopes and secrets.

    ``user`` is the machine account that every record names as actor; ``allowed_scopes`` (space separated) is
    the most a token of this client can ever carry. The answers kept for its repeated requests are encrypted
    under the key of its dossier.
    """

    # The library's two columns under names of ours: its “name” reads as a person's, and it speaks no Chinese.
    name = models.CharField(_("client's name"), max_length=255, blank=True)
    client_id = models.CharField(
        _("client identifier"), max_length=255, unique=True, default=generate_client_id, db_index=True
    )
    dossier = models.OneToOneField(
        "core.Dossier", on_delete=models.PROTECT, related_name="api_client", verbose_name=_("dossier")
    )
    allowed_scopes = models.CharField(_("allowed scopes"), max_length=500)
    active = models.BooleanField(_("active"), default=True)

    # AbstractApplication keeps one secret of its own; ours are rows, so that they rotate with overlap.
    history = HistoricalRecords(excluded_fields=["client_secret", "updated"])

    class Meta(AbstractApplication.Meta):
        swappable = "OAUTH2_PROVIDER_APPLICATION_MODEL"
        verbose_name = _("API client")
        verbose_name_plural = _("API clients")
        constraints = [
            models.CheckConstraint(condition=models.Q(user__isnull=False), name="api_client_has_machine_user")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def scopes(self) -> list[str]:
        """``allowed_scopes`` as a list, in the order of the alphabet."""
        return sorted(self.allowed_scopes.split())

    @property
    def for_mediation(self) -> bool:
        """Whether it is a mediation organisation's system; its scopes are all of that kind then, and stay so."""
        return bool(set(self.scopes) & set(settings.MEDIATION_SCOPES))

    @property
    def state(self) -> str:
        """``active`` or ``inactive``: what the workflow table of clients goes by."""
        return "active" if self.active else "inactive"

    @state.setter
    def state(self, value: str) -> None:
        self.active = value == "active"

    def get_state_display(self) -> str:
        return str(_("Active") if self.active else _("Deactivated"))

    def is_usable(self, request: Any) -> bool:
        """The library asks before it issues a token and again whenever one is shown."""
        return self.active


class ClientSecret(models.Model):
    """One secret of a client: its hash and the time it is good for. Two overlap while the partner changes over."""

    client = models.ForeignKey(
        Client, on_delete=models.PROTECT, related_name="secrets", verbose_name=_("client")
    )
    secret_hash = models.CharField(_("hash of the secret"), max_length=255)
    hint = models.CharField(_("last characters"), max_length=4)
    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)

    history = HistoricalRecords(excluded_fields=["secret_hash"])

    class Meta:
        verbose_name = _("client secret")
        verbose_name_plural = _("client secrets")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_until__isnull=True)
                | models.Q(valid_until__gte=models.F("valid_from")),
                name="api_clientsecret_ends_after_start",
            )
        ]

    def __str__(self) -> str:
        return f"…{self.hint}"


class IdempotentAnswer(models.Model):
    """The first answer to a POST with an ``Idempotency-Key``, kept for its replays, written with the effect.

    The body may hold personal data: ciphertext under the key of the client's dossier, deleted at expiry. Not
    a record of what happened (events are), so neither tracked nor append-only.
    """

    client = models.ForeignKey(
        Client,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("API client"),
        db_index=False,
    )
    key = models.CharField(_("idempotency key"), max_length=255)
    method = models.CharField(_("request method"), max_length=7)
    path = models.CharField(_("path"), max_length=255)
    request_sha256 = models.CharField(_("SHA-256 of the request"), max_length=64)
    status = models.PositiveSmallIntegerField(_("response status"))
    body_cipher = TextCipherField(verbose_name=_("response body"))
    headers = models.JSONField(_("response headers"), default=dict)
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("kept until"), db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "key"], name="api_idempotentanswer_key_once_per_client")
        ]

    def __str__(self) -> str:
        return self.key
