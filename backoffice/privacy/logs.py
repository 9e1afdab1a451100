"""What may not leave in a log line: the numbers of people, whoever put them into a message or an exception."""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

from backoffice.privacy.detector import mask_numbers

#: Made by us, and full of digits.
_OURS = frozenset({"timestamp", "request_id", "level", "logger", "_record", "_logger", "_name"})


class NumbersFilter(logging.Filter):
    """Masks telephone, document and card numbers and e-mail addresses in messages, values and tracebacks.

    A traceback is made into text here, because an exception's own words are part of it; it holds no local variables.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, dict):
            # An event of our own: structlog hands over the dictionary. Others may see the same one.
            record.msg = event = {name: _masked(name, value) for name, value in record.msg.items()}
            found = _exception(event.get("exc_info"))
            if found is not None:
                event["exception"] = found
            event.pop("exc_info", None)
            return True
        message = record.getMessage()
        clean = mask_numbers(message)
        if clean != message:
            record.msg, record.args = clean, None
        for name, value in list(record.__dict__.items()):
            if name not in _STANDARD:
                record.__dict__[name] = _masked(name, value)
        if record.exc_info:
            record.exception = _exception(record.exc_info)
            record.exc_info = record.exc_text = None
        return True


_STANDARD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}


def _masked(name: str, value: Any) -> Any:
    return mask_numbers(value) if isinstance(value, str) and name not in _OURS else value


def _exception(given: Any) -> str | None:
    if not given:
        return None
    if isinstance(given, BaseException):
        error: BaseException | None = given
    else:
        error = given[1] if isinstance(given, tuple) else sys.exc_info()[1]
    return mask_numbers("".join(traceback.format_exception(error))) if error is not None else None
