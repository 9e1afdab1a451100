import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords


class SubjectState(models.TextChoices):
    SINGLE = "single", _("Stands for itself")
    ALIAS = "alias", _("Same person as another")


class DataSubject(models.Model):
    """信息主体: one natural person whose data we hold, in whatever role.

    When a complainant turns out to be a borrower, ``same_as`` points to the other row (on record, reversible);
    nothing is re-encrypted.
    """

    uid = models.UUIDField(_("public identifier"), unique=True, default=uuid.uuid4, editable=False)
    same_as = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="aliases",
        verbose_name=_("same as"),
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("data subject")
        verbose_name_plural = _("data subjects")
        permissions = [
            ("reveal_name", "Can see names in full"),
            ("reveal_contact", "Can see telephone numbers and e-mail addresses in full"),
            ("reveal_identity", "Can see document numbers in full"),
            ("reveal_address", "Can see addresses in full"),
            ("correct_name", "Can correct names"),
            ("correct_contact", "Can correct telephone numbers and e-mail addresses"),
            ("correct_identity", "Can correct document numbers"),
            ("correct_address", "Can correct addresses"),
            ("read_numbers", "Can read telephone, document and card numbers inside texts"),
            ("link_subjects", "Can record that two data subjects are one person"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(same_as__isnull=True) | ~models.Q(same_as=models.F("id")),
                name="privacy_datasubject_not_its_own_alias",
            )
        ]

    def __str__(self) -> str:
        return str(self.uid)

    @property
    def state(self) -> str:
        """Whether it is recorded as another one's alias."""
        return SubjectState.ALIAS if self.same_as_id else SubjectState.SINGLE

    def get_state_display(self) -> str:
        """The label of ``state``, as the workflow shows it."""
        return str(SubjectState(self.state).label)


class DataKey(models.Model):
    """The key under which one person's data, or one dossier's free text, is encrypted.

    The one table without history and without trigger: deleting a row is erasure, and whatever was encrypted
    under it — live, in history, in a backup of the rest — is gone for good. Its own backups are separate and
    short-lived.
    """

    id = models.UUIDField(_("key identifier"), primary_key=True, default=uuid.uuid4, editable=False)
    subject = models.OneToOneField(
        DataSubject,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="data_key",
        verbose_name=_("data subject"),
    )
    dossier = models.OneToOneField(
        "core.Dossier",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="data_key",
        verbose_name=_("dossier"),
    )
    master_key_id = models.CharField(_("master key"), max_length=40, db_index=True)
    wrapped = models.BinaryField(_("wrapped key"))

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(subject__isnull=False, dossier__isnull=True)
                | models.Q(subject__isnull=True, dossier__isnull=False),
                name="privacy_datakey_exactly_one_owner",
            )
        ]

    def __str__(self) -> str:
        return str(self.id)
