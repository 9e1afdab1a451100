"""Evidence that the terms and the cost table were shown: what cannot be is refused, what is missing shows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import InputRefused
from backoffice.core.time import start_of_day
from backoffice.loans.importing import LoanRow
from backoffice.loans.models import Loan
from backoffice.loans.services import import_loans
from backoffice.loans.services.lending import CostTableNotShown, TermsNotInForce
from backoffice.loans.shown import CostTableShown
from backoffice.staff.roles import Role
from tests.factories.loans import NOW, a_borrower, a_creditor, a_loan, a_product, job
from tests.factories.staff import person

pytestmark = pytest.mark.django_db

START = date(2026, 3, 1)
NINE = start_of_day(START) + timedelta(hours=9)
SECOND = timedelta(seconds=1)
LATER = NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    "terms",
    [
        {"terms_dwell_seconds": 0},
        {"terms_dwell_seconds": -5},
        {"terms_dwell_seconds": 10**9},
        {"terms_dwell_seconds": 44},
        {"terms_rendered_at": NINE + timedelta(days=300), "terms_confirmed_at": NINE + timedelta(days=301)},
        {"terms_confirmed_at": NINE - SECOND},
        {"terms_confirmed_at": LATER},
        {"terms_rendered_at": LATER, "terms_confirmed_at": LATER + timedelta(seconds=60)},
    ],
    ids=["unread", "less", "decades", "longer", "after payment", "before shown", "to come", "both to come"],
)
def test_no_loan_with_evidence_of_its_terms_that_cannot_be(terms: dict[str, Any]) -> None:
    with pytest.raises(TermsNotInForce):
        a_loan(disbursed_on=START, **terms)
    assert not Loan.objects.exists()


@pytest.mark.parametrize(
    ("shown", "refusal"),
    [
        (CostTableShown(NINE, 600, NINE + SECOND, "a" * 64), CostTableNotShown),
        (CostTableShown(NINE, -5, NINE + SECOND, "a" * 64), InputRefused),
        (CostTableShown(NINE, 10**10, None, "a" * 64), InputRefused),
        (CostTableShown(NINE, 5, LATER, "a" * 64), InputRefused),
        (CostTableShown(LATER), InputRefused),
    ],
)
def test_no_loan_with_evidence_of_its_cost_table_that_cannot_be(
    shown: CostTableShown, refusal: type[InputRefused]
) -> None:
    # Before the law demanded any: what is told is to be possible all the same.
    with pytest.raises(refusal):
        a_loan(disbursed_on=START, cost_table=shown)


def take_in(**facts: Any) -> Any:
    product = a_product()
    row = LoanRow(
        number="JB-SHOWN",
        customer_number=a_borrower().customer_number,
        product_code=product.code,
        creditor_name=a_creditor().name,
        principal=product.minimum_amount,
        annual_rate=product.annual_rate,
        periods=12,
        disbursed_on=START,
        **facts,
    )
    with entering(EntryPoint.COMMAND):
        return import_loans([row], by=job(), at=NOW)


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"terms_rendered_at": NINE, "terms_confirmed_at": NINE - SECOND}, "terms_confirmed_at"),
        ({"terms_confirmed_at": NINE}, "terms_confirmed_at"),
        ({"terms_rendered_at": LATER}, "terms_rendered_at"),
        ({"cost_rendered_at": NINE, "cost_confirmed_at": LATER}, "cost_confirmed_at"),
    ],
)
def test_an_import_refuses_evidence_that_cannot_be(facts: dict[str, Any], field: str) -> None:
    [(_position, error)] = take_in(**facts).refused
    assert error.field == field


MINUTE = NINE + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("facts", "flags"),
    [
        ({}, 1),
        ({"terms_rendered_at": NINE}, 2),
        ({"terms_rendered_at": NINE, "terms_dwell_seconds": 60, "terms_confirmed_at": MINUTE}, 0),
        ({"terms_rendered_at": NINE, "terms_dwell_seconds": 600, "terms_confirmed_at": MINUTE}, 1),
        (
            {
                "terms_rendered_at": NINE,
                "terms_dwell_seconds": 30,
                "terms_confirmed_at": NINE + timedelta(days=2),
            },
            1,
        ),
    ],
    ids=["nothing", "not confirmed", "whole", "longer", "after payment"],
)
def test_an_import_keeps_what_is_told_and_the_page_says_what_is_missing(
    facts: dict[str, Any], flags: int, client: Client
) -> None:
    [loan] = take_in(**facts).created
    assert loan.terms_dwell_seconds == facts.get("terms_dwell_seconds")
    client.force_login(person(Role.LOAN_OFFICER), backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(reverse("admin:loans_loan_change", args=(loan.pk,)))
    assert len(page.context["cost"]["missing"]) == flags
    assert ("cost-missing" in page.content.decode()) == bool(flags)
