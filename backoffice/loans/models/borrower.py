from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from backoffice.loans.choices import Channel, ContactPersonState, IdType, Need, NumberOwner, UnlockReason
from backoffice.privacy import kinds
from backoffice.privacy.fields import BlindIndexField, CipherField, MaskField, Personal


class Borrower(models.Model):
    """借款人: a person who owes, or once owed, us money."""

    dossier = models.OneToOneField(
        "core.Dossier", on_delete=models.PROTECT, related_name="borrower", verbose_name=_("dossier")
    )
    subject = models.OneToOneField(
        "privacy.DataSubject",
        on_delete=models.PROTECT,
        related_name="borrower",
        verbose_name=_("data subject"),
    )
    customer_number = models.CharField(_("customer number"), max_length=20, unique=True)
    id_type = models.CharField(_("document"), max_length=16, choices=IdType.choices, default=IdType.RESIDENT)

    name_cipher = CipherField(verbose_name=_("name of the person"))
    name_mask = MaskField(verbose_name=_("name"))
    name_index = BlindIndexField(verbose_name=_("name of the person (search index)"))
    id_number_cipher = CipherField(verbose_name=_("document number"))
    id_number_mask = MaskField(verbose_name=_("document number"))
    id_number_index = BlindIndexField(verbose_name=_("document number (search index)"))
    mobile_cipher = CipherField(verbose_name=_("mobile"))
    mobile_mask = MaskField(verbose_name=_("mobile"))
    mobile_index = BlindIndexField(verbose_name=_("mobile (search index)"))
    email_cipher = CipherField(verbose_name=_("e-mail"))
    email_mask = MaskField(verbose_name=_("e-mail"))
    email_index = BlindIndexField(verbose_name=_("e-mail (search index)"))
    address_cipher = CipherField(verbose_name=_("address"))
    address_mask = MaskField(verbose_name=_("address"))
    service_address_cipher = CipherField(verbose_name=_("agreed address for service"))
    service_address_mask = MaskField(verbose_name=_("agreed address for service"))

    registered_at = models.DateTimeField(_("customer since"))

    personal = Personal(
        owner="subject",
        name=kinds.NAME,
        id_number=kinds.RESIDENT_ID,
        mobile=kinds.PHONE,
        email=kinds.EMAIL,
        address=kinds.ADDRESS,
        service_address=kinds.ADDRESS,
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("borrower")
        verbose_name_plural = _("borrowers")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(id_type__in=IdType.values), name="loans_borrower_id_type_known"
            )
        ]

    def __str__(self) -> str:
        return self.customer_number

    def personal_kind(self, name: str) -> kinds.Kind:
        """Only a resident ID has a check digit; other documents are looser."""
        if name == "id_number" and self.id_type != IdType.RESIDENT:
            return kinds.OTHER_ID
        return self.personal.fields[name]


class BorrowerNeed(models.Model):
    """A need that makes us gentler for a time: the need and its end, never the illness behind it."""

    borrower = models.ForeignKey(
        Borrower, on_delete=models.PROTECT, related_name="needs", verbose_name=_("borrower")
    )
    need = models.CharField(_("need"), max_length=10, choices=Need.choices)
    from_on = models.DateField(_("from"))
    until = models.DateField(_("until"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("need")
        verbose_name_plural = _("needs")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(until__isnull=True) | models.Q(until__gte=models.F("from_on")),
                name="loans_borrowerneed_ends_after_start",
            )
        ]

    def __str__(self) -> str:
        return self.need


class ContactPerson(models.Model):
    """联系人: a third person the borrower named. May be asked to pass a message on, never collected from."""

    borrower = models.ForeignKey(
        Borrower, on_delete=models.PROTECT, related_name="contact_persons", verbose_name=_("borrower")
    )
    subject = models.ForeignKey(
        "privacy.DataSubject",
        on_delete=models.PROTECT,
        related_name="contact_persons",
        verbose_name=_("data subject"),
    )
    relation = models.CharField(_("relation"), max_length=40)
    name_cipher = CipherField(verbose_name=_("name of the person"))
    name_mask = MaskField(verbose_name=_("name"))
    name_index = BlindIndexField(verbose_name=_("name of the person (search index)"))
    state = models.CharField(
        _("state"), max_length=8, choices=ContactPersonState.choices, default=ContactPersonState.LOCKED
    )
    unlock_reason = models.CharField(
        _("unlocked because"), max_length=12, choices=UnlockReason.choices, blank=True
    )
    unlock_expires_at = models.DateTimeField(_("unlocked until"), null=True, blank=True)

    personal = Personal(owner="subject", dossier="borrower.dossier", name=kinds.NAME)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("contact person")
        verbose_name_plural = _("contact persons")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="unlocked")
                | (models.Q(unlock_expires_at__isnull=False) & ~models.Q(unlock_reason="")),
                name="loans_contactperson_unlock_has_reason_and_end",
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class PhoneNumber(models.Model):
    """Every number ever used or dialled for a borrower, unknown ones too."""

    borrower = models.ForeignKey(
        Borrower, on_delete=models.PROTECT, related_name="phone_numbers", verbose_name=_("borrower")
    )
    contact_person = models.ForeignKey(
        ContactPerson,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="phone_numbers",
        verbose_name=_("contact person"),
    )
    subject = models.ForeignKey(
        "privacy.DataSubject",
        on_delete=models.PROTECT,
        related_name="phone_numbers",
        verbose_name=_("data subject"),
    )
    owner = models.CharField(_("whose"), max_length=14, choices=NumberOwner.choices)
    number_cipher = CipherField(verbose_name=_("telephone number"))
    number_mask = MaskField(verbose_name=_("number"))
    number_index = BlindIndexField(verbose_name=_("telephone number (search index)"))
    given_for_contact = models.BooleanField(_("given by the borrower to be called on"), default=False)
    invalid_since = models.DateField(_("invalid since"), null=True, blank=True)
    wrong_number_on = models.DateField(_("wrong number reported on"), null=True, blank=True)

    personal = Personal(owner="subject", dossier="borrower.dossier", number=kinds.PHONE)
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("phone number")
        verbose_name_plural = _("phone numbers")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(owner="contact_person", contact_person__isnull=False)
                | (~models.Q(owner="contact_person") & models.Q(contact_person__isnull=True)),
                name="loans_phonenumber_contact_person_matches_owner",
            )
        ]

    def __str__(self) -> str:
        return self.number_mask


class ContactConsent(models.Model):
    """The borrower's explicit, separate, revocable consent to be contacted outside the ordinary hours."""

    borrower = models.ForeignKey(
        Borrower, on_delete=models.PROTECT, related_name="contact_consents", verbose_name=_("borrower")
    )
    creditor = models.ForeignKey(
        "loans.Creditor",
        on_delete=models.PROTECT,
        related_name="contact_consents",
        verbose_name=_("creditor"),
    )
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices)
    window_from = models.TimeField(_("from (Shanghai)"))
    window_to = models.TimeField(_("to (Shanghai)"))
    valid_from = models.DateTimeField(_("valid from"))
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)
    evidence = models.ForeignKey(
        "desk.Attachment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("evidence"),
    )
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("contact consent")
        verbose_name_plural = _("contact consents")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(valid_until__isnull=True)
                | models.Q(valid_until__gte=models.F("valid_from")),
                name="loans_contactconsent_ends_after_start",
            )
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.window_from}–{self.window_to}"
