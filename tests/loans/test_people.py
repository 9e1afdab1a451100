"""Borrowers, contact persons, numbers, consents and needs: what each service does and refuses."""

from datetime import time, timedelta
from typing import Any

import pytest

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import InputRefused
from backoffice.loans import services
from backoffice.loans.choices import Need, NumberOwner
from backoffice.loans.models import (
    Borrower,
    ContactPerson,
    LoanEvent,
    PhoneNumber,
)
from backoffice.loans.services.borrowers import AlreadyRegistered
from backoffice.privacy.services import read_personal
from tests.factories.loans import (
    NOW,
    TODAY,
    a_borrower,
    a_consent,
    job,
)

pytestmark = pytest.mark.django_db


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
