"""Borrowers, the people they named, and the numbers by which all of them can be reached."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import act, lock
from backoffice.core.choices import DossierKind
from backoffice.core.errors import InputRefused
from backoffice.core.services import open_dossier
from backoffice.loans.choices import IdType, NumberOwner
from backoffice.loans.models import Borrower, ContactPerson, LoanEvent, PhoneNumber
from backoffice.loans.services.rights import require
from backoffice.privacy import kinds
from backoffice.privacy.services import create_subjects, index_of, set_personal
from backoffice.staff.models import User


class AlreadyRegistered(InputRefused):
    """One person is one borrower, however many loans there are."""

    code = "already-registered"
    default_message = _("This person is registered already.")


def register_borrower(
    *,
    customer_number: str,
    name: str,
    id_number: str,
    mobile: str,
    by: User,
    at: datetime,
    id_type: str = IdType.RESIDENT,
    email: str = "",
    address: str = "",
    service_address: str = "",
) -> Borrower:
    """A new borrower with file, data subject and own mobile number.

    Raises ``NotPermitted``, ``InputRefused`` (a value is not of its kind) and ``AlreadyRegistered`` (the customer
    number or the document is known).
    """
    require(by, "loans.add_borrower")
    document = kinds.RESIDENT_ID if id_type == IdType.RESIDENT else kinds.OTHER_ID
    if Borrower.objects.filter(customer_number=customer_number).exists():
        raise AlreadyRegistered(field="customer_number")
    if Borrower.objects.filter(id_type=id_type, id_number_index=index_of(document, id_number)).exists():
        raise AlreadyRegistered(field="id_number")
    with act(by=by, at=at, code="borrower.registered") as frame:
        [subject] = create_subjects(1)
        dossier = open_dossier(kind=DossierKind.BORROWER, number=customer_number, at=at)
        borrower = Borrower(
            dossier=dossier,
            subject=subject,
            customer_number=customer_number,
            id_type=id_type,
            registered_at=at,
        )
        set_personal(
            borrower,
            name=name,
            id_number=id_number,
            mobile=mobile,
            email=email,
            address=address,
            service_address=service_address,
        )
        borrower.save()
        _add_number(borrower, mobile, owner=NumberOwner.OWN, given_for_contact=True)
        frame.record(LoanEvent, "borrower_registered", dossier=dossier, borrower=borrower)
    return borrower


def register_contact_person(
    *, borrower: Borrower, name: str, relation: str, by: User, at: datetime, mobile: str = ""
) -> ContactPerson:
    """A third person the borrower named: a data subject of their own, locked until a rule unlocks them.

    Raises ``NotPermitted`` and ``InputRefused``.
    """
    require(by, "loans.add_contactperson")
    with act(by=by, at=at, code="contact_person.registered") as frame:
        borrower = lock(Borrower, borrower.pk)
        [subject] = create_subjects(1)
        person = ContactPerson(borrower=borrower, subject=subject, relation=relation)
        set_personal(person, name=name)
        person.save()
        if mobile:
            _add_number(borrower, mobile, owner=NumberOwner.CONTACT_PERSON, contact_person=person)
        frame.record(LoanEvent, "contact_person_registered", dossier=borrower.dossier, borrower=borrower)
    return person


def register_phone_number(
    *,
    borrower: Borrower,
    number: str,
    owner: str,
    by: User,
    at: datetime,
    contact_person: ContactPerson | None = None,
    given_for_contact: bool = False,
) -> PhoneNumber:
    """The number of this borrower's circle: found by its blind index, or entered.

    A number entered as unknown takes the owner that is known now; one whose owner is known keeps it. Raises
    ``NotPermitted`` and ``InputRefused`` (no telephone number; a contact person of another borrower).
    """
    require(by, "loans.add_phonenumber")
    if contact_person is not None and contact_person.borrower_id != borrower.pk:
        raise InputRefused(_("This contact person belongs to another borrower."), field="contact_person")
    if (owner == NumberOwner.CONTACT_PERSON) != (contact_person is not None):
        raise InputRefused(_("A contact person's number names the contact person."), field="contact_person")
    with act(by=by, at=at, code="phone_number.registered"):
        return keep_number(
            lock(Borrower, borrower.pk),
            number,
            owner=owner,
            contact_person=contact_person,
            given_for_contact=given_for_contact,
        )


def keep_number(
    borrower: Borrower,
    number: str,
    *,
    owner: str,
    contact_person: ContactPerson | None = None,
    given_for_contact: bool = False,
) -> PhoneNumber:
    """As ``register_phone_number``, within a service call that holds the borrower's lock and has asked the right."""
    known = (
        PhoneNumber.objects.filter(borrower=borrower, number_index=index_of(kinds.PHONE, number))
        .order_by("pk")
        .first()
    )
    if known is None:
        return _add_number(
            borrower,
            number,
            owner=owner,
            contact_person=contact_person,
            given_for_contact=given_for_contact,
        )
    if known.owner == NumberOwner.UNKNOWN and owner != NumberOwner.UNKNOWN:
        known.owner = owner
        known.contact_person = contact_person
        known.given_for_contact = given_for_contact
        known.subject = contact_person.subject if contact_person else borrower.subject
        _reencrypt(known, number)
        known.save()
    return known


def _reencrypt(known: PhoneNumber, number: str) -> None:
    """A number that changes hands is encrypted under the key of the person whose it is."""
    known.number_cipher = None
    set_personal(known, number=number)


def _add_number(
    borrower: Borrower,
    number: str,
    *,
    owner: str,
    contact_person: ContactPerson | None = None,
    given_for_contact: bool = False,
) -> PhoneNumber:
    row = PhoneNumber(
        borrower=borrower,
        contact_person=contact_person,
        subject=contact_person.subject if contact_person else borrower.subject,
        owner=owner,
        given_for_contact=given_for_contact,
    )
    set_personal(row, number=number)
    row.save()
    return row
