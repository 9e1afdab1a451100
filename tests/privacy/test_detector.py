"""Numbers of people in free text are found however they are written, and nothing else is taken for one."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.cn import ric

from backoffice.loans import seed_people
from backoffice.privacy.detector import find_numbers, has_numbers, mask_numbers


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("打13800138000", "打138****8000"),
        ("tel13800138000,13900139000。", "tel138****8000,139****9000。"),
        ("+86 138 0013 8000", "138****8000"),
        ("0086-138-0013-8000", "138****8000"),
        ("８６１３８００１３８０００", "138****8000"),
        ("138-0013-8000 和 139 0013 9000", "138****8000 和 139****9000"),
        ("13800138000 13900139000", "138****8000 139****9000"),
        ("1 3 8 0 0 1 3 8 0 0 0", "138****8000"),
        ("一三八零零一三八零零零打来", "138****8000打来"),
        ("幺三八 零零幺三 八零零零", "138****8000"),
        ("0571-88889999", "0571****9999"),
        ("(0571)88889999", "0571****9999"),
        ("+86 571 8888 9999 或 +8657188889999", "571****9999 或 571****9999"),
        ("010 8888 9999", "010****9999"),
        ("身份证11010519491231002X", "身份证110***********002X"),
        ("11010519491231002ｘ。", "110***********002x。"),
        ("110105 19491231 002X", "110***********002X"),
        ("旧证110105491231002", "旧证110********1002"),
        ("卡号6222 0212 3456 7890 128", "卡号****0128"),
        ("4111111111111111", "****1111"),
        ("写信到 Wang.Xm@qq.com", "写信到 W***@qq.com"),
        ("ｗａｎｇ＠qq.com", "w***@qq.com"),
        ("2026-11-23 13800138000 110105194912310021", "2026-11-23 138****8000 110***********0021"),
    ],
)
def test_numbers_of_people_are_masked(text: str, masked: str) -> None:
    assert mask_numbers(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "欠款 13,800.00 元，已还 1,234,567.89",
        "本金12000.00元，利率0.146",
        "2026-11-23 10:05:33",
        "2026年11月23日 20261123",
        "CP20260101-000001",
        "CP20260101-000001 与 CP20260101-000002",
        "JB00000001",
        "TS2026112300000001",
        "95588、12378、12315、10086、400-123-4567、110",
        "1069 0000 1234",
        "192.168.100.12",
        "第12345678号",
        "3e5a13800138000bc94d1f0a7e6c5d4b",
        "一天打了四次，二十三点一十分",
        "2026-11-23T02:00:00.123456Z",
        "",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert mask_numbers(text) == text
    assert not has_numbers(text)


SEPARATORS = st.sampled_from(["", " ", "-"])
WORDS = st.text(alphabet="我他们打来了说，。 abc元年月日:\n", max_size=12)


@st.composite
def mobiles(draw: st.DrawFn) -> tuple[str, str]:
    """A mobile number as somebody may write it, and its digits."""
    digits = "1" + draw(st.sampled_from("3456789")) + draw(st.text("0123456789", min_size=9, max_size=9))
    gap = draw(SEPARATORS)
    written = gap.join([digits[:3], digits[3:7], digits[7:]])
    if draw(st.booleans()):
        written = written.translate({ord(str(n)): 0xFF10 + n for n in range(10)})
    return draw(st.sampled_from(["", "+86 ", "+86"])) + written, digits


@st.composite
def resident_ids(draw: st.DrawFn) -> tuple[str, str]:
    born = draw(st.dates(date(1930, 1, 1), date(2010, 1, 1)))
    digits = seed_people.resident_id(born, draw(st.integers(0, 9_999_999)))
    return digits.lower() if draw(st.booleans()) else digits, digits


@st.composite
def cards(draw: st.DrawFn) -> tuple[str, str]:
    body = "62" + draw(st.text("0123456789", min_size=13, max_size=16))
    digits = body + luhn.calc_check_digit(body)
    parts = [digits[at : at + 4] for at in range(0, len(digits), 4)]
    return draw(st.sampled_from(["", " "])).join(parts), digits


@settings(max_examples=300, deadline=None)
@given(WORDS, st.one_of(mobiles(), resident_ids(), cards()), WORDS)
def test_no_number_survives_between_any_words(before: str, number: tuple[str, str], after: str) -> None:
    written, digits = number
    text = f"{before}。{written}。{after}"
    masked = mask_numbers(text)
    assert written not in masked
    assert digits not in masked
    assert mask_numbers(masked) == masked, "what is masked stays as it is"
    assert masked.startswith(f"{before}。")
    assert masked.endswith(f"。{after}")


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="0123456789 -.()+Xx@一三八aF，。", max_size=60))
def test_any_text_is_taken_and_masking_leaves_nothing_to_mask(text: str) -> None:
    found = find_numbers(text)
    assert all(one.start < one.end for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))
    for one in find_numbers(mask_numbers(text)):
        # Joining what a mask left over may look like a number; it is never one that stood there.
        assert one.value not in {other.value for other in found}


def test_every_area_of_a_resident_id_is_seen() -> None:
    for area in ("110101", "659004", "810000", "830000", "990001"):
        digits = f"{area}19900517001"
        assert has_numbers(digits + ric.calc_check_digit(digits[:17] + "0"))
