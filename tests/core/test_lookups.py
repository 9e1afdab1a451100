"""``one_of`` finds what ``in`` finds, with one value on PostgreSQL however long the list."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice.core.bulk import insert_rows
from backoffice.core.models import Dossier

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
#: What means something in a text of PostgreSQL's arrays, and what means nothing.
NUMBERS = [
    "a",
    "A",
    "{a,b}",
    'quoted "twice"',
    "back\\slash",
    "a,b",
    " ",
    "NULL",
    "%s",
    "it's",
    "中文",
    "two\nlines",
]


def test_it_finds_what_in_finds() -> None:
    rows = insert_rows(Dossier, [Dossier(kind="borrower", number=one, opened_at=AT) for one in NUMBERS])
    ours = Dossier.objects.filter(kind="borrower")
    for asked in ([], ["a"], NUMBERS[::2], [*NUMBERS, "absent"], ["b", "null", ""]):
        found = set(ours.filter(number__one_of=asked).values_list("number", flat=True))
        assert found == set(asked) & set(NUMBERS)
    assert ours.filter(pk__one_of=[rows[0].pk, -1]).get() == rows[0]
    assert ours.exclude(number__one_of=NUMBERS[1:]).get() == rows[0]
    assert ours.exclude(number__one_of=[*NUMBERS[1:], None]).get() == rows[0]


def test_a_long_list_is_one_value() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert not Dossier.objects.filter(number__one_of=[f"N{place}" for place in range(2_000)]).exists()
    if connection.vendor == "postgresql":
        assert "= ANY(" in queries[0]["sql"]
        assert queries[0]["sql"].count("'") == 2
