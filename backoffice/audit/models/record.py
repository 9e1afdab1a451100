from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.audit.models.event import Event


class RecordEvent(Event):
    """What was decided about the record and about people's data: revealed, exported, bundled, erased, alarmed.

    ``kind`` is a code with a label in ``desk.admin.acts``. Unlike a desk's events these may concern no dossier.
    """

    dossier = models.ForeignKey(  # type: ignore[assignment]
        "core.Dossier",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("dossier"),
        db_index=False,
    )
    subject = models.ForeignKey(
        "privacy.DataSubject",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("data subject"),
        db_index=False,
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("user concerned"),
        db_index=False,
    )
    bundle = models.ForeignKey(
        "audit.EvidenceBundle",
        on_delete=models.PROTECT,
        null=True,
        related_name="events",
        verbose_name=_("evidence bundle"),
    )
    erasure = models.ForeignKey(
        "audit.Erasure",
        on_delete=models.PROTECT,
        null=True,
        related_name="events",
        verbose_name=_("erasure"),
    )

    class Meta(Event.Meta):
        abstract = False
        verbose_name = _("event of the record")
        verbose_name_plural = _("events of the record")
        permissions = [
            ("explore_record", "Can search the whole record"),
            ("answer_alert", "Can answer alerts about unusual reading"),
        ]
        indexes = [
            models.Index(fields=["dossier", "occurred_at"], name="audit_recordevent_dossier"),
            models.Index(fields=["subject", "occurred_at"], name="audit_recordevent_subject"),
            models.Index(fields=["user", "occurred_at"], name="audit_recordevent_user"),
            models.Index(fields=["occurred_at"], name="audit_recordevent_occurred"),
            models.Index(fields=["actor", "occurred_at"], name="audit_recordevent_actor"),
            models.Index(fields=["kind", "occurred_at"], name="audit_recordevent_kind"),
        ]
