"""A reversal is no income: marked and negative in the list and on the loan, and told apart by a filter."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.sites import site
from django.test import Client
from django.urls import reverse

from backoffice.core.context import EntryPoint, entering
from backoffice.loans import services
from backoffice.loans.admin.repayment import STANDINGS
from backoffice.loans.models import Loan, Repayment
from backoffice.staff.roles import Role
from tests.factories.loans import NOW, TODAY, a_loan, a_repayment, job
from tests.factories.staff import person
from tests.support import assert_same_queries_3_and_30, queries_of

pytestmark = pytest.mark.django_db

LIST = "admin:loans_repayment_changelist"


@pytest.fixture
def auditor(client: Client) -> Client:
    client.cookies["django_language"] = "en"
    client.force_login(person(Role.AUDITOR), backend="django.contrib.auth.backends.ModelBackend")
    return client


def a_reversal(repayment: Repayment) -> Repayment:
    with entering(EntryPoint.COMMAND):
        return services.reverse_repayment(
            repayment=repayment, external_id=f"{repayment.external_id}-R", by=job(), at=NOW, reason="退票"
        )


@pytest.fixture
def three() -> tuple[Repayment, Repayment, Repayment]:
    """One that stands, one that was reversed, and what reverses it."""
    loan = a_loan()
    standing = a_repayment(loan, "11.00", on=TODAY)
    bounced = a_repayment(loan, "22.00", on=TODAY)
    return standing, bounced, a_reversal(bounced)


def shown(client: Client, value: str) -> list[Repayment]:
    return list(client.get(reverse(LIST), {"standing": value}).context["cl"].result_list)


def test_the_list_tells_them_apart(auditor: Client, three: tuple[Repayment, ...]) -> None:
    standing, bounced, reversal = three
    text = auditor.get(reverse(LIST)).content.decode()
    assert "-22.00" in text
    assert text.count('chip-warn">Reversal<') == text.count('chip-bad">Repayment reversed<') == 1
    assert shown(auditor, "standing") == [standing]
    assert shown(auditor, "reversed") == [bounced]
    assert shown(auditor, "reversals") == [reversal]
    assert shown(auditor, "nonsense") == shown(auditor, "") == [reversal, bounced, standing]


def test_so_do_their_pages_and_the_loan(auditor: Client, three: tuple[Repayment, ...]) -> None:
    pages = {one: reverse("admin:loans_repayment_change", args=(one.pk,)) for one in three}
    standing, bounced, reversal = three
    assert pages[bounced] in auditor.get(pages[reversal]).content.decode()
    assert pages[reversal] in auditor.get(pages[bounced]).content.decode()
    url = reverse("admin:loans_loan_change", args=(standing.loan_id,))
    text = auditor.get(url).content.decode()
    assert "-22.00 yuan" in text
    assert pages[bounced] in text
    assert pages[reversal] in text
    wanted = {"standing": [standing], "reversed": [bounced], "reversals": [reversal], "x": None}
    for name, ones in wanted.items():
        lines = auditor.get(url, {"repayments": name}).context["repayments"]["lines"]
        assert {line.repayment for line in lines} == set(ones or three)
    assert not auditor.get(reverse("admin:loans_loan_change", args=(a_loan().pk,))).context["repayments"][
        "choices"
    ]


@pytest.mark.parametrize("value", ["", *STANDINGS])
def test_the_list_costs_the_same_however_long(auditor: Client, value: str, settings: Any) -> None:
    settings.SIDEBAR_CACHE_SECONDS = 600
    loan = a_loan()

    def grow(count: int) -> None:
        for _number in range(count):
            a_repayment(loan, "1.00", on=TODAY)
            a_reversal(a_repayment(loan, "2.00", on=TODAY))

    assert_same_queries_3_and_30(grow, auditor, f"{reverse(LIST)}?standing={value}")


def test_the_loan_costs_the_same_however_many_were_reversed(auditor: Client) -> None:
    def of(loan: Loan, count: int) -> int:
        for _number in range(count):
            a_reversal(a_repayment(loan, "2.00", on=TODAY))
        return len(queries_of(auditor, reverse("admin:loans_loan_change", args=(loan.pk,))))

    loan = a_loan()
    of(loan, 1)
    assert of(loan, 1) == of(loan, 6)


def test_the_filter_is_offered() -> None:
    filters = site.get_model_admin(Repayment).list_filter
    assert "standing" in [getattr(one, "parameter_name", one) for one in filters]
