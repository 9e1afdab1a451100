"""An incident's facts and clocks, from the first notification to the closing report; and who had looked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from backoffice.audit.services import log_read
from backoffice.core import context
from backoffice.core.errors import DomainError, InputRefused, TransitionRefused
from backoffice.desk import incidents, services
from backoffice.desk.models import Incident, IncidentDuty, IncidentEvent, Task
from backoffice.loans.models import Borrower
from backoffice.privacy.services import read_text
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from debt_collections.models import Hold
from tests.factories import loans as book
from tests.factories.desk import PNG
from tests.factories.incidents import HOUR, duty, report, running
from tests.factories.staff import NOW, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def door() -> Iterator[None]:
    with context.entering("command"):
        yield


@pytest.fixture
def officer() -> User:
    return person(Role.PRIVACY_OFFICER)


# --- facts, clocks, the end -----------------------------------------------------------------------------


def test_facts_raise_the_level_add_clocks_and_take_them_away_again(officer: User) -> None:
    incident = report(persons=10)
    assess: dict[str, Any] = {"incident": incident, "by": officer, "at": NOW + HOUR}
    incident = services.assess_incident(
        level="ordinary", persons=3_000_000, data_kinds=["identity"], **assess
    )
    assert (incident.level, duty(incident, "cyber_authority").due_at) == ("large", NOW + 4 * HOUR)
    with pytest.raises(InputRefused):
        services.assess_incident(level="ordinary", persons=10, harm_avoided=True, **assess)
    incident = services.assess_incident(
        level="ordinary", persons=10, harm_avoided=True, harm_reason="文件已加密", **assess
    )
    assert incident.level == "ordinary"
    assert not {"cyber_authority", "leak_persons"} & running(incident)
    assert duty(incident, "leak_persons").waived_because == "not_needed"
    services.assess_incident(level="ordinary", persons=10, **assess)
    assert "leak_persons" in running(incident), (
        "a clock the facts ask for again runs on, from the same minute"
    )
    assert duty(incident, "leak_persons").due_at == NOW + 24 * HOUR


def test_what_was_reported_as_something_else_goes_to_those_who_answer_for_it(officer: User) -> None:
    boss, borrower = person(Role.CONDUCT_SUPERVISOR), book.a_borrower()
    incident = report("leak", source=borrower.dossier)
    services.take_incident(incident=incident, by=officer, at=NOW)
    given: dict[str, Any] = {
        "incident": incident,
        "level": "ordinary",
        "persons": None,
        "by": officer,
        "at": NOW,
    }
    with pytest.raises(InputRefused):
        services.assess_incident(kind="fire", **given)
    incident = services.assess_incident(kind="self_harm", **given)
    assert (incident.kind, incident.owner) == ("self_harm", None)
    assert running(incident) == {"emergency_call", "management", "management_written"}
    open_tasks = Task.objects.filter(dossier=incident.dossier, state="open")
    assert [task.assigned_to for task in open_tasks] == [boss]
    assert Hold.objects.filter(borrower=borrower).exists(), "collection stops as if it had been said at once"
    with pytest.raises(TransitionRefused):
        services.assess_incident(**given)


def test_a_notification_meets_its_clock_late_or_in_time_and_keeps_the_proof(officer: User) -> None:
    incident = report()
    first, second = duty(incident, "leak_authority"), duty(incident, "leak_supervisor")
    told: dict[str, Any] = {"incident": incident, "way": "call", "by": officer, "at": NOW + 5 * HOUR}
    row = services.notify(
        duty=first,
        told_at=NOW + HOUR,
        office="省网信办",
        note="受理号 1",
        proof=("回执.png", PNG),
        **told,
    )
    services.notify(duty=second, told_at=NOW + 3 * HOUR, **told)
    assert row.proof is not None
    assert (row.party, row.proof.dossier, read_text(row, "note_cipher")) == (
        "cac",
        incident.dossier,
        "受理号 1",
    )
    events = IncidentEvent.objects.filter(incident=incident, kind="notified").order_by("pk")
    assert [event.data["late"] for event in events] == [False, True]
    for wrong, field in (
        ({"duty": first, "told_at": NOW}, "duty"),
        ({"told_at": NOW}, "party"),
        ({"party": "police", "told_at": NOW - HOUR}, "told_at"),
        ({"party": "police", "told_at": NOW + 6 * HOUR}, "told_at"),
        ({"party": "police", "told_at": NOW, "proof": ("a.exe", b"MZ")}, "proof"),
    ):
        with pytest.raises(InputRefused) as refused:
            services.notify(**{**told, **wrong})
        assert refused.value.field == field
    assert services.notify(party="police", told_at=NOW, **told).duty is None
    row.way = "letter"
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save()


def test_from_open_to_closed_and_back(officer: User) -> None:
    incident, at = report(source=book.a_borrower().dossier), NOW + HOUR
    by: dict[str, Any] = {"by": officer, "at": at}

    def refused(step: Callable[..., Any], **given: Any) -> None:
        with pytest.raises(DomainError):
            step(incident=Incident.objects.get(pk=incident.pk), **by, **given)

    services.take_incident(incident=incident, **by)
    assert (
        not Task.objects.filter(dossier=incident.dossier, state="open").exclude(assigned_to=officer).exists()
    )
    refused(services.mark_reported)
    refused(services.close_incident, report="完")
    refused(services.contain_incident, contained_at=NOW, measures=" ")
    refused(services.contain_incident, contained_at=NOW - HOUR, measures="已收回")
    services.contain_incident(
        incident=incident, contained_at=NOW + timedelta(minutes=5), measures="已收回", **by
    )
    # 2026-11-23 is a Monday: five working days end with the Monday after, at 24:00 in Shanghai.
    assert f"{duty(incident, 'leak_supervisor_closing').due_at:%m-%d %H:%M}" == "11-30 16:00"
    refused(services.mark_reported)
    for code in ("leak_authority", "leak_supervisor"):
        services.notify(incident=incident, duty=duty(incident, code), way="platform", told_at=at, **by)
    services.waive_duty(
        incident=incident, duty=duty(incident, "leak_supervisor_written"), reason="口头同意", **by
    )
    refused(services.mark_reported)
    services.tell_persons(
        incident=incident, persons=list(incident.subjects.all()), way="sms", told_at=at, **by
    )
    assert services.mark_reported(incident=incident, **by).state == "reported"
    refused(services.close_incident, report="完")
    services.notify(
        incident=incident, duty=duty(incident, "leak_supervisor_closing"), way="letter", told_at=at, **by
    )
    refused(services.close_incident, report="")
    closed = services.close_incident(incident=incident, report="原因、损失、整改", **by)
    assert (closed.state, read_text(closed, "closing_cipher")) == ("closed", "原因、损失、整改")
    assert not Task.objects.filter(dossier=incident.dossier, state="open").exists()
    again = services.reopen_incident(incident=incident, reason="又发现一份名单", **by)
    assert (again.state, again.contained_at, again.closed_at) == ("open", None, None)
    assert Task.objects.filter(dossier=incident.dossier, state="open").exists()
    services.contain_incident(incident=again, contained_at=at, measures="已删除", **by)
    assert running(incident) == {"leak_supervisor_closing"}, "a second end wants a second closing report"
    kinds = list(
        IncidentEvent.objects.filter(incident=incident).order_by("pk").values_list("kind", flat=True)
    )
    assert kinds[0] == "reported"
    assert kinds[-3:] == ["closed", "reopened", "contained"]


def test_the_database_has_the_last_word() -> None:
    incident = report()
    for wrong in ({"state": "contained"}, {"closed_at": NOW}, {"kind": "fire"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Incident.objects.filter(pk=incident.pk).update(**wrong)
    row = duty(incident, "leak_authority")
    both: dict[str, Any]
    for both in ({"met_at": NOW, "waived_at": NOW, "waived_because": "decided"}, {"waived_at": NOW}):
        with pytest.raises(IntegrityError), transaction.atomic():
            IncidentDuty.objects.filter(pk=row.pk).update(**both)


# --- the read log ---------------------------------------------------------------------------------------


def test_the_read_log_of_those_concerned_is_pulled_together() -> None:
    borrower: Borrower = book.a_borrower()
    loan, other = book.a_loan(borrower=borrower), book.a_borrower()
    nosy, careful = person(Role.COLLECTOR), person(Role.HANDLER)
    incident = report(source=borrower.dossier)
    with context.acting(by=nosy, reason_code=""):
        log_read(what="page", at=NOW - HOUR, path="/loan/", dossier=loan.dossier)
        log_read(
            what="reveal", at=NOW - 2 * HOUR, path="/b/", subject_id=borrower.subject_id, fields=["mobile"]
        )
        log_read(
            what="list", at=NOW - HOUR, path="/l/", listed=[loan.dossier_id, borrower.dossier_id], count=50
        )
        log_read(what="page", at=NOW - HOUR, path="/o/", dossier=other.dossier)
    with context.acting(by=careful, reason_code=""):
        log_read(what="list", at=NOW - HOUR, path="/l/", listed=[other.dossier_id], count=1)
        log_read(what="page", at=NOW - 40 * 24 * HOUR, path="/old/", dossier=borrower.dossier)
    since, until = incidents.read_period(incident, at=NOW)
    assert (since, until) == (NOW - timedelta(days=30), NOW)
    reads = list(incidents.reads_of(incident, since, until))
    assert sorted((read.path, read.hits) for read in reads) == [("/b/", 1), ("/l/", 2), ("/loan/", 1)]
    (reader,) = incidents.readers(iter(reads))
    assert (reader.name, reader.total, reader.fields) == (nosy.display_name, 3, {"mobile"})
    assert reader.counts == {"page": 1, "reveal": 1, "list": 1}
    assert (reader.first, reader.last) == (NOW - 2 * HOUR, NOW - HOUR)
