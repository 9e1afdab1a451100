"""Two at once: on PostgreSQL, where rows are really locked."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import close_old_connections, connection
from django.test import Client as Http
from django.utils import timezone

from backoffice.api.formats import moment
from backoffice.core.errors import TransitionRefused
from complaints import services
from complaints.models import Complaint, ComplaintEvent
from tests.factories import complaints as make
from tests.factories.api import api_client, bearer

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """The answers (or errors) of ``count`` threads that start together."""
    gate, answers = threading.Barrier(count), [None] * count

    def run(place: int) -> None:
        close_old_connections()
        gate.wait()
        try:
            answers[place] = work(place)
        except Exception as error:  # noqa: BLE001 - the test looks at each of them
            answers[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return answers


def test_two_approvers_one_approval() -> None:
    decision = make.proposed(by=make.handler())
    seconds = [make.supervisor(), make.supervisor()]
    at = make.NOW + timedelta(hours=4)
    answers = at_once(2, lambda place: services.approve_decision(decision=decision, by=seconds[place], at=at))
    assert sorted(isinstance(answer, TransitionRefused) for answer in answers) == [False, True], answers
    assert ComplaintEvent.objects.filter(complaint=decision.complaint, kind="decision_approved").count() == 1
    assert decision.complaint.dossier.attachments.count() == 1


def test_the_same_key_fifty_times_files_one_complaint() -> None:
    client, secret = api_client("complaints:write")
    headers = {**bearer(client, secret), "Idempotency-Key": "once"}
    content = {
        "source": "app",
        "received_at": moment(timezone.now()),
        "complainant": {"name": "王小明"},
        "words": make.WORDS,
    }
    # PostgreSQL serves a hundred connections by default, other tests' among them: five waves of ten.
    answers = [
        answer
        for _wave in range(5)
        for answer in at_once(
            10, lambda _place: Http().post("/api/v1/complaints", content, "application/json", headers=headers)
        )
    ]
    assert {answer.status_code for answer in answers} <= {201, 409}, answers
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {
        "idempotency-in-progress"
    }
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert Complaint.objects.count() == 1


def test_numbers_are_given_out_once() -> None:
    make.filed()
    filed = at_once(8, lambda _place: make.filed())
    assert len({complaint.number for complaint in filed}) == 8
