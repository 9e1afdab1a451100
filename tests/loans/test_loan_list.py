"""The list of loans: what its columns say, by what it is narrowed, and in which order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backoffice.core.context import EntryPoint, entering
from backoffice.loans import lists
from backoffice.loans.choices import LoanState
from backoffice.loans.models import Instalment, Loan
from backoffice.loans.policy import loan_policy
from backoffice.loans.selectors import loan_snapshot
from backoffice.staff.roles import Role
from tests.factories.loans import NOW, TODAY, a_creditor, a_loan, a_product, a_repayment, job
from tests.factories.staff import person

pytestmark = pytest.mark.django_db
URL = "admin:loans_loan_changelist"


@pytest.fixture(autouse=True)
def _on_that_day() -> Iterator[None]:
    with time_machine.travel(NOW + timedelta(hours=1)):
        yield


@pytest.fixture
def officer(client: Client) -> Client:
    client.force_login(person(Role.LOAN_OFFICER))
    return client


@pytest.fixture
def book() -> dict[str, Loan]:
    """Not due yet, 9 days, 53 days and 236 days past due, of two products and two creditors."""
    product, other = a_product(), a_creditor("另一家小贷")
    return {
        "new": a_loan(disbursed_on=date(2026, 11, 1), product=product),
        "m1": a_loan(disbursed_on=date(2026, 10, 14), product=product),
        "m2": a_loan(disbursed_on=date(2026, 9, 1), creditor=other),
        "m5": a_loan(disbursed_on=date(2026, 3, 1), creditor=other),
    }


def shown(client: Client, **query: Any) -> list[Any]:
    answer = client.get(reverse(URL), query)
    assert answer.status_code == 200
    return list(answer.context["cl"].result_list)


def test_columns_say_what_the_page_says(officer: Client, book: dict[str, Loan]) -> None:
    a_repayment(book["m5"], "3000.00", on=date(2026, 5, 1))
    rows = shown(officer)
    assert [row.number for row in rows] == [loan.number for loan in reversed(book.values())]
    for row in rows:
        snapshot = loan_snapshot(row.pk, on=TODAY)
        assert row.bucket == snapshot.bucket.name
        assert row.principal_owed == snapshot.outstanding.principal
        assert row.risk_class == snapshot.classification.value
    page = officer.get(reverse(URL)).content.decode()
    assert f"{rows[0].principal_owed:,.2f}" in page
    assert rows[0].creditor.name in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"bucket": "M0"}, "new"),
        ({"bucket": "M1"}, "m1"),
        ({"bucket": "M2"}, "m2"),
        ({"bucket": "M5"}, "m5"),
        ({"bucket": "M6"}, ""),
        ({"risk_class__exact": "special_mention"}, "m2 m1"),
        ({"risk_class__exact": "substandard"}, "m5"),
        ({"overdue_kind__exact": "long_term"}, "m5"),
        ({"overdue_kind__exact": "minor", "bucket": "M1"}, "m1"),
        ({"product": "0"}, ""),
        ({"creditor": "x"}, ""),
    ],
)
def test_filters(officer: Client, book: dict[str, Loan], query: dict[str, str], names: str) -> None:
    found = [row.number for row in shown(officer, **query)]
    assert found == [book[name].number for name in names.split()]


def test_by_product_and_creditor(officer: Client, book: dict[str, Loan]) -> None:
    product, creditor = book["new"].product_id, book["m2"].creditor_id
    assert [row.pk for row in shown(officer, product=product)] == [book["m1"].pk, book["new"].pk]
    assert [row.pk for row in shown(officer, creditor=creditor)] == [book["m5"].pk, book["m2"].pk]
    assert shown(officer, creditor=creditor, product=product) == []
    page = officer.get(reverse(URL)).content.decode()
    assert book["new"].product.name in page


def test_the_order_of_days_past_due(officer: Client, book: dict[str, Loan]) -> None:
    """“-oldest” first: on both databases those that are not overdue stand together at one end."""
    columns = officer.get(reverse(URL)).context["cl"].list_display
    column = columns.index("overdue_days")
    up = [row.number for row in shown(officer, o=str(column))]
    down = [row.number for row in shown(officer, o=f"-{column}")]
    overdue = [book[name].number for name in ("m1", "m2", "m5")]
    assert [number for number in up if number != book["new"].number] == overdue
    assert [number for number in down if number != book["new"].number] == overdue[::-1]
    assert up != down


def test_columns_without_an_index_are_in_no_order(officer: Client, book: dict[str, Loan]) -> None:
    columns = officer.get(reverse(URL)).context["cl"].list_display
    plain = [row.pk for row in shown(officer)]
    for name in ("owed", "state", "class_name", "product"):
        assert [row.pk for row in shown(officer, o=str(columns.index(name)))] == plain, name


def test_principal_owed_is_that_of_the_schedule_in_force() -> None:
    loan, assigned = a_loan(), a_loan()
    with entering(EntryPoint.COMMAND, actor=job()):
        loan.schedule_version = 2
        loan.save()
        Instalment.objects.create(
            loan=loan,
            schedule_version=2,
            sequence=1,
            due_on=TODAY,
            principal_due=Decimal("9000.00"),
            interest_due=Decimal("1.00"),
            principal_paid=Decimal("0.01"),
        )
        assigned.state = LoanState.ASSIGNED
        assigned.save()
    assert lists.principal_owed([loan, assigned]) == {loan.pk: Decimal("8999.99")}


def test_buckets_leave_no_day_out() -> None:
    days = list(lists.bucket_days(loan_policy(on=TODAY)).values())
    assert days[0] == (0, 0)
    assert days[-1][1] is None
    for (_first, last), (following, _last) in itertools.pairwise(days):
        assert last is not None
        assert following == last + 1


@pytest.mark.postgres
@pytest.mark.parametrize(
    "query",
    [{}, {"bucket": "M5"}, {"risk_class__exact": "loss"}, {"overdue_kind__exact": "long_term"}, {"o": "6"}],
)
def test_no_statement_sorts_or_counts_the_whole_table(officer: Client, query: dict[str, str]) -> None:
    a_loan()
    with connection.cursor() as cursor:
        # As the planner sees a large table: walking it is dear, whatever it holds now.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        plans = []
        with CaptureQueriesContext(connection) as captured:
            assert officer.get(reverse(URL), query).status_code == 200
        for one in captured.captured_queries:
            if 'FROM "loans_loan"' in one["sql"]:
                cursor.execute(f"EXPLAIN {one['sql']}")
                plans.append("\n".join(row[0] for row in cursor.fetchall()))
    # The bounded count, the page, and the count of the sidebar.
    assert len(plans) == 3
    for plan in plans:
        assert "Seq Scan on loans_loan" not in plan, plan
        assert "Sort Key: loans_loan.id" not in plan or query, plan
