"""What the record itself keeps for a time, and the retention rules we start with.

``source`` names the instrument and, in brackets, the row of our fact sheet on regulation. A rule whose kind and basis
are known is never touched again: from then on compliance and the privacy officer maintain them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from axes.models import AccessFailureLog, AccessLog
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _

from backoffice.audit.keeping import seams
from backoffice.audit.keeping.seams import RetentionKind, Unit
from backoffice.audit.models import ReadEvent, RetentionRule
from backoffice.core.choices import Confidence, LegalForce
from backoffice.core.history import bulk_create_with_history
from backoffice.core.policy import ALWAYS
from backoffice.core.time import start_of_day

READ_LOG, SIGN_IN, SIGN_IN_FAILED = "read_log", "sign_in", "sign_in_failed"


def _before(cut_off: date) -> Any:
    return start_of_day(cut_off + timedelta(days=1))


def _reads_due(cut_off: date) -> QuerySet[ReadEvent]:
    return ReadEvent.objects.filter(occurred_at__lt=_before(cut_off)).order_by("pk")


def _sign_ins_due(cut_off: date) -> QuerySet[Any]:
    return AccessLog.objects.filter(attempt_time__lt=_before(cut_off)).order_by("pk")


def _failures_due(cut_off: date) -> QuerySet[Any]:
    return AccessFailureLog.objects.filter(attempt_time__lt=_before(cut_off)).order_by("pk")


def register() -> None:
    """The kinds of record that no desk owns."""
    seams.kinds.register_all(
        {
            READ_LOG: RetentionKind(
                label=gettext_lazy("Log of reads"),
                ends=gettext_lazy("the moment of reading"),
                unit=Unit.LOG,
                due=_reads_due,
            ),
            SIGN_IN: RetentionKind(
                label=gettext_lazy("Sign-ins"),
                ends=gettext_lazy("the moment of signing in"),
                unit=Unit.ROWS,
                due=_sign_ins_due,
            ),
            SIGN_IN_FAILED: RetentionKind(
                label=gettext_lazy("Refused sign-ins"),
                ends=gettext_lazy("the moment of the attempt"),
                unit=Unit.ROWS,
                due=_failures_due,
            ),
        }
    )


@dataclass(frozen=True, slots=True)
class Seed:
    """One rule as we start with it. ``basis`` is a message id; pages show it through ``gettext``."""

    kind: str
    keep_months: int
    effective_from: date
    basis: str
    source: str
    legal_force: LegalForce
    confidence: Confidence
    effective_to: date | None = None


def _own(kind: str, months: int, basis: str, source: str) -> Seed:
    return Seed(kind, months, ALWAYS, basis, source, LegalForce.POLICY, Confidence.INFERRED)


SEEDS: tuple[Seed, ...] = (
    Seed(
        "customer",
        60,
        date(2007, 1, 1),
        _("Anti-money-laundering law of 2006: identity and transactions of customers"),
        "反洗钱法(2006) art. 19 [I19]",
        LegalForce.LAW,
        Confidence.SECONDARY,
        effective_to=date(2024, 12, 31),
    ),
    Seed(
        "customer",
        120,
        date(2025, 1, 1),
        _("Anti-money-laundering law of 2024: identity and transactions of customers"),
        "反洗钱法(2024) [I19]",
        LegalForce.LAW,
        Confidence.MEMORY_HIGH,
    ),
    _own("customer", 60, _("Our own time for closed loans"), "internal policy [R12]"),
    Seed(
        "contact",
        60,
        date(2025, 2, 28),
        _("National standard on collection: data of the collection system"),
        "GB/T 45251-2025 [R6]",
        LegalForce.NAT_STD_REC,
        Confidence.MEMORY_MEDIUM,
    ),
    Seed(
        "contact",
        60,
        date(2024, 4, 18),
        _("Consumer finance companies: records of collection (by analogy)"),
        "消费金融公司管理办法 [R5]",
        LegalForce.DEPT_RULE,
        Confidence.SECONDARY,
    ),
    Seed(
        "contact",
        24,
        date(2011, 1, 13),
        _("Credit cards: records of collection (by analogy)"),
        "商业银行信用卡业务监督管理办法 art. 68 [R7]",
        LegalForce.DEPT_RULE,
        Confidence.SECONDARY,
    ),
    _own("contact", 60, _("Our own time after the last act of collection"), "internal policy [R12]"),
    Seed(
        "complaint",
        36,
        date(2020, 11, 1),
        _("Central bank: files of complaints, from closing"),
        "中国人民银行令〔2020〕第5号 [R9]",
        LegalForce.DEPT_RULE,
        Confidence.MEMORY_HIGH,
    ),
    _own("complaint", 60, _("Our own time after a complaint has ended"), "internal policy [R12]"),
    Seed(
        READ_LOG,
        6,
        date(2017, 6, 1),
        _("Cybersecurity law: logs of systems and networks"),
        "网络安全法 art. 21 [I18]",
        LegalForce.LAW,
        Confidence.MEMORY_HIGH,
    ),
    _own(
        READ_LOG,
        36,
        _("Burden of proof on the handler of personal data, for as long as a claim may be brought"),
        "internal policy: 个人信息保护法 art. 69, 民法典 art. 188 [I15, Q1]",
    ),
    Seed(
        SIGN_IN,
        6,
        date(2017, 6, 1),
        _("Cybersecurity law: logs of systems and networks"),
        "网络安全法 art. 21 [I18]",
        LegalForce.LAW,
        Confidence.MEMORY_HIGH,
    ),
    Seed(
        SIGN_IN_FAILED,
        6,
        date(2017, 6, 1),
        _("Cybersecurity law: logs of systems and networks"),
        "网络安全法 art. 21 [I18]",
        LegalForce.LAW,
        Confidence.MEMORY_HIGH,
    ),
)


def fill_rules() -> int:
    """Enter the rules whose kind and basis are not known yet; answers how many."""
    known = set(RetentionRule.objects.values_list("kind", "basis"))
    new = [
        RetentionRule(
            kind=seed.kind,
            keep_months=seed.keep_months,
            effective_from=seed.effective_from,
            effective_to=seed.effective_to,
            basis=seed.basis,
            source=seed.source,
            legal_force=seed.legal_force,
            confidence=seed.confidence,
        )
        for seed in SEEDS
        if (seed.kind, seed.basis) not in known
    ]
    bulk_create_with_history(RetentionRule, new)
    return len(new)
