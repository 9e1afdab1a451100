"""Receiving a complaint: the one way in for the API, the hotline's entry form and imports row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from backoffice.api.models import Client
from backoffice.audit.services import act
from backoffice.core.choices import DossierKind
from backoffice.core.errors import DomainError, InputRefused
from backoffice.core.services import next_number, open_dossier
from backoffice.core.time import business_day
from backoffice.desk.models import Attachment
from backoffice.desk.services import store_attachment
from backoffice.loans.choices import IdType
from backoffice.privacy.services import create_subjects, set_personal, set_text
from backoffice.staff.models import Team, User
from complaints import timing
from complaints.choices import ComplainantRole, ComplaintSeverity, Source
from complaints.models import Complainant, ComplainantPhone, Complaint
from complaints.selectors.categories import category_in_force
from complaints.services import allegations as allegation_services
from complaints.services.changes import Change, demand_right, demand_text
from complaints.services.deadlines import open_decision_deadline
from complaints.services.demands import write_demand
from complaints.services.effects import settle_holds
from complaints.services.matching import earlier_complaint, find_match, open_case_of

NUMBER_PREFIX = "TS"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewComplainant:
    """Who complains. ``on_behalf_of`` is the person represented, in words."""

    name: str
    role: str = ComplainantRole.BORROWER
    id_type: str = IdType.RESIDENT
    id_number: str = ""
    phones: Sequence[str] = ()
    email: str = ""
    on_behalf_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContact:
    """A contact somebody says happened; the number may be unknown."""

    at: datetime | None = None
    number: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAllegation:
    """One thing complained of; ``category`` is a code of the tree in force."""

    category: str
    text: str = ""
    contacts: Sequence[NewContact] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDemand:
    text: str
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    name: str
    content: bytes


class AlreadyFiled(DomainError):
    """The client has filed a complaint under this external id before."""

    code = "already-filed"
    default_message = _("A complaint with this external id was filed before.")


def file_complaint(
    *,
    source: str,
    received_at: datetime,
    words: str,
    complainants: Sequence[NewComplainant],
    loan_refs: Sequence[str] = (),
    allegations: Sequence[NewAllegation] = (),
    demands: Sequence[NewDemand] = (),
    files: Sequence[NewFile] = (),
    sender_reference: str = "",
    sender_due_on: date | None = None,
    severity: str = ComplaintSeverity.NORMAL,
    team: Team | None = None,
    client: Client | None = None,
    external_id: str = "",
    by: User,
    at: datetime,
) -> Complaint:
    """Take in a complaint received at ``received_at``: number, deadline, matching, and the holds due from receipt.

    The deadline counts from the day of receipt in Shanghai, that day not counted. The borrower is matched when
    loan numbers and document numbers lead to one and the same; otherwise a handler does it. Raises
    ``NotPermitted``, ``InputRefused`` (``field`` is the path of the input at fault), ``AlreadyFiled``.
    """
    demand_right(by, "complaints.file_complaint")
    _check(source, received_at, complainants, allegations, severity, at)
    if (
        client is not None
        and external_id
        and Complaint.objects.filter(client=client, external_id=external_id).exists()
    ):
        raise AlreadyFiled(field="external_id")
    words = demand_text(words, "words")
    with act(by=by, at=at, code="complaint.filed") as frame:
        number = next_number(prefix=NUMBER_PREFIX, at=received_at)[0]
        complaint = Complaint(
            dossier=open_dossier(kind=DossierKind.COMPLAINT, number=number, at=at),
            number=number,
            received_at=received_at,
            source=source,
            sender_reference=sender_reference,
            sender_due_on=sender_due_on,
            severity=severity,
            team=team,
            client=client,
            external_id=external_id,
        )
        set_text(complaint, "words_cipher", words, dossier_id=complaint.dossier_id)
        people = [_complainant(complaint, one, index) for index, one in enumerate(complainants)]
        match = find_match(loan_refs=loan_refs, complainants=[person for person, _phones in people])
        if match.borrower is not None:
            complaint.borrower, complaint.loan = match.borrower, match.loan
            complaint.case = open_case_of(match.borrower)
            complaint.repeat_of = earlier_complaint(match.borrower, before=received_at)
        complaint.save()
        for person, phones in people:
            person.save()
            for phone in phones:
                phone.save()
        change = Change(complaint, frame)
        for index, allegation in enumerate(allegations):
            _write_allegation(change, allegation, index, people[0][0])
        for demand in demands:
            write_demand(change, text=demand.text, amount=demand.amount)
        for index, file in enumerate(files):
            _store(complaint, file, index, client=client, by=by, at=at)
        open_decision_deadline(complaint, start=received_at, at=at)
        settle_holds(change)
        change.record("filed", data={"source": source, "matched": match.how, "allegations": len(allegations)})
    return complaint


def _check(
    source: str,
    received_at: datetime,
    complainants: Sequence[NewComplainant],
    allegations: Sequence[NewAllegation],
    severity: str,
    at: datetime,
) -> None:
    if source not in Source.values:
        raise InputRefused(field="source")
    if severity not in ComplaintSeverity.values:
        raise InputRefused(field="severity")
    if received_at > at:
        raise InputRefused(_("This moment is still to come."), field="received_at")
    most = timing.policy_days(timing.REPRESENTATIVES_MAX, at=received_at)
    if not 1 <= len(complainants) <= most:
        raise InputRefused(
            _("A complaint has one to %(most)s complainants; more elect representatives.") % {"most": most},
            field="complainants",
        )
    for index, one in enumerate(complainants):
        if one.role not in ComplainantRole.values:
            raise InputRefused(field=f"complainants.{index}.role")
        if one.id_type not in IdType.values:
            raise InputRefused(field=f"complainants.{index}.id_type")
        if not one.name.strip():
            raise InputRefused(field=f"complainants.{index}.name")
    for index, allegation in enumerate(allegations):
        category_in_force(
            allegation.category, on=business_day(received_at), field=f"allegations.{index}.category"
        )


def _complainant(
    complaint: Complaint, given: NewComplainant, index: int
) -> tuple[Complainant, list[ComplainantPhone]]:
    """The unsaved person with their numbers: whom they lead to is known before anything is saved."""
    person = Complainant(
        complaint=complaint, subject=create_subjects(1)[0], role=given.role, id_type=given.id_type
    )
    phones = []
    try:
        set_personal(person, name=given.name, id_number=given.id_number, email=given.email)
        set_text(person, "on_behalf_of_cipher", given.on_behalf_of.strip(), dossier_id=complaint.dossier_id)
        for place, number in enumerate(given.phones):
            phone = ComplainantPhone(complainant=person)
            _set_phone(phone, number, f"phones.{place}")
            phones.append(phone)
    except InputRefused as refusal:
        raise InputRefused(
            refusal.message, code=refusal.code, field=f"complainants.{index}.{refusal.field}"
        ) from refusal
    return person, phones


def _set_phone(phone: ComplainantPhone, number: str, field: str) -> None:
    try:
        set_personal(phone, number=number)
    except InputRefused as refusal:
        raise InputRefused(refusal.message, code=refusal.code, field=field) from refusal


def _write_allegation(change: Change, given: NewAllegation, index: int, said_by: Complainant) -> None:
    allegation = allegation_services.write_allegation(change, category=given.category, text=given.text)
    for place, contact in enumerate(given.contacts):
        try:
            allegation_services.write_alleged_contact(
                change,
                allegation=allegation,
                subject_id=said_by.subject_id,
                alleged_at=contact.at,
                number=contact.number,
                text=contact.text,
            )
        except InputRefused as refusal:
            field = f"allegations.{index}.contacts.{place}.{refusal.field}"
            raise InputRefused(refusal.message, code=refusal.code, field=field) from refusal


def _store(
    complaint: Complaint, file: NewFile, index: int, *, client: Client | None, by: User, at: datetime
) -> None:
    origin = Attachment.Origin.API if client is not None else Attachment.Origin.UPLOAD
    try:
        store_attachment(
            dossier=complaint.dossier,
            kind="evidence",
            name=file.name,
            content=file.content,
            origin=origin,
            by=by,
            at=at,
        )
    except InputRefused as refusal:
        raise InputRefused(refusal.message, code=refusal.code, field=f"attachments.{index}") from refusal
