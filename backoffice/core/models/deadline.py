from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.choices import DeadlineActKind
from backoffice.core.log import LogModel


class Deadline(models.Model):
    """时限, abstract; each owner has its concrete table with a foreign key ``owner`` and its own history.

    ``due_on`` is the unrolled last day (Asia/Shanghai) as computed from ``started_at``, ``days`` and the acts
    by ``core.deadlines``; it is stored so that queues can sort by it and is recomputed from the whole record
    after every act, never by adding to itself. While paused it shows the day if resumed today.
    """

    kind = models.CharField(_("kind"), max_length=30)
    basis = models.CharField(_("basis"), max_length=200)
    started_at = models.DateTimeField(_("started at"))
    days = models.PositiveSmallIntegerField(_("days"))
    working_days = models.BooleanField(_("counted in working days"), default=False)
    due_on = models.DateField(_("due on"))
    rolled_due_on = models.DateField(_("due on, moved past rest days"))
    provisional = models.BooleanField(_("calendar not published yet"), default=False)
    paused_since = models.DateTimeField(_("paused since"), null=True, blank=True)
    met_at = models.DateTimeField(_("met at"), null=True, blank=True)
    met_by = models.CharField(_("met by"), max_length=60, blank=True)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.kind} {self.due_on}"

    @property
    def is_open(self) -> bool:
        return self.met_at is None and self.cancelled_at is None


class DeadlineAct(LogModel):
    """What moved a deadline: extension, pause, resumption, restart. Abstract; concrete with FK ``deadline``."""

    kind = models.CharField(_("kind"), max_length=12, choices=DeadlineActKind.choices)
    at = models.DateTimeField(_("at"))
    total_days = models.PositiveSmallIntegerField(_("new total of days"), null=True, blank=True)
    reason_code = models.CharField(_("reason"), max_length=60)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("actor")
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        verbose_name=_("approved by"),
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d}"
