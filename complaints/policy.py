"""The numbers of our own policy that the complaints desk asks for; the law's are in ``core.policy``."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext_noop as _

from backoffice.core.choices import Confidence, LegalForce
from backoffice.core.models import PolicyValue
from backoffice.core.policy import ALWAYS, DAYS, WORKING_DAYS
from complaints import timing

_ROWS = (
    (timing.REPEAT_DAYS, "180", DAYS, _("Complaint: a repeat of one received within")),
    (timing.CONDUCT_TASK_DAYS, "3", WORKING_DAYS, _("Complaint: the conduct desk looks into it within")),
    (timing.REMEDY_DAYS, "15", DAYS, _("Complaint: granted remedies carried out within")),
    (timing.LOANS_TASK_DAYS, "3", WORKING_DAYS, _("Complaint: loan officers assess hardship within")),
)


def seed_rows() -> list[PolicyValue]:
    """The rows we start with, unsaved."""
    return [
        PolicyValue(
            code=code,
            value=Decimal(value),
            unit=unit,
            title=title,
            source="internal policy",
            effective_from=ALWAYS,
            legal_force=LegalForce.POLICY,
            confidence=Confidence.INFERRED,
        )
        for code, value, unit, title in _ROWS
    ]
