from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.log import LogModel
from backoffice.loans.choices import Channel, NumberOwner
from backoffice.privacy.fields import TextCipherField
from debt_collections.choices import Connection, Direction, Outcome, Party, Purpose
from debt_collections.querysets import ContactAttemptQuerySet


class ContactAttempt(LogModel):
    """催收行动: one contact that was tried or made. Never changed; late facts and corrections are rows of their own."""

    dossier = models.OneToOneField(
        "core.Dossier", on_delete=models.PROTECT, related_name="contact_attempt", verbose_name=_("dossier")
    )
    external_id = models.CharField(_("external id"), max_length=64, unique=True)
    borrower = models.ForeignKey(
        "loans.Borrower",
        on_delete=models.PROTECT,
        related_name="contact_attempts",
        verbose_name=_("borrower"),
        db_index=False,
    )
    case = models.ForeignKey(
        "collections.Case",
        on_delete=models.PROTECT,
        null=True,
        related_name="contact_attempts",
        verbose_name=_("case"),
    )
    collector = models.ForeignKey(
        "collections.Collector",
        on_delete=models.PROTECT,
        null=True,
        related_name="contact_attempts",
        verbose_name=_("collector"),
        db_index=False,
    )
    second_collector = models.ForeignKey(
        "collections.Collector",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("second collector"),
    )
    contact_person = models.ForeignKey(
        "loans.ContactPerson",
        on_delete=models.PROTECT,
        null=True,
        related_name="contact_attempts",
        verbose_name=_("contact person"),
    )
    phone_number = models.ForeignKey(
        "loans.PhoneNumber",
        on_delete=models.PROTECT,
        null=True,
        related_name="contact_attempts",
        verbose_name=_("telephone number"),
    )
    purpose = models.CharField(_("purpose"), max_length=16, choices=Purpose.choices)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    direction = models.CharField(_("direction"), max_length=3, choices=Direction.choices)
    party = models.CharField(_("with whom"), max_length=14, choices=Party.choices)
    number_owner = models.CharField(_("kind of number"), max_length=14, choices=NumberOwner.choices)
    connection = models.CharField(_("connected"), max_length=10, choices=Connection.choices)
    outcome = models.CharField(_("outcome"), max_length=14, choices=Outcome.choices)
    identity_disclosed = models.BooleanField(_("institution and name stated"), null=True)
    started_at = models.DateTimeField(_("started at"))
    ended_at = models.DateTimeField(_("ended at"))
    recorded_at = models.DateTimeField(_("recorded at"))
    note_cipher = TextCipherField(verbose_name=_("note"))

    objects = ContactAttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact attempt")
        verbose_name_plural = _("contact attempts")
        permissions = [
            ("log_contact", _("Can log a contact")),
            ("import_contacts", _("Can import contacts")),
            ("read_contact_note", _("Can read the notes of contacts")),
        ]
        indexes = [
            models.Index(fields=["borrower", "started_at"], name="collections_contact_borrower"),
            models.Index(fields=["collector", "started_at"], name="collections_contact_collector"),
            models.Index(fields=["started_at"], name="collections_contact_started"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ended_at__gte=models.F("started_at")),
                name="collections_contact_ends_after_start",
            ),
            models.CheckConstraint(
                condition=~models.Q(purpose="collect")
                | models.Q(case__isnull=False, collector__isnull=False),
                name="collections_contact_collect_has_case_and_collector",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.started_at:%Y-%m-%d %H:%M}"


class ContactAttemptLoan(LogModel):
    """The debts a contact was about: one for an unanswered call, each debt discussed for a conversation."""

    contact = models.ForeignKey(
        ContactAttempt,
        on_delete=models.PROTECT,
        related_name="contact_loans",
        verbose_name=_("contact"),
        db_index=False,
    )
    loan = models.ForeignKey(
        "loans.Loan", on_delete=models.PROTECT, related_name="contact_loans", verbose_name=_("loan")
    )

    class Meta:
        verbose_name = _("debt of a contact")
        verbose_name_plural = _("debts of a contact")
        constraints = [
            models.UniqueConstraint(fields=["contact", "loan"], name="collections_contactloan_once")
        ]

    def __str__(self) -> str:
        return f"{self.contact_id}/{self.loan_id}"
