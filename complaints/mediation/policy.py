"""The numbers of mediation that only this app knows; the ground holds the others (``core.policy``)."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext_noop as _

from backoffice.core.choices import Confidence, LegalForce
from backoffice.core.models import PolicyValue
from backoffice.core.policy import ALWAYS, DAYS

#: With both consents a period may grow; the decision deadline stands all that time, so not without end.
MOST_DAYS = "mediation.period_most_days"


def seed_rows() -> list[PolicyValue]:
    """The rows we start with; from then on compliance maintains them."""
    return [
        PolicyValue(
            code=MOST_DAYS,
            value=Decimal(180),
            unit=DAYS,
            effective_from=ALWAYS,
            title=_("Mediation: longest period with all extensions"),
            source="internal policy",
            legal_force=LegalForce.POLICY,
            confidence=Confidence.INFERRED,
        )
    ]
