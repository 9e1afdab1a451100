"""Numbers of people in free text, and the closed door: pure functions."""

import pytest

from complaints.mediation.rules import REMOVED, is_tombstone, without_numbers
from complaints.mediation.workflow import referral


@pytest.mark.parametrize(
    "number",
    [
        "13812345678",
        "138 1234 5678",
        "138-1234-5678",
        "+8613812345678",
        "１３８１２３４５６７８",
        "010-87654321",
        "11010519900307002X",
        "110105199003070028",
        "6222 0210 0111 2222 333",
        "6222021001112222333",
        "E12345678",
        "wang.xm@example.com",
    ],
)
def test_numbers_of_people_are_cut_out(number: str) -> None:
    text = without_numbers(f"请联系{number}，谢谢")
    assert REMOVED in text
    assert number[-4:] not in text
    assert text.endswith("，谢谢")


@pytest.mark.parametrize(
    "text",
    ["11月19日 23:10", "2026-11-19 23:10:05", "1,200.50 元", "200000元", "一天4次，3个月", "14.6%", ""],
)
def test_dates_and_amounts_stay(text: str) -> None:
    assert without_numbers(text) == text


@pytest.mark.parametrize("state", ["recalled", "declined", "expired"])
def test_who_never_mediated_keeps_nothing(state: str) -> None:
    assert is_tombstone(state=state, end_reason="")


def test_the_door_is_closed_by_the_consent_not_by_the_end() -> None:
    assert is_tombstone(state="ended", end_reason="consent_withdrawn")
    assert not is_tombstone(state="ended", end_reason="withdrawn_by_party")
    assert not is_tombstone(state="not_settled", end_reason="other")
    assert not is_tombstone(state="accepted", end_reason="")


def test_every_step_of_the_table_leads_somewhere_known() -> None:
    for row in referral:
        assert row.target is None or row.target in type(next(iter(row.sources)))
