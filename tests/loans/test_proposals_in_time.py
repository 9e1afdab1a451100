"""What is proposed is decided within so many days, or proposed anew: changes and write-offs alike."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import TransitionRefused
from backoffice.core.models import PolicyValue
from backoffice.core.time import business_day
from backoffice.loans import services
from backoffice.loans.models import Loan, ScheduleChange, WriteOff
from backoffice.loans.policy import PROPOSAL_DAYS
from backoffice.staff.roles import Role
from tests.factories.changes import a_proposal, a_write_off
from tests.factories.loans import NOW, TODAY, a_loan, job
from tests.factories.staff import person

pytestmark = pytest.mark.django_db

DAYS = timedelta(days=14)
DAY = timedelta(days=1)


def decide(obj: ScheduleChange | WriteOff, at: Any, **given: Any) -> None:
    services_ = {
        ScheduleChange: (services.apply_change, "change"),
        WriteOff: (services.approve_write_off, "write_off"),
    }
    service, name = services_[type(obj)]
    with entering(EntryPoint.ADMIN):
        service(**{name: obj}, by=person(Role.LOAN_OFFICER), at=at, reason="同意", **given)  # type: ignore[operator]


@pytest.mark.parametrize("made", [a_proposal, a_write_off])
def test_it_is_decided_until_its_last_day(made: Any) -> None:
    obj = made()
    assert obj.decide_by == TODAY + DAYS
    with pytest.raises(TransitionRefused, match="2026-12-07"):
        decide(obj, NOW + DAYS + DAY)
    obj.refresh_from_db()
    assert obj.state in {"proposed", "requested"}
    decide(obj, NOW + DAYS)
    obj.refresh_from_db()
    assert obj.state in {"applied", "done"}


@pytest.mark.parametrize("made", [a_proposal, a_write_off])
def test_the_policy_of_its_day_says_how_long(made: Any) -> None:
    with entering(EntryPoint.COMMAND, actor=job()):
        for since, value in ((TODAY, 2), (TODAY + DAY, 30)):
            PolicyValue.objects.create(
                code=PROPOSAL_DAYS, value=value, unit="days", effective_from=since, title="x", source="x"
            )
    assert made().decide_by == TODAY + 2 * DAY


@pytest.mark.parametrize("made", [a_proposal, a_write_off])
def test_what_is_too_old_is_refused_and_asked_for_anew(made: Any) -> None:
    loan = a_loan()
    obj = made(loan)
    later = NOW + DAYS + DAY
    refuse, name = (
        (services.refuse_change, "change")
        if isinstance(obj, ScheduleChange)
        else (services.refuse_write_off, "write_off")
    )
    with entering(EntryPoint.ADMIN):
        refuse(**{name: obj}, by=person(Role.LOAN_OFFICER), at=later, reason="过期")  # type: ignore[operator]
    decide(made(Loan.objects.get(pk=loan.pk), at=later), later)


def test_pages_and_lists_say_until_when(client: Client) -> None:
    now = timezone.now()
    last = (business_day(now) + DAYS).isoformat()
    client.force_login(person(Role.LOAN_OFFICER), backend="django.contrib.auth.backends.ModelBackend")
    fresh = a_proposal(a_loan(), at=now)
    old = a_proposal(a_loan(), at=now - DAYS - DAY)
    a_write_off(fresh.loan, at=now)
    own = client.get(reverse("admin:loans_schedulechange_change", args=(fresh.pk,)))
    assert last in own.content.decode()
    assert not own.context["too_old"]
    assert client.get(reverse("admin:loans_schedulechange_change", args=(old.pk,))).context["too_old"]
    assert (
        client.get(reverse("admin:loans_loan_change", args=(fresh.loan_id,))).content.decode().count(last)
        == 2
    )
    assert last in client.get(reverse("admin:loans_schedulechange_changelist")).content.decode()
    assert last in client.get(reverse("admin:loans_writeoff_changelist")).content.decode()
