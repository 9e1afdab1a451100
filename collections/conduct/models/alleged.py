import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from backoffice.privacy import kinds
from backoffice.privacy.fields import BlindIndexField, CipherField, MaskField, Personal, TextCipherField
from conduct.choices import AllegedState


class AllegedContact(models.Model):
    """A contact somebody says happened and our systems may not hold. One without a match is the worst kind.

    ``dossier`` is that of the complaint it was reported in; ``matched`` points at our record once found.
    """

    uid = models.UUIDField(_("public identifier"), unique=True, default=uuid.uuid4, editable=False)
    dossier = models.ForeignKey(
        "core.Dossier", on_delete=models.PROTECT, related_name="alleged_contacts", verbose_name=_("dossier")
    )
    subject = models.ForeignKey(
        "privacy.DataSubject",
        on_delete=models.PROTECT,
        related_name="alleged_contacts",
        verbose_name=_("data subject"),
    )
    borrower = models.ForeignKey(
        "loans.Borrower",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="alleged_contacts",
        verbose_name=_("borrower"),
    )
    alleged_at = models.DateTimeField(_("said to have happened at"), null=True, blank=True)
    number_cipher = CipherField(verbose_name=_("calling number"))
    number_mask = MaskField(verbose_name=_("calling number"))
    number_index = BlindIndexField(verbose_name=_("calling number (search index)"))
    text_cipher = TextCipherField(verbose_name=_("what was reported"))
    screenshot = models.ForeignKey(
        "desk.Attachment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("screenshot"),
    )
    matched = models.ForeignKey(
        "collections.ContactAttempt",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="allegations_matched",
        verbose_name=_("our record of it"),
    )

    personal = Personal(owner="subject", number=kinds.PHONE)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("alleged contact")
        verbose_name_plural = _("alleged contacts")
        permissions = [
            ("register_alleged_contact", _("Can register an alleged contact")),
            ("match_alleged_contact", _("Can match an alleged contact with our record")),
        ]

    def __str__(self) -> str:
        return str(self.uid)

    @property
    def state(self) -> str:
        """Whether our own record of it has been found."""
        return AllegedState.MATCHED if self.matched_id else AllegedState.UNMATCHED

    def get_state_display(self) -> str:
        """The label of ``state``, as the workflow shows it."""
        return str(AllegedState(self.state).label)
