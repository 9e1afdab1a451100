"""The demo holds nobody's number: what the seeds make up is valid in form and impossible to be anybody's."""

from __future__ import annotations

import ast
import random
import re
from datetime import date, timedelta
from pathlib import Path

import phonenumbers
import pytest
from django.conf import settings
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from stdnum import numdb
from stdnum.cn import ric

from backoffice.loans import seed_people
from backoffice.privacy import kinds
from backoffice.privacy.detector import EMAIL, PHONE, find_numbers
from backoffice.settings.lender import MADE_UP

#: GB/T 2260: the first two digits of every province there is or was, the overseas ones included.
PROVINCES = {
    *range(11, 16),
    *range(21, 24),
    *range(31, 38),
    *range(41, 47),
    *range(50, 55),
    *range(61, 66),
    71,
    81,
    82,
    83,
    91,
}
SEEDS = [
    path
    for part in ("backoffice", "collections", "complaints")
    for path in Path(settings.BASE_DIR, part).rglob("seed*.py")
]


@effort(max_examples=300, deadline=None)
@given(st.dates(date(1930, 1, 1), date(2026, 1, 1)), st.integers(0, 9_999_999))
def test_resident_ids_have_a_check_character_and_an_area_that_never_was(born: date, serial: int) -> None:
    number = seed_people.resident_id(born, serial)
    assert kinds.RESIDENT_ID.normalise(number) == number
    assert ric.calc_check_digit(number) == number[-1]
    assert ric.get_birth_date(number) == born
    assert int(number[:2]) not in PROVINCES
    assert not numdb.get("cn/loc").info(number[:6])[0][1], "unknown to the list of areas as well"


@effort(max_examples=300, deadline=None)
@given(st.integers(0, 99_999_999))
def test_mobile_numbers_have_a_prefix_no_network_has(serial: int) -> None:
    number = seed_people.mobile(serial)
    assert kinds.PHONE.normalise(number) == number
    assert number[3:6] == "100"
    parsed = phonenumbers.parse(number)
    assert not phonenumbers.is_valid_number(parsed), "possible in form, assigned to nobody"


def test_names_and_addresses_hold_no_numbers_of_people() -> None:
    rng = random.Random(7)
    today = date(2026, 11, 23)
    for _ in range(500):
        born = seed_people.birth_date(rng, today=today)
        assert today - timedelta(days=67 * 366) < born < today
        assert not find_numbers(seed_people.name(rng, birth=born) + seed_people.address(rng))


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_text_of_a_seed_names_a_number_that_could_be_somebodys(path: Path) -> None:
    texts = [node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
    for text in texts:
        for one in find_numbers(text) if isinstance(text, str) else ():
            made_up = one.kind == PHONE and one.value.startswith("100")
            reserved = one.kind == EMAIL and re.search(r"[@.]example\.(com|org|net)$", one.value)
            assert made_up or reserved, f"{path.name}: {one.mask}"


def test_the_made_up_lender_can_be_rung_by_nobody() -> None:
    # A service number all of noughts: no exchange gives it out, and the detector takes it for nobody's.
    assert MADE_UP["phone"] == "400-000-0000"
    for value in MADE_UP.values():
        for one in find_numbers(value):
            assert one.kind == EMAIL
            assert re.search(r"[@.]example\.(com|org|net)$", one.value), one.mask
