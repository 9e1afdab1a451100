"""Helpers that tests of every app share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


def queries_of(client: Client, url: str) -> list[str]:
    """The statements that answering ``url`` costs, session and sign-in included; the page must be there."""
    cache.clear()
    with CaptureQueriesContext(
        connection,
    ) as captured:
        response = client.get(url)
    assert response.status_code == 200, f"{url}: {response.status_code}"
    return [entry["sql"] for entry in captured.captured_queries]


def assert_same_queries_3_and_30(make: Callable[[int], Any], client: Client, url: str) -> int:
    """A list of 30 rows costs as many statements as one of 3; answers how many.

    ``make(count)`` adds that many rows. The first request warms what is loaded once per process.
    """
    make(3)
    queries_of(client, url)
    few = queries_of(client, url)
    make(27)
    many = queries_of(client, url)
    difference = [statement for statement in many if many.count(statement) > few.count(statement)]
    assert len(many) == len(few), f"{len(few)} statements for 3 rows, {len(many)} for 30:\n" + "\n".join(
        difference
    )
    return len(few)
