"""The numbers of law and policy that incidents go by, and the offices to call that we start with.

Pure data but for the two functions at the end. ``source`` names the instrument and, in brackets, the row of our
fact sheet on regulation.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db.models import Q
from django.utils.translation import gettext_noop as _

from backoffice.core.choices import Confidence, LegalForce
from backoffice.core.models import PolicyValue
from backoffice.core.policy import ALWAYS, DAYS, HOURS, WORKING_DAYS, Seed
from backoffice.core.time import business_day
from backoffice.desk.choices import DutyUnit, IncidentKind, Party
from backoffice.desk.incident_rules import House, Term

MINUTES, YES_NO, PERSONS = "minutes", "1 yes, 0 no", "persons"
PREFIX = "incident."
CRITICAL = "incident.runs_critical_infrastructure"
BANKING = "incident.banking_rules_apply"
LARGE, MAJOR, GRAVE = "incident.large_persons", "incident.major_persons", "incident.grave_persons"
READ_LOG_DAYS = "incident.read_log_days"

_PIPL = "个人信息保护法 art. 57 [I14]"
_CYBER = "国家网络安全事件报告管理办法"
_BANKING = "金规〔2024〕24号 银行保险机构数据安全管理办法 [I17]"
_PIPL_FROM, _CYBER_FROM, _BANKING_FROM = date(2021, 11, 1), date(2025, 11, 1), date(2024, 12, 27)


def _policy(code: str, value: str, unit: str, title: str) -> Seed:
    return Seed(
        PREFIX + code, value, unit, ALWAYS, title, "internal policy", LegalForce.POLICY, Confidence.INFERRED
    )


def _pipl(code: str, value: str, title: str) -> Seed:
    # The duty is the law's, the number is our reading of “at once”.
    return Seed(PREFIX + code, value, HOURS, _PIPL_FROM, title, _PIPL, LegalForce.LAW, Confidence.INFERRED)


def _cyber(code: str, value: str, unit: str, title: str, where: str, confidence: Confidence) -> Seed:
    return Seed(
        PREFIX + code,
        value,
        unit,
        _CYBER_FROM,
        title,
        f"{_CYBER} {where}",
        LegalForce.DEPT_RULE,
        confidence,
    )


def _banking(code: str, value: str, unit: str, title: str) -> Seed:
    return Seed(
        PREFIX + code,
        value,
        unit,
        _BANKING_FROM,
        title,
        _BANKING,
        LegalForce.NORM_DOC,
        Confidence.MEMORY_MEDIUM,
    )


SEEDS: tuple[Seed, ...] = (
    _pipl("leak_authority", "2", _("Leak: the authority told within (the law says at once)")),
    _pipl("leak_persons", "24", _("Leak: the persons told within (the law says at once)")),
    _banking("leak_supervisor", "2", HOURS, _("Leak: first report to the financial regulator within")),
    _banking(
        "leak_supervisor_written", "24", HOURS, _("Leak: written report to the financial regulator within")
    ),
    _banking(
        "leak_supervisor_closing",
        "5",
        WORKING_DAYS,
        _("Leak: closing report to the financial regulator within, from containment"),
    ),
    _cyber(
        "cyber_protection",
        "1",
        HOURS,
        _("Cyber incident at an operator of critical infrastructure: reported within"),
        "art. 4 [I16]",
        Confidence.SECONDARY,
    ),
    _cyber(
        "cyber_authority",
        "4",
        HOURS,
        _("Cyber incident: reported to the province's cyberspace administration within"),
        "art. 4 [I16]",
        Confidence.SECONDARY,
    ),
    _cyber(
        "cyber_summary",
        "30",
        DAYS,
        _("Cyber incident: summary report within, from containment"),
        "[I16]",
        Confidence.MEMORY_MEDIUM,
    ),
    _cyber(
        "large_persons",
        "1000000",
        PERSONS,
        _("A leak is large from this many persons"),
        "annex [I16]",
        Confidence.MEMORY_MEDIUM,
    ),
    _cyber(
        "major_persons",
        "10000000",
        PERSONS,
        _("A leak is major from this many persons"),
        "annex [I16]",
        Confidence.MEMORY_MEDIUM,
    ),
    _cyber(
        "grave_persons",
        "100000000",
        PERSONS,
        _("A leak is grave from this many persons"),
        "annex [I16]",
        Confidence.MEMORY_MEDIUM,
    ),
    _policy("runs_critical_infrastructure", "0", YES_NO, _("We run critical information infrastructure")),
    _policy(
        "banking_rules_apply", "1", YES_NO, _("The data security rules for banks and insurers apply to us")
    ),
    _policy("emergency_call", "15", MINUTES, _("Danger to life or body: help called within")),
    _policy("police_call", "15", MINUTES, _("Crowd: police told within")),
    _policy("management", "60", MINUTES, _("Incident: management on duty told within")),
    _policy("management_written", "24", HOURS, _("Incident: written report to management within")),
    _policy("press_office", "30", MINUTES, _("Media: press office told within")),
    _policy("read_log_days", "30", DAYS, _("Leak: reads looked at from this many days before")),
)

#: Codes that are no terms of a duty.
_NO_TERMS = {CRITICAL, BANKING, LARGE, MAJOR, GRAVE, READ_LOG_DAYS}
_UNITS = {
    MINUTES: DutyUnit.MINUTES,
    HOURS: DutyUnit.HOURS,
    WORKING_DAYS: DutyUnit.WORKING_DAYS,
    DAYS: DutyUnit.DAYS,
}


def seed_rows() -> list[PolicyValue]:
    """The rows about incidents, unsaved."""
    return [seed.row() for seed in SEEDS]


def rows_in_force(at: datetime) -> Mapping[str, PolicyValue]:
    """Every row about incidents in force on the business day of ``at``, by code; one query."""
    day = business_day(at)
    rows = (
        PolicyValue.objects.filter(code__startswith=PREFIX, effective_from__lte=day)
        .filter(Q(effective_to__isnull=True) | Q(effective_to__gte=day))
        .order_by("effective_from")
    )
    return {row.code: row for row in rows}


def house(at: datetime) -> House:
    """What the rules ask about us on the day of ``at``. A number without a row sets no duty and raises no level."""
    rows = rows_in_force(at)
    never = 2**31

    def number(code: str, default: int) -> int:
        return int(rows[code].value) if code in rows else default

    terms = {
        code.removeprefix(PREFIX): Term(
            int(row.value), _UNITS[row.unit].value, row.source, row.legal_force, row.confidence
        )
        for code, row in rows.items()
        if code not in _NO_TERMS and row.unit in _UNITS
    }
    return House(
        terms=terms,
        runs_critical_infrastructure=number(CRITICAL, 0) == 1,
        banking_rules_apply=number(BANKING, 1) == 1,
        large=number(LARGE, never),
        major=number(MAJOR, never),
        grave=number(GRAVE, never),
    )


_ALL = tuple(kind.value for kind in IncidentKind)
_BODY = (IncidentKind.SELF_HARM.value, IncidentKind.VIOLENCE.value, IncidentKind.CROWD.value)
_LEAK = (IncidentKind.LEAK.value,)
_PUBLIC = (IncidentKind.CROWD.value, IncidentKind.MEDIA.value)
_OUTSIDE = (*_LEAK, *_PUBLIC)

_TO_BE_ENTERED = "号码由合规部门补充"

#: Party, kinds, office, number, what to know, order. Numbers that every house has its own of are left empty.
CONTACTS: tuple[tuple[Party, tuple[str, ...], str, str, str, int], ...] = (
    (Party.EMERGENCY, _BODY, "公安报警", "110", "有人身危险时首先拨打，告知地点和姓名", 10),
    (Party.EMERGENCY, _BODY, "医疗急救", "120", "已受伤、已服药或已自伤时立即拨打", 20),
    (Party.HOTLINE, _BODY[:1], "全国统一心理援助热线", "12356", "可请专业人员接手通话", 30),
    (Party.POLICE, _BODY[1:], "属地派出所", "110", "派出所座机" + _TO_BE_ENTERED, 40),
    (Party.MANAGEMENT, _ALL, "值班负责人", "", "分机" + _TO_BE_ENTERED, 50),
    (Party.SECURITY, _LEAK, "信息安全值班", "", "先切断外泄途径并保全证据；" + _TO_BE_ENTERED, 60),
    (Party.CAC, _LEAK, "属地省级网信办", "12387", "网络安全事件报告热线，也可在线报告", 70),
    (Party.PROTECTION, _LEAK, "保护工作部门和公安机关", "110", "仅限关键信息基础设施运营者", 80),
    (Party.NFRA, _OUTSIDE, "国家金融监督管理总局派出机构", "", "联系人和" + _TO_BE_ENTERED, 90),
    (Party.LOCAL_FINANCE, _OUTSIDE, "地方金融管理机构", "", "联系人和" + _TO_BE_ENTERED, 100),
    (Party.PRESS_OFFICE, _PUBLIC, "品牌与公共关系值班", "", "对外口径只由该部门发布", 110),
)
