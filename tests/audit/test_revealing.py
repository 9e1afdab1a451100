"""Seeing in full takes a right, a purpose and a reason, is on record, and stops somewhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from backoffice.audit.models import Purpose, ReadEvent, RecordEvent
from backoffice.audit.services import revealing
from backoffice.audit.services.people import correct_personal, link_subjects, unlink_subjects
from backoffice.audit.services.revealing import TooManyRevealed, reveal
from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.core.models import PolicyValue
from backoffice.loans.models import Borrower, PhoneNumber
from backoffice.privacy import kinds
from backoffice.privacy.models import DataKey, DataSubject
from backoffice.privacy.people import with_aliases
from backoffice.privacy.services import forget_keys, index_of, read_personal, read_reason
from backoffice.staff.roles import Role
from tests.factories.loans import NOW, a_borrower
from tests.factories.staff import person

pytestmark = pytest.mark.django_db


def show(values: Any, by: Any, **given: Any) -> list[revealing.Revealed]:
    facts = {"purpose": Purpose.CALL_BACK, "reason": "回电核实还款安排", "path": "/x/", "at": NOW, **given}
    with entering(EntryPoint.ADMIN, actor=by):
        return reveal(values=values, by=by, **facts)


def test_without_the_right_nothing_is_shown_and_nothing_recorded() -> None:
    borrower = a_borrower()
    for role, field in ((Role.AUDITOR, "name"), (Role.COLLECTOR, "id_number"), (Role.ADMINISTRATOR, "name")):
        with pytest.raises(NotPermitted):
            show([(borrower, field)], person(role))
    assert not ReadEvent.objects.exists()


def test_the_value_comes_with_a_read_row_and_an_event_that_say_why() -> None:
    borrower, handler = a_borrower(mobile="+8610012345678", name="张三丰"), person(Role.HANDLER)
    name, mobile = show([(borrower, "name"), (borrower, "mobile")], handler)
    assert (name.value, mobile.value) == ("张三丰", "10012345678")
    assert mobile.key == f"loans.borrower.{borrower.pk}.mobile"
    [read] = ReadEvent.objects.all()
    assert (read.what, read.actor, read.subject_id, read.dossier_id) == (
        "reveal",
        handler,
        borrower.subject_id,
        borrower.dossier_id,
    )
    assert read.fields == ["loans.borrower.name", "loans.borrower.mobile"]
    assert (read.purpose_code, read.purpose, read.path) == ("call_back", "回电核实还款安排", "/x/")
    [event] = RecordEvent.objects.filter(kind="personal.revealed")
    assert event.subject_id == borrower.subject_id
    assert read_reason(bytes(event.reason_cipher or b"")) == "回电核实还款安排"
    assert "张" not in str(event.data)


@pytest.mark.parametrize("reason", ["", "看", "致电 138 0013 8000 的客户", "x" * 201])
def test_the_reason_is_words_and_no_numbers(reason: str) -> None:
    with pytest.raises(InputRefused) as refused:
        show([(a_borrower(), "name")], person(Role.HANDLER), reason=reason)
    assert refused.value.field == "reason"
    assert not ReadEvent.objects.exists()


def test_a_purpose_is_one_of_the_list() -> None:
    with pytest.raises(InputRefused) as refused:
        show([(a_borrower(), "name")], person(Role.HANDLER), purpose="curiosity")
    assert refused.value.field == "purpose"


def test_what_was_erased_is_said_to_be() -> None:
    borrower = a_borrower()
    DataKey.objects.filter(subject=borrower.subject).delete()
    forget_keys()
    [shown] = show([(borrower, "name")], person(Role.HANDLER))
    assert (shown.value, shown.erased) == ("", True)


def limits(alarm: int, stop: int) -> None:
    for code, value in ((revealing.ALARM, alarm), (revealing.STOP, stop)):
        row = PolicyValue.objects.get(code=code)
        row.value = value
        with entering(EntryPoint.COMMAND, actor=person(Role.COMPLIANCE)):
            row.save()


def test_many_people_in_an_hour_raise_one_alarm_and_then_a_stop() -> None:
    limits(alarm=2, stop=4)
    handler = person(Role.HANDLER)
    borrowers = [a_borrower() for _ in range(5)]
    for number, borrower in enumerate(borrowers[:4]):
        show([(borrower, "name")], handler, at=NOW + timedelta(minutes=number))
        show([(borrower, "mobile")], handler, at=NOW + timedelta(minutes=number))
    [alarm] = RecordEvent.objects.filter(kind="reveal.alarm")
    assert (alarm.user, alarm.data) == (handler, {"persons": 3, "limit": 2})
    for _again in range(2):
        with pytest.raises(TooManyRevealed):
            show([(borrowers[4], "name")], handler, at=NOW + timedelta(minutes=5))
    assert RecordEvent.objects.filter(kind="reveal.stopped", user=handler).count() == 1
    assert not ReadEvent.objects.filter(subject_id=borrowers[4].subject_id).exists()
    show([(borrowers[0], "name")], handler, at=NOW + timedelta(minutes=6))
    show([(borrowers[4], "name")], person(Role.HANDLER), at=NOW + timedelta(minutes=6))
    show([(borrowers[4], "name")], handler, at=NOW + timedelta(minutes=65))


def correct(row: Any, by: Any, reason: str = "本人来电更正", **values: str) -> Any:
    with entering(EntryPoint.ADMIN, actor=by):
        return correct_personal(row=row, values=values, reason=reason, by=by, at=NOW)


def test_correcting_takes_its_right_and_a_reason() -> None:
    borrower = a_borrower()
    with pytest.raises(NotPermitted):
        correct(borrower, person(Role.COLLECTOR), mobile="10011112222")
    with pytest.raises(NotPermitted):
        correct(borrower, person(Role.LOAN_OFFICER), name="李四")
    with pytest.raises(InputRefused) as refused:
        correct(borrower, person(Role.HANDLER), reason=" ", name="李四")
    assert refused.value.field == "reason"


def test_a_correction_moves_mask_index_number_and_leaves_a_trace() -> None:
    borrower, handler = a_borrower(mobile="+8610012345678"), person(Role.HANDLER)
    correct(borrower, handler, mobile="100 8888 7777")
    borrower.refresh_from_db()
    assert (borrower.mobile_mask, read_personal(borrower, "mobile")) == ("100****7777", "+8610088887777")
    assert borrower.mobile_index == index_of(kinds.PHONE, "10088887777")
    newest, oldest = borrower.history.all()
    assert newest.history_change_reason == "personal.corrected"
    assert read_personal(oldest, "mobile") == "+8610012345678"
    event = RecordEvent.objects.get(kind="personal.corrected")
    assert event.data == {"fields": ["loans.borrower.mobile"]}
    assert read_reason(bytes(event.reason_cipher or b"")) == "本人来电更正"
    # Every number ever used is kept: the new one is another.
    assert set(PhoneNumber.objects.filter(borrower=borrower).values_list("number_mask", flat=True)) == {
        "100****5678",
        "100****7777",
    }


def test_a_correction_is_refused_when_nothing_changes_or_the_value_is_not_of_its_kind() -> None:
    borrower, other, handler = a_borrower(), a_borrower(), person(Role.HANDLER)
    for values in (
        {"name": read_personal(borrower, "name")},
        {"mobile": "abc"},
        {"id_number": "99000019900517001Z"},
        {"name": " "},
        {"id_number": read_personal(other, "id_number")},
    ):
        with pytest.raises(InputRefused) as refused:
            correct(borrower, handler, **values)
        assert refused.value.field == next(iter(values))
    assert Borrower.objects.get(pk=borrower.pk).history.count() == 1
    assert not RecordEvent.objects.filter(kind="personal.corrected").exists()


def link(one: DataSubject, other: DataSubject, by: Any) -> DataSubject:
    with entering(EntryPoint.ADMIN, actor=by):
        return link_subjects(subject=one, same_as=other, by=by, at=NOW)


def test_aliases_are_flat_reversible_and_never_go_round() -> None:
    officer = person(Role.PRIVACY_OFFICER)
    a, b, c = (a_borrower().subject for _ in range(3))
    with pytest.raises(NotPermitted):
        link(a, b, person(Role.AUDITOR))
    link(a, b, officer)
    link(b, c, officer)
    assert set(DataSubject.objects.filter(same_as=c)) == {a, b}, "an alias of an alias points at the root"
    assert with_aliases([a.pk]) == with_aliases([c.pk]) == {a.pk, b.pk, c.pk}
    for one, other in ((a, a), (c, a), (c, b)):
        with pytest.raises(InputRefused):
            link(one, other, officer)
    before = RecordEvent.objects.filter(kind="subject.linked").count()
    link(a, b, officer)
    assert RecordEvent.objects.filter(kind="subject.linked").count() == before, (
        "nothing new, nothing recorded"
    )
    with entering(EntryPoint.ADMIN, actor=officer):
        unlink_subjects(subject=a, by=officer, at=NOW)
        with pytest.raises(TransitionRefused):
            unlink_subjects(subject=a, by=officer, at=NOW)
    assert with_aliases([a.pk]) == {a.pk}
    assert RecordEvent.objects.get(kind="subject.unlinked").data == {"same_as": str(c.uid)}
