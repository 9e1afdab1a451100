"""Telephone numbers: the short way to E.164 says what the library says."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.core.errors import InputRefused
from backoffice.privacy import kinds


def answer(normalise: object, text: str) -> str:
    try:
        return normalise(text)  # type: ignore[operator, no-any-return]
    except InputRefused as refusal:
        return f"refused: {refusal.field}"


@settings(max_examples=300, deadline=None)
@given(st.from_regex(r"(\+86)?1[0-9]{10}", fullmatch=True))
def test_eleven_digits_are_read_as_the_library_reads_them(text: str) -> None:
    assert answer(kinds.PHONE.normalise, text) == answer(kinds._parsed_phone, text)


@settings(max_examples=150, deadline=None)
@given(st.from_regex(r"(\+|00)?(86)?0?1[0-9 -]{6,14}", fullmatch=True))
def test_so_are_numbers_that_are_nearly_such(text: str) -> None:
    assert answer(kinds.PHONE.normalise, text) == answer(kinds._parsed_phone, kinds.clean(text))


def test_a_carriers_code_in_front_is_not_part_of_the_number() -> None:
    assert kinds.PHONE.normalise("17951 13800138000") == "+8613800138000"
    assert kinds.PHONE.normalise("13800138000") == "+8613800138000"
    assert kinds.PHONE.normalise("＋８６ 138 0013 8000") == "+8613800138000"
