"""The decision letter (投诉处理决定书) to the complainant. Pure: what it says in, the PDF's bytes out.

What a decision must state is regulation.md K14: the findings, the basis and reasons, the outcome, and the routes
that are left. The letter is built from allegations and demands, so none can be forgotten: one without a finding
or an answer is refused here. Layout and fixed sentences are in ``letter_templates/decision.typ``; everything
that comes from law or policy (days, bodies, hotlines) arrives as data, because it is a dated row.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from backoffice.core.pdf import render_pdf
from complaints.choices import DecisionOutcome, Finding

TEMPLATE = "complaints:letter_templates/decision.typ"

FINDINGS = {
    Finding.SUBSTANTIATED: "属实",
    Finding.NOT_SUBSTANTIATED: "不属实",
    Finding.UNDETERMINED: "无法认定",
}

OUTCOMES = {
    DecisionOutcome.UPHELD: "支持您的投诉。",
    DecisionOutcome.PARTLY: "部分支持您的投诉。",
    DecisionOutcome.NOT_UPHELD: "对您的投诉不予支持。",
    DecisionOutcome.AGREED: "经与您协商一致，按双方达成的协议处理。",
    DecisionOutcome.NO_REPLY: "经多次联系未能与您取得联系，根据已查明的事实处理。",
}


class LetterIncomplete(ValueError):
    """The letter would leave something unsaid that it must say; the message names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lender:
    """Who writes, and where the complainant can turn with questions."""

    name: str
    name_en: str = ""
    department: str
    phone: str
    hours: str
    address: str
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AllegationPart:
    """One thing complained of: ``title`` is its category in words, ``text`` what was said."""

    title: str
    text: str
    finding: Finding
    reasons: str
    basis: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandPart:
    text: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyPart:
    """``due_on``: by when it is carried out; None when that has been done already."""

    text: str
    due_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """What is open to a complainant who does not agree (regulation.md K14 to K16, K19, §2.2).

    ``review_days`` run from receiving the decision, ``review_decision_days`` from receiving the application.
    ``arbitration`` names the body agreed in the contract, empty where there is no such agreement.
    ``hotlines`` are numbers with their names, e.g. ``("12378", "金融消费者投诉维权热线")``.
    """

    review_body: str
    review_days: int
    review_decision_days: int
    mediation_bodies: tuple[str, ...] = ()
    arbitration: str = ""
    hotlines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionLetterData:
    """Everything the letter says. Dates are Shanghai's; texts are plain, ``\\n`` parts paragraphs.

    ``honorific`` is 先生 or 女士, empty when unknown. ``channel`` names where the complaint came in, with the
    authority that handed it over, if any. ``extension`` tells, where the time was extended, until when and why.
    """

    lender: Lender
    number: str
    complaint_number: str
    decided_on: date
    received_on: date
    channel: str = ""
    extension: str = ""
    addressee: str
    honorific: str = ""
    allegations: tuple[AllegationPart, ...]
    demands: tuple[DemandPart, ...] = ()
    outcome: DecisionOutcome
    outcome_text: str = ""
    basis: str
    remedies: tuple[RemedyPart, ...] = ()
    routes: Routes
    enclosures: tuple[str, ...] = ()


def decision_letter(data: DecisionLetterData) -> bytes:
    """The letter as PDF. Raises ``LetterIncomplete``, and what ``core.pdf.render_pdf`` raises."""
    _demand_complete(data)
    return render_pdf(TEMPLATE, _as_data(data))


def chinese_date(day: date) -> str:
    """2026年3月16日: Arabic numerals without leading zeros, as GB/T 9704 writes the date of a document."""
    return f"{day.year}年{day.month}月{day.day}日"


def _demand_complete(data: DecisionLetterData) -> None:
    if not data.allegations:
        raise LetterIncomplete("no allegation")
    for number, allegation in enumerate(data.allegations, 1):
        if allegation.finding not in FINDINGS:
            raise LetterIncomplete(f"allegation {number} has no finding")
        if not (allegation.text.strip() and allegation.reasons.strip()):
            raise LetterIncomplete(f"allegation {number} lacks its text or the reasons")
    for number, demand in enumerate(data.demands, 1):
        if not (demand.text.strip() and demand.answer.strip()):
            raise LetterIncomplete(f"demand {number} is not answered")
    if not data.basis.strip():
        raise LetterIncomplete("no basis")
    if not data.routes.hotlines:
        raise LetterIncomplete("no hotline")


def _as_data(value: Any) -> Any:
    """Dataclasses to JSON's kinds; choices and dates to the words that the letter uses."""
    match value:
        case Finding():
            return FINDINGS[value]
        case DecisionOutcome():
            return OUTCOMES[value]
        case date():
            return chinese_date(value)
        case tuple():
            return [_as_data(part) for part in value]
        case str() | int() | None:
            return value
    return {field.name: _as_data(getattr(value, field.name)) for field in fields(value)}
