"""What the database itself refuses, whatever the code above it does."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from backoffice.core.context import EntryPoint, acting, entering
from backoffice.loans.models import (
    Borrower,
    BorrowerNeed,
    ContactConsent,
    ContactPerson,
    Instalment,
    Loan,
    LoanEvent,
    LoanProduct,
    PhoneNumber,
    PostingRun,
    Repayment,
    RepaymentAllocation,
    TermsVersion,
)
from backoffice.loans.services import register_contact_person
from tests.factories.loans import (
    NOW,
    TODAY,
    a_borrower,
    a_creditor,
    a_fee,
    a_loan,
    a_product,
    a_repayment,
    job,
)

pytestmark = pytest.mark.django_db


def changed(obj: Any, **values: Any) -> None:
    """Past every service and every save: straight into the table."""
    type(obj).objects.filter(pk=obj.pk).update(**values)


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("principal_10_to_200000", {"principal": Decimal("9.99")}),
        ("principal_10_to_200000", {"principal": Decimal("200000.01")}),
        ("rate_not_negative", {"annual_rate": Decimal("-0.01")}),
        ("matures_after_start", {"matures_on": date(2026, 3, 1)}),
        ("state_known", {"state": "lost"}),
        ("settled_owes_nothing", {"state": "settled", "oldest_unpaid_due_on": TODAY}),
        ("cost_known_whole_or_not", {"cost_nominal": None}),
        ("cost_known_whole_or_not", {"cost_standing": "cheap"}),
        ("cost_confirmed_after_shown", {"cost_confirmed_at": NOW - timedelta(days=2000)}),
        ("cost_confirmed_after_shown", {"cost_rendered_at": None}),
        ("terms_confirmed_after_shown", {"terms_confirmed_at": NOW - timedelta(days=2000)}),
        ("terms_confirmed_after_shown", {"terms_rendered_at": None}),
        ("first_due_after_start", {"first_due_on": date(2026, 3, 1)}),
    ],
)
def test_loan(constraint: str, values: dict[str, Any]) -> None:
    loan = a_loan()
    with pytest.raises(IntegrityError, match=constraint):
        changed(loan, **values)


@pytest.mark.parametrize(
    ("constraint", "values"),
    [
        ("value_positive", {"value": 0}),
        ("value_positive", {"basis": "actual", "timing": "contingent"}),
        ("share_below_one", {"value": 1}),
        ("actual_is_contingent", {"basis": "actual", "value": 0}),
        ("enforcing_is_contingent", {"kind": "enforcing"}),
    ],
)
def test_fee(constraint: str, values: dict[str, Any]) -> None:
    fee = a_fee(a_product())
    with pytest.raises(IntegrityError, match=constraint):
        changed(fee, **values)


@pytest.mark.parametrize("part", ["principal", "interest", "fee"])
def test_nothing_is_paid_beyond_what_is_due(part: str) -> None:
    row = a_loan().instalments.get(sequence=1)
    with transaction.atomic(), pytest.raises(IntegrityError, match="paid_within_due"), transaction.atomic():
        changed(row, **{f"{part}_paid": getattr(row, f"{part}_due") + Decimal("0.01")})
    with transaction.atomic(), pytest.raises(IntegrityError, match="paid_within_due"), transaction.atomic():
        changed(row, **{f"{part}_paid": Decimal("-0.01")})
    with pytest.raises(IntegrityError, match=r"no_negative_part|paid_within_due"):
        changed(row, **{f"{part}_due": Decimal("-0.01")})


def test_one_number_one_thing() -> None:
    loan = a_loan()
    repayment = a_repayment(loan, "1.00", on=TODAY)
    other, elsewhere = a_loan(), a_loan(creditor=a_creditor("另一家小贷"))
    same = {
        "external_id": repayment.external_id,
        "received_at": NOW,
        "amount": Decimal(1),
        "channel": "app",
    }
    duplicates: list[Callable[[], Any]] = [
        lambda: changed(other, number=loan.number),
        lambda: changed(other.borrower, customer_number=loan.borrower.customer_number),
        lambda: changed(other.instalments.get(sequence=2), sequence=1),
        lambda: Repayment.objects.create(loan=other, creditor=other.creditor, **same),
        lambda: changed(other, dossier=loan.dossier_id),
        lambda: changed(other.borrower, subject=loan.borrower.subject_id),
    ]
    for duplicate in duplicates:
        with pytest.raises(IntegrityError, match=r"(?i)unique"), transaction.atomic():
            duplicate()
    # Every creditor numbers its own money.
    Repayment.objects.create(loan=elsewhere, creditor=elsewhere.creditor, **same)


def test_a_repayment_is_reversed_once_and_never_of_nothing() -> None:
    loan = a_loan()
    first = a_repayment(loan, "1.00", on=TODAY)
    facts = {"loan": loan, "creditor": loan.creditor, "received_at": NOW, "channel": "app"}
    Repayment.objects.create(external_id="R1", amount=Decimal(1), reverses=first, **facts)
    with pytest.raises(IntegrityError), transaction.atomic():
        Repayment.objects.create(external_id="R2", amount=Decimal(1), reverses=first, **facts)
    with pytest.raises(IntegrityError, match="amount_positive"), transaction.atomic():
        Repayment.objects.create(external_id="R3", amount=Decimal(0), **facts)
    share = first.allocations.get()
    with pytest.raises(IntegrityError, match="amount_not_zero"), transaction.atomic():
        RepaymentAllocation.objects.create(
            posting_run=share.posting_run,
            repayment=first,
            instalment=share.instalment,
            component="interest",
            amount=Decimal(0),
        )


def test_people() -> None:
    borrower = a_borrower()
    with entering(EntryPoint.COMMAND), acting(by=job(), reason_code="test"):
        attempts: list[tuple[str, Callable[[], Any]]] = [
            ("id_type_known", lambda: changed(borrower, id_type="library_card")),
            (
                "ends_after_start",
                lambda: BorrowerNeed.objects.create(
                    borrower=borrower, need="gentle", from_on=TODAY, until=TODAY - timedelta(days=1)
                ),
            ),
            (
                "unlock_has_reason_and_end",
                lambda: ContactPerson.objects.create(
                    borrower=borrower, subject=borrower.subject, relation="朋友", state="unlocked"
                ),
            ),
            (
                "contact_person_matches_owner",
                lambda: PhoneNumber.objects.create(
                    borrower=borrower, subject=borrower.subject, owner="contact_person"
                ),
            ),
            (
                "ends_after_start",
                lambda: ContactConsent.objects.create(
                    borrower=borrower,
                    creditor=a_creditor(),
                    channel="call",
                    window_from="22:00",
                    window_to="23:00",
                    valid_from=NOW,
                    valid_until=NOW - timedelta(days=1),
                ),
            ),
        ]
        for constraint, attempt in attempts:
            with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
                attempt()


def test_products_and_terms() -> None:
    loan = a_loan()
    attempts: list[tuple[str, Any, dict[str, Any]]] = [
        ("limits_ordered", loan.product, {"minimum_amount": Decimal(0)}),
        ("limits_ordered", loan.product, {"maximum_amount": Decimal(9)}),
        ("rate_not_negative", loan.product, {"annual_rate": Decimal(-1)}),
        ("published_has_date", loan.terms, {"effective_from": None}),
    ]
    for constraint, obj, values in attempts:
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            changed(obj, **values)


LOGS = (Repayment, RepaymentAllocation, PostingRun, LoanEvent)
TRACKED = (Borrower, ContactPerson, PhoneNumber, Loan, Instalment, LoanProduct, TermsVersion)


@pytest.mark.parametrize(
    "model", [*LOGS, *(one.history.model for one in TRACKED)], ids=lambda one: one.__name__
)
@pytest.mark.parametrize("statement", ["UPDATE {} SET epoch = 9", "DELETE FROM {}"])
def test_what_was_written_stays(model: Any, statement: str) -> None:
    """Raw SQL, as somebody with a database shell would try."""
    loan = a_loan()
    a_repayment(loan, "100.00", on=TODAY)
    with entering(EntryPoint.COMMAND):
        register_contact_person(borrower=loan.borrower, name="王五", relation="朋友", by=job(), at=NOW)
    with entering(EntryPoint.COMMAND, actor=job()):
        loan.product.save()
        loan.terms.save()
    before = model.objects.count()
    assert before > 0
    sql = statement.format(connection.ops.quote_name(model._meta.db_table))
    with (
        connection.cursor() as cursor,
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
    ):
        cursor.execute(sql)
    assert model.objects.count() == before
