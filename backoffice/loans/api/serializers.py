"""What the lender's systems send, and what we answer with, for the contract. The answers are made in ``contents``."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from backoffice.api.formats import Body, MomentField, MoneyField
from backoffice.loans.choices import (
    Component,
    CostConvention,
    CostStanding,
    DayCount,
    LoanState,
    Method,
    OverdueKind,
    PostingState,
    RepaymentChannel,
    RiskClass,
)
from backoffice.loans.owed import DUE_TODAY, OVERDUE, PAID, PART_PAID, UPCOMING

Answer = serializers.Serializer[Any]
_RATE = "Per year, as a fraction: 0.146000 is 14.6 %"


def _same(*values: str) -> list[tuple[str, str]]:
    return [(value, value) for value in values]


class RepaymentBody(Body):
    """Money that was received. It is put where its moment belongs, whatever was reported before."""

    loan_number = serializers.CharField(max_length=40)
    external_id = serializers.CharField(
        max_length=64,
        validators=[
            RegexValidator(
                r"^[A-Za-z0-9._:-]+\Z",
                _("Letters, digits and . _ : - only: the id is part of an address."),
            )
        ],
        help_text="The creditor's id of this payment, for ever: the same id is the same money",
    )
    amount = MoneyField(help_text="More than nothing")
    received_at = MomentField(help_text="When the money came in, not when it is reported; not in the future")
    channel = serializers.ChoiceField(choices=RepaymentChannel.choices)
    reason = serializers.CharField(
        max_length=500, required=False, allow_blank=True, default="", help_text="In words, for the record"
    )


class ReversalBody(Body):
    """Why this was no payment: a bounced debit, money meant for another loan."""

    reason = serializers.CharField(max_length=500)


class LoanNamedAnswer(Answer):
    id = serializers.UUIDField()
    number = serializers.CharField()


class AllocationAnswer(Answer):
    schedule_version = serializers.IntegerField(help_text="Every version numbers its instalments anew")
    instalment = serializers.IntegerField(
        help_text="Number of the instalment in that version of the schedule"
    )
    due_on = serializers.DateField(help_text="Of that instalment")
    component = serializers.ChoiceField(choices=Component.choices)
    amount = MoneyField()


class RepaymentAnswer(Answer):
    """Money received, with what it paid as of now."""

    external_id = serializers.CharField()
    creditor = serializers.CharField(help_text="Whose id it is")
    loan = LoanNamedAnswer()
    amount = MoneyField()
    received_at = MomentField()
    channel = serializers.ChoiceField(choices=RepaymentChannel.choices)
    recorded_at = MomentField(allow_null=True)
    state = serializers.ChoiceField(
        choices=_same(
            *("posted", "reversed", "reversal"),
            *(PostingState.REQUESTED.value, PostingState.REFUSED.value, PostingState.WITHDRAWN.value),
        ),
        help_text="requested: awaits a second person and is not on the loan yet; refused, withdrawn: never was",
    )
    reverses = serializers.CharField(allow_null=True, help_text="external_id of the repayment taken back")
    reversed_by = serializers.CharField(allow_null=True, help_text="external_id of the reversal")
    reversal_requested = serializers.BooleanField()
    allocations = AllocationAnswer(many=True)
    unallocated = MoneyField(help_text="What nothing is owed for: the borrower's credit")


class OwedAnswer(Answer):
    """The principal is the whole of it, interest and fee what has fallen due, penalty what has run up by that day. The
    total is the sum of the parts; less the loan's credit it settles the loan on that day, as the settlement quote says.
    """

    principal = MoneyField()
    interest = MoneyField()
    fee = MoneyField()
    penalty = MoneyField()
    cost = MoneyField()
    accrued = MoneyField(
        allow_negative=True,
        help_text="Interest that settling on that day takes beside what has fallen due; less than nothing where more "
        "was paid in advance",
    )
    total = MoneyField(allow_negative=True)
    overdue = MoneyField(
        help_text="What has to be paid on that day so that nothing is overdue: all that is open of instalments past "
        "their due day, default interest included, and the costs"
    )


class LoanItemAnswer(Answer):
    """A loan as of the end of the day “on”; state, settled_on and written_off_on are as of now."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    state = serializers.ChoiceField(choices=LoanState.choices)
    customer_number = serializers.CharField()
    product = serializers.CharField(help_text="Code")
    creditor = serializers.CharField()
    principal = MoneyField(help_text="As paid out")
    annual_rate = serializers.CharField(help_text=_RATE)
    disbursed_on = serializers.DateField()
    first_due_on = serializers.DateField(
        allow_null=True, help_text="Where it was agreed; null: one period after the day of payment"
    )
    matures_on = serializers.DateField()
    settled_on = serializers.DateField(allow_null=True)
    written_off_on = serializers.DateField(allow_null=True)
    on = serializers.DateField()
    days_past_due = serializers.IntegerField(help_text="0 on the due day, 1 on the day after")
    delinquent_days = serializers.IntegerField(help_text="Days past due less grace and pauses")
    oldest_unpaid_due_on = serializers.DateField(allow_null=True)
    overdue_kind = serializers.ChoiceField(choices=OverdueKind.choices)
    risk_class = serializers.ChoiceField(choices=RiskClass.choices)
    bucket = serializers.CharField(help_text="M0 … M6")
    outstanding = OwedAnswer()
    credit = MoneyField(help_text="Received, and nothing owed for it yet")


class InstalmentAnswer(Answer):
    sequence = serializers.IntegerField()
    due_on = serializers.DateField()
    state = serializers.ChoiceField(
        choices=_same(PAID, PART_PAID, OVERDUE, DUE_TODAY, UPCOMING),
        help_text="By principal, interest and fee, as the days past due",
    )
    principal_due = MoneyField()
    interest_due = MoneyField()
    fee_due = MoneyField()
    paid = MoneyField(help_text="In all, default interest and costs included")
    open = MoneyField(help_text="Likewise: what is due in all, less what was paid")
    penalty_due = MoneyField(help_text="Default interest run up by that day, what was paid of it included")
    penalty_paid = MoneyField()
    cost_due = MoneyField()
    cost_paid = MoneyField()
    waived = MoneyField(help_text="What of it is no longer asked for; what is due is less this already")
    last_paid_on = serializers.DateField(allow_null=True)


class CostLimitsAnswer(Answer):
    """What was in force on the day of payment; null where nothing was. Rates per year, as fractions."""

    cap = serializers.CharField(allow_null=True, help_text="On the all-in yearly cost")
    lpr = serializers.CharField(allow_null=True, help_text="One-year LPR")
    lpr_flagged = serializers.CharField(
        allow_null=True, help_text="The multiple of it above which we look closer"
    )
    lpr_cap = serializers.CharField(allow_null=True, help_text="The multiple of it above which none is made")
    lpr_cap_spares_months = serializers.IntegerField(help_text="Up to this term lpr_cap leaves a loan alone")


class CostAnswer(Answer):
    """What the contract costs a year all in, as it was made and whatever day “on” is; null where not computed."""

    effective = serializers.CharField(allow_null=True, help_text="Compound (IRR). " + _RATE)
    nominal = serializers.CharField(allow_null=True, help_text="Simple. " + _RATE)
    convention = serializers.ChoiceField(
        choices=CostConvention.choices,
        allow_null=True,
        help_text="How the time between payments is counted: whole periods, or days with a year of 365",
    )
    standing = serializers.ChoiceField(
        choices=[(one.value, one.label) for one in CostStanding if one.value],
        allow_null=True,
        help_text="Against the limits on the day of payment",
    )
    held_against = serializers.ChoiceField(
        choices=_same("nominal", "effective"), help_text="Which of the two costs the limits are held against"
    )
    limits = CostLimitsAnswer()


class LoanDetailAnswer(LoanItemAnswer):
    borrower_name = serializers.CharField(help_text="Masked")
    default_rate = serializers.CharField(help_text=_RATE)
    method = serializers.ChoiceField(choices=Method.choices)
    day_count = serializers.ChoiceField(choices=DayCount.choices)
    schedule_version = serializers.IntegerField()
    overdue_spells = serializers.IntegerField(help_text="How often the loan fell overdue so far")
    days_past_due_by_first_schedule = serializers.IntegerField(
        allow_null=True, help_text="Null while the schedule is the one the loan was made with"
    )
    cost = CostAnswer()
    instalments = InstalmentAnswer(many=True)
