"""Taking in many complaints at once, set-based: final states, their history and the events that led there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Model

from backoffice.audit.services import act
from backoffice.core.choices import DossierKind
from backoffice.core.errors import InputRefused
from backoffice.core.history import bulk_create_with_history
from backoffice.core.services import next_number, open_dossiers
from backoffice.core.time import business_day
from backoffice.privacy.models import DataKey
from backoffice.privacy.services import (
    create_dossier_keys,
    create_subjects,
    encrypt_for,
    label_of,
    set_personal_bulk,
)
from backoffice.staff.models import User
from complaints.consequences import Claim, wanted_holds
from complaints.importing import ComplaintRow, ImportedComplaints, check_row
from complaints.models import (
    Allegation,
    AllegationContact,
    Category,
    Complainant,
    ComplainantPhone,
    Complaint,
    Demand,
)
from complaints.selectors.categories import version_in_force
from complaints.services.changes import demand_right
from complaints.services.effects import NOT_ACCEPTED, place_wanted
from complaints.services.filing import NUMBER_PREFIX
from complaints.services.import_parts import (
    NO_CLOCK,
    write_deadlines,
    write_decisions,
    write_events,
    write_exchange,
    write_letters,
)
from conduct.models import AllegedContact
from debt_collections.models import ContactAttempt


def import_complaints_bulk(
    rows: Sequence[ComplaintRow], *, by: User, at: datetime, holds: bool = True
) -> ImportedComplaints:
    """Take in complaints in their final states: 3,000 in a few seconds. A row at fault is refused, with its reason.

    The events are ``imported`` (or the row's own steps). ``holds`` places what open ones stop. A complaint
    received before any rule gave it a time limit gets none. Raises ``NotPermitted``.
    """
    demand_right(by, "complaints.file_complaint")
    result = ImportedComplaints()
    version = version_in_force(on=business_day(at))
    categories = {one.code: one for one in Category.objects.filter(version=version)}
    good: list[tuple[int, ComplaintRow]] = []
    for position, row in enumerate(rows):
        try:
            check_row(row, categories=categories, at=at)
        except InputRefused as refusal:
            result.refused[position] = refusal
        else:
            good.append((position, row))
    with act(by=by, at=at, code="complaint.imported"):
        complaints = Batch([row for _position, row in good], categories, by=by, at=at).run()
        result.created = {position: made for (position, _row), made in zip(good, complaints, strict=True)}
        if holds:
            roots = {code: category.root for code, category in categories.items()}
            _place_holds(complaints, [row for _position, row in good], roots, by=by, at=at)
    return result


def _place_holds(
    complaints: Sequence[Complaint],
    rows: Sequence[ComplaintRow],
    roots: dict[str, str],
    *,
    by: User,
    at: datetime,
) -> None:
    """What the open ones stop, told from their rows: none of them stands yet."""
    linked = {pk for row in rows for one in row.allegations for pk in one.contact_ids}
    contacts = {
        pk: (collector_id, channel)
        for pk, collector_id, channel in ContactAttempt.objects.filter(
            pk__in=linked, collector__isnull=False
        ).values_list("pk", "collector_id", "channel")
    }
    for complaint, row in zip(complaints, rows, strict=True):
        if complaint.borrower_id is None or complaint.state in NO_CLOCK:
            continue
        claims = [
            Claim(
                roots[one.category],
                one.collector_id,
                frozenset(contacts[pk] for pk in one.contact_ids if pk in contacts),
            )
            for one in row.allegations
        ]
        wanted = wanted_holds(claims, accepted=complaint.state not in NOT_ACCEPTED)
        place_wanted(complaint, wanted, by=by, at=at)


@dataclass
class Batch:
    """One batch under way; each method writes one kind of row for all complaints."""

    rows: list[ComplaintRow]
    categories: dict[str, Category]
    by: User
    at: datetime

    def run(self) -> list[Complaint]:
        numbers = self._numbers()
        dossiers = open_dossiers(
            kind=DossierKind.COMPLAINT, numbers=numbers, ats=[row.received_at for row in self.rows]
        )
        self.keys = create_dossier_keys(dossiers)
        made = []
        for row, dossier, number in zip(self.rows, dossiers, numbers, strict=True):
            complaint = Complaint(
                dossier_id=dossier,
                number=number,
                words_cipher=self._encrypted(self.keys[dossier], Complaint, "words_cipher", row.words),
                **{name: getattr(row, name) for name in _PLAIN},
            )
            made.append(complaint)
        self.complaints = bulk_create_with_history(Complaint, made)
        self._people()
        self._allegations()
        self._demands()
        write_exchange(self)
        write_deadlines(self)
        write_decisions(self)
        write_events(self)
        write_letters(self)
        return self.complaints

    def pairs(self) -> Iterator[tuple[Complaint, ComplaintRow]]:
        return zip(self.complaints, self.rows, strict=True)

    def text(self, complaint: Complaint, model: type[Model], field: str, text: str) -> bytes | None:
        """``text`` of a row in the complaint's folder, encrypted; None when there is none."""
        return self._encrypted(self.keys[complaint.dossier_id], model, field, text)

    @staticmethod
    def _encrypted(key: DataKey, model: type[Model], field: str, text: str) -> bytes | None:
        return encrypt_for(key, text.strip(), field=label_of(model, field)) if text.strip() else None

    def _numbers(self) -> list[str]:
        by_day: dict[date, list[int]] = {}
        for position, row in enumerate(self.rows):
            by_day.setdefault(business_day(row.received_at), []).append(position)
        numbers = [""] * len(self.rows)
        for positions in by_day.values():
            received_at = self.rows[positions[0]].received_at
            given = next_number(prefix=NUMBER_PREFIX, at=received_at, count=len(positions))
            for position, number in zip(positions, given, strict=True):
                numbers[position] = number
        return numbers

    def _people(self) -> None:
        self.subjects = create_subjects(len(self.rows))
        people = [
            Complainant(
                complaint=complaint,
                subject=subject,
                role=row.complainant.role,
                id_type=row.complainant.id_type,
                on_behalf_of_cipher=self.text(
                    complaint, Complainant, "on_behalf_of_cipher", row.complainant.on_behalf_of
                ),
            )
            for (complaint, row), subject in zip(self.pairs(), self.subjects, strict=True)
        ]
        set_personal_bulk(
            people,
            [
                {"name": one.name, "id_number": one.id_number, "email": one.email}
                for one in (row.complainant for row in self.rows)
            ],
        )
        people = bulk_create_with_history(Complainant, people)
        numbers = [
            (person, number)
            for person, row in zip(people, self.rows, strict=True)
            for number in row.complainant.phones
        ]
        phones = [ComplainantPhone(complainant=person) for person, _number in numbers]
        set_personal_bulk(phones, [{"number": number} for _person, number in numbers])
        bulk_create_with_history(ComplainantPhone, phones)

    def _allegations(self) -> None:
        given = [(c, n, one) for c, row in self.pairs() for n, one in enumerate(row.allegations, 1)]
        made = bulk_create_with_history(
            Allegation,
            [
                Allegation(
                    complaint=complaint,
                    sequence=number,
                    category=self.categories[one.category],
                    collector_id=one.collector_id,
                    text_cipher=self.text(complaint, Allegation, "text_cipher", one.text),
                    finding=one.finding,
                    finding_reason_cipher=self.text(
                        complaint, Allegation, "finding_reason_cipher", one.finding_reason
                    ),
                    found_by=one.found_by,
                    found_at=one.found_at,
                )
                for complaint, number, one in given
            ],
        )
        subjects = {
            complaint.pk: subject for complaint, subject in zip(self.complaints, self.subjects, strict=True)
        }
        said = [
            (allegation, c, one)
            for allegation, (c, _n, row) in zip(made, given, strict=True)
            for one in row.alleged
        ]
        alleged = [
            AllegedContact(
                dossier_id=complaint.dossier_id,
                subject=subjects[complaint.pk],
                borrower=complaint.borrower,
                alleged_at=one.at,
                text_cipher=self.text(complaint, AllegedContact, "text_cipher", one.text),
            )
            for _allegation, complaint, one in said
        ]
        set_personal_bulk(alleged, [{"number": one.number} for _allegation, _complaint, one in said])
        alleged = bulk_create_with_history(AllegedContact, alleged)
        links = [
            AllegationContact(allegation=allegation, contact_id=contact_id)
            for allegation, (_c, _n, row) in zip(made, given, strict=True)
            for contact_id in row.contact_ids
        ]
        links += [
            AllegationContact(allegation=allegation, alleged=one)
            for (allegation, _c, _row), one in zip(said, alleged, strict=True)
        ]
        bulk_create_with_history(AllegationContact, links)

    def _demands(self) -> None:
        bulk_create_with_history(
            Demand,
            [
                Demand(
                    complaint=complaint,
                    sequence=number,
                    amount=one.amount,
                    text_cipher=self.text(complaint, Demand, "text_cipher", one.text),
                    answer_cipher=self.text(complaint, Demand, "answer_cipher", one.answer),
                    answered_at=one.answered_at,
                )
                for complaint, row in self.pairs()
                for number, one in enumerate(row.demands, 1)
            ],
        )


#: Columns a row and a complaint have in common.
_PLAIN = (
    "state",
    "received_at",
    "source",
    "sender_reference",
    "sender_due_on",
    "external_id",
    "severity",
    "borrower",
    "loan",
    "case",
    "handler",
    "team",
    "identity_verified_at",
    "identity_verified_how",
    "not_admitted_reason",
    "repeat_of",
    "closed_at",
)
