"""No log line names a person's number, whoever put it there; what operations needs stays readable."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.conf import settings

from backoffice.settings.base import LOG_FILTERS
from backoffice.settings.logs import logging_config

PHONE, DOCUMENT = "13800138000", "11010519491231002X"


@pytest.fixture(params=["json", "console"])
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    config = logging_config(level="DEBUG", fmt=request.param, filters=LOG_FILTERS)
    config["handlers"]["stderr"]["stream"] = stream
    logging.config.dictConfig(config)
    try:
        yield stream
    finally:
        logging.config.dictConfig(settings.LOGGING)


def fail() -> None:
    try:
        raise KeyError(PHONE)
    except KeyError as error:
        raise ValueError(f"unknown document {DOCUMENT}") from error


def test_messages_values_and_chained_exceptions_are_masked(written: io.StringIO) -> None:
    logger = logging.getLogger("django.something")
    logger.warning(
        "dialled %s", PHONE, extra={"caller": f"+86 {PHONE}", "request_id": "20261123000000139001390001"}
    )
    try:
        fail()
    except ValueError:
        logger.exception("failed for %s", DOCUMENT)
        structlog.stdlib.get_logger("backoffice.x").exception("failed", number=PHONE, count=3)
    text = written.getvalue()
    assert PHONE not in text
    assert DOCUMENT not in text
    assert "138****8000" in text
    assert "20261123000000139001390001" in text, "our own identifiers stay"
    assert text.count("ValueError: unknown document 110***********002X") == 2
    assert "KeyError" in text
    if text.startswith("{"):
        [first, *_others] = [json.loads(line) for line in text.splitlines()]
        assert first["event"] == "dialled 138****8000"


def test_what_has_no_number_is_left_alone(written: io.StringIO) -> None:
    class Thing:
        pass

    logging.getLogger("x").info("%s rows in %.1f s", 12, 0.5, extra={"thing": Thing(), "rows": 12})
    assert "12 rows in 0.5 s" in written.getvalue()


def test_a_record_reaches_other_handlers_whole() -> None:
    [record] = [logging.LogRecord("x", logging.INFO, "", 0, "plain %s", ("text",), None)]
    from backoffice.privacy.logs import NumbersFilter

    assert NumbersFilter().filter(record)
    assert record.getMessage() == "plain text"


def test_it_is_switched_on_everywhere() -> None:
    assert "backoffice.privacy.logs.NumbersFilter" in LOG_FILTERS
    config: dict[str, Any] = settings.LOGGING
    assert "backoffice.privacy.logs.NumbersFilter" in config["handlers"]["stderr"]["filters"]
