from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from debt_collections.choices import CollectorState


class Agency(models.Model):
    """外包机构, or our own collections floor (``in_house``). The lender stays responsible for what it does."""

    dossier = models.OneToOneField(
        "core.Dossier", on_delete=models.PROTECT, related_name="agency", verbose_name=_("dossier")
    )
    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=80, unique=True)
    in_house = models.BooleanField(_("in-house"), default=False)
    active = models.BooleanField(_("active"), default=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("agency")
        verbose_name_plural = _("agencies")
        permissions = [("register_agency", _("Can register an agency"))]

    def __str__(self) -> str:
        return self.name


class Collector(models.Model):
    """催收员 with the internal authorisation (上岗授权) without which nobody may contact a borrower."""

    dossier = models.OneToOneField(
        "core.Dossier", on_delete=models.PROTECT, related_name="collector", verbose_name=_("dossier")
    )
    agency = models.ForeignKey(
        Agency,
        on_delete=models.PROTECT,
        related_name="collectors",
        verbose_name=_("agency"),
        db_index=False,
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="collector",
        verbose_name=_("user"),
    )
    staff_number = models.CharField(_("staff number"), max_length=20, unique=True)
    # Staff act in a public role and are named in records in full; only screens beyond their desk shorten them.
    name = models.CharField(_("name"), max_length=60)
    state = models.CharField(
        _("state"), max_length=10, choices=CollectorState.choices, default=CollectorState.ACTIVE
    )
    background_checked_on = models.DateField(_("background checked on"), null=True, blank=True)
    authorised_from = models.DateField(_("authorised from"), null=True, blank=True)
    authorised_until = models.DateField(_("authorised until"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("collector")
        verbose_name_plural = _("collectors")
        permissions = [
            ("register_collector", _("Can register a collector")),
            ("authorise_collector", _("Can authorise a collector")),
            ("suspend_collector", _("Can suspend a collector")),
        ]
        indexes = [models.Index(fields=["agency", "state"], name="collections_collector_agency")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(authorised_until__isnull=True)
                | models.Q(background_checked_on__isnull=False),
                name="collections_collector_authorised_after_check",
            )
        ]

    def __str__(self) -> str:
        return self.staff_number


class Authorisation(models.Model):
    """A period in which a collector may work; cut short when they are suspended or leave.

    The collector's own columns are the present view. What was true when a contact was made is asked here, so
    that a suspension today does not make last month's calls unauthorised, nor a renewal the unlawful ones lawful.
    """

    collector = models.ForeignKey(
        Collector, on_delete=models.PROTECT, related_name="authorisations", verbose_name=_("collector")
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("authorisation")
        verbose_name_plural = _("authorisations")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gte=models.F("starts_at")),
                name="collections_authorisation_ends_after_start",
            )
        ]

    def __str__(self) -> str:
        return f"{self.collector_id} {self.starts_at:%Y-%m-%d}"
