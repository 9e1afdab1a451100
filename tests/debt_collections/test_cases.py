"""Cases: one open per borrower, the borrower told before an outside agency, ended with a reason."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from backoffice.core import context
from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.core.services import open_dossier
from backoffice.staff.roles import Role
from debt_collections import services
from debt_collections.models import Case, CollectionEvent, Placement
from debt_collections.services.cases import CaseAlreadyOpen
from tests.factories import collections as make
from tests.factories.staff import person

pytestmark = pytest.mark.django_db


def test_opening_needs_the_right() -> None:
    borrower = make.borrower()
    with pytest.raises(NotPermitted):
        services.open_case(
            borrower=borrower, loans=[make.loan(borrower)], by=person(Role.COLLECTOR), at=make.NOW
        )
    assert not Case.objects.exists()


def test_a_case_is_opened_on_record() -> None:
    borrower, officer = make.borrower(), make.officer()
    case = services.open_case(
        borrower=borrower, loans=[make.loan(borrower)], by=officer, at=make.NOW, reason="连续逾期"
    )
    assert case.number == "CS20261123-000001"
    assert case.dossier.number == case.number
    assert case.case_loans.count() == 1
    record = case.history.get()
    assert (record.history_user, record.history_change_reason) == (officer, "case.opened")
    event = CollectionEvent.objects.get(case=case)
    assert event.kind == "case_opened"
    assert "连续逾期".encode() not in bytes(event.reason_cipher)


def test_a_second_open_case_is_refused() -> None:
    case = make.case()
    with pytest.raises(CaseAlreadyOpen):
        services.open_case(
            borrower=case.borrower, loans=[make.loan(case.borrower)], by=make.officer(), at=make.NOW
        )


def test_the_database_refuses_a_second_open_case() -> None:
    case = make.case()
    with (
        context.acting(by=make.system(), reason_code="test"),
        pytest.raises(IntegrityError),
        transaction.atomic(),
    ):
        Case.objects.create(
            dossier=open_dossier(kind="case", number="second", at=make.NOW),
            number="second",
            borrower=case.borrower,
            opened_on=make.NOW.date(),
        )


def test_after_closing_a_new_case_may_open() -> None:
    case = make.case()
    services.close_case(case=case, close_reason="cured", by=make.officer(), at=make.NOW)
    again = services.open_case(
        borrower=case.borrower, loans=[make.loan(case.borrower)], by=make.officer(), at=make.NOW
    )
    assert again.pk != case.pk


def test_somebody_elses_loan_is_refused() -> None:
    with pytest.raises(InputRefused):
        services.open_case(
            borrower=make.borrower(), loans=[make.loan(make.borrower())], by=make.officer(), at=make.NOW
        )
    assert not Case.objects.exists()


def test_a_loan_is_added_once() -> None:
    case = make.case()
    loan = make.loan(case.borrower)
    with pytest.raises(NotPermitted):
        services.add_loan_to_case(case=case, loan=loan, by=person(Role.HANDLER), at=make.NOW)
    services.add_loan_to_case(case=case, loan=loan, by=make.officer(), at=make.NOW)
    with pytest.raises(InputRefused):
        services.add_loan_to_case(case=case, loan=loan, by=make.officer(), at=make.NOW)
    assert case.case_loans.count() == 2


def test_placing_ends_the_current_placement() -> None:
    first, second = make.collector(), make.collector()
    case = make.case(first)
    with pytest.raises(NotPermitted):
        services.place_case(case=case, agency=second.agency, by=person(Role.HANDLER), at=make.NOW)
    placement = make.place(case, second, at=make.NOW)
    ended, current = case.placements.order_by("pk")
    assert current == placement
    assert ended.until == current.from_on == make.NOW.date()
    assert current.until is None


def test_an_outside_agency_gets_nothing_before_the_borrower_is_told() -> None:
    case, agency = make.case(), make.agency()
    for told_at in (None, make.NOW + timedelta(minutes=1)):
        with pytest.raises(InputRefused) as refused:
            services.place_case(
                case=case, agency=agency, borrower_told_at=told_at, by=make.officer(), at=make.NOW
            )
        assert refused.value.field == "borrower_told_at"
    services.place_case(case=case, agency=make.agency(in_house=True), by=make.officer(), at=make.NOW)
    assert Placement.objects.count() == 1


def test_a_change_of_collector_in_the_agency_needs_no_second_telling() -> None:
    first = make.collector()
    case = make.case(first)
    colleague = make.collector(first.agency)
    placement = services.place_case(
        case=case, agency=first.agency, collector=colleague, by=make.officer(), at=make.NOW
    )
    assert placement.borrower_told_at == case.placements.get(collector=first).borrower_told_at


def test_only_an_authorised_collector_of_the_agency_gets_a_case() -> None:
    case, agency = make.case(), make.agency(in_house=True)
    for collector in (make.collector(), make.collector(agency, until=None)):
        with pytest.raises(InputRefused):
            services.place_case(case=case, agency=agency, collector=collector, by=make.officer(), at=make.NOW)


def test_closing_ends_case_and_placement_once() -> None:
    case = make.case(make.collector())
    with pytest.raises(NotPermitted):
        services.close_case(case=case, close_reason="cured", by=person(Role.AUDITOR), at=make.NOW)
    closed = services.close_case(case=case, close_reason="cured", by=make.officer(), at=make.NOW)
    assert (closed.state, closed.close_reason) == ("closed", "cured")
    assert not closed.placements.filter(until__isnull=True).exists()
    with pytest.raises(TransitionRefused):
        services.close_case(case=case, close_reason="cured", by=make.officer(), at=make.NOW)


def test_closing_wants_a_known_reason() -> None:
    with pytest.raises(InputRefused):
        services.close_case(case=make.case(), close_reason="tired", by=make.officer(), at=make.NOW)


def test_a_collector_sees_the_cases_they_have_now() -> None:
    me = person(Role.COLLECTOR)
    mine, other = make.collector(user=me), make.collector()
    case, given_away, elses = make.case(mine), make.case(mine), make.case(other)
    make.place(given_away, other, at=make.NOW)
    assert list(Case.objects.visible_to(me)) == [case]
    assert set(Case.objects.visible_to(person(Role.AUDITOR))) == {case, given_away, elses}
    assert not Case.objects.visible_to(person(Role.ADMINISTRATOR)).exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_who_open_at_once_make_one_case() -> None:
    borrower, officer = make.borrower(), make.officer()
    loan = make.loan(borrower)
    start = threading.Barrier(4)
    outcomes: list[str] = []

    def open_one() -> None:
        try:
            start.wait()
            services.open_case(borrower=borrower, loans=[loan], by=officer, at=make.NOW)
            outcomes.append("opened")
        except CaseAlreadyOpen:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=open_one) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["opened", "refused", "refused", "refused"]
    assert Case.objects.count() == 1
