"""What one person may owe over all loans, held by the database past every service."""

import threading
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from backoffice.core.context import EntryPoint, acting, entering
from backoffice.core.models import PolicyValue
from backoffice.core.services import open_dossier
from backoffice.loans import services, triggers
from backoffice.loans.importing import PaymentRow
from backoffice.loans.models import Borrower, Instalment, Loan
from backoffice.loans.services.lending import LimitExceeded
from tests.factories.loans import (
    NOW,
    TODAY,
    a_borrower,
    a_creditor,
    a_loan,
    a_product,
    a_repayment,
    job,
    terms_of,
)
from tests.loans.test_imports import loan_row, noon

pytestmark = pytest.mark.django_db


def written(borrower: Borrower, principal: str, **facts: Any) -> Loan:
    """A loan of one instalment past every service: straight into the tables."""
    product = facts.pop("product", None) or a_product()
    number = f"RAW{Loan.objects.count()}-{borrower.pk}"
    with entering(EntryPoint.COMMAND), transaction.atomic(), acting(by=job(), reason_code="test"):
        loan = Loan.objects.create(
            **{
                "dossier": open_dossier(kind="loan", number=number, at=NOW),
                "number": number,
                "borrower": borrower,
                "product": product,
                "terms": terms_of(product),
                "creditor": a_creditor(),
                "principal": Decimal(principal),
                "annual_rate": Decimal("0.1"),
                "default_rate": Decimal("0.15"),
                "method": "bullet",
                "day_count": "equal_periods",
                "rounding": "half_up",
                "disbursed_on": date(2026, 11, 1),
                "matures_on": date(2026, 12, 1),
                **facts,
            }
        )
        Instalment.objects.create(
            loan=loan, sequence=1, due_on=date(2026, 12, 1), principal_due=loan.principal, interest_due=0
        )
        if connection.vendor == "postgresql":
            # What happens at the end of the transaction, which a test does not reach.
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return loan


def refused(borrower: Borrower, principal: str, **facts: Any) -> None:
    with pytest.raises(IntegrityError, match=triggers.NAME):
        written(borrower, principal, **facts)


def test_the_cap_is_reached_and_not_passed() -> None:
    borrower = a_borrower()
    written(borrower, "150000.00")
    refused(borrower, "50000.01")
    written(borrower, "50000.00")
    refused(borrower, "10.00")
    written(a_borrower(), "10.00")
    assert Loan.objects.count() == 3


def test_other_names_of_the_person_count() -> None:
    first, second = a_borrower(), a_borrower()
    with entering(EntryPoint.COMMAND, actor=job()):
        second.subject.same_as = first.subject
        second.subject.save()
    written(second, "150000.00")
    refused(first, "50000.01")
    written(first, "50000.00")
    refused(second, "10.00")


def test_what_was_paid_and_what_is_over_counts_no_more() -> None:
    borrower = a_borrower()
    a_repayment(a_loan(borrower=borrower, principal=Decimal("150000.00")), "100000.00", on=TODAY)
    a_repayment(a_loan(borrower=borrower, principal=Decimal("100000.00")), "150000.00", on=TODAY)
    owed = sum(
        one.principal_due - one.principal_paid for one in Instalment.objects.filter(loan__state="active")
    )
    assert owed > 0
    written(borrower, str(Decimal("200000.00") - owed))
    refused(borrower, "10.00")


def test_what_was_written_off_is_still_owed() -> None:
    borrower = a_borrower()
    loan = written(borrower, "150000.00")
    Loan.objects.filter(pk=loan.pk).update(state="written_off", written_off_on=TODAY)
    refused(borrower, "50000.01")
    with entering(EntryPoint.ADMIN), pytest.raises(LimitExceeded):
        a_loan(borrower=borrower, principal=Decimal("50000.01"))
    written(borrower, "50000.00")


def test_the_policy_of_the_day_of_payment_is_asked() -> None:
    borrower = a_borrower()
    early = {"disbursed_on": date(2025, 1, 16), "matures_on": date(2025, 2, 16)}
    written(borrower, "150000.00")
    written(borrower, "150000.00", **early)
    with entering(EntryPoint.COMMAND, actor=job()):
        PolicyValue.objects.create(
            code="loan.single_person_cap",
            value=Decimal(1000),
            unit="yuan",
            effective_from=date(2026, 11, 1),
            title="x",
            source="x",
            legal_force="policy",
            confidence="inferred",
        )
    refused(a_borrower(), "1000.01")
    written(a_borrower(), "1000.01", disbursed_on=date(2026, 10, 31))


def test_an_import_flags_what_it_cannot_refuse() -> None:
    product = a_product()
    a_borrower(customer_number="C1")
    a_borrower(customer_number="C2")
    big = {"principal": Decimal("150000.00")}
    paid = [PaymentRow("P1", noon(date(2026, 4, 1)), Decimal("120000.00"), "app")]
    rows = [
        loan_row("A", product.code, **big),
        loan_row("B", product.code, **big),
        loan_row("C", product.code, customer_number="C2", payments=paid, **big),
        loan_row("D", product.code, customer_number="C2", **big),
    ]
    with entering(EntryPoint.COMMAND):
        result = services.import_loans(rows, by=job(), at=NOW)
        assert not result.refused
        # The end of the transaction; a later file is another one.
        connection.check_constraints()
        services.import_loans(
            [
                loan_row("E", product.code, customer_number="C2", principal=Decimal("60000.00")),
                loan_row("F", product.code, principal=Decimal("60000.00"), disbursed_on=date(2025, 1, 1)),
            ],
            by=job(),
            at=NOW,
        )
    connection.check_constraints()
    flags = dict(Loan.objects.values_list("number", "over_person_cap"))
    assert flags == {"A": True, "B": True, "C": False, "D": False, "E": True, "F": False}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["service", "tables"])
def test_of_two_loans_at_once_one_is_refused(way: str) -> None:
    """Under two names of one person, so that no lock of a borrower keeps them apart."""
    first, second = a_borrower(), a_borrower()
    with entering(EntryPoint.COMMAND, actor=job()):
        second.subject.same_as = first.subject
        second.subject.save()
    products = [a_product(), a_product()]
    a_creditor()
    start, failures = threading.Barrier(2), []

    def lend(borrower: Borrower, product: Any) -> None:
        try:
            start.wait(10)
            if way == "service":
                a_loan(borrower=borrower, product=product, principal=Decimal("150000.00"), disbursed_on=TODAY)
            else:
                written(borrower, "150000.00", product=product)
        except (LimitExceeded, IntegrityError) as error:
            failures.append(type(error))
        finally:
            connection.close()

    threads = [
        threading.Thread(target=lend, args=pair) for pair in zip((first, second), products, strict=True)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert failures == [LimitExceeded if way == "service" else IntegrityError]
    assert Loan.objects.count() == 1


def test_the_trigger_comes_back_after_a_migration() -> None:
    triggers.drop(connection)
    borrower = a_borrower()
    written(borrower, "150000.00")
    triggers.install(connection)
    refused(borrower, "50000.01")
