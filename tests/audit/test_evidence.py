"""Evidence bundles: who may have one, what is in it, who is masked, and what becomes of the file."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from backoffice.audit.evidence import making, summary
from backoffice.audit.evidence.seams import seams
from backoffice.audit.evidence.workflow import GIVEN_UP_AFTER
from backoffice.audit.models import EvidenceBundle, ReadEvent, RecordEvent
from backoffice.audit.services.evidence import (
    expire_bundles,
    expire_bundles_about,
    hand_over,
    make_again,
    make_bundle,
)
from backoffice.core import background
from backoffice.core.choices import DossierKind
from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.core.models import PolicyValue
from backoffice.core.policy import seed_rows
from backoffice.core.services import fill_policy_values
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from backoffice.staff.services import system_user
from tests.factories import desk
from tests.factories.collections import shanghai
from tests.factories.evidence import (
    AGENT,
    BORROWER,
    FRIEND,
    FRIENDS_NUMBER,
    REASON,
    STRANGERS_NUMBER,
    Opened,
    Story,
    asked,
    made,
    story,
)
from tests.factories.staff import person

pytestmark = pytest.mark.django_db

State = EvidenceBundle.State


@pytest.fixture(autouse=True)
def _house(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    # One test looks at the PDF; setting it each time costs more than all the rest.
    monkeypatch.setattr(summary, "render", lambda data: repr(data).encode())


@pytest.fixture
def told() -> Story:
    return story()


def supervisor() -> User:
    return person(Role.COMPLAINT_SUPERVISOR)


# --- who may ----------------------------------------------------------------------------------------------


def test_without_the_rights_nobody_gets_a_bundle(told: Story) -> None:
    complaint, case = told.complaint.dossier, told.case.dossier
    with pytest.raises(NotPermitted):
        asked(complaint, told.handler)
    with pytest.raises(NotPermitted):
        # The privacy officer's pages show no cases.
        asked(case, person(Role.PRIVACY_OFFICER))
    with pytest.raises(NotPermitted):
        asked(complaint, supervisor(), third_parties=True)
    with pytest.raises(InputRefused):
        asked(desk.dossier(DossierKind.AGENCY), supervisor())
    assert not EvidenceBundle.objects.exists()


def test_a_request_says_what_for_and_a_period_that_can_be(told: Story) -> None:
    by = supervisor()
    for wrong, field in (
        ({"reason": "  "}, "reason"),
        ({"since": date(2026, 2, 1), "until": date(2026, 1, 1)}, "until"),
    ):
        with pytest.raises(InputRefused) as refused:
            asked(told.complaint.dossier, by, **wrong)
        assert refused.value.field == field


def test_asking_making_and_fetching_are_on_record(told: Story) -> None:
    by = supervisor()
    bundle = made(told.complaint.dossier, by, since=date(2026, 11, 1), until=date(2026, 11, 30))
    assert REASON not in repr(list(RecordEvent.objects.values()))
    with hand_over(bundle=bundle, by=by, at=timezone.now()) as handle:
        assert handle.read(2) == b"PK"
    events = RecordEvent.objects.filter(bundle=bundle).order_by("pk")
    assert [one.kind for one in events] == ["bundle.requested", "bundle.made", "bundle.downloaded"]
    assert events[1].data["sha256"] == bundle.sha256
    export = ReadEvent.objects.get(what="export", dossier=told.complaint.dossier)
    assert export.actor == by
    assert "loans.borrower.name" in export.fields
    assert told.complaint.dossier_id in export.listed
    with pytest.raises(NotPermitted):
        hand_over(bundle=bundle, by=supervisor(), at=timezone.now())


# --- what is in it ----------------------------------------------------------------------------------------


def test_of_a_complaint(told: Story) -> None:
    opened = Opened(made(told.complaint.dossier, supervisor()))
    assert {
        "complaints.complaint",
        "complaints.complainant",
        "complaints.allegation",
        "complaints.allegationcontact",
        "complaints.demand",
        "complaints.complaintdeadline",
        "collections.contactattempt",
        "collections.case",
        "collections.collector",
        "loans.borrower",
        "loans.loan",
        "desk.attachment",
        "desk.task",
    } <= opened.models()
    # The contact complained of and no other; neither instalments nor the rest of the case.
    [contact] = opened.records("collections.contactattempt")
    assert contact["id"] == told.contact.pk
    assert "loans.instalment" not in opened.models()
    [document] = opened.records("complaints.complaint")
    assert [line["act"] for line in document["history"]][:2] == ["complaint.filed", "complaint.accepted"]
    [change] = [one for one in document["history"][1]["changes"] if one["name"] == "state"]
    assert (change["before"]["value"], change["after"]["text"]) == ("received", "已登记")
    assert [one["kind"] for one in opened.json("events.json")["events"]][:2] == ["contact_logged", "filed"]
    assert [one["actor"] for one in opened.json("reads.json")["reads"]] == [told.handler.display_name]
    [attachment] = opened.records("desk.attachment")
    assert opened.files[attachment["file"]["path"]] == desk.PNG
    assert attachment["file"]["path"].endswith("通话截图.png")


def test_of_a_case_a_loan_a_borrower_and_a_collector(told: Story) -> None:
    by = person(Role.AUDITOR)
    loan = told.case.case_loans.get().loan
    expected = {
        told.case.dossier: ({"collections.case", "collections.placement", "complaints.complaint"}, 2),
        loan.dossier: ({"loans.loan", "loans.loanproduct", "complaints.complaint"}, 2),
        told.borrower.dossier: ({"loans.contactperson", "loans.phonenumber", "complaints.complaint"}, 2),
        told.collector.dossier: (
            {"collections.collector", "collections.authorisation", "complaints.allegation"},
            2,
        ),
    }
    for dossier, (models, contacts) in expected.items():
        opened = Opened(made(dossier, by))
        assert models <= opened.models(), dossier.kind
        assert len(opened.records("collections.contactattempt")) == contacts, dossier.kind
    # Of a complaint about a collector nothing but what is said of them.
    assert "complaints.complainant" not in opened.models()
    assert "loans.borrower" not in opened.models()
    assert {kind for kind, _how in seams.kinds.items()} == {
        "complaint",
        "case",
        "loan",
        "borrower",
        "collector",
    }


def test_what_the_viewer_may_not_see_stays_out(told: Story) -> None:
    by = person(Role.CONDUCT_SUPERVISOR)
    opened = Opened(made(told.complaint.dossier, by))
    [words] = opened.told("complaints.complaint", "words_cipher")
    assert words["shown"] == "withheld"
    assert words["sha256"].startswith("sha256:")
    [attachment] = opened.records("desk.attachment")
    assert attachment["file"] is None
    assert not [name for name in opened.files if name.startswith("files/")]
    opened = Opened(made(told.complaint.dossier, person(Role.PRIVACY_OFFICER)))
    assert "collections.case" not in opened.models()
    assert "collections.case" in opened.json("manifest.json")["withheld"]


def test_only_the_person_concerned_is_shown_in_full(told: Story) -> None:
    opened = Opened(made(told.complaint.dossier, supervisor()))
    everything = opened.everything
    for hidden in (FRIEND, AGENT, FRIENDS_NUMBER, STRANGERS_NUMBER):
        assert hidden not in everything
    assert [one["text"] for one in opened.told("loans.borrower", "name_cipher")] == [BORROWER]
    assert {one["text"] for one in opened.told("complaints.complainant", "name_cipher")} == {BORROWER, "赵**"}
    [words] = opened.told("complaints.complaint", "words_cipher")
    assert words["shown"] == "numbers_masked"
    [number] = opened.told("loans.phonenumber", "number_cipher")
    assert number["text"] == "137****5678"
    # Of a collector nobody is in full.
    opened = Opened(made(told.collector.dossier, supervisor()))
    assert BORROWER not in opened.everything


def test_third_persons_unmasked_for_a_reason(told: Story) -> None:
    officer = person(Role.PRIVACY_OFFICER, Role.AUDITOR)
    opened = Opened(made(told.borrower.dossier, officer, third_parties=True))
    for shown in (FRIEND, AGENT, FRIENDS_NUMBER, STRANGERS_NUMBER):
        assert shown in opened.everything
    assert RecordEvent.objects.get(kind="bundle.requested").data["third_parties"] is True


def test_an_erased_text_says_so(told: Story) -> None:
    by = supervisor()
    told.contact.dossier.data_key.delete()
    [note] = Opened(made(told.complaint.dossier, by)).told("collections.contactattempt", "note_cipher")
    assert note["shown"] == "erased"
    assert note["sha256"].startswith("sha256:")


def test_the_period(told: Story) -> None:
    by = person(Role.AUDITOR)
    dossier = told.borrower.dossier

    def opened(**period: date) -> Opened:
        return Opened(made(dossier, by, **period))

    november = opened(since=date(2026, 11, 1), until=date(2026, 11, 23))
    assert [one["id"] for one in november.records("collections.contactattempt")] == [told.contact.pk]
    assert len(november.records("complaints.complaint")) == 1
    # Filed on the 23rd: before that day there is no complaint, from the next on it lasts.
    assert opened(until=date(2026, 11, 22)).records("complaints.complaint") == []
    later = opened(since=date(2026, 11, 24))
    assert len(later.records("complaints.complaint")) == 1
    assert later.records("collections.contactattempt") == []
    kinds = {one["kind"] for one in later.json("events.json")["events"]}
    assert "filed" not in kinds
    assert later.json("manifest.json")["moments"]["collections.contactattempt"] == ["started_at"]
    # What has no time is always in; of its history, nothing was recorded before it was made.
    early = opened(until=date(2026, 1, 1))
    [borrower] = early.records("loans.borrower")
    assert borrower["history"] == []


def test_the_pdf_in_both_languages(told: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    timeline = summary.Timeline()
    timeline.add(timezone.now(), "打电话 🙂 #panic()", actor="陈立", reason="𠮷")
    for language in ("zh-hans", "en"):
        data = {
            "words": summary.words(),
            "lang": language[:2],
            "region": "cn",
            "lender": "云溪",
            "bundle": "b",
            "kind": "投诉",
            "number": "C1",
            "facts": [["a", "b"]],
            "counts": [["投诉", 1], ["借据", 2], ["查阅", 3]],
            "masked": ["x"],
            "timeline": timeline.lines(),
            "timeline_note": "",
            "seals": [{"number": 1, "made_at": "2026", "key": "k", "rows": 1}],
            "seals_note": "",
            "verify": summary.how_to_verify(["ab" * 32]),
            "binding": summary.what_binds(),
        }
        assert summary.render(data).startswith(b"%PDF-")


def test_a_long_timeline_keeps_the_newest_lines() -> None:
    timeline = summary.Timeline()
    for minute in range(summary.TIMELINE_LINES + 5):
        timeline.add(shanghai("2026-01-01 00:00") + timedelta(minutes=minute), str(minute))
    lines = timeline.lines()
    assert (len(lines), timeline.total) == (summary.TIMELINE_LINES, summary.TIMELINE_LINES + 5)
    assert lines[0]["text"] == "5"


# --- what becomes of it -------------------------------------------------------------------------------------


def test_a_bundle_fails_with_a_message_and_is_made_again(
    told: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    by = supervisor()
    with monkeypatch.context() as broken:
        broken.setattr(making._Making, "_events", lambda self, found: 1 / 0)
        bundle = make_bundle(bundle_id=asked(told.complaint.dossier, by).pk, at=timezone.now())
    assert (bundle.state, bundle.file.name) == (State.FAILED, "")
    assert "ZeroDivisionError" in bundle.error
    with pytest.raises(TransitionRefused):
        make_again(bundle=bundle, by=supervisor(), at=timezone.now())
    bundle = make_again(bundle=bundle, by=by, at=timezone.now())
    assert bundle.state == State.QUEUED
    bundle = make_bundle(bundle_id=bundle.pk, at=timezone.now())
    assert (bundle.state, bundle.error) == (State.READY, "")
    assert make_bundle(bundle_id=bundle.pk, at=timezone.now()).sha256 == bundle.sha256


def test_one_left_behind_by_its_worker_can_be_made_again_after_a_while(told: Story) -> None:
    by = supervisor()
    bundle = asked(told.complaint.dossier, by)
    with pytest.raises(TransitionRefused):
        make_again(bundle=bundle, by=by, at=timezone.now())
    later = timezone.now() + GIVEN_UP_AFTER + timedelta(minutes=1)
    assert make_again(bundle=bundle, by=by, at=later).requested_at == later


def test_whoever_loses_the_right_gets_nothing(told: Story) -> None:
    by = supervisor()
    bundle = asked(told.complaint.dossier, by)
    User.objects.filter(pk=by.pk).update(is_active=False)
    assert make_bundle(bundle_id=bundle.pk, at=timezone.now()).state == State.FAILED


def test_the_file_goes_and_the_hash_stays(
    told: Story, django_capture_on_commit_callbacks: Any, tmp_path: Path
) -> None:
    fill_policy_values([row for row in seed_rows() if row.code == "evidence.keep_days"])
    by, job = supervisor(), system_user("bundles")
    first, second = made(told.complaint.dossier, by), made(told.case.dossier, by)
    assert PolicyValue.objects.get(code="evidence.keep_days").value == 30
    with django_capture_on_commit_callbacks(execute=True):
        assert expire_bundles(by=job, at=timezone.now() + timedelta(days=29)) == 0
        assert expire_bundles_about(dossier_ids={told.case.dossier_id}, by=job, at=timezone.now()) == 1
        assert expire_bundles(by=job, at=timezone.now() + timedelta(days=31)) == 1
    assert list(tmp_path.rglob("*.zip")) == []
    for bundle in (first, second):
        bundle.refresh_from_db()
        assert (bundle.state, bundle.file.name, len(bundle.sha256)) == (State.EXPIRED, "", 64)
    with pytest.raises(InputRefused):
        hand_over(bundle=first, by=by, at=timezone.now())


def test_work_after_the_answer(settings: Any, django_capture_on_commit_callbacks: Any) -> None:
    import threading

    done, told_by = threading.Event(), []

    class Task:
        name = "a.task"

        def __call__(self, *args: Any) -> None:
            told_by.append((threading.current_thread() is threading.main_thread(), args))
            done.set()

        def delay(self, *args: Any) -> None:
            told_by.append(("worker", args))

    with django_capture_on_commit_callbacks(execute=True):
        background.start(Task(), 1)
        assert told_by == []
    settings.BACKGROUND_AT_ONCE = False
    settings.CELERY_BROKER_URL = ""
    with django_capture_on_commit_callbacks(execute=True):
        background.start(Task(), 2)
    assert done.wait(10)
    settings.CELERY_BROKER_URL = "redis://nowhere"
    with django_capture_on_commit_callbacks(execute=True):
        background.start(Task(), 3)
    assert (True, (1,)) in told_by
    assert ("worker", (3,)) in told_by
