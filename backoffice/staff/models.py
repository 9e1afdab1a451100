from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords


class Team(models.Model):
    """A group of people with one queue (消保一组). The lead sees the team's load and reassigns."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    lead = models.ForeignKey(
        "staff.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="leads",
        verbose_name=_("team lead"),
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A person who works here, or a system that acts for one. Deactivated, never deleted."""

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        MACHINE = "machine", _("Machine client")
        SYSTEM = "system", _("System job")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices, default=Kind.PERSON)
    full_name = models.CharField(_("full name"), max_length=60, blank=True)
    # The roles as they were given: groups follow from them, and history keeps them (it does not keep groups).
    roles = models.JSONField(_("roles"), default=list, blank=True, editable=False)
    # History keeps no password; this is how it knows of a new one.
    password_set_at = models.DateTimeField(_("password set at"), null=True, blank=True, editable=False)
    team = models.ForeignKey(
        Team, on_delete=models.PROTECT, null=True, blank=True, related_name="members", verbose_name=_("team")
    )

    # Names come in one piece here; the framework's two halves would only be filled wrongly.
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]

    objects = UserManager()  # type: ignore[misc]
    history = HistoricalRecords(excluded_fields=["password", "last_login"])

    REQUIRED_FIELDS = ["email", "full_name"]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["person", "machine", "system"]), name="staff_user_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="person") | models.Q(is_staff=False),
                name="staff_user_machines_cannot_sign_in",
            ),
            # A superuser passes every permission check, the four-eyes ones included: there are none here.
            models.CheckConstraint(condition=models.Q(is_superuser=False), name="staff_user_no_superuser"),
        ]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        """The name as the record will show it."""
        return self.full_name or self.username

    @property
    def account_state(self) -> str:
        """``active`` or ``inactive``: what the workflow table of accounts goes by."""
        return "active" if self.is_active else "inactive"

    @account_state.setter
    def account_state(self, value: str) -> None:
        self.is_active = value == "active"

    def get_account_state_display(self) -> str:
        return str(_("Active") if self.is_active else _("Deactivated"))

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name
