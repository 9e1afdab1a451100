"""Erasing a person: who may, what stands in the way, what goes, what stays, and that nothing of them is left."""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.utils import timezone

from backoffice.api.models import IdempotentAnswer
from backoffice.audit.evidence import summary
from backoffice.audit.keeping import people
from backoffice.audit.keeping.needles import MARK, Needles
from backoffice.audit.models import Erasure, ReadEvent, RecordEvent, Redaction
from backoffice.audit.services import erasure as erasures
from backoffice.audit.services import log_read
from backoffice.audit.services.holds import lift_legal_hold, place_legal_hold
from backoffice.audit.services.people import link_subjects
from backoffice.audit.services.retention import apply_retention
from backoffice.audit.services.sealing import seal_record
from backoffice.audit.services.verifying import verify_record
from backoffice.core import context
from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.core.time import start_of_day
from backoffice.desk.models import Attachment
from backoffice.loans.services import register_contact_person
from backoffice.privacy.models import DataKey
from backoffice.privacy.services import Erased, forget_keys, index_of, read_personal, read_text
from backoffice.staff.roles import Role
from backoffice.staff.services import system_user
from debt_collections.services import place_hold
from tests.audit import whole_life
from tests.audit.whole_life import LATER, NOW, Life
from tests.factories import collections as floor
from tests.factories import complaints as make
from tests.factories import incidents, mediation
from tests.factories import loans as book
from tests.factories.evidence import asked as asked_bundle
from tests.factories.evidence import made as make_bundle_of
from tests.factories.staff import person


@pytest.mark.django_db(transaction=True)
def test_nothing_of_an_erased_person_is_left_anywhere(
    settings: Any, tmp_path: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(summary, "render", lambda data: repr(data).encode())
    life = whole_life.lead()
    assert {one for _place, one in whole_life.where(life.strings)} == {whole_life.NAME}, (
        "the file alone is plain"
    )
    asks = person(Role.COMPLAINT_SUPERVISOR)
    bundles = [
        make_bundle_of(one, asks)
        for one in (life.complaint.dossier, life.other.dossier, life.stranger.dossier)
    ]
    assert {whole_life.NAME, whole_life.ADDRESS} <= {one for _place, one in whole_life.where(life.strings)}
    seal_record(by=system_user("tests"), at=timezone.now())
    officer, second = person(Role.PRIVACY_OFFICER), person(Role.COMPLIANCE)
    ciphers = _ciphers(life)
    indexes = _indexes(life)

    request = erasures.request_erasure(subject=life.borrower.subject, basis="request", by=officer, at=LATER)
    assert request.preview["blockers"] == []
    done = erasures.carry_out_erasure(erasure=request, by=second, at=LATER)

    forget_keys()
    assert whole_life.where(life.strings) == []
    assert whole_life.where(indexes) == []
    assert not any(one in caplog.text for one in life.strings)
    for row, column in ciphers:
        with pytest.raises(Erased):
            (read_personal if column in {"name", "mobile", "number"} else read_text)(row, column)
    assert not IdempotentAnswer.objects.exists()
    assert Attachment.objects.get(dossier=life.complaint.dossier).sha256
    _files_that_came_back_go_with_the_next_run(life)
    assert [type(one).objects.get(pk=one.pk).state for one in bundles] == ["expired", "expired", "ready"]
    _others_are_whole(life)
    _is_proven(done, bundles[:2])
    seal_record(by=system_user("tests"), at=timezone.now())
    report = verify_record(by=system_user("tests"), at=timezone.now(), full=True)
    assert report.findings == []


def _ciphers(life: Life) -> list[tuple[Any, str]]:
    complaint = life.complaint
    complainant = complaint.complainants.get()
    contact = life.borrower.contact_persons.get()
    return [
        (life.borrower, "name"),
        (life.borrower, "mobile"),
        (life.borrower.history.first(), "name"),
        (complainant, "name"),
        (complainant.phones.first(), "number"),
        (contact, "name"),
        (complaint, "words_cipher"),
        (complaint.history.first(), "words_cipher"),
        (complaint.notes.get(), "text_cipher"),
        (life.borrower.contact_attempts.get(), "note_cipher"),
    ]


def _indexes(life: Life) -> list[str]:
    kinds = life.borrower.personal.fields
    values = {"name": whole_life.NAME, "mobile": whole_life.MOBILE, "id_number": whole_life.ID_NUMBER}
    return [index_of(kinds[name], value) for name, value in values.items()] + ["欧阳**", "139****2222"]


def _files_that_came_back_go_with_the_next_run(life: Life) -> None:
    file = Attachment.objects.get(dossier=life.complaint.dossier).file
    file.storage.save(file.name, ContentFile(b"from an old backup"))
    apply_retention(mode="run", kinds=["sign_in"], by=person(Role.PRIVACY_OFFICER), at=LATER)
    assert not file.storage.exists(file.name)


def _others_are_whole(life: Life) -> None:
    other = type(life.other).objects.get(pk=life.other.pk)
    assert read_text(other, "words_cipher") == "利息算错了。隔壁的〔已删除〕（电话 〔已删除〕）也一样。"
    assert (
        read_text(type(life.other_note).objects.get(pk=life.other_note.pk), "text_cipher")
        == "另一位客户也说了同样的事"
    )
    assert read_personal(other.complainants.get(), "name") == whole_life.OTHER
    assert other.history.first().history_change_reason == "person.erased_elsewhere"
    contact = type(life.contact_of_other).objects.get(pk=life.contact_of_other.pk)
    assert contact.note_cipher is None
    assert Redaction.objects.filter(
        table=contact._meta.db_table, row_id=contact.pk, column="note_cipher"
    ).exists()
    assert RecordEvent.objects.filter(kind="person.erased_elsewhere", dossier=other.dossier).exists()


def _is_proven(done: Erasure, bundles: list[Any]) -> None:
    assert done.state == "done"
    proof = done.proof
    assert hashlib.sha256(erasures.canonical_proof(proof)).hexdigest() == done.proof_sha256
    keys = [one["key"] for one in proof["keys"]]
    assert not DataKey.objects.filter(pk__in=keys).exists()
    assert len(proof["files"]) == 1
    assert [(one["uid"], one["sha256"]) for one in proof["bundles"]] == [
        (str(one.uid), one.sha256) for one in bundles
    ]
    assert proof["redactions"]
    event = RecordEvent.objects.get(kind="person.erased")
    assert event.erasure == done
    assert event.data["proof"] == done.proof_sha256


@pytest.mark.django_db
def test_asking_and_carrying_out_take_two_with_the_right() -> None:
    life = whole_life.lead()
    subject = life.borrower.subject
    officer, second, handler = person(Role.PRIVACY_OFFICER), person(Role.COMPLIANCE), life.handler
    with pytest.raises(NotPermitted):
        erasures.request_erasure(subject=subject, basis="request", by=handler, at=LATER)
    request = erasures.request_erasure(subject=subject, basis="request", by=officer, at=LATER)
    with pytest.raises(InputRefused):
        erasures.request_erasure(subject=subject, basis="request", by=officer, at=LATER)
    for nobody in (officer, handler):
        with pytest.raises(NotPermitted):
            erasures.carry_out_erasure(erasure=request, by=nobody, at=LATER)
    both = person(Role.PRIVACY_OFFICER, Role.COMPLIANCE)
    Erasure.objects.filter(pk=request.pk).update(requested_by=both)
    with pytest.raises(TransitionRefused, match=r"另一人|another person"):
        erasures.carry_out_erasure(erasure=request, by=both, at=LATER)
    refused = erasures.refuse_erasure(erasure=request, reason="合同尚未履行完毕", by=second, at=LATER)
    assert refused.state == "refused"
    assert people.needles({subject.pk}).needles, "nothing was erased"
    with pytest.raises(TransitionRefused):
        erasures.carry_out_erasure(erasure=refused, by=second, at=LATER)


@pytest.mark.django_db
def test_everything_that_stands_in_the_way_is_said_at_once() -> None:
    handler = person(Role.HANDLER)
    case = floor.case(floor.collector())
    partner = mediation.partner()
    complaint = mediation.complaint(by=handler, about=case)
    mediation.offered(to=partner, by=handler, about=complaint)
    borrower = case.borrower
    place_hold(
        borrower=borrower,
        source=borrower.dossier,
        scope="all",
        reason="hardship",
        lifts_with="by_hand",
        by=floor.officer(),
        at=NOW,
    )
    hold = place_legal_hold(
        dossier=borrower.dossier, reason_code="authority", by=person(Role.COMPLIANCE), at=NOW
    )
    incident = incidents.report("leak", source=borrower.dossier)
    officer, second = person(Role.PRIVACY_OFFICER), person(Role.COMPLIANCE)
    request = erasures.request_erasure(subject=borrower.subject, basis="request", by=officer, at=NOW)
    codes = {one["code"]: one["possible_from"] for one in request.preview["blockers"]}
    assert set(codes) == {
        *("legal-hold", "active-loan", "open-case", "live-hold", "open-complaint", "live-referral"),
        *("open-incident", "retention"),
    }
    assert codes["retention"] is not None
    with pytest.raises(TransitionRefused) as refusal:
        erasures.carry_out_erasure(erasure=request, by=second, at=NOW)
    assert str(hold.dossier.number) in str(refusal.value)
    for number in (complaint.number, incident.number, case.number):
        assert number in str(refusal.value)
    assert read_personal(borrower, "name")


@pytest.mark.django_db
def test_retention_blocks_to_the_day_and_a_contact_person_may_go_any_time() -> None:
    borrower = book.a_borrower(name="诸葛长青")
    with context.entering("command"):
        contact = register_contact_person(
            borrower=borrower, name="尉迟桂枝", relation="母亲", by=book.job(), at=NOW
        )
    whose = people.theirs(borrower.subject_id)
    assert contact.subject_id in whose.dependents
    [kept] = people.blockers(whose, at=NOW)
    assert kept.possible_from == date(2036, 11, 24)
    assert people.blockers(whose, at=start_of_day(kept.possible_from) - timedelta(seconds=1))
    assert people.blockers(whose, at=start_of_day(kept.possible_from)) == []
    assert people.blockers(people.theirs(contact.subject_id), at=NOW) == []


@pytest.mark.django_db
def test_aliases_go_together_and_other_peoples_contact_persons_stay() -> None:
    first, second = book.a_borrower(name="诸葛长青"), book.a_borrower(name="诸葛常青")
    third = book.a_borrower(name="司马文竹")
    with context.entering("command"):
        shared = register_contact_person(
            borrower=first, name="尉迟桂枝", relation="母亲", by=book.job(), at=NOW
        )
    link_subjects(subject=second.subject, same_as=first.subject, by=person(Role.HANDLER), at=NOW)
    assert people.theirs(second.subject_id).subjects == {
        first.subject_id,
        second.subject_id,
        shared.subject_id,
    }
    with context.acting(by=book.job(), reason_code="test"):
        type(shared).objects.create(borrower=third, subject=shared.subject, relation="邻居")
    assert shared.subject_id not in people.theirs(first.subject_id).subjects


@pytest.mark.django_db
def test_a_name_can_be_somebody_elses_a_number_cannot() -> None:
    borrower = book.a_borrower(name="司马文竹", mobile="13911112222")
    handler, officer, second = person(Role.HANDLER), person(Role.PRIVACY_OFFICER), person(Role.COMPLIANCE)
    namesake = make.filed(by=handler, words="我叫司马文竹", complainants=[make.complainant(name="司马文竹")])
    caller = make.filed(by=handler, words="司马文竹，139 1111 2222")
    request = erasures.request_erasure(
        subject=borrower.subject,
        basis="request",
        spared=[f"dossier:{one.dossier_id}" for one in (namesake, caller)],
        by=officer,
        at=LATER,
    )
    places = {one["dossier"]: one["sure"] for one in request.preview["places"]}
    assert places == {namesake.dossier_id: False, caller.dossier_id: True}
    done = erasures.carry_out_erasure(erasure=request, by=second, at=LATER)
    assert done.proof["spared"] == [f"dossier:{one.dossier_id}" for one in (namesake, caller)]
    assert read_text(_fresh(namesake), "words_cipher") == "我叫司马文竹"
    assert read_personal(namesake.complainants.get(), "name") == "司马文竹"
    assert read_text(_fresh(caller), "words_cipher") == "〔已删除〕，〔已删除〕"


@pytest.mark.django_db
def test_words_in_a_file_under_a_legal_hold_stay_and_so_does_the_person() -> None:
    borrower = book.a_borrower(name="司马文竹", mobile="13911112222")
    other = make.filed(words="司马文竹，139 1111 2222")
    compliance = person(Role.COMPLIANCE)
    hold = place_legal_hold(dossier=other.dossier, reason_code="litigation", by=compliance, at=NOW)
    request = erasures.request_erasure(
        subject=borrower.subject, basis="request", by=person(Role.PRIVACY_OFFICER), at=LATER
    )
    with pytest.raises(TransitionRefused, match=other.dossier.number):
        erasures.carry_out_erasure(erasure=request, by=compliance, at=LATER)
    assert read_text(_fresh(other), "words_cipher") == "司马文竹，139 1111 2222"
    lift_legal_hold(hold=hold, reason="结案", by=compliance, at=LATER)
    erasures.carry_out_erasure(erasure=request, by=compliance, at=LATER)
    assert read_text(_fresh(other), "words_cipher") == "〔已删除〕，〔已删除〕"


@pytest.mark.django_db
def test_a_bundle_that_is_just_being_made_is_not_handed_in(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    borrower, supervisor = book.a_borrower(), person(Role.COMPLAINT_SUPERVISOR)
    waiting, begun = (asked_bundle(make.filed().dossier, supervisor) for _number in range(2))
    with context.acting(by=supervisor, reason_code="bundle.begun"):
        begun.state = "running"
        begun.save()
    request = erasures.request_erasure(
        subject=borrower.subject, basis="request", by=person(Role.PRIVACY_OFFICER), at=LATER
    )
    erasures.carry_out_erasure(erasure=request, by=person(Role.COMPLIANCE), at=LATER)
    assert (_fresh(begun).state, _fresh(waiting).state) == ("failed", "queued")
    assert _fresh(begun).history.latest().history_change_reason == "bundle.failed"


def _fresh(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


@pytest.mark.django_db(transaction=True)
def test_rows_that_hold_the_person_in_the_clear_are_removed_once_they_are_sealed() -> None:
    borrower = book.a_borrower(name="司马文竹", mobile="13911112222")
    handler, officer, second = person(Role.HANDLER), person(Role.PRIVACY_OFFICER), person(Role.COMPLIANCE)
    complaint = make.filed(by=handler)
    with context.entering("command", actor=handler):
        log_read(what="page", at=NOW, path="/", purpose="找司马文竹核实")
        stays = log_read(what="page", at=NOW, path="/", purpose="例行")
    with context.acting(by=handler, reason_code="test"):
        complaint.sender_reference = "司马文竹来函"
        complaint.save()
    request = erasures.request_erasure(subject=borrower.subject, basis="request", by=officer, at=LATER)
    assert [one["code"] for one in request.preview["blockers"]] == ["not-sealed", "not-sealed"]
    seal_record(by=system_user("tests"), at=timezone.now())
    done = erasures.carry_out_erasure(erasure=request, by=second, at=LATER)
    assert done.proof["rows_removed"] == {"audit_readevent": 1, "complaints_historicalcomplaint": 1}
    assert [event.pk for event in ReadEvent.objects.all()] == [stays.pk]
    assert _fresh(complaint).sender_reference == "〔已删除〕来函"
    assert whole_life.where(["司马文竹", "13911112222"]) == []
    seal_record(by=system_user("tests"), at=timezone.now())
    assert verify_record(by=system_user("tests"), at=timezone.now(), full=True).findings == []


@pytest.mark.django_db
def test_the_command_shows_and_erases_in_the_name_of_two() -> None:
    borrower = book.a_borrower(name="司马文竹")
    officer, second = person(Role.PRIVACY_OFFICER), person(Role.COMPLIANCE)
    given = [borrower.customer_number, "--basis", "request", "--by", officer.username, "--json"]
    shown = StringIO()
    call_command("erase_person", *given, "--dry-run", stdout=shown)
    assert json.loads(shown.getvalue())["keys"] == 1
    for wrong in ([], ["--approved-by", officer.username]):
        with pytest.raises(CommandError):
            call_command("erase_person", *given, *wrong, stdout=StringIO())
    with pytest.raises(CommandError, match="2036"):
        call_command("erase_person", *given, "--approved-by", second.username, stdout=StringIO())
    assert read_personal(borrower, "name") == "司马文竹"


@pytest.mark.parametrize(
    "text",
    [
        "电话+86 139 1111 2222。",
        "１３９１１１１２２２２",
        "139-1111-2222",
        "一三九一一一一二二二二",
        "司马 文竹",
        "A@EXAMPLE.COM",
        "id 11010119880409077x!",
        "１１０１０１１９８８０４０９０７７Ｘ",
    ],
)
def test_people_are_recognised_however_they_are_written(text: str) -> None:
    needles = Needles.of(
        [
            ("name", "司马文竹"),
            ("phone", "+8613911112222"),
            ("email", "a@example.com"),
            ("id_number", "11010119880409077X"),
        ]
    )
    assert needles.found(text)
    assert MARK in needles.rewritten(text)
    assert not needles.found(needles.rewritten(text))
    assert not needles.found("司马懿, 13911112223, b@example.com, 电话0139111122229")
