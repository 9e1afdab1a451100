"""What every test may rely on; fixtures of one app live beside its tests."""

from typing import Any

import pytest
from django.db import connection
from django.test import TransactionTestCase

from backoffice.audit import triggers
from scripts.environment import find_chromium

_teardown = TransactionTestCase._fixture_teardown


def _teardown_through_the_gate(self: Any) -> None:
    """Transactional tests end with a flush, which append-only tables refuse unless the gate is open."""
    triggers.open_gate(connection, session=True)
    try:
        _teardown(self)
    finally:
        triggers.close_gate(connection)


TransactionTestCase._fixture_teardown = _teardown_through_the_gate  # type: ignore[method-assign]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On SQLite the tests that need PostgreSQL are left out, and the summary counts them as deselected.

    scripts/tests.py runs them in a second pass, and .ci/run fails without a server.
    """
    if connection.vendor == "postgresql":
        return
    left_out = [item for item in items if item.get_closest_marker("postgres")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The system's Chromium; without one a browser test fails, it is never skipped."""
    path = find_chromium()
    if not path:
        pytest.fail("No Chromium here: run the tests through `make test`, which installs it or says how.")
    return path
