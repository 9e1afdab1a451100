"""Seals: signed, chained roots over all history, event, read and log rows (RFC 9162 trees).

These tables are append-only but not sealed themselves: the signatures protect them.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.audit.models.event import EventRow
from backoffice.core.log import LogModel


class SealKey(LogModel):
    """The public half of a signing key (Ed25519). Keys vouch for each other when they change.

    ``endorsement`` is the predecessor's signature over this key, ``countersignature`` this key's over the
    predecessor: whoever trusts one of them can trust the other.
    """

    sealed = False

    name = models.CharField(_("name"), max_length=40, unique=True)
    public_key = models.CharField(_("public key"), max_length=44, unique=True)
    since = models.DateTimeField(_("in use since"))
    predecessor = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="successor",
        verbose_name=_("predecessor"),
    )
    endorsement = models.CharField(_("signature of the predecessor"), max_length=88, blank=True)
    countersignature = models.CharField(_("signature over the predecessor"), max_length=88, blank=True)

    class Meta:
        verbose_name = _("signing key")
        verbose_name_plural = _("signing keys")

    def __str__(self) -> str:
        return self.name


class Seal(LogModel):
    """One signed tree over at most 65,536 rows, chained to the seal before it.

    ``statement`` is the exact text that was signed. ``window_from`` ≤ transaction number < ``window_to`` are the
    rows the sealing run took (PostgreSQL), ``window_next`` the first number not given out when it began.
    """

    sealed = False

    number = models.PositiveBigIntegerField(_("number"), unique=True)
    made_at = models.DateTimeField(_("made at"))
    key = models.ForeignKey(
        SealKey, on_delete=models.PROTECT, related_name="seals", verbose_name=_("signing key")
    )
    leaves = models.PositiveIntegerField(_("rows"))
    root = models.CharField(_("root of the tree"), max_length=64)
    previous = models.CharField(_("hash of the seal before"), max_length=64)
    statement = models.TextField(_("signed statement"))
    statement_hash = models.CharField(_("hash of the statement"), max_length=64, unique=True)
    signature = models.CharField(_("signature"), max_length=88)
    window_from = models.BigIntegerField(_("first transaction"), null=True)
    window_to = models.BigIntegerField(_("end of transactions"), null=True)
    window_next = models.BigIntegerField(_("next transaction"), null=True)
    closes_window = models.BooleanField(_("last seal of its run"), default=False)

    class Meta:
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        permissions = [
            ("seal_record", "Can seal the record"),
            ("verify_record", "Can verify the record"),
        ]

    def __str__(self) -> str:
        return str(self.number)


class SealPart(LogModel):
    """The leaves of one table within a seal, in their order in the tree.

    ``row_ids`` are primary keys (eight bytes each, big-endian), ``leaf_hashes`` the leaf hashes (32 bytes each),
    ``columns`` what the leaves cover, so that a column added later changes no old leaf.
    """

    sealed = False

    seal = models.ForeignKey(
        Seal, on_delete=models.PROTECT, related_name="parts", verbose_name=_("seal"), db_index=False
    )
    position = models.PositiveIntegerField(_("position of the first leaf"))
    table = models.CharField(_("table"), max_length=63)
    columns = models.JSONField(_("columns"))
    count = models.PositiveIntegerField(_("rows"))
    first_id = models.BigIntegerField(_("first row"))
    last_id = models.BigIntegerField(_("last row"))
    row_ids = models.BinaryField(_("numbers of the rows"))
    leaf_hashes = models.BinaryField(_("hashes of the rows"))

    class Meta:
        verbose_name = _("part of a seal")
        verbose_name_plural = _("parts of seals")
        constraints = [
            models.UniqueConstraint(fields=["seal", "position"], name="audit_sealpart_position_unique")
        ]
        indexes = [models.Index(fields=["table", "first_id"], name="audit_sealpart_table")]

    def __str__(self) -> str:
        return f"{self.seal_id} {self.table}"


class Verification(EventRow):
    """One run of the verifier and what it found. ``findings`` keeps the first hundred."""

    class Mode(models.TextChoices):
        RECENT = "recent", _("Recent seals")
        FULL = "full", _("Everything")

    mode = models.CharField(_("extent"), max_length=6, choices=Mode.choices)
    finished_at = models.DateTimeField(_("finished at"))
    seals = models.PositiveBigIntegerField(_("seals checked"))
    rows = models.PositiveBigIntegerField(_("rows checked"))
    finding_count = models.PositiveBigIntegerField(_("number of findings"))
    findings = models.JSONField(_("findings"), default=list)

    class Meta:
        verbose_name = _("verification")
        verbose_name_plural = _("verifications")

    def __str__(self) -> str:
        return f"{self.mode} {self.finding_count}"
