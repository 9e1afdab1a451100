"""The decision letter: it says all it must, nobody's text is read as markup, and its pages hold together."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date

import pypdf
import pytest

from complaints.choices import DecisionOutcome, Finding
from complaints.letters import (
    AllegationPart,
    DecisionLetterData,
    DemandPart,
    Lender,
    LetterIncomplete,
    RemedyPart,
    Routes,
    chinese_date,
    decision_letter,
)

NIGHT_CALLS = AllegationPart(
    title="夜间拨打催收电话",
    text="2月25日晚上十点半左右，连续打了三个电话。",
    finding=Finding.SUBSTANTIATED,
    reasons="通话记录显示，22时31分、22时36分、22时44分先后三次呼叫您的手机。",
    basis="《催收业务管理办法》第十二条",
)
BUREAU = AllegationPart(
    title="征信记录有误",
    text="已经还了，征信上还是逾期。",
    finding=Finding.NOT_SUBSTANTIATED,
    reasons="还款到账时间为2月14日，报送的信息与还款事实一致。",
)
WORKPLACE = AllegationPart(
    title="联系单位",
    text="给我单位前台打电话。",
    finding=Finding.UNDETERMINED,
    reasons="现有证据不足。",
)
DATA = DecisionLetterData(
    lender=Lender(
        name="华信小额贷款有限公司",
        department="消费者权益保护部",
        phone="400-800-1234",
        hours="工作日9时至18时",
        address="重庆市渝北区金渝大道18号",
    ),
    number="华信消保决〔2026〕第0317号",
    complaint_number="TS-2026-000317",
    decided_on=date(2026, 3, 16),
    received_on=date(2026, 3, 1),
    channel="12378热线转办",
    addressee="王小明",
    honorific="先生",
    allegations=(NIGHT_CALLS, BUREAU, WORKPLACE),
    demands=(DemandPart(text="减免罚息。", answer="部分支持，减免63.20元。"),),
    outcome=DecisionOutcome.PARTLY,
    outcome_text="我们为此向您致歉。",
    basis="《投诉处理管理办法》第十七条。",
    remedies=(
        RemedyPart(text="书面致歉"),
        RemedyPart(text="减免罚息63.20元", due_on=date(2026, 3, 20)),
    ),
    routes=Routes(
        review_body="总部消费者权益保护委员会",
        review_days=30,
        review_decision_days=30,
        mediation_bodies=("重庆市金融消费纠纷调解中心",),
        hotlines=(("12378", "金融消费者投诉维权热线"),),
    ),
    enclosures=("致歉函",),
)


def pages(data: DecisionLetterData) -> list[str]:
    """The text of each page; where a line breaks is layout, so without white space."""
    reader = pypdf.PdfReader(io.BytesIO(decision_letter(data)))
    return [re.sub(r"\s", "", page.extract_text()) for page in reader.pages]


def words(data: DecisionLetterData) -> str:
    return "".join(pages(data))


@pytest.fixture(scope="module")
def letter() -> str:
    return words(DATA)


@pytest.mark.parametrize(
    "said",
    [
        "华信小额贷款有限公司",
        "编号：华信消保决〔2026〕第0317号",
        "投诉处理决定书",
        "王小明先生：",
        "我们已于2026年3月1日收到您的投诉（投诉编号：TS-2026-000317；受理渠道：12378热线转办）",
        "一、投诉事项与核查结果",
        "（一）夜间拨打催收电话",
        "（三）联系单位",
        "二、对您诉求的答复",
        "部分支持，减免63.20元。",
        "三、处理决定",
        "部分支持您的投诉。",
        "四、补救措施",
        "2026年3月20日前完成",
        "五、如对本决定有异议",
        "自收到本决定之日起30日内，以书面形式向总部消费者权益保护委员会申请核查",
        "自收到申请之日起30日内作出核查决定",
        "向重庆市金融消费纠纷调解中心申请调解",
        "仲裁",
        "人民法院",
        "12378（金融消费者投诉维权热线）",
        "电话400-800-1234（工作日9时至18时）",
        "附件：1.致歉函",
        "（盖章）2026年3月16日",
        "第1页共2页",
    ],
)
def test_it_says_what_a_decision_must_say(letter, said):
    assert said in letter


def test_every_allegation_has_its_finding_and_reasons_beside_it(letter):
    for part, finding in ((NIGHT_CALLS, "属实"), (BUREAU, "不属实"), (WORKPLACE, "无法认定")):
        assert f"您反映{part.text}核查认定{finding}事实与理由{part.reasons}" in letter


def test_sections_without_content_are_left_out_and_the_rest_is_numbered_on():
    shown = words(replace(DATA, demands=(), remedies=(), enclosures=(), channel="", outcome_text=""))

    assert "二、处理决定" in shown
    assert "三、如对本决定有异议" in shown
    for absent in ("诉求", "补救措施", "附件", "受理渠道"):
        assert absent not in shown


def test_an_arbitration_agreement_is_named():
    shown = words(replace(DATA, routes=replace(DATA.routes, arbitration="重庆仲裁委员会")))

    assert "根据双方订立的仲裁协议，向重庆仲裁委员会申请仲裁。" in shown


@pytest.mark.parametrize("outcome", DecisionOutcome)
def test_there_are_words_for_every_outcome(outcome):
    assert "综上，我们决定：" in words(replace(DATA, outcome=outcome))


def test_the_same_letter_has_the_same_bytes():
    content = decision_letter(DATA)

    assert content == decision_letter(replace(DATA))
    assert b"CreationDate" not in content  # it would be the day of making
    assert content != decision_letter(replace(DATA, addressee="王小红"))


def test_hostile_text_stands_literally_wherever_it_comes_in():
    hostile = '#panic()*bold*$x$_it_\\//@ref<l>`raw`"[#set]'
    data = replace(
        DATA,
        addressee=f"甲{hostile}",
        honorific="",
        channel=f"乙{hostile}",
        extension=f"丙{hostile}",
        allegations=(
            replace(
                NIGHT_CALLS,
                title=f"丁{hostile}",
                text=f"戊{hostile}",
                reasons=f"己{hostile}",
                basis=f"庚{hostile}",
            ),
        ),
        demands=(DemandPart(text=f"辛{hostile}", answer=f"壬{hostile}"),),
        outcome_text=f"癸{hostile}",
        basis=f"子{hostile}",
        remedies=(RemedyPart(text=f"丑{hostile}"),),
        enclosures=(f"寅{hostile}",),
    )

    shown = words(data)

    for mark in "甲乙丙丁戊己庚辛壬癸子丑寅":
        assert f"{mark}{hostile}" in shown


def test_lines_of_a_text_become_paragraphs_without_blank_ones():
    def with_reasons(text: str) -> bytes:
        return decision_letter(replace(DATA, allegations=(replace(NIGHT_CALLS, reasons=text),)))

    assert with_reasons("第一段。\r\n\r\n  第二段。  \n") == with_reasons("第一段。\n第二段。")
    assert with_reasons("第一段。\n第二段。") != with_reasons("第一段。第二段。")


def test_a_rare_character_of_a_name_is_shown():
    assert "𠮷野䶮先生" in words(replace(DATA, addressee="𠮷野䶮"))


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"allegations": ()}, "no allegation"),
        ({"allegations": (replace(BUREAU, finding=Finding.OPEN),)}, "allegation 1 has no finding"),
        ({"allegations": (NIGHT_CALLS, replace(BUREAU, reasons=" "))}, "allegation 2 lacks"),
        ({"demands": (DemandPart(text="减免", answer=""),)}, "demand 1 is not answered"),
        ({"basis": "\n"}, "no basis"),
        ({"routes": replace(DATA.routes, hotlines=())}, "no hotline"),
    ],
)
def test_a_letter_that_leaves_something_unsaid_is_refused(change, missing):
    with pytest.raises(LetterIncomplete, match=missing):
        decision_letter(replace(DATA, **change))


def test_a_short_letter_fits_on_one_page():
    data = replace(DATA, allegations=(BUREAU,), demands=(), remedies=(), enclosures=())

    assert len(pages(data)) == 1


@pytest.mark.parametrize("lines", range(48))
def test_pages_hold_together_wherever_they_break(lines):
    """One line more at a time, over more than a page: every break that this letter can have."""
    shown = pages(replace(DATA, extension="\n".join("占一行。" for _ in range(lines))))

    last = shown[-1]
    assert "联系我们" in last  # name, date and seal never stand on a page of their own
    assert "（盖章）2026年3月16日" in last
    for page in shown:
        body = page.split("客户服务与投诉电话")[0]
        # No heading, and no finding without the beginning of its reasons, at the foot of a page.
        assert not re.search(
            r"(核查结果|诉求的答复|处理决定|补救措施|以下途径|催收电话|联系单位|有误)$", body
        )
        assert not re.search(r"核查认定(属实|不属实|无法认定)$", body)


def test_dates_are_written_as_in_documents():
    assert chinese_date(date(2026, 10, 5)) == "2026年10月5日"
