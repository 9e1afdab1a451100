"""Contacts: on record once, never changed, counted to the right debts."""

import time
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.core.services import open_dossier
from backoffice.privacy.services import read_text
from backoffice.staff.roles import Role
from debt_collections import services, signals
from debt_collections.allotment import allot
from debt_collections.models import CollectionEvent, ContactAttempt, ContactAttemptLoan
from debt_collections.selectors import contacts_for_borrower, contacts_for_page
from debt_collections.services import ContactRow
from tests.factories import collections as make
from tests.factories.staff import person

pytestmark = pytest.mark.django_db

EVENING = make.shanghai("2026-11-20 18:40")


@pytest.mark.parametrize(
    ("connection_", "discussed", "owed", "expected"),
    [
        ("person", (5, 6), (7,), (5, 6)),
        ("person", (5, 5), (), (5,)),
        ("unknown", (5, 6), (), (5, 6)),
        ("not_a_call", (5, 6), (), (5, 6)),
        ("no_answer", (5, 6), (7,), (5,)),
        ("voicemail", (), (7, 8), (7,)),
        ("person", (), (7, 8), (7,)),
        ("busy", (), (), ()),
    ],
)
def test_to_which_debts_a_contact_counts(connection_: str, discussed, owed, expected) -> None:
    assert allot(connection=connection_, discussed=discussed, owed=owed) == expected


def log(case, collector, *, by, **given) -> ContactAttempt:
    return services.log_contact(**make.contact_facts(case, collector, EVENING, **given), by=by, at=make.NOW)


def test_logging_needs_the_right_and_ones_own_case() -> None:
    me, stranger = person(Role.COLLECTOR), person(Role.COLLECTOR)
    mine, other = make.collector(user=me), make.collector(user=stranger)
    case = make.case(mine)
    for by, collector in ((person(Role.AUDITOR), mine), (stranger, other)):
        with pytest.raises((NotPermitted, TransitionRefused)):
            log(case, collector, by=by)
    with pytest.raises(NotPermitted):
        log(case, other, by=me)
    assert not ContactAttempt.objects.exists()
    assert log(case, mine, by=me).collector == mine


def test_a_contact_is_put_on_record() -> None:
    case = make.case(make.collector(), loans=2)
    loans = [row.loan for row in case.case_loans.all()]
    heard: list[tuple[int, ...]] = []

    def listen(contact_ids: tuple[int, ...], **_given: object) -> None:
        heard.append(contact_ids)

    signals.contact_recorded.connect(listen)
    try:
        contact = log(
            case,
            case.placements.get().collector,
            by=make.officer(),
            phone_number=make.phone(case.borrower, "workplace"),
            loans=loans,
            note="客户称下周发工资",
        )
    finally:
        signals.contact_recorded.disconnect(listen)
    assert contact.dossier.number == "LX20261120-000001"
    assert contact.number_owner == "workplace"
    assert {row.loan for row in contact.contact_loans.all()} == set(loans)
    stored = ContactAttempt.objects.get(pk=contact.pk)
    assert "工资".encode() not in bytes(stored.note_cipher)
    assert read_text(stored, "note_cipher") == "客户称下周发工资"
    assert heard == [(contact.pk,)]
    assert CollectionEvent.objects.get(kind="contact_logged").actor == make.officer()


def test_an_unanswered_call_counts_to_the_oldest_debt() -> None:
    case = make.case(make.collector())
    older = make.loan(case.borrower, overdue_since=make.NOW.date() - timedelta(days=90))
    services.add_loan_to_case(case=case, loan=older, by=make.officer(), at=make.NOW)
    contact = log(case, case.placements.get().collector, by=make.officer(), connection="no_answer")
    assert contact.contact_loans.get().loan == older


def test_the_same_external_id_is_the_same_contact() -> None:
    case = make.case(make.collector())
    given = {"by": make.officer(), "external_id": "dialler-1"}
    first = log(case, case.placements.get().collector, **given)
    assert log(case, case.placements.get().collector, **given) == first
    assert ContactAttempt.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"collector": None}, "case"),
        ({"started_at": make.NOW + timedelta(minutes=1)}, "started_at"),
        ({"ended_at": EVENING - timedelta(seconds=1)}, "ended_at"),
        ({"connection": "not_a_call"}, "connection"),
        ({"channel": "sms", "connection": "person"}, "connection"),
    ],
)
def test_what_cannot_be_is_refused(given: dict, field: str) -> None:
    case = make.case(make.collector())
    facts = make.contact_facts(case, case.placements.get().collector, EVENING) | given
    with pytest.raises(InputRefused) as refused:
        services.log_contact(**facts, by=make.officer(), at=make.NOW)
    assert refused.value.field == field


def test_things_of_another_borrower_are_refused() -> None:
    case, other = make.case(make.collector()), make.borrower()
    for given in (
        {"phone_number": make.phone(other)},
        {"loans": [make.loan(other)]},
        {"borrower": other},
    ):
        with pytest.raises(InputRefused):
            log(case, case.placements.get().collector, by=make.officer(), **given)


def test_the_database_wants_case_and_collector_to_collect() -> None:
    borrower = make.borrower()
    facts = {
        "borrower": borrower,
        "purpose": "collect",
        "channel": "call",
        "direction": "out",
        "party": "debtor",
    }
    facts |= {"number_owner": "own", "connection": "person", "outcome": "none", "external_id": "x"}
    facts |= {"started_at": EVENING, "ended_at": EVENING, "recorded_at": make.NOW}
    with pytest.raises(IntegrityError), transaction.atomic():
        ContactAttempt.objects.create(dossier=open_dossier(kind="contact", number="x", at=make.NOW), **facts)
    facts["purpose"] = "service"
    ContactAttempt.objects.create(dossier=open_dossier(kind="contact", number="y", at=make.NOW), **facts)


@pytest.mark.parametrize("model", [ContactAttempt, ContactAttemptLoan])
def test_the_database_refuses_to_change_a_contact(model: type[ContactAttempt | ContactAttemptLoan]) -> None:
    case = make.case(make.collector())
    make.contact(case, case.placements.get().collector, EVENING)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        model.objects.update(epoch=9)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        model.objects.all()._raw_delete("default")
    assert model.objects.exclude(epoch=9).count() == 1


def test_a_collector_sees_their_own_contacts() -> None:
    me = person(Role.COLLECTOR)
    mine, other = make.collector(user=me), make.collector()
    case = make.case(mine)
    own, elses = make.contact(case, mine, EVENING), make.contact(case, other, EVENING)
    assert contacts_for_borrower(case.borrower_id, viewer=me) == [own]
    assert contacts_for_page([own.pk, elses.pk], viewer=me) == [own]
    assert set(contacts_for_borrower(case.borrower_id, viewer=person(Role.HANDLER))) == {own, elses}


def test_contacts_before_a_moment_newest_first() -> None:
    case = make.case(make.collector())
    collector, officer = case.placements.get().collector, make.officer()
    first, second, _third = [
        make.contact(case, collector, EVENING + timedelta(minutes=10 * number)) for number in range(3)
    ]
    found = contacts_for_borrower(
        case.borrower_id, viewer=officer, before=EVENING + timedelta(minutes=20), limit=2
    )
    assert found == [second, first]


def rows_for(case, collector, count: int, *, every: int = 4) -> list[ContactRow]:
    loan_ids = tuple(case.case_loans.values_list("loan_id", flat=True))
    start = make.NOW - timedelta(days=170)
    return [
        ContactRow(
            external_id=f"row-{number}",
            borrower_id=case.borrower_id,
            case_id=case.pk,
            collector_id=collector.pk,
            purpose="collect",
            channel="call",
            direction="out",
            party="debtor",
            number_owner="own",
            connection="person" if number % 3 else "no_answer",
            started_at=start + timedelta(minutes=6 * number),
            ended_at=start + timedelta(minutes=6 * number + 1),
            loan_ids=loan_ids,
            note="客户表示周五还款" if number % every == 0 else "",
        )
        for number in range(count)
    ]


def test_importing_needs_the_right() -> None:
    with pytest.raises(NotPermitted):
        services.import_contacts_bulk([], by=person(Role.COLLECTOR), at=make.NOW)


def test_importing_twice_makes_nothing_twice() -> None:
    collector = make.collector()
    case = make.case(collector, loans=2)
    rows = rows_for(case, collector, 12)
    first = services.import_contacts_bulk(rows[:8], by=make.officer(), at=make.NOW)
    again = services.import_contacts_bulk([*rows, rows[-1]], by=make.officer(), at=make.NOW)
    assert (first.created, first.skipped) == (8, 0)
    assert (again.created, again.skipped) == (4, 8)
    assert {row.external_id for row in rows} == set(again.ids)
    answered = ContactAttempt.objects.get(pk=again.ids["row-1"])
    unanswered = ContactAttempt.objects.get(pk=again.ids["row-0"])
    assert (answered.contact_loans.count(), unanswered.contact_loans.count()) == (2, 1)
    assert read_text(unanswered, "note_cipher") == "客户表示周五还款"
    assert answered.note_cipher is None
    assert unanswered.dossier.number.startswith("LX202606")


def test_an_import_is_set_based() -> None:
    collector = make.collector()
    case = make.case(collector)
    services.import_contacts_bulk(rows_for(case, collector, 1, every=1), by=make.system(), at=make.NOW)
    counts = []
    for rows in (rows_for(case, collector, 4, every=1)[1:], rows_for(case, collector, 34, every=1)[4:]):
        with CaptureQueriesContext(connection) as queries:
            services.import_contacts_bulk(rows, by=make.system(), at=make.NOW)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_forty_thousand_contacts_in_time() -> None:
    collector = make.collector()
    case = make.case(collector)
    rows = rows_for(case, collector, 40_000)
    started = time.process_time()
    done = services.import_contacts_bulk(rows, by=make.system(), at=make.NOW)
    assert done.created == 40_000
    assert time.process_time() - started < 20, "seconds of processor time, whatever else runs here"
