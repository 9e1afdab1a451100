"""What we answer with, for the contract. The data are made in ``contents``; a test holds the two together."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from backoffice.api.formats import MomentField, MoneyField
from backoffice.loans.choices import IdType, Method
from complaints.choices import CategoryRoot, ComplainantRole, Finding
from complaints.mediation.choices import ConsentCover, EndReason, ReferralState

Answer = serializers.Serializer[Any]


class DeadlineAnswer(Answer):
    kind = serializers.ChoiceField(choices=[("confirm", "confirm"), ("mediation", "mediation")])
    started_at = MomentField()
    due_on = serializers.DateField(
        help_text="The last day, until 24:00 in Shanghai; while paused, if it resumed now"
    )
    provisional = serializers.BooleanField(help_text="A calendar still to be published could move it")
    paused_since = MomentField(allow_null=True)
    met_at = MomentField(allow_null=True)


class TombstoneAnswer(Answer):
    """All that is left of a case that was recalled, never accepted, or whose consent was withdrawn."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    state = serializers.ChoiceField(choices=ReferralState.choices)
    ended_at = MomentField(allow_null=True)


class ReferralItemAnswer(TombstoneAnswer):
    version = serializers.IntegerField(required=False)
    end_reason = serializers.ChoiceField(choices=EndReason.choices, allow_null=True, required=False)
    offered_at = MomentField(required=False)
    accepted_at = MomentField(allow_null=True, required=False)
    updated_at = MomentField(required=False)
    deadlines = DeadlineAnswer(many=True, required=False)


class CategoryAnswer(Answer):
    code = serializers.CharField()
    root = serializers.ChoiceField(choices=CategoryRoot.choices)  # type: ignore[assignment]
    name = serializers.CharField()


class AllegationAnswer(Answer):
    number = serializers.IntegerField()
    category = CategoryAnswer()
    text = serializers.CharField()
    finding = serializers.ChoiceField(choices=Finding.choices)


class DemandAnswer(Answer):
    number = serializers.IntegerField()
    text = serializers.CharField()
    amount = MoneyField(allow_null=True)


class OutstandingAnswer(Answer):
    """The parts add up to the total: what settles the loan on the day “as_of”, before any credit is taken off."""

    principal = MoneyField()
    interest = MoneyField()
    penalty = MoneyField()
    fee = MoneyField()
    cost = MoneyField(help_text="Of enforcing")
    accrued = MoneyField(
        allow_negative=True,
        help_text="Interest that settling on that day takes beside what has fallen due; less than nothing where more "
        "was paid in advance",
    )
    total = MoneyField(allow_negative=True)


class LoanAnswer(Answer):
    product = serializers.CharField()
    creditor = serializers.CharField()
    principal = MoneyField()
    annual_rate = serializers.CharField(help_text="Per year, as a fraction")
    method = serializers.ChoiceField(choices=Method.choices)
    disbursed_on = serializers.DateField()
    matures_on = serializers.DateField()
    as_of = serializers.DateField()
    days_past_due = serializers.IntegerField()
    outstanding = OutstandingAnswer()


class ReferredComplaintAnswer(Answer):
    number = serializers.CharField()
    received_at = MomentField()


class MandateAnswer(Answer):
    representative = serializers.CharField(allow_null=True)
    amount = MoneyField(help_text="The most the mediator may agree to waive without asking")
    months = serializers.IntegerField(help_text="The longest plan")


class MediatorAnswer(Answer):
    name = serializers.CharField()
    licence = serializers.CharField()


class ConsentAnswer(Answer):
    given_at = MomentField()
    text_version = serializers.CharField()
    covers = serializers.ListField(child=serializers.ChoiceField(choices=ConsentCover.choices))


class ReferralAnswer(ReferralItemAnswer):
    complaint = ReferredComplaintAnswer(allow_null=True, required=False)
    allegations = AllegationAnswer(many=True, allow_null=True, required=False)
    demands = DemandAnswer(many=True, allow_null=True, required=False)
    amount_in_dispute = MoneyField(allow_null=True, required=False)
    loan = LoanAnswer(allow_null=True, required=False)
    withheld = serializers.ListField(
        child=serializers.CharField(),
        help_text="Parts the consent does not cover: complaint, loan",
        required=False,
    )
    mandate = MandateAnswer(required=False)
    mediator = MediatorAnswer(allow_null=True, required=False)
    consent = ConsentAnswer(required=False)


class PartyAnswer(Answer):
    role = serializers.ChoiceField(choices=[*ComplainantRole.choices, ("creditor", "creditor")])
    name = serializers.CharField(allow_null=True)
    id_type = serializers.ChoiceField(choices=IdType.choices, required=False)
    id_number = serializers.CharField(allow_null=True, required=False)
    phones = serializers.ListField(child=serializers.CharField(allow_null=True), required=False)
    service_address = serializers.CharField(allow_null=True, required=False)


class InFullAnswer(Answer):
    """What the consent and the request together opened; the rest is masked."""

    identity = serializers.BooleanField()
    contact = serializers.BooleanField()


class PartiesAnswer(Answer):
    in_full = InFullAnswer()
    items = PartyAnswer(many=True)


class EventAnswer(Answer):
    sequence = serializers.IntegerField(help_text="Counts up per case: a gap shows that something was missed")
    type = serializers.CharField()
    at = MomentField()
    by = serializers.ChoiceField(choices=[("organisation", "organisation"), ("creditor", "creditor")])
    data = serializers.DictField()  # type: ignore[assignment]


class EventsAnswer(Answer):
    items = EventAnswer(many=True)
