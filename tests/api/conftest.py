"""What the tests of the loan book's addresses share."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine

from tests.factories.lenders import Lender, lender
from tests.factories.loans import NOW


@pytest.fixture
def on_that_day() -> Iterator[None]:
    """An hour after ``NOW``, the moment at which the factories record."""
    with time_machine.travel(NOW + timedelta(hours=1)):
        yield


@pytest.fixture
def app() -> Lender:
    """The machine of the creditor that test loans have."""
    return lender()
