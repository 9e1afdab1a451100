"""The policy values we start with: each with its source, its legal force and confidence.

Pure data. ``fill_policy_values`` enters a code that is not known yet and leaves everything else alone: from then
on compliance maintains the rows. ``source`` names the instrument and, in brackets, the row of our fact sheet on
regulation. Titles are message ids; pages show them through ``gettext``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_noop as _

from backoffice.core.choices import Confidence, LegalForce
from backoffice.core.models import PolicyValue

#: Our own policies hold from before the first record that any installation brings along.
ALWAYS = date(2010, 1, 1)

DAYS, WORKING_DAYS, YUAN, PER_YEAR, SHARE, HOURS = (
    "days",
    "working days",
    "yuan",
    "per year",
    "share",
    "hours",
)

PERSONS, SEARCHES, HOUR_OF_DAY, TIMES, ROWS = "persons", "searches", "o'clock", "times", "rows"

_COMPLAINT_RULE = "银保监会令2020年第3号"
_COMPLAINTS_FROM = date(2020, 3, 1)


@dataclass(frozen=True, slots=True)
class Seed:
    """One row as we start with it. ``value`` is text so that no float comes near it."""

    code: str
    value: str
    unit: str
    effective_from: date
    title: str
    source: str
    legal_force: LegalForce
    confidence: Confidence

    def row(self) -> PolicyValue:
        """The unsaved row."""
        return PolicyValue(
            code=self.code,
            value=Decimal(self.value),
            unit=self.unit,
            effective_from=self.effective_from,
            title=self.title,
            source=self.source,
            legal_force=self.legal_force,
            confidence=self.confidence,
        )


def _policy(code: str, value: str, unit: str, title: str, source: str = "internal policy") -> Seed:
    return Seed(code, value, unit, ALWAYS, title, source, LegalForce.POLICY, Confidence.INFERRED)


def _complaint_rule(code: str, value: str, title: str, article: str, confidence: Confidence) -> Seed:
    source = f"{_COMPLAINT_RULE} {article}"
    return Seed(code, value, DAYS, _COMPLAINTS_FROM, title, source, LegalForce.DEPT_RULE, confidence)


SEEDS: tuple[Seed, ...] = (
    # Complaints
    _complaint_rule(
        "complaint.decision_days",
        "15",
        _("Complaint: decided and communicated within"),
        "art. 17 [K8]",
        Confidence.SECONDARY,
    ),
    _complaint_rule(
        "complaint.extended_days",
        "30",
        _("Complaint: total when extended"),
        "art. 17 [K9]",
        Confidence.SECONDARY,
    ),
    _complaint_rule(
        "complaint.extended_far_days",
        "60",
        _("Complaint: total when extended with a senior manager's approval"),
        "art. 17 [K10]",
        Confidence.SECONDARY,
    ),
    _complaint_rule(
        "complaint.review_apply_days",
        "30",
        _("Review: applied for within, from receiving the decision"),
        "art. 20 [K15]",
        Confidence.MEMORY_HIGH,
    ),
    _complaint_rule(
        "complaint.review_decision_days",
        "30",
        _("Review: decided and told within, from receipt"),
        "art. 20 [K16]",
        Confidence.MEMORY_HIGH,
    ),
    Seed(
        "complaint.representatives_max",
        "5",
        "persons",
        _COMPLAINTS_FROM,
        _("Joint complaint: representatives at most"),
        f"{_COMPLAINT_RULE} art. 12 [K3]",
        LegalForce.DEPT_RULE,
        Confidence.FOUND,
    ),
    Seed(
        "complaint.pboc_decision_days",
        "15",
        DAYS,
        date(2020, 11, 1),
        _("Complaint passed on by the central bank: answered within"),
        "中国人民银行令〔2020〕第5号",
        LegalForce.DEPT_RULE,
        Confidence.MEMORY_HIGH,
    ),
    Seed(
        "complaint.pboc_extended_days",
        "60",
        DAYS,
        date(2020, 11, 1),
        _("Complaint passed on by the central bank: total when extended"),
        "中国人民银行令〔2020〕第5号",
        LegalForce.DEPT_RULE,
        Confidence.MEMORY_HIGH,
    ),
    _policy("complaint.call_back_days", "1", WORKING_DAYS, _("Complaint: called back within")),
    _policy("complaint.acknowledge_days", "1", WORKING_DAYS, _("Complaint: acknowledged within")),
    _policy("complaint.handler_waiver_limit", "500", YUAN, _("A handler's own mandate for money")),
    _policy("complaint.second_person_share", "0.1", SHARE, _("Decisions sampled for a second person")),
    # Mediation
    Seed(
        "mediation.confirm_working_days",
        "3",
        WORKING_DAYS,
        date(2022, 1, 1),
        _("Mediation: the organisation accepts or declines within"),
        "人民法院在线调解规则 art. 12 [E5]",
        LegalForce.JUD,
        Confidence.FOUND,
    ),
    _policy(
        "mediation.period_days",
        "30",
        DAYS,
        _("Mediation: period from acceptance"),
        "internal policy [E1, E20]",
    ),
    Seed(
        "mediation.confirmation_days",
        "30",
        DAYS,
        date(2024, 1, 1),
        _("Mediation: judicial confirmation applied for within, from the agreement's effect"),
        "民事诉讼法(2023) art. 205 [E12]",
        LegalForce.LAW,
        Confidence.FOUND,
    ),
    _policy(
        "mediation.access_days_after_end", "30", DAYS, _("Mediation: the organisation's access after the end")
    ),
    # Credit record
    Seed(
        "bureau.objection_days",
        "20",
        DAYS,
        date(2013, 3, 15),
        _("Credit record: objection answered in writing within, from receipt"),
        "征信业管理条例 art. 25 [Z4]",
        LegalForce.ADM_REG,
        Confidence.FOUND,
    ),
    Seed(
        "bureau.negative_years",
        "5",
        "years",
        date(2013, 3, 15),
        _("Credit record: negative information kept, from the end of the event"),
        "征信业管理条例 art. 16 [Z3]",
        LegalForce.ADM_REG,
        Confidence.FOUND,
    ),
    # Loans
    Seed(
        "loan.single_person_cap",
        "200000",
        YUAN,
        date(2025, 1, 17),
        _("Balance of one person at most"),
        "小额贷款公司监督管理暂行办法 [L1]",
        LegalForce.NORM_DOC,
        Confidence.SECONDARY,
    ),
    _policy("loan.minimum_amount", "10", YUAN, _("Smallest loan")),
    Seed(
        "loan.all_in_cost_cap",
        "0.24",
        PER_YEAR,
        date(2025, 12, 1),
        _("All-in yearly cost of a new loan at most"),
        "小额贷款公司综合融资成本管理工作指引 2025-12 [L6]",
        LegalForce.NORM_DOC,
        Confidence.SECONDARY,
    ),
    Seed(
        "loan.lpr_multiple_flagged",
        "4",
        "times LPR",
        date(2025, 12, 1),
        _("All-in yearly cost flagged above this multiple of the one-year LPR"),
        "小额贷款公司综合融资成本管理工作指引 2025-12 [L7]",
        LegalForce.NORM_DOC,
        Confidence.SECONDARY,
    ),
    # Collections
    _policy("collections.promise_horizon_days", "7", DAYS, _("A promise to pay lies at most this far ahead")),
    # Personal data
    _policy("reveal.alarm_per_hour", "30", "persons", _("Revealed: alarm above so many persons an hour")),
    _policy("reveal.stop_per_hour", "100", "persons", _("Revealed: at most so many persons an hour")),
    # Reading, and taking out of the record
    _policy("reads.people_per_hour", "60", PERSONS, _("Reading: persons opened within an hour at most")),
    _policy("reads.people_per_day", "200", PERSONS, _("Reading: persons opened in a day at most")),
    _policy("reads.searches_per_hour", "120", SEARCHES, _("Reading: searches within an hour at most")),
    _policy("reads.outside_hours", "10", PERSONS, _("Reading: persons opened outside working hours at most")),
    _policy("reads.day_begins", "7", HOUR_OF_DAY, _("Reading: working hours begin")),
    _policy("reads.day_ends", "22", HOUR_OF_DAY, _("Reading: working hours end")),
    _policy("reads.habit_factor", "3", TIMES, _("Reading: unusual above this multiple of one's own median")),
    _policy("reads.habit_floor", "30", PERSONS, _("Reading: never unusual for oneself below")),
    _policy("record.export_rows", "20000", ROWS, _("Export from the record: rows at most")),
    _policy("evidence.keep_days", "30", DAYS, _("Evidence bundles: the file is kept for")),
    # The house
    _policy("api.answer_hours", "48", HOURS, _("Answers kept for repeated requests")),
    _policy("api.secret_overlap_hours", "24", HOURS, _("Old and new client secret both hold for")),
)


def seed_rows() -> list[PolicyValue]:
    """All rows, unsaved."""
    return [seed.row() for seed in SEEDS]
