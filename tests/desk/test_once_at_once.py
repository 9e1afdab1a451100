"""One form sent by several clicks at the same moment: only real locks tell which was the first."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from backoffice.core.errors import InputRefused
from backoffice.desk.models import SentForm
from backoffice.desk.services import sent_forms
from backoffice.loans.models import Repayment
from backoffice.loans.services import postings
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories.loans import NOW, a_loan
from tests.factories.staff import person

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
CLICKS = 6


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Run the calls in threads that start together; answers what each returned."""
    gate, found = threading.Barrier(len(calls)), []

    def run(call: Callable[[], Any]) -> None:
        gate.wait()
        try:
            found.append(call())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(calls)
    return found


def clicks(user: User) -> list[Callable[[], int]]:
    """The same form of one person, in as many browsers."""
    url = reverse("admin:loans_loan_transition", args=(a_loan().pk, "post_repayment"))
    data = {
        "amount": "300.00",
        "received_at": f"{timezone.localtime(NOW):%Y-%m-%dT%H:%M}",
        "channel": "transfer",
        "reason": "柜面转账",
        "once": uuid.uuid4().hex,
    }
    browsers = [browser(user) for _click in range(CLICKS)]
    return [lambda http=http: http.post(url, data).status_code for http in browsers]


@pytest.mark.parametrize("attempt", range(3))
def test_many_clicks_post_money_once(attempt: int) -> None:
    assert at_once(clicks(person(Role.LOAN_OFFICER))) == [302] * CLICKS
    assert Repayment.objects.count() == SentForm.objects.count() == 1


def test_who_waited_for_a_refusal_does_it(monkeypatch: Any) -> None:
    enter, asked = postings.enter_repayment, iter(range(CLICKS))

    def refuse_the_first(**given: Any) -> Any:
        if next(asked) == 0:
            raise InputRefused("not this one")
        return enter(**given)

    monkeypatch.setattr(postings, "enter_repayment", refuse_the_first)
    assert sorted(at_once(clicks(person(Role.LOAN_OFFICER)))) == [302] * (CLICKS - 1) + [422]
    assert Repayment.objects.count() == SentForm.objects.count() == 1


def test_a_second_click_waits_for_the_first_to_be_through() -> None:
    user, at = person(Role.HANDLER), timezone.now()
    found: list[bool] = []

    def second() -> None:
        try:
            found.append(sent_forms.take_token(user_id=user.pk, token="one", at=at))
        finally:
            connections.close_all()

    with transaction.atomic():
        assert sent_forms.take_token(user_id=user.pk, token="one", at=at)
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(timeout=0.5)
        assert thread.is_alive()
        assert found == []
    thread.join()
    assert found == [False]
