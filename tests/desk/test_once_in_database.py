"""The token of a form is in the database: with what the form did, or not at all, whatever the cache of a process is."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from backoffice.audit.models import Seal, Verification
from backoffice.core.errors import InputRefused
from backoffice.desk.models import SentForm
from backoffice.desk.once import AlreadySent, Once
from backoffice.desk.services import sent_forms
from backoffice.desk.tasks import forget_sent_forms_task
from backoffice.loans.models import Loan, Repayment
from backoffice.loans.services import postings
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories import record
from tests.factories.loans import NOW, a_loan
from tests.factories.staff import person

BACKEND = "django.contrib.auth.backends.ModelBackend"
pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(client: Client) -> User:
    user = person(Role.LOAN_OFFICER)
    client.force_login(user, backend=BACKEND)
    return user


def url(loan: Loan) -> str:
    return reverse("admin:loans_loan_transition", args=(loan.pk, "post_repayment"))


def form(**given: str) -> dict[str, str]:
    facts = {
        "amount": "300.00",
        "received_at": f"{timezone.localtime(NOW):%Y-%m-%dT%H:%M}",
        "channel": "transfer",
        "reason": "柜面转账",
        "once": uuid.uuid4().hex,
    }
    return facts | given


def once(user: User, token: str) -> Once:
    request = RequestFactory().post("/", {"once": token})
    request.user = user
    return Once(request)


def test_money_is_posted_once_though_the_caches_know_nothing_of_each_other(
    client: Client, officer: User, settings: Any
) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    loan, data = a_loan(), form()
    for _click in range(2):
        cache.clear()
        assert client.post(url(loan), data).status_code == 302
    assert Repayment.objects.get().amount == Decimal("300.00")


def test_the_same_token_of_another_person_is_another_form(client: Client, officer: User) -> None:
    loan, data = a_loan(), form()
    assert client.post(url(loan), data).status_code == 302
    client.force_login(person(Role.LOAN_OFFICER), backend=BACKEND)
    assert client.post(url(loan), data).status_code == 302
    assert Repayment.objects.count() == 2


@pytest.mark.parametrize("token", ["", "\x00", "x" * 5000, "还款"])
def test_a_token_may_be_anything(client: Client, officer: User, token: str) -> None:
    assert client.post(url(a_loan()), form(once=token)).status_code == 302


def test_a_refusal_gives_the_token_back(client: Client, officer: User, monkeypatch: Any) -> None:
    loan, data = a_loan(), form()

    def refuse(**given: Any) -> None:
        raise InputRefused("not today", field="amount")

    with monkeypatch.context() as patch:
        patch.setattr(postings, "enter_repayment", refuse)
        assert client.post(url(loan), data).status_code == 422
        assert not SentForm.objects.exists()
    assert client.post(url(loan), data).status_code == 302
    assert Repayment.objects.count() == 1


def test_an_exception_takes_back_both_the_token_and_what_was_written(
    client: Client, officer: User, monkeypatch: Any
) -> None:
    loan, data, enter = a_loan(), form(), postings.enter_repayment

    def crash(**given: Any) -> None:
        enter(**given)
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(postings, "enter_repayment", crash)
        with pytest.raises(ZeroDivisionError):
            client.post(url(loan), data)
    assert not SentForm.objects.exists()
    assert not Repayment.objects.exists()
    assert client.post(url(loan), data).status_code == 302
    assert Repayment.objects.count() == 1


@pytest.mark.parametrize("error", [InputRefused("no"), ZeroDivisionError()])
@pytest.mark.parametrize("commits_itself", [False, True])
def test_a_call_that_fails_was_not_made(error: Exception, commits_itself: bool) -> None:
    mine = once(person(Role.HANDLER), "token")
    with pytest.raises(type(error)), mine.making(commits_itself=commits_itself):
        raise error
    assert not mine.was_used()
    with mine.making(commits_itself=commits_itself):
        pass
    assert mine.was_used()
    with pytest.raises(AlreadySent), mine.making(commits_itself=commits_itself):
        pytest.fail("made a second time")
    assert mine.was_used(), "the second click gives nothing back"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("commits_itself", [False, True])
def test_what_commits_itself_is_left_to_commit(commits_itself: bool) -> None:
    with once(person(Role.HANDLER), "token").making(commits_itself=commits_itself):
        assert connection.in_atomic_block is not commits_itself


@pytest.mark.django_db(transaction=True)
def test_a_verification_that_finds_something_stays_though_the_page_refuses(client: Client) -> None:
    rows = record.reads(1)
    record.seal()
    client.force_login(person(Role.AUDITOR), backend=BACKEND)
    seal = Seal.objects.get()
    record.tamper("DELETE FROM audit_readevent WHERE id = %s", [rows[0].pk])
    step = reverse("admin:audit_seal_transition", args=(seal.pk, "verify"))
    assert client.post(step, {"once": "token"}).status_code == 409
    assert Verification.objects.get().finding_count > 0
    assert not SentForm.objects.exists()


def test_tokens_go_after_a_day() -> None:
    user, now = person(Role.HANDLER), timezone.now()
    for age in (timedelta(0), timedelta(hours=23), timedelta(hours=25)):
        assert sent_forms.take_token(user_id=user.pk, token=str(age), at=now - age)
    assert forget_sent_forms_task() == 1
    assert not sent_forms.was_sent(user_id=user.pk, token=str(timedelta(hours=25)))
    assert SentForm.objects.count() == 2
    call_command("forget_sent_forms")
    assert SentForm.objects.count() == 2
