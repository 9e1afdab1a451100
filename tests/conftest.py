"""What every test may rely on; fixtures of one app live beside its tests."""

import pytest
from django.db import connection

from scripts.environment import find_chromium


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
