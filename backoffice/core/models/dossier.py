import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.choices import DossierKind
from backoffice.core.log import LogModel


class Dossier(LogModel):
    """卷宗: one row for each thing that has a file. Its ``uid`` is the only id in APIs and URLs.

    The ground points at anything through it: tasks, attachments, reads, events and hold sources have real
    foreign keys to this table. Written once, never changed: erasing a person leaves the empty folder.
    """

    uid = models.UUIDField(_("public identifier"), unique=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=DossierKind.choices)
    number = models.CharField(_("number"), max_length=40)
    opened_at = models.DateTimeField(_("opened at"))

    class Meta:
        verbose_name = _("dossier")
        verbose_name_plural = _("dossiers")
        constraints = [
            models.UniqueConstraint(fields=["kind", "number"], name="core_dossier_number_unique_per_kind"),
            models.CheckConstraint(
                condition=models.Q(kind__in=DossierKind.values), name="core_dossier_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.number
