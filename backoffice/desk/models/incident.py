import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import Event
from backoffice.core.choices import Confidence, LegalForce
from backoffice.core.history import HistoricalRecords
from backoffice.core.log import LogModel
from backoffice.core.time import ends_early
from backoffice.desk.choices import (
    DutyUnit,
    IncidentKind,
    IncidentLevel,
    IncidentState,
    NotTold,
    Party,
    WaivedBecause,
    Way,
)
from backoffice.privacy.fields import TextCipherField


class Incident(models.Model):
    """Something serious: who reported it and what from, how bad it is, and what was done until it was over."""

    dossier = models.OneToOneField(
        "core.Dossier", on_delete=models.PROTECT, related_name="incident", verbose_name=_("dossier")
    )
    number = models.CharField(_("number"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=IncidentKind.choices)
    level = models.CharField(
        _("level"), max_length=8, choices=IncidentLevel.choices, default=IncidentLevel.ORDINARY
    )
    state = models.CharField(
        _("state"), max_length=9, choices=IncidentState.choices, default=IncidentState.OPEN
    )
    occurred_at = models.DateTimeField(_("happened at"), null=True, blank=True)
    discovered_at = models.DateTimeField(_("noticed at"))
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="incidents_reported",
        verbose_name=_("reported by"),
        db_index=False,
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="incidents_owned",
        verbose_name=_("in whose hands"),
    )
    source = models.ForeignKey(
        "core.Dossier",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="incidents",
        verbose_name=_("reported from"),
    )
    description_cipher = TextCipherField(verbose_name=_("what happened"))
    measures_cipher = TextCipherField(verbose_name=_("what was done"))
    closing_cipher = TextCipherField(verbose_name=_("closing report"))
    persons_estimated = models.PositiveIntegerField(_("persons concerned, estimated"), null=True, blank=True)
    #: Codes of ``LeakedData``.
    data_kinds = models.JSONField(_("kinds of data concerned"), default=list, blank=True)
    #: PIPL art. 57: then the persons need not be told.
    harm_avoided = models.BooleanField(_("harm effectively avoided"), default=False)
    harm_reason_cipher = TextCipherField(verbose_name=_("how harm is avoided"))
    contained_at = models.DateTimeField(_("contained at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        permissions = [
            ("report_incident", "Can report an incident, and see what came of their own reports"),
            ("handle_incident", "Can handle incidents of the kinds they are responsible for"),
            ("handle_leak", "Is responsible for leaks of personal data"),
            ("handle_crisis", "Is responsible for self-harm, violence, crowds and media"),
            ("see_incidents", "Can see all incidents"),
        ]
        indexes = [
            models.Index(
                fields=["kind", "discovered_at"],
                name="desk_incident_unfinished",
                condition=~models.Q(state="closed"),
            ),
            models.Index(fields=["reported_by", "discovered_at"], name="desk_incident_reporter"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="open", contained_at__isnull=True)
                | models.Q(state__in=["contained", "reported", "closed"], contained_at__isnull=False),
                name="desk_incident_contained_matches_state",
            ),
            models.CheckConstraint(
                condition=models.Q(state="closed", closed_at__isnull=False)
                | (~models.Q(state="closed") & models.Q(closed_at__isnull=True)),
                name="desk_incident_closed_matches_state",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=IncidentKind.values), name="desk_incident_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class IncidentSubject(models.Model):
    """A person an incident is about, and whether they were told, or why not."""

    incident = models.ForeignKey(
        Incident,
        on_delete=models.PROTECT,
        related_name="subjects",
        verbose_name=_("incident"),
        db_index=False,
    )
    subject = models.ForeignKey(
        "privacy.DataSubject",
        on_delete=models.PROTECT,
        related_name="incident_subjects",
        verbose_name=_("person"),
    )
    added_at = models.DateTimeField(_("added at"))
    told_at = models.DateTimeField(_("told at"), null=True, blank=True)
    told_how = models.CharField(_("told how"), max_length=12, choices=Way.choices, blank=True)
    not_told_because = models.CharField(
        _("not told because"), max_length=13, choices=NotTold.choices, blank=True
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("person concerned")
        verbose_name_plural = _("persons concerned")
        constraints = [
            models.UniqueConstraint(fields=["incident", "subject"], name="desk_incidentsubject_once"),
            models.CheckConstraint(
                condition=models.Q(told_at__isnull=True, told_how="")
                | (models.Q(told_at__isnull=False, not_told_because="") & ~models.Q(told_how="")),
                name="desk_incidentsubject_told_or_not",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.incident_id}/{self.subject_id}"


class IncidentDuty(models.Model):
    """Something that must be told to somebody by a moment: the clock, where it stands in the law, and its end.

    ``due_at`` is exact to the minute; nothing pauses or extends such a clock, it is met or waived. ``amount`` and
    ``unit`` are copied from the dated row that was in force when the incident was noticed.
    """

    incident = models.ForeignKey(
        Incident,
        on_delete=models.PROTECT,
        related_name="duties",
        verbose_name=_("incident"),
        db_index=False,
    )
    code = models.CharField(_("code"), max_length=40)
    party = models.CharField(_("to whom"), max_length=13, choices=Party.choices)
    amount = models.PositiveSmallIntegerField(_("time allowed"))
    unit = models.CharField(_("counted in"), max_length=12, choices=DutyUnit.choices)
    basis = models.CharField(_("basis"), max_length=200)
    legal_force = models.CharField(_("legal force"), max_length=12, choices=LegalForce.choices)
    confidence = models.CharField(_("confidence"), max_length=14, choices=Confidence.choices)
    started_at = models.DateTimeField(_("started at"))
    due_at = models.DateTimeField(_("due"))
    provisional = models.BooleanField(_("calendar not published yet"), default=False)
    met_at = models.DateTimeField(_("met at"), null=True, blank=True)
    waived_at = models.DateTimeField(_("waived at"), null=True, blank=True)
    waived_because = models.CharField(
        _("waived because"), max_length=10, choices=WaivedBecause.choices, blank=True
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("report duty")
        verbose_name_plural = _("report duties")
        indexes = [
            models.Index(
                fields=["due_at"],
                name="desk_incidentduty_running",
                condition=models.Q(met_at__isnull=True, waived_at__isnull=True),
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "code", "started_at"], name="desk_incidentduty_once_per_start"
            ),
            models.CheckConstraint(
                condition=models.Q(met_at__isnull=True) | models.Q(waived_at__isnull=True),
                name="desk_incidentduty_met_or_waived",
            ),
            models.CheckConstraint(
                condition=models.Q(waived_at__isnull=True, waived_because="")
                | (models.Q(waived_at__isnull=False) & ~models.Q(waived_because="")),
                name="desk_incidentduty_waived_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_party_display())

    @property
    def is_running(self) -> bool:
        """Neither met nor waived."""
        return self.met_at is None and self.waived_at is None


class IncidentContact(models.Model):
    """An office to call when something serious happens: numbers of offices, never of a private person."""

    party = models.CharField(_("to whom"), max_length=13, choices=Party.choices)
    #: Codes of ``IncidentKind``.
    kinds = models.JSONField(_("for which incidents"), default=list)
    name = models.CharField(_("office"), max_length=120)
    number = models.CharField(_("telephone"), max_length=40, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    note = models.CharField(_("what to know"), max_length=200, blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=50)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("emergency contact")
        verbose_name_plural = _("emergency contacts")
        constraints = [
            models.UniqueConstraint(fields=["party", "name", "valid_from"], name="desk_incidentcontact_once"),
            models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True) | models.Q(valid_to__gte=models.F("valid_from")),
                name="desk_incidentcontact_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """The constraint, in words and at the field."""
        if ends_early(self.valid_from, self.valid_to):
            raise ValidationError({"valid_to": _("The period ends before it begins.")})


class IncidentNotification(LogModel):
    """Somebody was told: whom, when, by which way and by whom. Append-only evidence."""

    uid = models.UUIDField(_("public identifier"), unique=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(
        Incident, on_delete=models.PROTECT, related_name="notifications", verbose_name=_("incident")
    )
    duty = models.ForeignKey(
        IncidentDuty,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notifications",
        verbose_name=_("report duty"),
    )
    party = models.CharField(_("to whom"), max_length=13, choices=Party.choices)
    office = models.CharField(_("office"), max_length=120, blank=True)
    way = models.CharField(_("how"), max_length=12, choices=Way.choices)
    told_at = models.DateTimeField(_("told at"))
    told_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("told by")
    )
    logged_at = models.DateTimeField(_("logged at"))
    proof = models.ForeignKey(
        "desk.Attachment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="incident_notifications",
        verbose_name=_("proof"),
    )
    note_cipher = TextCipherField(verbose_name=_("what was said"))

    class Meta:
        verbose_name = _("notification of an incident")
        verbose_name_plural = _("notifications of incidents")

    def __str__(self) -> str:
        return f"{self.incident_id}/{self.party}"


class IncidentEvent(Event):
    """Decisions about an incident; its timeline is made of them."""

    incident = models.ForeignKey(
        Incident, on_delete=models.PROTECT, related_name="events", verbose_name=_("incident")
    )
    duty = models.ForeignKey(
        IncidentDuty,
        on_delete=models.PROTECT,
        null=True,
        related_name="events",
        verbose_name=_("report duty"),
    )

    class Meta(Event.Meta):
        verbose_name = _("incident event")
        verbose_name_plural = _("incident events")
