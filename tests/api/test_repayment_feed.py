"""/api/v1/repayments read on and on: filters, pages, and that what is committed late is not missed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice.api.formats import moment
from backoffice.core.context import EntryPoint, entering
from backoffice.loans.changes import ExtraInstalments
from backoffice.loans.models import Instalment, Loan, Repayment
from backoffice.loans.services import apply_change
from backoffice.staff.roles import Role
from tests.factories.changes import a_proposal
from tests.factories.lenders import Lender
from tests.factories.loans import TODAY, a_loan, a_product, a_repayment
from tests.factories.staff import person

# Rows of an open transaction are not finished, and on PostgreSQL not listed.
pytestmark = [
    pytest.mark.django_db(transaction=connection.vendor == "postgresql"),
    pytest.mark.usefixtures("on_that_day"),
]


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [one["external_id"] for one in answer.json()["items"]]


# --- lists ---------------------------------------------------------------------------------------------


def test_filters(app: Lender) -> None:
    first, second = a_loan(), a_loan()
    early = a_repayment(first, "10.00", on=date(2026, 11, 1), channel="app")
    late = a_repayment(second, "20.00", on=date(2026, 11, 2), channel="transfer")

    def found(**query: Any) -> list[str]:
        return ids(app.get("repayments", **query))

    both = [early.external_id, late.external_id]
    assert found() == both
    assert found(loan_number=second.number) == [late.external_id]
    assert found(external_id=early.external_id) == [early.external_id]
    assert found(creditor=first.creditor.name) == both
    assert found(creditor="另一家小贷") == []
    assert found(channel="transfer") == [late.external_id]
    assert found(channel=["transfer", "app"]) == both
    assert found(received_from="2026-11-02T08:00:00+08:00") == [late.external_id]
    assert found(received_until="2026-11-02T08:00:00+08:00") == [early.external_id]
    assert found(recorded_since=moment(timezone.now() - timedelta(minutes=1))) == both
    assert found(recorded_since=moment(timezone.now() + timedelta(minutes=1))) == []
    assert app.get("repayments", loan=first.number).json()["errors"][0]["pointer"] == "/loan"
    of_loan = f"loans/{first.dossier.uid}/repayments"
    for name in ("loan_number", "creditor"):
        assert app.get(of_loan, **{name: "x"}).json()["code"] == "parameter-invalid"
    assert ids(app.get(of_loan)) == [early.external_id]


def test_a_list_costs_the_same_however_long_it_is(app: Lender) -> None:
    loan = a_loan()

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert app.get("repayments").status_code == 200
        return len(queries)

    a_repayment(loan, "10.00", on=date(2026, 11, 1))
    one = cost()
    for day in range(2, 7):
        a_repayment(a_loan(), "10.00", on=date(2026, 11, day))
    assert cost() == one
    # Token and client, creditors, the horizon, the repayments, where they went, reversals asked for, one read row.
    assert one <= 8


def test_allocations_of_two_schedules_are_told_apart(app: Lender) -> None:
    product = a_product(surplus="credit")
    loan = a_loan(product=product, disbursed_on=date(2026, 8, 1), principal=Decimal("1200.00"))
    paid = a_repayment(loan, "250.00", on=date(2026, 11, 20)).external_id
    change = a_proposal(loan, ExtraInstalments(2))
    with entering(EntryPoint.ADMIN):
        apply_change(change=change, by=person(Role.LOAN_OFFICER), at=timezone.now(), reason="已核实")
    with time_machine.travel(timezone.now() + timedelta(days=10)):
        # Money that came before it pushes it on, over the change: to the third instalment of either schedule.
        a_repayment(loan, "150.00", on=date(2026, 11, 10), at=timezone.now())
        app.renew()
        [told] = app.get("repayments", external_id=paid).json()["items"]
    due = {
        (one.schedule_version, one.sequence): one.due_on.isoformat()
        for one in Instalment.objects.filter(loan=loan)
    }
    places = [(part["schedule_version"], part["instalment"]) for part in told["allocations"]]
    assert {(1, 3), (2, 3)} < set(places)
    assert [due[place] for place in places] == [part["due_on"] for part in told["allocations"]]
    parts = [Decimal(part["amount"]["amount"]) for part in told["allocations"]]
    assert sum(parts) + Decimal(told["unallocated"]["amount"]) == Decimal("250.00")


# --- on and on -----------------------------------------------------------------------------------------


def test_reading_on_brings_what_came_since_and_nothing_twice(app: Lender) -> None:
    assert app.get("repayments").json() == {"items": [], "resume": None}
    loan = a_loan()
    paid = [a_repayment(loan, "10.00", on=date(2026, 11, day)).external_id for day in (3, 1, 2)]
    page = app.get("repayments", limit=2)
    assert (ids(page), 'rel="next"' in page["Link"]) == (paid[:2], True)
    rest = app.get("repayments", limit=2, cursor=page.json()["resume"])
    assert (ids(rest), "Link" in rest) == (paid[2:], False)
    nothing = app.get("repayments", cursor=rest.json()["resume"])
    assert ids(nothing) == []
    more = a_repayment(loan, "10.00", on=date(2026, 10, 1)).external_id
    assert ids(app.get("repayments", cursor=nothing.json()["resume"])) == [more]


def test_rows_of_an_earlier_epoch_stand_before_those_of_the_present_one(app: Lender, settings: Any) -> None:
    loan = a_loan()
    before = a_repayment(loan, "10.00", on=date(2026, 11, 1)).external_id
    resume = app.get("repayments").json()["resume"]
    settings.AUDIT_EPOCH = 2
    after = a_repayment(loan, "10.00", on=date(2026, 11, 2)).external_id
    assert ids(app.get("repayments")) == [before, after]
    assert ids(app.get("repayments", cursor=resume)) == [after]


def test_a_cursor_lasts_from_when_it_was_handed_out_last(app: Lender) -> None:
    a_repayment(a_loan(), "10.00", on=TODAY)
    resume = app.get("repayments").json()["resume"]
    with time_machine.travel(timezone.now() + timedelta(days=5)):
        # The token has run out meanwhile; the cursor has not.
        app.renew()
        renewed = app.get("repayments", cursor=resume).json()["resume"]
    with time_machine.travel(timezone.now() + timedelta(days=10)):
        app.renew()
        assert app.get("repayments", cursor=resume).json()["code"] == "cursor-expired"
        assert ids(app.get("repayments", cursor=renewed)) == []


def test_the_cursor_of_another_list_is_refused(app: Lender) -> None:
    a_loan()
    a_loan()
    link = app.get("loans", limit=1)["Link"]
    cursor = link.split("cursor=")[1].split("&")[0].split(">")[0]
    assert app.get("repayments", cursor=cursor).json()["code"] == "cursor-invalid"


@contextmanager
def written_but_not_committed(loan: Loan, **facts: Any) -> Iterator[None]:
    """A repayment that another connection has written, and commits when this ends."""
    written, go_on = threading.Event(), threading.Event()

    def write() -> None:
        try:
            with transaction.atomic():
                a_repayment(loan, "10.00", on=date(2026, 11, 1), **facts)
                written.set()
                assert go_on.wait(20)
        finally:
            written.set()
            connections.close_all()

    other = threading.Thread(target=write)
    other.start()
    try:
        assert written.wait(20)
        yield
    finally:
        go_on.set()
        other.join()


@pytest.mark.postgres
def test_what_is_committed_late_is_not_missed(app: Lender) -> None:
    slow, quick = a_loan(), a_loan()
    seen: list[str] = []
    cursor: dict[str, str] = {}

    def read_on() -> None:
        answer = app.get("repayments", **cursor)
        seen.extend(ids(answer))
        if answer.json()["resume"]:
            cursor["cursor"] = answer.json()["resume"]

    a_repayment(quick, "10.00", on=TODAY, external_id="FIRST")
    with written_but_not_committed(slow, external_id="SLOW"):
        a_repayment(quick, "10.00", on=TODAY, external_id="QUICK")
        read_on()
        assert seen == ["FIRST"]
        # Asked for by its id it is there all the same.
        assert app.get("repayments/QUICK").status_code == 200
        assert app.get("repayments/SLOW").status_code == 404
    recorded = dict(Repayment.objects.values_list("external_id", "recorded_at"))
    assert recorded["SLOW"] < recorded["QUICK"]
    read_on()
    read_on()
    assert seen == ["FIRST", "SLOW", "QUICK"]


@pytest.mark.postgres
def test_a_page_is_one_step_into_an_index(app: Lender) -> None:
    a_repayment(a_loan(), "10.00", on=TODAY)
    resume = app.get("repayments").json()["resume"]
    with CaptureQueriesContext(connection) as queries:
        app.get("repayments", cursor=resume)
    [page] = [one["sql"] for one in queries if 'ORDER BY "loans_repayment"."epoch"' in one["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {page}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute("RESET ALL")
    [condition] = [line for line in plan.splitlines() if "Index Cond" in line and "ROW(" in line]
    assert "loans_repayment_feed" in plan
    assert "creditor_id" in condition
