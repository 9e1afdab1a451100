from django.db import models
from django.utils.translation import gettext_lazy as _


class RuleKind(models.TextChoices):
    """The kinds of rule whose evaluator is code; the numbers are data."""

    QUIET_HOURS = "quiet_hours", _("Quiet hours")
    CALLS_PER_DAY = "calls_per_day", _("Calls per day")
    REDIALS = "redials", _("Unanswered tries per number and day")
    HELD = "held", _("Hold in force")
    AUTHORISED = "authorised", _("Collector authorised")


class Severity(models.TextChoices):
    MINOR = "minor", _("Slight")
    MAJOR = "major", _("Serious")
    CRITICAL = "critical", _("Critical")


class Effect(models.TextChoices):
    BLOCK = "block", _("Blocks")
    OVERRIDE = "override", _("Blocks unless overridden with a reason")
    FLAG = "flag", _("Flags")


class RuleSetState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    RETIRED = "retired", _("Retired")


class AllegedState(models.TextChoices):
    UNMATCHED = "unmatched", _("Not in our records")
    MATCHED = "matched", _("Matched")
