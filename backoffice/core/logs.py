"""What may not leave in a log line, whoever writes it."""

from __future__ import annotations

import logging
import re

# A path and what follows its question mark, in a message of Django, its development server or gunicorn.
_QUERY = re.compile(r"(/[^\s?\"'<>]*)\?[^\s\"'<>]*")


class NoQueriesFilter(logging.Filter):
    """Takes the query out of every address: lists are searched by GET, and a query may be a telephone number.

    Django also hangs the whole request on its records, whose text form is the full address.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        for name in ("request", "socket"):
            record.__dict__.pop(name, None)
        # Our own events are dictionaries, and name paths alone.
        if isinstance(record.msg, str):
            message = record.getMessage()
            clean = _QUERY.sub(r"\1", message)
            if clean != message:
                record.msg, record.args = clean, None
        return True
