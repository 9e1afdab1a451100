"""The numbers of law and policy that the loan book asks for, and the first rows of its own ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.utils.translation import gettext_noop as _

from backoffice.core.choices import Confidence, LegalForce
from backoffice.core.models import PolicyValue
from backoffice.core.policy import ALWAYS, DAYS, YUAN, Seed
from backoffice.core.services import PolicyMissing, policy_value, values_in_force
from backoffice.loans import pricing
from backoffice.loans.ageing import AgeingPolicy
from backoffice.loans.classification import ClassPolicy, OverduePolicy

MINIMUM_AMOUNT = "loan.minimum_amount"
PERSON_CAP = "loan.single_person_cap"
GRACE_DAYS = "loan.grace_days"
LONG_TERM_FROM_DAY = "loan.long_term_from_day"
LONG_TERM_FROM_SPELL = "loan.long_term_from_spell"
TECHNICAL_DAYS = "loan.technical_days"
SUBSTANDARD_AFTER = "loan.substandard_after_days"
DOUBTFUL_AFTER = "loan.doubtful_after_days"
LOSS_AFTER = "loan.loss_after_days"
FOUR_EYES_FROM = "loan.posting_four_eyes_from"
WATCH_MONTHS = "loan.watch_months"
PROPOSAL_DAYS = "loan.proposal_days"
WAIVER_LIMIT = "loan.waiver_limit"
#: The first days of the buckets that reports count by.
BUCKETS = tuple(f"loan.bucket_{number}_from" for number in range(1, 7))

#: A cap that the law drew on a certain day: before it nothing is in force, and nothing is refused.
_OPTIONAL = {PERSON_CAP}
_CODES = (
    *(MINIMUM_AMOUNT, PERSON_CAP, GRACE_DAYS, LONG_TERM_FROM_DAY, LONG_TERM_FROM_SPELL),
    *(TECHNICAL_DAYS, SUBSTANDARD_AFTER, DOUBTFUL_AFTER, LOSS_AFTER, WATCH_MONTHS, *BUCKETS),
)
_CLASSES = "商业银行金融资产风险分类办法"


def _policy(code: str, value: str, unit: str, title: str) -> Seed:
    return Seed(code, value, unit, ALWAYS, title, "internal policy", LegalForce.POLICY, Confidence.INFERRED)


def _class(code: str, value: str, unit: str, title: str) -> Seed:
    # In force for banks since 2023-07-01; for others by our own policy, and for the time before it too.
    source = f"{_CLASSES} (2023) [T1, T2]"
    return Seed(code, value, unit, ALWAYS, title, source, LegalForce.DEPT_RULE, Confidence.MEMORY_HIGH)


SEEDS: tuple[Seed, ...] = (
    _policy(FOUR_EYES_FROM, "5000", YUAN, _("Posting by hand: two persons from")),
    _policy(PROPOSAL_DAYS, "14", DAYS, _("Proposed changes and write-offs are decided within")),
    _policy(WAIVER_LIMIT, "1000", YUAN, _("Waivers of one loan: applied by a supervisor above")),
    _policy(GRACE_DAYS, "0", DAYS, _("Days of grace before an overdue loan is delinquent")),
    _policy(LONG_TERM_FROM_DAY, "91", DAYS, _("Long-term overdue from this day past due")),
    _policy(LONG_TERM_FROM_SPELL, "4", "times", _("Long-term overdue from this many overdue spells")),
    _class(TECHNICAL_DAYS, "7", DAYS, _("Five classes: a technical delay up to")),
    _class(SUBSTANDARD_AFTER, "90", DAYS, _("Five classes: substandard above")),
    _class(DOUBTFUL_AFTER, "270", DAYS, _("Five classes: doubtful above")),
    _class(LOSS_AFTER, "360", DAYS, _("Five classes: loss above")),
    _class(WATCH_MONTHS, "12", "months", _("Restructured loan: watched for at least")),
    *(
        _policy(code, first, DAYS, _("Ageing report: a bucket begins on day"))
        for code, first in zip(BUCKETS, ("1", "31", "61", "91", "181", "361"), strict=True)
    ),
    *pricing.SEEDS,
)


def seed_rows() -> list[PolicyValue]:
    """The loan book's own rows, unsaved."""
    return [seed.row() for seed in SEEDS]


@dataclass(frozen=True, slots=True)
class LoanPolicy:
    """The values in force on one day: yuan, days. None where there is no cap. What a loan may cost: ``pricing``."""

    minimum_amount: Decimal
    person_cap: Decimal | None
    ageing: AgeingPolicy


def decide_by(*, on: date) -> date:
    """The last day on which what is proposed on ``on`` can be made real; the policy of that day says how many days
    later it is. Raises ``PolicyMissing``."""
    return on + timedelta(days=int(policy_value(PROPOSAL_DAYS, on=on)))


def loan_policy(*, on: date) -> LoanPolicy:
    """What is in force on ``on``, read with one query. Raises ``PolicyMissing`` when a needed row is not there."""
    values = values_in_force(_CODES, on=on)
    for code in _CODES:
        if code not in values and code not in _OPTIONAL:
            raise PolicyMissing(f"No policy value “{code}” is in force on {on}.")
    return LoanPolicy(
        minimum_amount=values[MINIMUM_AMOUNT],
        person_cap=values.get(PERSON_CAP),
        ageing=AgeingPolicy(
            grace_days=int(values[GRACE_DAYS]),
            overdue=OverduePolicy(int(values[LONG_TERM_FROM_DAY]), int(values[LONG_TERM_FROM_SPELL])),
            classes=ClassPolicy(
                technical_days=int(values[TECHNICAL_DAYS]),
                substandard_after=int(values[SUBSTANDARD_AFTER]),
                doubtful_after=int(values[DOUBTFUL_AFTER]),
                loss_after=int(values[LOSS_AFTER]),
            ),
            buckets=tuple(int(values[code]) for code in BUCKETS),
            watch_months=int(values[WATCH_MONTHS]),
        ),
    )
