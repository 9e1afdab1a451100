"""The decision letter, from what stands in the file: as data to be rendered, and as a draft with its gaps marked.

Letters to complainants are Chinese whatever language the desk is read in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.utils import translation

from backoffice.core.choices import DeadlineActKind
from backoffice.core.time import business_day
from backoffice.privacy.services import read_personal, read_text
from backoffice.privacy.texts import text_for
from backoffice.staff.models import User
from complaints import timing
from complaints.choices import DecisionOutcome, Finding, RemedyKind, RemedyState, Source
from complaints.house import HOTLINES, lender
from complaints.letters import (
    FINDINGS,
    OUTCOMES,
    AllegationPart,
    DecisionLetterData,
    DemandPart,
    RemedyPart,
    Routes,
    chinese_date,
)
from complaints.models import Complaint, Decision, Remedy

#: Reads one text of a row.
Reader = Callable[[Any, str], str]

REMEDIES = {
    RemedyKind.APOLOGY: "就给您带来的困扰，我公司向您致以诚挚的歉意。",
    RemedyKind.WAIVER: "减免费用",
    RemedyKind.PLAN: "为您办理分期还款安排。",
    RemedyKind.BUREAU_CORRECTION: "更正报送至征信系统的相关信息。",
    RemedyKind.COMPENSATION: "给予补偿",
    RemedyKind.CHANGE_OF_COLLECTOR: "更换经办的催收人员。",
    RemedyKind.NO_CONTACT: "停止以该渠道与您联系。",
    RemedyKind.DATA_ERASURE: "删除不应继续保存的个人信息。",
}
#: Done by the letter itself, or the moment it is delivered.
AT_ONCE = (RemedyKind.APOLOGY, RemedyKind.NO_CONTACT)


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One paragraph of the draft; a ``gap`` is something that still has to be found, answered or written."""

    text: str
    gap: bool = False


@dataclass(frozen=True, slots=True)
class LetterDraft:
    lines: list[DraftLine]

    @property
    def gaps(self) -> int:
        return sum(line.gap for line in self.lines)

    @property
    def percent(self) -> int:
        """How much of it is written."""
        return round(100 * (len(self.lines) - self.gaps) / len(self.lines))


def letter_of(complaint: Complaint, decision: Decision, *, on: datetime) -> DecisionLetterData:
    """What the letter of ``decision``, approved at ``on``, says. The texts are decrypted: for the renderer only."""
    day = business_day(on)
    person = complaint.complainants.order_by("id")[0]
    remedies = Remedy.objects.filter(decision=decision).exclude(state=RemedyState.REVERSED).order_by("id")
    return DecisionLetterData(
        lender=lender(),
        number=f"{complaint.number}-{decision.sequence}",
        complaint_number=complaint.number,
        decided_on=day,
        received_on=business_day(complaint.received_at),
        channel=_channel(complaint),
        extension=_extension(complaint),
        addressee=read_personal(person, "name"),
        allegations=tuple(_allegations(complaint)),
        demands=tuple(_demands(complaint)),
        outcome=DecisionOutcome(decision.outcome),
        basis=read_text(decision, "basis_cipher"),
        remedies=tuple(_remedy(one, on) for one in remedies),
        routes=Routes(
            review_body=lender().department,
            review_days=timing.policy_days("complaint.review_apply_days", at=on),
            review_decision_days=timing.policy_days("complaint.review_decision_days", at=on),
            hotlines=HOTLINES,
        ),
    )


def letter_draft(complaint: Complaint, *, viewer: User) -> LetterDraft:
    """The letter as far as it can be written today. For those who may read the words; the numbers of people in it
    only for those who may read them too (the letter itself, addressed to the person, has them)."""
    read = partial(text_for, viewer)
    lines = [
        DraftLine(
            f"您于{chinese_date(business_day(complaint.received_at))}反映的事项（编号{complaint.number}），"
            "我公司已核查完毕，现将处理决定告知如下。"
        )
    ]
    for number, part in enumerate(_allegations(complaint, read), 1):
        if part.finding == Finding.OPEN:
            lines.append(DraftLine(f"{number}. {part.title}：尚无结论", gap=True))
        else:
            lines.append(DraftLine(f"{number}. {part.title}：{FINDINGS[part.finding]}。{part.reasons}"))
    for demand in _demands(complaint, read):
        lines.append(
            DraftLine(
                f"诉求“{demand.text}”：{demand.answer}"
                if demand.answer
                else f"诉求“{demand.text}”：尚未答复",
                gap=not demand.answer,
            )
        )
    decision = complaint.decisions.order_by("-sequence").first()
    live = decision if decision is not None and decision.state != "sent_back" else None
    if live is None:
        lines.append(DraftLine("处理结论与依据：尚未提出", gap=True))
    else:
        lines.append(
            DraftLine(f"{OUTCOMES[DecisionOutcome(live.outcome)]}依据：{read(live, 'basis_cipher')}")
        )
    for remedy in complaint.remedies.exclude(state=RemedyState.REVERSED).order_by("id"):
        lines.append(DraftLine(_remedy_text(remedy, read)))
    return LetterDraft(lines)


def _allegations(complaint: Complaint, read: Reader = read_text) -> Sequence[AllegationPart]:
    rows = complaint.allegations.select_related("category").order_by("sequence")
    return [
        AllegationPart(
            title=row.category.name_zh,
            # What was not said in so many words is what its category says.
            text=read(row, "text_cipher") or row.category.name_zh,
            finding=Finding(row.finding),
            reasons=read(row, "finding_reason_cipher"),
        )
        for row in rows
    ]


def _demands(complaint: Complaint, read: Reader = read_text) -> Sequence[DemandPart]:
    return [
        DemandPart(text=read(row, "text_cipher"), answer=read(row, "answer_cipher"))
        for row in complaint.demands.order_by("sequence")
    ]


def _remedy(remedy: Remedy, on: datetime) -> RemedyPart:
    if remedy.kind in AT_ONCE:
        return RemedyPart(text=_remedy_text(remedy))
    due_on = business_day(on) + timedelta(days=timing.policy_days(timing.REMEDY_DAYS, at=on))
    return RemedyPart(text=_remedy_text(remedy), due_on=due_on)


def _remedy_text(remedy: Remedy, read: Reader = read_text) -> str:
    amount = f"{remedy.amount:,.2f}元" if remedy.amount is not None else ""
    written = read(remedy, "text_cipher")
    return (written or REMEDIES[RemedyKind(remedy.kind)]) + (f"（{amount}）" if amount else "")


def _channel(complaint: Complaint) -> str:
    with translation.override("zh-hans"):
        return str(Source(complaint.source).label)


def _extension(complaint: Complaint) -> str:
    deadline = timing.decision_deadline(complaint)
    if deadline is None or not deadline.acts.filter(kind=DeadlineActKind.EXTENSION).exists():
        return ""
    return f"因情况复杂，处理期限已延长至{chinese_date(deadline.due_on)}，并已告知您。"
