"""A loan that is in the book before it is paid out: every page of it answers, and says what there is to say."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from backoffice.audit.models import ReadEvent
from backoffice.core.time import business_day
from backoffice.loans import workflow
from backoffice.loans.models import Loan, Repayment, ScheduleChange
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories.loans import a_loan
from tests.factories.staff import person

pytestmark = pytest.mark.django_db

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def officer(client: Client) -> User:
    user = person(Role.LOAN_OFFICER)
    client.force_login(user, backend=BACKEND)
    return user


@pytest.fixture
def loan() -> Loan:
    return a_loan(disbursed_on=paid_out_on(), at=timezone.now())


def today() -> date:
    return business_day(timezone.now())


def paid_out_on() -> date:
    return today() + timedelta(days=10)


def of(loan: Loan, name: str) -> str:
    return reverse(f"admin:loans_loan_{name}", args=(loan.pk,))


@pytest.mark.parametrize("name", ["change", "cost", "cost_pdf", "quote", "days", "history"])
def test_its_pages_answer(client: Client, officer: User, loan: Loan, name: str) -> None:
    assert client.get(of(loan, name)).status_code == 200


def test_nothing_is_owed_on_it_yet(client: Client, officer: User, loan: Loan) -> None:
    context = client.get(of(loan, "change")).context
    snapshot = context["snapshot"]
    assert (snapshot.outstanding.total, snapshot.days_past_due) == (0, 0)
    assert [one.state for one in snapshot.instalments] == ["upcoming"] * 12
    assert context["balance"] is not None
    assert context["cost"]["nominal"] is not None
    [listed] = client.get(reverse("admin:loans_loan_changelist")).context["cl"].result_list
    assert listed == loan
    borrower = client.get(reverse("admin:loans_borrower_change", args=(loan.borrower_id,)))
    assert loan.number in borrower.content.decode()


def test_it_can_be_taken_along(client: Client, officer: User, loan: Loan) -> None:
    answer = client.post(reverse("admin:loans_loan_export"), {"form": "csv", "purpose": "audit"})
    assert answer.status_code == 200
    text = b"".join(answer) if answer.streaming else answer.content
    [row] = csv.DictReader(io.StringIO(text.decode("utf-8-sig")))
    assert loan.number in row.values()


def test_what_settles_it_cannot_be_said(client: Client, officer: User, loan: Loan) -> None:
    for asked in ({}, {"on": today().isoformat()}, {"on": paid_out_on().isoformat()}):
        page = client.get(of(loan, "quote"), asked)
        assert page.status_code == 200
        assert f"{paid_out_on():%Y-%m-%d}" in str(page.context["refusal"])
        assert "quote" not in page.context
    told = client.get(of(loan, "quote_pdf"), follow=True)
    assert told.redirect_chain == [(of(loan, "quote"), 302)]
    assert f"{paid_out_on():%Y-%m-%d}" in told.content.decode()
    assert not ReadEvent.objects.filter(what="export").exists()


def test_there_are_no_days_to_count(client: Client, officer: User, loan: Loan) -> None:
    page = client.get(of(loan, "days"))
    assert f"{paid_out_on():%Y-%m-%d}" in page.content.decode()
    assert "snapshot" not in page.context
    for day in (today(), paid_out_on()):
        assert client.get(of(loan, "days"), {"on": day.isoformat()}).status_code == 400


@pytest.mark.parametrize("name", list(workflow.loan.transitions))
def test_its_steps_answer(client: Client, officer: User, loan: Loan, name: str) -> None:
    url = reverse("admin:loans_loan_transition", args=(loan.pk, name))
    assert client.get(url).status_code in {200, 409}


def test_a_step_before_the_payment_is_refused_in_words(client: Client, officer: User, loan: Loan) -> None:
    day = today().isoformat()
    forms = {
        "post_repayment": (
            "received_at",
            {"amount": "10.00", "received_at": f"{day}T00:00", "channel": "app"},
        ),
        "deferral": (None, {"periods": "2"}),
        "rate_cut": (None, {"annual_rate": "10"}),
        "waiver": (None, {"interest": "1.00"}),
        "settle_early": (None, {"on": day}),
        "pause_loan": ("from_on", {"kind": "disaster", "from_on": day}),
        "charge_cost": (
            "charged_on",
            {"amount": "10.00", "label": "诉讼费", "payee": "法院", "charged_on": day},
        ),
    }
    for name, (field, form) in forms.items():
        url = reverse("admin:loans_loan_transition", args=(loan.pk, name))
        answer = client.post(url, {**form, "reason": "客户要求", "propose": "1"})
        assert answer.status_code == 422, name
        assert list(answer.context["form"].errors) == [field or "__all__"], name
    assert not Repayment.objects.exists()
    assert not ScheduleChange.objects.exists()


def test_only_a_person_with_the_right_is_told(client: Client, loan: Loan) -> None:
    client.force_login(person(Role.COLLECTOR), backend=BACKEND)
    assert client.get(of(loan, "quote_pdf")).status_code == 403
