"""Each service: refused without the right, does its work, refuses what it must."""

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.core.models import PolicyValue
from backoffice.core.services import PolicyMissing
from backoffice.core.time import start_of_day
from backoffice.loans import services
from backoffice.loans.choices import Channel, LoanState, Need, NumberOwner, TermsState
from backoffice.loans.models import (
    Borrower,
    ContactConsent,
    ContactPerson,
    Instalment,
    Loan,
    LoanEvent,
    PhoneNumber,
    Repayment,
    RepaymentAllocation,
)
from backoffice.loans.services.borrowers import AlreadyRegistered
from backoffice.loans.services.lending import LimitExceeded, TermsNotInForce
from backoffice.loans.services.repayments import ExternalIdReused, LoanNotOpen
from backoffice.loans.signals import repayment_posted
from backoffice.privacy.services import read_personal
from backoffice.staff.roles import PERSON_ROLES, Role
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
        (services.import_loans, {"rows": []}),
        (services.import_repayments, {"rows": []}),
    ]
    for service, arguments in calls:
        with pytest.raises(NotPermitted):
            service(**arguments, by=somebody, at=NOW)
    with pytest.raises(NotPermitted):
        a_loan(by=somebody)
    with pytest.raises(NotPermitted):
        a_repayment(loan, "1.00", on=TODAY, by=somebody)
    assert Repayment.objects.count() == 0


def a_consent(borrower: Borrower, **facts: Any) -> ContactConsent:
    with entering(EntryPoint.COMMAND):
        return services.record_contact_consent(
            **{
                "borrower": borrower,
                "creditor": a_creditor(),
                "channel": Channel.CALL,
                "window_from": time(22),
                "window_to": time(23),
                "valid_from": NOW,
                "by": job(),
                "at": NOW,
                **facts,
            }
        )


# --- people --------------------------------------------------------------------------------------------


def test_a_borrower_is_stored_encrypted_with_file_subject_and_number() -> None:
    borrower = a_borrower(name="欧阳锋", mobile="+8610012345678", email="A@Example.com")
    borrower.refresh_from_db()
    assert read_personal(borrower, "name") == "欧阳锋"
    assert borrower.name_mask == "欧阳*"
    assert b"\xe6\xac\xa7" not in bytes(borrower.name_cipher)
    assert borrower.dossier.kind == "borrower"
    [number] = borrower.phone_numbers.all()
    assert (number.owner, number.number_mask, number.number_index) == (
        "own",
        "100****5678",
        borrower.mobile_index,
    )
    [event] = LoanEvent.objects.filter(borrower=borrower)
    assert (event.kind, event.data) == ("borrower_registered", {})
    [row] = borrower.history.all()
    assert (row.history_change_reason, row.history_actor_name) == ("borrower.registered", job().display_name)


def test_one_person_is_one_borrower() -> None:
    known = a_borrower()
    number = read_personal(known, "id_number")
    with pytest.raises(AlreadyRegistered) as refused:
        a_borrower(id_number=number.lower())
    assert refused.value.field == "id_number"
    with pytest.raises(AlreadyRegistered) as refused:
        a_borrower(customer_number=known.customer_number)
    assert refused.value.field == "customer_number"


@pytest.mark.parametrize(
    "wrong",
    [
        {"id_number": "990000199005170011"},
        {"mobile": "no number"},
        {"email": "nobody"},
        {"id_type": "passport", "id_number": "?"},
    ],
)
def test_values_that_are_not_of_their_kind_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(InputRefused):
        a_borrower(**wrong)
    assert Borrower.objects.count() == 0
    assert PhoneNumber.objects.count() == 0


def test_a_passport_is_a_document_too() -> None:
    borrower = a_borrower(id_type="passport", id_number="e 1234567")
    assert read_personal(borrower, "id_number") == "E1234567"


def test_a_contact_person_is_a_person_of_their_own_and_locked() -> None:
    borrower = a_borrower()
    with entering(EntryPoint.COMMAND):
        someone = services.register_contact_person(
            borrower=borrower, name="王五", relation="同事", mobile="+8610099999999", by=job(), at=NOW
        )
    assert someone.subject_id != borrower.subject_id
    assert someone.state == "locked"
    number = someone.phone_numbers.get()
    assert (number.owner, number.subject_id) == ("contact_person", someone.subject_id)


def number_of(
    borrower: Borrower, number: str, owner: str, person_: ContactPerson | None = None
) -> PhoneNumber:
    with entering(EntryPoint.COMMAND):
        return services.register_phone_number(
            borrower=borrower, number=number, owner=owner, contact_person=person_, by=job(), at=NOW
        )


def test_a_number_is_found_by_its_index_however_it_is_written() -> None:
    borrower = a_borrower()
    first = number_of(borrower, "100 8888 7777", NumberOwner.UNKNOWN)
    again = number_of(borrower, "+86-10088887777", NumberOwner.UNKNOWN)
    assert again.pk == first.pk
    elsewhere = number_of(a_borrower(), "10088887777", NumberOwner.UNKNOWN)
    assert elsewhere.pk != first.pk, "two borrowers may share a number"


def test_an_unknown_number_takes_its_owner_and_the_owners_key() -> None:
    borrower = a_borrower()
    unknown = number_of(borrower, "10088887777", NumberOwner.UNKNOWN)
    with entering(EntryPoint.COMMAND):
        someone = services.register_contact_person(
            borrower=borrower, name="王五", relation="同事", by=job(), at=NOW
        )
    known = number_of(borrower, "10088887777", NumberOwner.CONTACT_PERSON, someone)
    assert (known.pk, known.owner, known.subject_id) == (unknown.pk, "contact_person", someone.subject_id)
    assert bytes(known.number_cipher) != bytes(unknown.number_cipher)
    assert read_personal(known, "number") == "+8610088887777"
    assert number_of(borrower, "10088887777", NumberOwner.WORKPLACE).owner == "contact_person"


def test_a_number_and_its_person_belong_together() -> None:
    borrower = a_borrower()
    with entering(EntryPoint.COMMAND):
        stranger = services.register_contact_person(
            borrower=a_borrower(), name="王五", relation="同事", by=job(), at=NOW
        )
    with pytest.raises(InputRefused):
        number_of(borrower, "10088887777", NumberOwner.CONTACT_PERSON, stranger)
    with pytest.raises(InputRefused):
        number_of(borrower, "10088887777", NumberOwner.CONTACT_PERSON)


# --- consents and needs ----------------------------------------------------------------------------------


def test_a_consent_is_given_and_revoked_once() -> None:
    consent = a_consent(a_borrower(), reason="本人来电要求")
    assert LoanEvent.objects.get(kind="contact_consent_given").reason_cipher is not None
    for minutes in (1, 2):
        with entering(EntryPoint.COMMAND):
            services.revoke_contact_consent(consent=consent, by=job(), at=NOW + timedelta(minutes=minutes))
    consent.refresh_from_db()
    assert consent.revoked_at == NOW + timedelta(minutes=1), "the second time changes nothing"
    assert LoanEvent.objects.filter(kind="contact_consent_revoked").count() == 1


@pytest.mark.parametrize("wrong", [{"window_to": time(22)}, {"valid_until": NOW - timedelta(seconds=1)}])
def test_a_consent_to_nothing_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputRefused):
        a_consent(a_borrower(), **wrong)


def test_a_need_has_an_end_and_no_illness() -> None:
    borrower = a_borrower()
    with entering(EntryPoint.COMMAND):
        need = services.add_need(borrower=borrower, need=Need.GENTLE, from_on=TODAY, by=job(), at=NOW)
        services.end_need(need=need, until=TODAY + timedelta(days=30), by=job(), at=NOW)
        with pytest.raises(InputRefused):
            services.end_need(need=need, until=TODAY - timedelta(days=1), by=job(), at=NOW)
        with pytest.raises(InputRefused):
            services.add_need(
                borrower=borrower,
                need=Need.GENTLE,
                from_on=TODAY,
                until=TODAY - timedelta(days=1),
                by=job(),
                at=NOW,
            )
    need.refresh_from_db()
    assert need.until == TODAY + timedelta(days=30)
    assert [event.data for event in LoanEvent.objects.filter(kind="need_added")] == [{"need": "gentle"}]


# --- loans -----------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("wrong", [{"periods": 37}, {"product_facts": {"day_count": "ACT/365"}}])
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


# --- repayments ------------------------------------------------------------------------------------------


def test_a_repayment_is_allocated_told_and_the_loan_stands_anew() -> None:
    loan = a_loan()
    heard: list[Repayment] = []

    def hear(repayment: Repayment, loan: Loan, **facts: Any) -> None:
        assert loan.oldest_unpaid_due_on == date(2026, 6, 1), "told after the loan was brought up to date"
        heard.append(repayment)

    first, second = loan.instalments.order_by("sequence")[:2]
    amount = first.principal_due + first.interest_due + second.principal_due + second.interest_due + 1
    repayment_posted.connect(hear)
    try:
        repayment = a_repayment(loan, amount, on=date(2026, 5, 20))
    finally:
        repayment_posted.disconnect(hear)
    assert heard == [repayment]
    loan.refresh_from_db()
    assert loan.oldest_unpaid_due_on == date(2026, 6, 1)
    rows = list(
        repayment.allocations.order_by("pk").values_list("instalment__sequence", "component", "amount")
    )
    assert rows == [
        (1, "interest", first.interest_due),
        (1, "principal", first.principal_due),
        (2, "interest", second.interest_due),
        (2, "principal", second.principal_due),
        (3, "interest", Decimal("1.00")),
    ]
    assert Instalment.history.filter(loan_id=loan.pk, history_type="~").count() == 3, "only what changed"
    event = LoanEvent.objects.get(kind="repayment_posted")
    assert event.data == {"repayment": repayment.pk, "amount": str(amount), "surplus": "0.00"}


def test_the_same_external_id_is_one_repayment() -> None:
    loan = a_loan()
    first = a_repayment(loan, "100.00", on=TODAY - timedelta(days=1), external_id="X1")
    again = a_repayment(loan, "100.00", on=TODAY - timedelta(days=1), external_id="X1")
    assert again.pk == first.pk
    assert RepaymentAllocation.objects.aggregate(sum=Sum("amount"))["sum"] == Decimal("100.00")
    with pytest.raises(ExternalIdReused):
        a_repayment(loan, "100.01", on=TODAY - timedelta(days=1), external_id="X1")
    with pytest.raises(ExternalIdReused):
        a_repayment(a_loan(), "100.00", on=TODAY - timedelta(days=1), external_id="X1")
    assert Repayment.objects.count() == 1


def test_the_last_cent_settles_and_a_settled_loan_takes_nothing() -> None:
    loan = a_loan()
    owed = sum(row.principal_due + row.interest_due for row in loan.instalments.all())
    a_repayment(loan, owed - Decimal("0.01"), on=TODAY)
    loan.refresh_from_db()
    assert loan.state == LoanState.ACTIVE
    a_repayment(loan, "0.01", on=TODAY)
    loan.refresh_from_db()
    assert (loan.state, loan.oldest_unpaid_due_on, loan.next_event_on) == (LoanState.SETTLED, None, None)
    assert LoanEvent.objects.filter(kind="loan_settled", loan=loan).count() == 1
    with pytest.raises(LoanNotOpen):
        a_repayment(loan, "1.00", on=TODAY)


def test_what_nothing_was_owed_for_is_kept_and_said() -> None:
    loan = a_loan(principal=Decimal("100.00"), periods=1)
    owed = sum(row.principal_due + row.interest_due for row in loan.instalments.all())
    repayment = a_repayment(loan, owed + 5, on=TODAY)
    assert LoanEvent.objects.get(kind="repayment_posted").data["surplus"] == "5.00"
    assert sum(row.amount for row in repayment.allocations.all()) == owed


@pytest.mark.parametrize(
    ("amount", "day", "field"),
    [("0.00", 0, "amount"), ("-1.00", 0, "amount"), ("1.001", 0, "amount"), ("1.00", 1, "received_at")],
)
def test_what_cannot_be_a_repayment_is_refused(amount: str, day: int, field: str) -> None:
    loan = a_loan()
    with pytest.raises(InputRefused) as refused:
        a_repayment(loan, amount, on=TODAY + timedelta(days=day), at=NOW + timedelta(hours=3))
    assert refused.value.field == field


def test_a_failed_receiver_undoes_the_whole_repayment() -> None:
    loan = a_loan()

    def fail(**facts: Any) -> None:
        raise RuntimeError("upper desk")

    repayment_posted.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            a_repayment(loan, "100.00", on=TODAY)
    finally:
        repayment_posted.disconnect(fail)
    assert Repayment.objects.count() == 0
    assert loan.instalments.aggregate(sum=Sum("interest_paid"))["sum"] == 0
