"""Set-based imports: final states written once, with history, in a handful of statements per thousand rows.

Rows that are known already are counted and left alone, so that an import can be run again. No event is written
for facts that were history when they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from backoffice.audit.services import act
from backoffice.core.choices import DossierKind
from backoffice.core.errors import DomainError, InputRefused
from backoffice.core.history import bulk_create_with_history
from backoffice.core.services import open_dossiers
from backoffice.loans.choices import NumberOwner
from backoffice.loans.importing import BorrowerRow, Imported
from backoffice.loans.models import Borrower, BorrowerNeed, ContactPerson, PhoneNumber
from backoffice.loans.services.borrowers import AlreadyRegistered
from backoffice.loans.services.chunks import present
from backoffice.loans.services.rights import require
from backoffice.privacy import kinds
from backoffice.privacy.services import create_subjects, index_of, set_personal_bulk
from backoffice.staff.models import User


def import_borrowers(rows: Sequence[BorrowerRow], *, by: User, at: datetime) -> Imported[Borrower]:
    """Borrowers with their numbers, contact persons and needs; a known customer number is left alone.

    Raises ``NotPermitted``. Rows with values that are not of their kind, or with the document of a person who is
    a borrower already, are refused one by one.
    """
    require(by, "loans.add_borrower")
    result: Imported[Borrower] = Imported()
    with act(by=by, at=at, code="borrower.imported"):
        known = present(Borrower, "customer_number", [row.customer_number for row in rows])
        documents = present(Borrower, "id_number_index", _document_indexes(rows))
        fresh: list[BorrowerRow] = []
        for position, row in enumerate(rows):
            if row.customer_number in known:
                result.known.append(position)
                continue
            try:
                _check_person(row, documents)
            except DomainError as error:
                result.refused.append((position, error))
                continue
            known.add(row.customer_number)
            fresh.append(row)
        result.created = _insert_borrowers(fresh)
    return result


def _document_indexes(rows: Iterable[BorrowerRow]) -> Iterator[str]:
    for row in rows:
        try:
            yield index_of(_document_kind(row), row.id_number)
        except InputRefused:
            # The row is refused with its own error below.
            continue


def _document_kind(row: BorrowerRow) -> kinds.Kind:
    return kinds.RESIDENT_ID if row.id_type == "resident_id" else kinds.OTHER_ID


def _check_person(row: BorrowerRow, documents: set[str]) -> None:
    document = index_of(_document_kind(row), row.id_number)
    if document in documents:
        raise AlreadyRegistered(field="id_number")
    for number in (row.mobile, *(phone.number for phone in row.phones)):
        kinds.PHONE.normalise(number)
    for person in row.contact_persons:
        if person.mobile:
            kinds.PHONE.normalise(person.mobile)
    if row.email:
        kinds.EMAIL.normalise(row.email)
    documents.add(document)


def _insert_borrowers(rows: list[BorrowerRow]) -> list[Borrower]:
    subjects = create_subjects(len(rows))
    dossiers = open_dossiers(
        kind=DossierKind.BORROWER,
        numbers=[row.customer_number for row in rows],
        ats=[row.registered_at for row in rows],
    )
    borrowers = [
        Borrower(
            dossier_id=dossier,
            subject=subject,
            customer_number=row.customer_number,
            id_type=row.id_type,
            registered_at=row.registered_at,
        )
        for row, subject, dossier in zip(rows, subjects, dossiers, strict=True)
    ]
    values = [
        {
            "name": row.name,
            "id_number": row.id_number,
            "mobile": row.mobile,
            "email": row.email,
            "address": row.address,
            "service_address": row.service_address,
        }
        for row in rows
    ]
    set_personal_bulk(borrowers, values)
    bulk_create_with_history(Borrower, borrowers)
    _insert_circle(rows, borrowers)
    bulk_create_with_history(
        BorrowerNeed,
        [
            BorrowerNeed(borrower=borrower, need=need.need, from_on=need.from_on, until=need.until)
            for row, borrower in zip(rows, borrowers, strict=True)
            for need in row.needs
        ],
    )
    return borrowers


def _insert_circle(rows: list[BorrowerRow], borrowers: list[Borrower]) -> None:
    """The contact persons, and all telephone numbers."""
    named = [
        (borrower, one) for row, borrower in zip(rows, borrowers, strict=True) for one in row.contact_persons
    ]
    persons = [
        ContactPerson(borrower=borrower, subject=subject, relation=one.relation)
        for (borrower, one), subject in zip(named, create_subjects(len(named)), strict=True)
    ]
    set_personal_bulk(persons, [{"name": one.name} for _borrower, one in named])
    bulk_create_with_history(ContactPerson, persons)
    phones: list[PhoneNumber] = []
    numbers: list[dict[str, str]] = []
    for row, borrower in zip(rows, borrowers, strict=True):
        own = PhoneNumber(
            borrower=borrower, subject=borrower.subject, owner=NumberOwner.OWN, given_for_contact=True
        )
        phones.append(own)
        numbers.append({"number": row.mobile})
        for phone in row.phones:
            phones.append(
                PhoneNumber(
                    borrower=borrower,
                    subject=borrower.subject,
                    owner=phone.owner,
                    given_for_contact=phone.given_for_contact,
                    invalid_since=phone.invalid_since,
                )
            )
            numbers.append({"number": phone.number})
    for (borrower, one), person in zip(named, persons, strict=True):
        if one.mobile:
            phones.append(
                PhoneNumber(
                    borrower=borrower,
                    contact_person=person,
                    subject=person.subject,
                    owner=NumberOwner.CONTACT_PERSON,
                )
            )
            numbers.append({"number": one.mobile})
    set_personal_bulk(phones, numbers)
    bulk_create_with_history(PhoneNumber, phones)
