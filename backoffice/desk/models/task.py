import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from backoffice.desk.registry import registries
from backoffice.privacy.fields import TextCipherField


class Task(models.Model):
    """Something a person or a team must do about a dossier, by a day. One mechanism for every desk."""

    class State(models.TextChoices):
        OPEN = "open", _("To do")
        DONE = "done", _("Done")
        CANCELLED = "cancelled", _("Cancelled")

    uid = models.UUIDField(_("public identifier"), unique=True, default=uuid.uuid4, editable=False)
    dossier = models.ForeignKey(
        "core.Dossier", on_delete=models.PROTECT, related_name="tasks", verbose_name=_("dossier")
    )
    kind = models.CharField(_("kind"), max_length=40)
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.OPEN)
    team = models.ForeignKey(
        "staff.Team",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tasks",
        verbose_name=_("team"),
    )
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tasks",
        verbose_name=_("assigned to"),
    )
    due_at = models.DateTimeField(_("due"))
    opened_at = models.DateTimeField(_("opened at"))
    done_at = models.DateTimeField(_("done at"), null=True, blank=True)
    detail_cipher = TextCipherField(verbose_name=_("details"))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        permissions = [
            ("work_task", "Can do tasks"),
            ("assign_task", "Can give tasks to others and cancel them"),
        ]
        indexes = [
            models.Index(
                fields=["assigned_to", "due_at"], name="desk_task_mine_open", condition=models.Q(state="open")
            ),
            models.Index(
                fields=["team", "due_at"], name="desk_task_team_open", condition=models.Q(state="open")
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="open", done_at__isnull=True)
                | models.Q(state__in=["done", "cancelled"], done_at__isnull=False),
                name="desk_task_done_at_matches_state",
            )
        ]

    def __str__(self) -> str:
        # What the apps call this kind; they tell the registry, which knows nothing of models.
        return str(registries.task_kinds.get(self.kind) or self.kind)
