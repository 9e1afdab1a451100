"""Legal holds: who may, what they protect, and that only a person ends one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backoffice.audit.keeping import people
from backoffice.audit.models import LegalHold, RecordEvent
from backoffice.audit.services.holds import lift_legal_hold, place_legal_hold
from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.core.time import business_day
from backoffice.privacy.services import read_reason, read_text
from backoffice.staff.roles import PERSON_ROLES, Role
from tests.factories import collections as floor
from tests.factories import loans as book
from tests.factories.complaints import NOW
from tests.factories.staff import person

pytestmark = pytest.mark.django_db


def test_only_those_with_the_right_place_and_lift() -> None:
    dossier = book.a_borrower().dossier
    may = {Role.COMPLIANCE, Role.PRIVACY_OFFICER}
    for role in PERSON_ROLES:
        if role not in may:
            with pytest.raises(NotPermitted):
                place_legal_hold(dossier=dossier, reason_code="litigation", by=person(role), at=NOW)
    assert not LegalHold.objects.exists()
    hold = place_legal_hold(
        dossier=dossier,
        reason_code="litigation",
        reference="（2026）沪0104民初1号",
        detail="原告申请保全",
        until=business_day(NOW) + timedelta(days=30),
        by=person(Role.COMPLIANCE),
        at=NOW,
    )
    assert read_text(hold, "detail_cipher") == "原告申请保全"
    with pytest.raises(NotPermitted):
        lift_legal_hold(hold=hold, reason="结案", by=person(Role.HANDLER), at=NOW)
    lifted = lift_legal_hold(hold=hold, reason="结案", by=person(Role.PRIVACY_OFFICER), at=NOW)
    assert lifted.state == LegalHold.State.LIFTED
    placed, ended = RecordEvent.objects.filter(dossier=dossier).order_by("pk")
    assert (placed.kind, ended.kind) == ("legal_hold.placed", "legal_hold.lifted")
    assert read_reason(bytes(ended.reason_cipher or b"")) == "结案"
    assert [row.history_change_reason for row in hold.history.all()] == [
        "legal_hold.lifted",
        "legal_hold.placed",
    ]
    with pytest.raises(TransitionRefused):
        lift_legal_hold(hold=lifted, reason="再次", by=person(Role.COMPLIANCE), at=NOW)


def test_what_makes_no_sense_is_refused() -> None:
    dossier, by = book.a_borrower().dossier, person(Role.COMPLIANCE)
    with pytest.raises(InputRefused):
        place_legal_hold(dossier=dossier, reason_code="whim", by=by, at=NOW)
    yesterday = business_day(NOW) - timedelta(days=1)
    with pytest.raises(InputRefused):
        place_legal_hold(dossier=dossier, reason_code="other", until=yesterday, by=by, at=NOW)


def test_a_hold_on_one_dossier_protects_all_of_the_same_person_until_it_is_lifted() -> None:
    case = floor.case(floor.collector())
    contact = floor.contact(case, case.placements.get().collector, NOW - timedelta(days=1))
    stranger = floor.case(floor.collector())
    by = person(Role.COMPLIANCE)
    hold = place_legal_hold(
        dossier=case.dossier, reason_code="authority", until=business_day(NOW), by=by, at=NOW
    )
    subjects, dossiers = people.protected()
    assert subjects == {case.borrower.subject_id}
    assert dossiers == {
        *(case.dossier_id, case.borrower.dossier_id, contact.dossier_id),
        case.case_loans.get().loan.dossier_id,
    }
    assert stranger.dossier_id not in dossiers
    far = NOW + timedelta(days=9_000)
    assert "legal-hold" in {
        one.code for one in people.blockers(people.theirs(case.borrower.subject_id), at=far)
    }
    lift_legal_hold(hold=hold, reason="解除", by=by, at=NOW)
    assert people.protected() == (set(), set())
