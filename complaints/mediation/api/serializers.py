"""What an organisation's system sends."""

from __future__ import annotations

from rest_framework import serializers

from backoffice.api.formats import Body
from backoffice.core.bounds import in_years
from complaints.mediation.choices import PARTNER_END_REASONS, ConsentingParty, DeclineReason, SuspensionReason


class MediatorSerializer(Body):
    name = serializers.CharField(max_length=60)
    licence = serializers.CharField(max_length=60)


class AcceptanceSerializer(Body):
    mediator = MediatorSerializer()


class RejectionSerializer(Body):
    reason_code = serializers.ChoiceField(choices=DeclineReason.choices)
    text = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


class SuspensionSerializer(Body):
    reason_code = serializers.ChoiceField(choices=SuspensionReason.choices)


class ResumptionSerializer(Body):
    """Nothing to say: an empty object."""


class ExtensionSerializer(Body):
    until = serializers.DateField(validators=[in_years], help_text="The new last day (Asia/Shanghai)")
    consented_by = serializers.ListField(
        child=serializers.ChoiceField(choices=ConsentingParty.choices),
        help_text="Both parties, or the extension is refused with extension-without-consent",
    )


class ClosureSerializer(Body):
    reason_code = serializers.ChoiceField(
        choices=[(reason.value, reason.label) for reason in PARTNER_END_REASONS],
        help_text="An agreement is not accepted here: it is a settlement. withdrawn_by_party ends the case, "
        "every other reason leaves it not settled",
    )
