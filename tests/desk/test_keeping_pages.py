"""The pages of erasures, retention and legal holds: who may, what they say, what they refuse."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from backoffice.audit.models import Erasure, LegalHold, ReadEvent, RetentionRule
from backoffice.audit.services.holds import place_legal_hold
from backoffice.core import context
from backoffice.loans.services import register_contact_person
from backoffice.privacy.models import DataKey
from backoffice.privacy.services import create_subjects
from backoffice.staff.roles import Role
from complaints.services import add_note
from tests.desk.keeping_pages import (
    ERASURES,
    HOLDS,
    MOBILE,
    NAME,
    ROLES,
    RULES,
    ask_url,
    asked,
    browser,
    english_house,  # noqa: F401  (a fixture)
    old_customer,
    rule,
    step_url,
    text,
)
from tests.factories import complaints as complaint
from tests.factories import loans as book
from tests.factories.staff import NOW, person
from tests.support import assert_same_queries_3_and_30

pytestmark = pytest.mark.django_db


# --- erasure -----------------------------------------------------------------------------------------------


def test_only_those_with_the_right_ask_see_and_decide() -> None:
    borrower = old_customer()
    officer = person(Role.PRIVACY_OFFICER)
    for role in ROLES:
        client = browser(person(role))
        allowed = role == Role.PRIVACY_OFFICER
        assert client.get(ask_url(borrower)).status_code == (200 if allowed else 403), role
        assert allowed or client.post(ask_url(borrower), {"basis": "request"}).status_code == 403
    assert not Erasure.objects.exists()
    erasure = asked(borrower, officer)
    page = reverse("admin:audit_erasure_change", args=(erasure.pk,))
    for role in ROLES:
        client = browser(person(role))
        sees = role in {Role.COMPLIANCE, Role.PRIVACY_OFFICER, Role.AUDITOR}
        assert client.get(page).status_code == (200 if sees else 403), role
        assert client.get(reverse(ERASURES)).status_code == (200 if sees else 403), role
        assert role == Role.COMPLIANCE or client.post(step_url(erasure, "carry_out")).status_code == 403
    erasure.refresh_from_db()
    assert erasure.state == "requested"
    # Nothing was erased, so that there is no proof.
    proof = reverse("admin:audit_erasure_proof", args=(erasure.pk,))
    assert browser(person(Role.AUDITOR)).get(proof).status_code == 404


def test_asked_by_one_carried_out_by_another_and_proven(django_capture_on_commit_callbacks: Any) -> None:
    borrower = old_customer()
    officer, second = person(Role.PRIVACY_OFFICER), person(Role.COMPLIANCE)
    card = text(browser(officer), reverse("admin:loans_borrower_change", args=(borrower.pk,)))
    assert ask_url(borrower) in card
    assert ask_url(borrower) in text(
        browser(officer), reverse("admin:privacy_datasubject_change", args=(borrower.subject_id,))
    )
    preview = text(browser(officer), ask_url(borrower))
    assert "Nothing stands in the way now." in preview
    assert "Nothing is erased yet" in preview
    assert browser(officer).post(ask_url(borrower), {"basis": "whim"}).status_code == 422
    erasure = asked(borrower, officer, reference="信访2026-1")
    # A second request leads to the first, and the card no longer offers one.
    assert browser(officer).get(ask_url(borrower))["Location"].endswith(f"/{erasure.pk}/change/")
    card = text(browser(officer), reverse("admin:loans_borrower_change", args=(borrower.pk,)))
    assert ask_url(borrower) not in card
    decider = browser(second)
    step = step_url(erasure, "carry_out")
    assert "cannot be undone" in text(decider, step)
    for wrong in ("", "C-0", str(book.a_borrower().subject.uid)):
        assert decider.post(step, {"confirm": wrong}).status_code == 422
    assert DataKey.objects.filter(subject=borrower.subject).exists()
    with django_capture_on_commit_callbacks(execute=True):
        done = decider.post(step, {"confirm": borrower.customer_number})
    assert done.status_code == 302
    erasure.refresh_from_db()
    assert (erasure.state, erasure.decided_by) == ("done", second)
    assert not DataKey.objects.filter(subject=borrower.subject).exists()
    page = text(decider, done["Location"])
    assert erasure.proof_sha256 in page
    assert erasure.proof["keys"][0]["wrapped_sha256"] in page
    assert NAME not in page
    assert MOBILE not in page
    assert "139****" not in page
    file = decider.get(reverse("admin:audit_erasure_proof", args=(erasure.pk,)))
    assert hashlib.sha256(file.content).hexdigest() == erasure.proof_sha256
    read = ReadEvent.objects.latest("pk")
    assert (read.what, read.subject_id, read.actor) == ("export", borrower.subject_id, second)


def test_who_asked_does_not_decide_and_a_refusal_needs_words() -> None:
    borrower = old_customer()
    both = person(Role.PRIVACY_OFFICER, Role.COMPLIANCE)
    erasure = asked(borrower, both)
    own = browser(both)
    page = text(own, reverse("admin:audit_erasure_change", args=(erasure.pk,)))
    assert "another person has to decide" in page
    for name in ("carry_out", "refuse"):
        answer = own.post(
            step_url(erasure, name), {"confirm": borrower.customer_number, "reason": "不符合条件"}
        )
        assert answer.status_code == 409, name
    second = browser(person(Role.COMPLIANCE))
    assert second.post(step_url(erasure, "refuse"), {"reason": " "}).status_code == 422
    answer = second.post(step_url(erasure, "refuse"), {"reason": "贷款尚未结清"})
    assert "贷款尚未结清" in text(second, answer["Location"])
    erasure.refresh_from_db()
    assert erasure.state == "refused"
    # Refused is not for ever: it may be asked for again.
    assert "Erase this person" in text(own, reverse("admin:loans_borrower_change", args=(borrower.pk,)))


def test_what_stands_in_the_way_is_said_and_holds() -> None:
    borrower = book.a_borrower(name=NAME)
    place_legal_hold(
        dossier=borrower.dossier, reason_code="litigation", by=person(Role.COMPLIANCE), at=timezone.now()
    )
    officer, second = person(Role.PRIVACY_OFFICER), browser(person(Role.COMPLIANCE))
    with context.acting(by=book.job(), reason_code="test"):
        RetentionRule.objects.create(
            kind="customer",
            keep_months=1200,
            effective_from=date(2020, 1, 1),
            basis="test",
            source="test",
            legal_force="law",
            confidence="found",
        )
    page = text(browser(officer), ask_url(borrower))
    assert f"Dossier {borrower.dossier.number} is under a legal hold." in page
    assert "Possible from 21" in page
    erasure = asked(borrower, officer)
    answer = second.post(step_url(erasure, "carry_out"), {"confirm": borrower.customer_number})
    assert answer.status_code == 422
    assert "is under a legal hold" in answer.content.decode()
    assert DataKey.objects.filter(subject=borrower.subject).exists()


def test_passages_are_starred_and_a_name_may_be_somebody_elses(
    django_capture_on_commit_callbacks: Any,
) -> None:
    borrower = old_customer()
    handler = complaint.handler()
    other, third = complaint.filed(), complaint.filed()
    add_note(complaint=other, text=f"另一位{NAME}，电话13700001111", by=handler, at=complaint.NOW)
    add_note(complaint=third, text=f"同一人，手机{MOBILE}", by=handler, at=complaint.NOW)
    officer = person(Role.PRIVACY_OFFICER)
    page = text(browser(officer), ask_url(borrower))
    assert "另一位****" in page
    assert "13700001" not in page
    assert MOBILE not in page
    place = f"dossier:{other.dossier_id}"
    assert f'value="{place}"' in page
    # A number is nobody else's: there is nothing to tick.
    assert f'value="dossier:{third.dossier_id}"' not in page
    read = ReadEvent.objects.latest("pk")
    assert read.subject_id == borrower.subject_id
    assert {other.dossier_id, third.dossier_id} <= set(read.listed)
    assert (
        browser(officer).post(ask_url(borrower), {"basis": "request", "spared": "names"}).status_code == 422
    )
    erasure = asked(borrower, officer, spared=[place])
    second = browser(person(Role.COMPLIANCE))
    shown = text(second, reverse("admin:audit_erasure_change", args=(erasure.pk,)))
    assert "stays: somebody else" in shown
    assert "另一位****" in shown
    assert "另一位****" not in text(
        browser(person(Role.AUDITOR)), reverse("admin:audit_erasure_change", args=(erasure.pk,))
    )
    with django_capture_on_commit_callbacks(execute=True):
        second.post(step_url(erasure, "carry_out"), {"confirm": str(borrower.subject.uid)})
    erasure.refresh_from_db()
    assert (erasure.state, erasure.proof["spared"]) == ("done", [place])


# --- legal holds -------------------------------------------------------------------------------------------


def test_a_hold_is_placed_from_a_page_and_lifted_with_a_reason() -> None:
    filed = complaint.filed()
    add = f"{reverse('admin:audit_legalhold_add')}?dossier={filed.dossier.uid}"
    for role in ROLES:
        client = browser(person(role))
        may = role in {Role.COMPLIANCE, Role.PRIVACY_OFFICER}
        assert client.get(add).status_code == (200 if may else 403), role
        assert may or client.post(add, {"reason_code": "litigation"}).status_code == 403
        sees = may or role == Role.AUDITOR
        assert client.get(reverse(HOLDS)).status_code == (200 if sees else 403), role
    assert not LegalHold.objects.exists()
    officer = browser(person(Role.COMPLIANCE))
    page = reverse("admin:complaints_complaint_change", args=(filed.pk,))
    assert add in text(officer, page)
    passed = (timezone.now() - timedelta(days=3)).date().isoformat()
    assert officer.post(add, {"reason_code": "litigation", "until": passed}).status_code == 422
    placed = officer.post(
        add, {"reason_code": "litigation", "reference": "民初1号", "detail": "原告申请保全"}
    )
    hold = LegalHold.objects.get()
    assert "原告申请保全" in text(officer, placed["Location"])
    assert reverse("admin:audit_legalhold_change", args=(hold.pk,)) in text(officer, page)
    assert "Legal hold" in text(browser(person(Role.AUDITOR)), page)
    auditor = browser(person(Role.AUDITOR))
    assert auditor.post(step_url(hold, "lift"), {"reason": "结案"}).status_code == 403
    assert officer.post(step_url(hold, "lift"), {"reason": ""}).status_code == 422
    lifted = officer.post(step_url(hold, "lift"), {"reason": "判决已生效"})
    assert "判决已生效" in text(officer, lifted["Location"])
    assert officer.post(step_url(hold, "lift"), {"reason": "再次"}).status_code == 409
    assert reverse("admin:audit_legalhold_change", args=(hold.pk,)) not in text(officer, page)


def test_a_hold_by_number_finds_exactly_one_dossier() -> None:
    officer = browser(person(Role.PRIVACY_OFFICER))
    borrower = book.a_borrower()
    add = reverse("admin:audit_legalhold_add")
    assert officer.get(f"{add}?dossier=nonsense").status_code == 404
    assert officer.post(add, {"reason_code": "other", "number": "NOBODY"}).status_code == 422
    officer.post(add, {"reason_code": "other", "number": borrower.dossier.number})
    assert LegalHold.objects.get().dossier == borrower.dossier


def test_holds_in_force_come_first() -> None:
    officer = person(Role.COMPLIANCE)
    holds = [
        place_legal_hold(dossier=book.a_borrower().dossier, reason_code="other", by=officer, at=NOW)
        for _number in range(3)
    ]
    client = browser(officer)
    client.post(step_url(holds[2], "lift"), {"reason": "结案"})
    rows = client.get(reverse(HOLDS)).context["cl"].result_list
    assert [row.pk for row in rows] == [holds[1].pk, holds[0].pk, holds[2].pk]
    found = client.get(reverse(HOLDS), {"which": "lifted"}).context["cl"].result_list
    assert [row.pk for row in found] == [holds[2].pk]


def test_lists_cost_the_same_at_3_and_30() -> None:
    officer = person(Role.PRIVACY_OFFICER)

    def erasures(count: int) -> None:
        with context.acting(by=officer, reason_code="test"):
            for subject in create_subjects(count):
                Erasure.objects.create(
                    subject=subject, basis="request", requested_at=NOW, requested_by=officer
                )

    def holds(count: int) -> None:
        for _number in range(count):
            place_legal_hold(dossier=book.a_borrower().dossier, reason_code="other", by=officer, at=NOW)

    def rules(count: int) -> None:
        with context.acting(by=officer, reason_code="test"):
            for number in range(RetentionRule.objects.count(), RetentionRule.objects.count() + count):
                RetentionRule.objects.create(
                    **{**rule(basis=f"basis {number}"), "effective_from": date(2019, 1, 1)}
                )

    for make, name in ((erasures, ERASURES), (holds, HOLDS), (rules, RULES)):
        assert_same_queries_3_and_30(make, browser(officer), reverse(name))


def test_dependents_are_counted_in_the_preview() -> None:
    borrower = old_customer()
    with context.entering("command"):
        register_contact_person(
            borrower=borrower, name="尉迟桂枝", relation="母亲", mobile="13733334444", by=book.job(), at=NOW
        )
    page = text(browser(person(Role.PRIVACY_OFFICER)), ask_url(borrower))
    assert "1 person known only through this one goes as well." in page
    assert "尉迟桂枝" not in page
