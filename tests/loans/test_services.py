"""Who may write the loan book, and how a loan comes into it."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.core.models import PolicyValue
from backoffice.core.services import PolicyMissing
from backoffice.core.time import start_of_day
from backoffice.loans import services
from backoffice.loans.choices import Need, NumberOwner, TermsState
from backoffice.loans.models import (
    Instalment,
    Repayment,
)
from backoffice.loans.services.lending import LimitExceeded, TermsNotInForce
from backoffice.staff.roles import PERSON_ROLES, Role
from tests.factories.loans import (
    NOW,
    TODAY,
    a_borrower,
    a_consent,
    a_loan,
    a_product,
    a_repayment,
    job,
    terms_of,
)
from tests.factories.staff import person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", PERSON_ROLES)
def test_nobody_writes_the_loan_book_by_hand(role: Role) -> None:
    somebody = person(role)
    loan = a_loan()
    borrower = loan.borrower
    consent = a_consent(borrower)
    calls: list[tuple[Any, dict[str, Any]]] = [
        (
            services.register_borrower,
            {"customer_number": "C1", "name": "李四", "id_number": "x", "mobile": "1"},
        ),
        (services.register_contact_person, {"borrower": borrower, "name": "李四", "relation": "朋友"}),
        (services.register_phone_number, {"borrower": borrower, "number": "1", "owner": NumberOwner.UNKNOWN}),
        (services.add_need, {"borrower": borrower, "need": Need.GENTLE, "from_on": TODAY}),
        (services.revoke_contact_consent, {"consent": consent}),
        (services.import_borrowers, {"rows": []}),
    ]
    # Loan officers take in files and post money.
    if role != Role.LOAN_OFFICER:
        calls += [(services.import_loans, {"rows": []}), (services.import_repayments, {"rows": []})]
    for service, arguments in calls:
        with pytest.raises(NotPermitted):
            service(**arguments, by=somebody, at=NOW)
    with pytest.raises(NotPermitted):
        a_loan(by=somebody)
    if role != Role.LOAN_OFFICER:
        with pytest.raises(NotPermitted):
            a_repayment(loan, "1.00", on=TODAY, by=somebody)
    assert Repayment.objects.count() == 0


def test_a_loan_has_a_schedule_that_adds_up_and_the_evidence_of_its_terms() -> None:
    loan = a_loan(at=start_of_day(date(2026, 3, 1)) + timedelta(hours=10))
    rows = list(loan.instalments.order_by("sequence"))
    assert len(rows) == 12
    assert sum(row.principal_due for row in rows) == loan.principal
    assert (rows[0].due_on, loan.matures_on) == (date(2026, 4, 1), date(2027, 3, 1))
    assert loan.default_rate == Decimal("0.219000")
    assert (loan.oldest_unpaid_due_on, loan.next_event_on) == (None, date(2026, 4, 2))
    assert loan.terms_dwell_seconds == 42
    assert Instalment.history.filter(loan_id=loan.pk).count() == 12


def test_a_loan_entered_late_stands_where_it_stands() -> None:
    loan = a_loan()
    assert loan.oldest_unpaid_due_on == date(2026, 4, 1)


@pytest.mark.parametrize("amount", ["9.99", "200000.01", "100.001"])
def test_limits_of_one_loan(amount: str) -> None:
    with pytest.raises(InputRefused) as refused:
        a_loan(principal=Decimal(amount))
    assert refused.value.field == "principal"


@pytest.mark.parametrize("field", ["principal", "annual_rate"])
@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e30"])
def test_what_is_no_number_makes_no_loan(field: str, number: str) -> None:
    with pytest.raises(InputRefused) as refused:
        a_loan(**{field: Decimal(number)})
    assert refused.value.field == field


@pytest.mark.parametrize("amount", ["10.00", "200000.00"])
def test_limits_of_one_loan_are_included(amount: str) -> None:
    assert a_loan(principal=Decimal(amount)).principal == Decimal(amount)


def test_one_person_owes_no_more_than_one_person_may() -> None:
    borrower = a_borrower()
    first = a_loan(borrower=borrower, principal=Decimal("150000.00"))
    a_loan(borrower=borrower, principal=Decimal("50000.00"))
    with pytest.raises(LimitExceeded):
        a_loan(borrower=borrower, principal=Decimal("10.00"))
    a_repayment(first, "200000.00", on=TODAY)
    a_loan(borrower=borrower, principal=Decimal("150000.00"))


def test_one_person_under_two_names_is_one_person() -> None:
    first, second = a_borrower(), a_borrower()
    with entering(EntryPoint.COMMAND, actor=job()):
        second.subject.same_as = first.subject
        second.subject.save()
    a_loan(borrower=first, principal=Decimal("150000.00"))
    with pytest.raises(LimitExceeded):
        a_loan(borrower=second, principal=Decimal("50000.01"))
    a_loan(borrower=second, principal=Decimal("50000.00"))


def test_a_products_own_limit_counts_all_loans_of_the_person() -> None:
    small = a_product(maximum_amount=Decimal(1000))
    borrower = a_borrower()
    a_loan(borrower=borrower, product=small, principal=Decimal("600.00"))
    with pytest.raises(LimitExceeded):
        a_loan(borrower=borrower, product=small, principal=Decimal("400.01"))


def test_the_cap_on_the_cost_holds_from_its_day() -> None:
    dear = a_product(annual_rate=Decimal("0.2401"))
    with pytest.raises(LimitExceeded):
        a_loan(product=dear)
    a_loan(product=a_product(annual_rate=Decimal("0.24")))
    a_loan(product=dear, disbursed_on=date(2025, 11, 30))


def test_terms_must_be_in_force() -> None:
    product = a_product()
    with pytest.raises(TermsNotInForce):
        a_loan(product=product, terms=terms_of(a_product()))
    with pytest.raises(TermsNotInForce):
        a_loan(product=product, disbursed_on=date(2019, 12, 31))
    with entering(EntryPoint.COMMAND):
        draft = services.create_terms_version(product=product, text="新条款", by=job(), at=NOW)
    with pytest.raises(TermsNotInForce):
        a_loan(product=product, terms=draft)
    shown = NOW
    with pytest.raises(TermsNotInForce):
        a_loan(product=product, terms_rendered_at=shown, terms_confirmed_at=shown - timedelta(seconds=1))


@pytest.mark.parametrize("wrong", [{"periods": 37}, {"periods": 0}])
def test_what_the_product_does_not_offer_is_refused(wrong: dict[str, Any]) -> None:
    product = a_product(**wrong.pop("product_facts", {}))
    with pytest.raises(InputRefused):
        a_loan(product=product, **wrong)


def test_without_a_policy_row_nothing_is_guessed() -> None:
    loan = a_loan()
    with entering(EntryPoint.COMMAND, actor=job()):
        row = PolicyValue.objects.get(code="loan.grace_days")
        row.effective_from = TODAY + timedelta(days=1)
        row.save()
    with pytest.raises(PolicyMissing):
        a_repayment(loan, "1.00", on=TODAY)
    assert Repayment.objects.count() == 0


def test_terms_are_drafted_published_and_retired_by_compliance_only() -> None:
    product, officer = a_product(), person(Role.COMPLIANCE)
    with entering(EntryPoint.ADMIN):
        draft = services.create_terms_version(product=product, text="二", by=officer, at=NOW)
        assert draft.number == 2
        with pytest.raises(NotPermitted):
            services.publish_terms_version(
                terms=draft, effective_from=TODAY, by=person(Role.LOAN_OFFICER), at=NOW
            )
        published = services.publish_terms_version(terms=draft, effective_from=TODAY, by=officer, at=NOW)
        assert published.state == TermsState.PUBLISHED
        with pytest.raises(TransitionRefused):
            services.publish_terms_version(terms=draft, effective_from=TODAY, by=officer, at=NOW)
        assert services.retire_terms_version(terms=draft, by=officer, at=NOW).state == TermsState.RETIRED
        with pytest.raises(InputRefused):
            services.create_terms_version(product=product, text=" ", by=officer, at=NOW)
