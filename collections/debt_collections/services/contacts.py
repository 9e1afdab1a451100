"""Putting one contact on record."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import act, lock
from backoffice.core.choices import DossierKind
from backoffice.core.errors import InputRefused, NotPermitted
from backoffice.core.services import next_number, open_dossier
from backoffice.loans.choices import Channel, NumberOwner
from backoffice.loans.models import Borrower, ContactPerson, Loan, PhoneNumber
from backoffice.privacy.services import set_text
from backoffice.staff.models import User
from debt_collections import workflow
from debt_collections.allotment import allot
from debt_collections.choices import Connection, Outcome, Purpose
from debt_collections.holds import VOICE
from debt_collections.models import Case, CollectionEvent, Collector, ContactAttempt, ContactAttemptLoan
from debt_collections.querysets import SEES_ALL
from debt_collections.services.agencies import demand
from debt_collections.signals import contact_recorded

PREFIX = "LX"


def log_contact(
    *,
    borrower: Borrower,
    case: Case | None,
    collector: Collector | None,
    purpose: str,
    channel: str,
    direction: str,
    party: str,
    connection: str,
    started_at: datetime,
    ended_at: datetime,
    outcome: str = Outcome.NONE,
    phone_number: PhoneNumber | None = None,
    contact_person: ContactPerson | None = None,
    second_collector: Collector | None = None,
    identity_disclosed: bool | None = None,
    loans: Sequence[Loan] = (),
    note: str = "",
    external_id: str = "",
    by: User,
    at: datetime,
) -> ContactAttempt:
    """Put a contact that was tried or made on record; it can never be changed afterwards.

    Recording judges nothing: an unlawful contact belongs on record all the more. ``loans`` are the debts it was
    about (see ``allotment.allot``). ``external_id`` is the dialler's own: the same one again answers the contact
    that is there. ``note`` is kept under the contact's own key. Raises ``NotPermitted``, ``InputRefused``.
    """
    _check_right(case, collector, by, at)
    _check_facts(borrower, case, collector, purpose, channel, connection, started_at, ended_at, at)
    _check_belongs(borrower, phone_number, contact_person, loans)
    with act(by=by, at=at, code="contact.logged") as frame:
        lock(Borrower, borrower.pk)
        present = ContactAttempt.objects.filter(external_id=external_id).first() if external_id else None
        if present is not None:
            return present
        number = next_number(prefix=PREFIX, at=started_at)[0]
        dossier = open_dossier(kind=DossierKind.CONTACT, number=number, at=at)
        contact = ContactAttempt(
            dossier=dossier,
            external_id=external_id or f"desk:{uuid.uuid4()}",
            borrower=borrower,
            case=case,
            collector=collector,
            second_collector=second_collector,
            contact_person=contact_person,
            phone_number=phone_number,
            purpose=purpose,
            channel=channel,
            direction=direction,
            party=party,
            number_owner=phone_number.owner if phone_number is not None else NumberOwner.UNKNOWN,
            connection=connection,
            outcome=outcome,
            identity_disclosed=identity_disclosed,
            started_at=started_at,
            ended_at=ended_at,
            recorded_at=at,
        )
        set_text(contact, "note_cipher", note, dossier_id=dossier.pk)
        contact.save()
        for loan_id in allot(
            connection=connection, discussed=[loan.pk for loan in loans], owed=owed_loans(case)
        ):
            ContactAttemptLoan.objects.create(contact=contact, loan_id=loan_id)
        frame.record(
            CollectionEvent,
            "contact_logged",
            dossier=dossier,
            borrower=borrower,
            case=case,
            data={"channel": channel, "number": number},
        )
        contact_recorded.send(sender=ContactAttempt, contact_ids=(contact.pk,), by=by, at=at)
    return contact


def owed_loans(case: Case | None) -> list[int]:
    """The ids of the case's loans, the longest overdue first."""
    if case is None:
        return []
    rows = case.case_loans.values_list("loan_id", "loan__oldest_unpaid_due_on")
    return [pk for pk, _due in sorted(rows, key=lambda row: (row[1] is None, row[1], row[0]))]


def _check_right(case: Case | None, collector: Collector | None, by: User, at: datetime) -> None:
    if case is not None:
        workflow.case.check("log_contact", case, by=by, at=at)
    else:
        demand(by, "collections.log_contact")
    if not by.has_perm(SEES_ALL) and (collector is None or collector.user_id != by.pk):
        raise NotPermitted(_("You can log your own contacts only."))


def _check_facts(
    borrower: Borrower,
    case: Case | None,
    collector: Collector | None,
    purpose: str,
    channel: str,
    connection: str,
    started_at: datetime,
    ended_at: datetime,
    at: datetime,
) -> None:
    if case is not None and case.borrower_id != borrower.pk:
        raise InputRefused(_("This case is about another borrower."), field="case")
    if purpose == Purpose.COLLECT and (case is None or collector is None):
        raise InputRefused(_("A contact to collect needs its case and its collector."), field="case")
    if started_at > at:
        raise InputRefused(_("A contact that has not begun cannot be logged."), field="started_at")
    if ended_at < started_at:
        raise InputRefused(_("The contact ends before it begins."), field="ended_at")
    no_call = connection == Connection.NOT_A_CALL
    if (no_call and channel in VOICE) or (not no_call and channel not in {*VOICE, Channel.VISIT}):
        raise InputRefused(_("Channel and connection do not go together."), field="connection")


def _check_belongs(
    borrower: Borrower,
    phone_number: PhoneNumber | None,
    contact_person: ContactPerson | None,
    loans: Sequence[Loan],
) -> None:
    if phone_number is not None and phone_number.borrower_id != borrower.pk:
        raise InputRefused(_("This number belongs to another borrower."), field="phone_number")
    if contact_person is not None and contact_person.borrower_id != borrower.pk:
        raise InputRefused(_("This contact person was named by another borrower."), field="contact_person")
    if any(loan.borrower_id != borrower.pk for loan in loans):
        raise InputRefused(_("This loan is owed by somebody else."), field="loans")
