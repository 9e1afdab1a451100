"""Lists are searched by GET: the query of an address may be a telephone number, and no log line may have it."""

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from gunicorn.config import Config
from gunicorn.glogging import Logger

from backoffice import gunicorn_config
from backoffice.settings.base import LOG_FILTERS
from backoffice.settings.logs import logging_config
from backoffice.staff.roles import Role
from tests.factories.staff import person

PHONE = "13800001234"
ADDRESS = "/admin/loans/borrower/"


@pytest.fixture
def lines() -> Iterator[Any]:
    """Everything that is logged meanwhile, as production writes it."""
    written = io.StringIO()
    config = logging_config(level="DEBUG", fmt="json", filters=LOG_FILTERS)
    config["handlers"]["stderr"]["stream"] = written
    logging.config.dictConfig(config)
    try:
        yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    finally:
        logging.config.dictConfig(settings.LOGGING)


@pytest.mark.django_db
def test_a_search_leaves_its_path_and_no_query(client: Client, lines: Any) -> None:
    client.force_login(person(Role.AUDITOR))
    answer = client.get(ADDRESS, {"q": PHONE}, headers={"x-request-id": "req-1"})
    assert answer.status_code == 200
    assert answer.headers["Referrer-Policy"] == "same-origin"
    [line] = [one for one in lines() if one["event"] == "request"]
    assert (line["method"], line["path"], line["status"]) == ("GET", ADDRESS, 200)
    assert (line["request_id"], line["level"]) == ("req-1", "info")
    assert PHONE not in json.dumps(lines())


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/admin/nothing/here/", "/api/v1/nothing", "/admin/staff/user/"])
def test_a_refusal_is_logged_without_its_query(address: str, client: Client, lines: Any) -> None:
    client.force_login(person(Role.COLLECTOR))
    assert client.get(address, {"q": PHONE}).status_code in {403, 404}
    warned = [one for one in lines() if one["logger"] == "django.request"]
    assert warned, "Django says what it refused"
    assert PHONE not in json.dumps(lines())


def test_a_crash_is_logged_without_its_query(rf: Any, lines: Any) -> None:
    request = rf.get(ADDRESS, {"q": PHONE})
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        logging.getLogger("django.request").exception(
            "Internal Server Error: %s", request.path, extra={"request": request, "status_code": 500}
        )
    [line] = lines()
    assert "ZeroDivisionError" in line["exception"]
    assert line["status_code"] == 500
    assert PHONE not in json.dumps(line)


def test_servers_own_lines_lose_the_query(lines: Any) -> None:
    logging.getLogger("django.server").info('"%s" %s %s', f"GET {ADDRESS}?q={PHONE} HTTP/1.1", "200", "17")
    [line] = lines()
    assert line["event"] == f'"GET {ADDRESS} HTTP/1.1" 200 17'


def test_gunicorn_keeps_no_access_log_and_its_errors_lose_the_query(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Server:
        """What gunicorn hands to its hooks."""

        cfg = Config()
        log = Logger(cfg)

    assert gunicorn_config.accesslog is None
    gunicorn_config.on_starting(Server)
    Server.log.error("Error handling request %s", f"{ADDRESS}?q={PHONE}")
    written = capsys.readouterr().err
    assert ADDRESS in written
    assert PHONE not in written
