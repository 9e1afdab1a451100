"""Imports: the same book as one call at a time would make, in few statements, and never twice."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import DomainError
from backoffice.core.time import start_of_day
from backoffice.loans import services
from backoffice.loans.importing import (
    BorrowerRow,
    ContactPersonRow,
    Imported,
    LoanRow,
    NeedRow,
    PaymentRow,
    PhoneRow,
    RepaymentRow,
)
from backoffice.loans.models import (
    Borrower,
    BorrowerNeed,
    ContactPerson,
    Instalment,
    Loan,
    LoanEvent,
    PhoneNumber,
    Repayment,
    RepaymentAllocation,
)
from backoffice.loans.posting import STANDING_COLUMNS
from backoffice.loans.seed import Counts, seed_loans
from backoffice.loans.seed_people import mobile, resident_id
from backoffice.loans.signals import repayment_posted
from backoffice.privacy import kinds
from backoffice.privacy.services import read_personal
from tests.factories.loans import NOW, TODAY, a_creditor, a_loan, a_product, a_repayment, job

pytestmark = pytest.mark.django_db


def borrower_row(number: int, **facts: Any) -> BorrowerRow:
    return BorrowerRow(
        **{
            "customer_number": f"C{number}",
            "name": "张三",
            "id_number": resident_id(date(1990, 1, 1), number),
            "mobile": mobile(number),
            "registered_at": NOW,
            **facts,
        }
    )


def take(service: Any, rows: list[Any], at: datetime = NOW) -> Imported[Any]:
    with entering(EntryPoint.COMMAND):
        return service(rows, by=job(), at=at)


def refusals(result: Imported[Any]) -> list[tuple[int, str, str | None]]:
    return [(position, error.code, error.field) for position, error in result.refused]


def test_borrowers_come_with_their_circle_and_history() -> None:
    row = borrower_row(
        1,
        phones=[PhoneRow(mobile(11), "workplace", given_for_contact=True)],
        contact_persons=[ContactPersonRow("李四", "朋友", mobile(12)), ContactPersonRow("王五", "母亲")],
        needs=[NeedRow("elderly", TODAY)],
    )
    [borrower] = take(services.import_borrowers, [row]).created
    assert read_personal(borrower, "name") == "张三"
    assert sorted(borrower.phone_numbers.values_list("owner", flat=True)) == [
        "contact_person",
        "own",
        "workplace",
    ]
    friend = borrower.contact_persons.get(relation="朋友")
    assert read_personal(friend, "name") == "李四"
    assert read_personal(friend.phone_numbers.get(), "number") == mobile(12)
    for model in (Borrower, ContactPerson, PhoneNumber, BorrowerNeed):
        assert model.history.filter(history_type="+").count() == model.objects.count() > 0
    assert LoanEvent.objects.count() == 0, "these facts were history when they came"


def test_borrowers_are_taken_once_and_bad_rows_keep_nothing_out() -> None:
    take(services.import_borrowers, [borrower_row(1)])
    result = take(
        services.import_borrowers,
        [
            borrower_row(1),
            borrower_row(2, id_number=resident_id(date(1990, 1, 1), 1)),
            borrower_row(3, mobile="no number"),
            borrower_row(4, email="nobody"),
            borrower_row(5, id_number="990000199005170011"),
            borrower_row(6, phones=[PhoneRow("no number", "home")]),
            borrower_row(7, contact_persons=[ContactPersonRow("李四", "朋友", "no number")]),
            borrower_row(8),
            borrower_row(8),
            borrower_row(9, id_number=resident_id(date(1990, 1, 1), 8)),
        ],
    )
    assert [one.customer_number for one in result.created] == ["C8"]
    assert len(result.known) == 2
    assert refusals(result) == [
        (1, "already-registered", "id_number"),
        (2, "validation-failed", "phone"),
        (3, "validation-failed", "email"),
        (4, "validation-failed", "id_number"),
        (5, "validation-failed", "phone"),
        (6, "validation-failed", "phone"),
        (9, "already-registered", "id_number"),
    ]


def noon(day: date) -> datetime:
    return start_of_day(day) + timedelta(hours=9)


def loan_row(number: str, product_code: str, **facts: Any) -> LoanRow:
    return LoanRow(
        **{
            "number": number,
            "customer_number": "C1",
            "product_code": product_code,
            "creditor_name": a_creditor().name,
            "principal": Decimal("12000.00"),
            "annual_rate": Decimal("0.146"),
            "periods": 12,
            "disbursed_on": date(2026, 3, 1),
            **facts,
        }
    )


PAYMENTS = [
    ("A", date(2026, 4, 1), "1080.98"),
    ("B", date(2026, 5, 3), "500.00"),
    ("C", date(2026, 6, 1), "2000.00"),
    ("D", date(2026, 9, 9), "7.77"),
]


def test_an_imported_loan_is_the_one_that_single_calls_would_make() -> None:
    product = a_product()
    take(services.import_borrowers, [borrower_row(1)])
    payments = [
        PaymentRow(f"bulk-{name}", noon(on), Decimal(sum_), "app") for name, on, sum_ in reversed(PAYMENTS)
    ]
    [bulk] = take(services.import_loans, [loan_row("BULK", product.code, payments=payments)]).created
    single = a_loan(product=product)
    for name, on, sum_ in PAYMENTS:
        a_repayment(single, sum_, on=on, external_id=f"single-{name}", received_at=noon(on))
    for loan in (bulk, single):
        loan.refresh_from_db()
    facts = [*STANDING_COLUMNS, "default_rate", "matures_on", "method", "terms_id"]
    assert [getattr(bulk, name) for name in facts] == [getattr(single, name) for name in facts]
    columns = ("sequence", "due_on", "principal_due", "interest_due", "principal_paid", "interest_paid")
    assert list(bulk.instalments.order_by("sequence").values_list(*columns)) == list(
        single.instalments.order_by("sequence").values_list(*columns)
    )

    def shares(loan: Loan) -> list[tuple[Any, ...]]:
        rows = RepaymentAllocation.objects.filter(repayment__loan=loan).order_by("pk")
        return list(rows.values_list("repayment__received_at", "instalment__sequence", "component", "amount"))

    assert shares(bulk) == shares(single)
    assert Instalment.history.filter(loan_id=bulk.pk).count() == 12, "final states are written once"


def test_loans_that_cannot_be_are_refused_one_by_one() -> None:
    product = a_product()
    take(services.import_borrowers, [borrower_row(1)])
    take(
        services.import_loans,
        [loan_row("OLD", product.code, payments=[PaymentRow("P1", NOW, Decimal(1), "app")])],
    )
    paid_in_future = PaymentRow("P2", NOW + timedelta(seconds=1), Decimal(1), "app")
    result = take(
        services.import_loans,
        [
            loan_row("OLD", product.code),
            loan_row("A", "none"),
            loan_row("B", product.code, customer_number="none"),
            loan_row("C", product.code, creditor_name="none"),
            loan_row("D", product.code, principal=Decimal("9.99")),
            loan_row("E", product.code, disbursed_on=TODAY + timedelta(days=1)),
            loan_row("F", product.code, disbursed_on=date(2019, 1, 1)),
            loan_row("G", product.code, payments=[PaymentRow("P1", NOW, Decimal(1), "app")]),
            loan_row("H", product.code, payments=[paid_in_future]),
            loan_row("I", product.code),
        ],
    )
    assert (len(result.known), [one.number for one in result.created]) == (1, ["I"])
    assert refusals(result) == [
        (1, "validation-failed", "product_code"),
        (2, "validation-failed", "customer_number"),
        (3, "validation-failed", "creditor_name"),
        (4, "limit-exceeded", "principal"),
        (5, "validation-failed", "disbursed_on"),
        (6, "validation-failed", "disbursed_on"),
        (7, "external-id-reused", "external_id"),
        (8, "validation-failed", "received_at"),
    ]


def repayment_row(loan: str, external_id: str, amount: str, day: date = TODAY) -> RepaymentRow:
    return RepaymentRow(loan, external_id, start_of_day(day), Decimal(amount), "debit")


def test_repayments_of_loans_in_the_book_are_allocated_told_and_taken_once() -> None:
    loan = a_loan(number="L1")
    other = a_loan(number="L2", principal=Decimal("100.00"), periods=1, disbursed_on=date(2026, 11, 1))
    owed = sum(row.principal_due + row.interest_due for row in other.instalments.all())
    due = [str(row.principal_due + row.interest_due) for row in loan.instalments.order_by("sequence")]
    heard: list[str] = []

    def hear(repayment: Repayment, loan: Loan, **facts: Any) -> None:
        heard.append(f"{loan.number} {repayment.external_id}")

    rows = [
        repayment_row("L1", "late", due[1], date(2026, 5, 1)),
        repayment_row("L1", "early", due[0], date(2026, 4, 1)),
        repayment_row("L2", "all", str(owed), TODAY - timedelta(days=1)),
        repayment_row("L2", "more", "1.00", TODAY),
        repayment_row("none", "lost", "1.00"),
        repayment_row("L1", "early", "9.99", date(2026, 4, 1)),
    ]
    repayment_posted.connect(hear)
    try:
        result = take(services.import_repayments, rows)
        again = take(services.import_repayments, rows[:2])
    finally:
        repayment_posted.disconnect(hear)
    assert heard == ["L1 early", "L1 late", "L2 all"], "in the order of receipt, each once"
    assert sorted(refusals(result)) == [
        (3, "loan-not-open", None),
        (4, "validation-failed", "loan_number"),
        (5, "external-id-reused", "external_id"),
    ]
    assert (len(again.known), again.created) == (2, [])
    loan.refresh_from_db()
    other.refresh_from_db()
    assert loan.oldest_unpaid_due_on == date(2026, 6, 1)
    assert other.state == "settled"
    assert LoanEvent.objects.filter(kind="loan_settled").count() == 1
    assert loan.history.filter(history_type="~").count() == 1
    assert Instalment.history.filter(loan_id=loan.pk, history_type="~").count() == 2


def test_no_statement_per_row() -> None:
    product = a_product()

    def statements(first: int, count: int) -> int:
        people = [borrower_row(number) for number in range(first, first + count)]
        loans = [
            loan_row(
                f"L{number}",
                product.code,
                customer_number=f"C{number}",
                payments=[PaymentRow(f"P{number}", NOW, Decimal(10), "app")],
            )
            for number in range(first, first + count)
        ]
        with CaptureQueriesContext(connection) as captured:
            assert not take(services.import_borrowers, people).refused
            assert not take(services.import_loans, loans).refused
        return len(captured)

    statements(1, 3)
    # SQLite takes 999 values per statement, hence some more for more rows; 37 borrowers are 1,100 rows here.
    assert statements(200, 40) - statements(100, 3) < 37


# --- the demo's book ---------------------------------------------------------------------------------------


def seeded(seed: int, now: datetime = NOW, counts: Counts = Counts(80, 100)) -> Any:  # noqa: B008
    with entering(EntryPoint.COMMAND):
        return seed_loans(rng=random.Random(seed), now=now, by=job(), counts=counts)


def test_the_demo_book_is_believable_and_sound() -> None:
    book = seeded(1)
    assert (len(book.borrowers), len(book.loans), len(book.products), len(book.creditors)) == (80, 100, 3, 2)
    overdue = [loan for loan in book.loans if loan.oldest_unpaid_due_on]
    assert 20 <= len(overdue) <= 42
    ages = sorted((TODAY - loan.oldest_unpaid_due_on).days for loan in overdue)
    assert ages[0] <= 7
    assert ages[-1] > 90
    assert any(loan.state == "settled" for loan in book.loans)
    assert len({creditor.group for creditor in book.creditors}) == 1
    assert {one.terms.state for one in book.loans} == {"published"}
    assert Borrower.objects.exclude(loans__isnull=False).count() == 0
    assert Repayment.objects.filter(received_at__gt=NOW).count() == 0


def test_nobody_in_the_demo_can_be_a_real_person() -> None:
    book = seeded(2, counts=Counts(30, 30))
    for borrower in book.borrowers:
        number = read_personal(borrower, "id_number")
        assert kinds.RESIDENT_ID.normalise(number) == number, "the check character is valid"
        assert number.startswith("99"), "no province has this code"
        assert read_personal(borrower, "mobile").startswith("+86100"), "no network has this prefix"
    for phone in PhoneNumber.objects.all():
        assert read_personal(phone, "number").startswith("+86100")


@pytest.mark.django_db(transaction=True)
def test_the_same_dice_make_the_same_book() -> None:
    def facts() -> list[Any]:
        loans = Loan.objects.order_by("number")
        names = [read_personal(one, "name") for one in Borrower.objects.order_by("customer_number")]
        paid = Repayment.objects.order_by("external_id").values_list("external_id", "received_at", "amount")
        return [list(loans.values_list("number", "principal", "oldest_unpaid_due_on")), names, list(paid)]

    books = []
    for seed in (3, 3, 4):
        with transaction.atomic():
            seeded(seed, counts=Counts(10, 12))
            books.append(facts())
            transaction.set_rollback(True)
    assert books[0] == books[1]
    assert books[0] != books[2]


@pytest.mark.parametrize("serial", [0, 7, 999, 1000, 123_456])
def test_made_up_documents_are_valid_and_distinct(serial: int) -> None:
    number = resident_id(date(1988, 2, 29), serial)
    assert kinds.RESIDENT_ID.normalise(number) == number
    assert number != resident_id(date(1988, 2, 29), serial + 1)


def test_a_row_the_book_refuses_stops_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backoffice.loans.seed_people.mobile", lambda serial: "no number")
    with pytest.raises((ValueError, DomainError), match="refuses"):
        seeded(1, counts=Counts(2, 2))
