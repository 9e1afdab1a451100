"""Nothing happens without a record: every service of the house is called, and what it leaves behind is judged.

A service without a case fails ``test_every_service_has_its_case``: add one to ``tests/house/records/cases_<app>.py``
(a function that makes its world and answers the call's arguments, and the kinds of the events it writes).
"""

from __future__ import annotations

import inspect
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from backoffice.audit.models import Event, RecordEvent
from backoffice.audit.services.recorded import tracked_models, unrecorded
from backoffice.core import context
from backoffice.core.errors import DomainError
from backoffice.desk.explorer.events import kind_label
from backoffice.desk.registry import registries
from backoffice.privacy.services import read_reason
from complaints.mediation.admin.words import EVENT_TITLES
from complaints.selectors.timeline import TITLES
from tests.house.records import (
    cases_audit,
    cases_closing,
    cases_collections,
    cases_complaints,
    cases_decisions,
    cases_incidents,
    cases_keeping,
    cases_loans,
    cases_loans_changes,
    cases_loans_files,
    cases_loans_offers,
    cases_loans_postings,
    cases_mediation,
    cases_privacy,
    cases_staff,
)
from tests.house.records.case import REASON, Case
from tests.house.records.services import services
from tests.house.records.watch import Marks, changes, live_rows

CASES: list[Case] = [
    *cases_staff.CASES,
    *cases_loans.CASES,
    *cases_loans_postings.CASES,
    *cases_loans_changes.CASES,
    *cases_loans_files.CASES,
    *cases_closing.CASES,
    *cases_loans_offers.CASES,
    *cases_collections.CASES,
    *cases_complaints.CASES,
    *cases_decisions.CASES,
    *cases_mediation.CASES,
    *cases_incidents.CASES,
    *cases_keeping.CASES,
    *cases_privacy.CASES,
    *cases_audit.CASES,
]
#: Services that change no tracked row; each says what they write instead.
EXCEPTIONS: dict[str, str] = {
    "backoffice.audit.services.sealing.seal_record": (
        "seals, which are a record themselves, and an event when a person asked for them (tests/audit/test_seals.py); "
        "on PostgreSQL nothing is finished, and so nothing sealed, within the transaction of a test"
    ),
    "backoffice.audit.services.verifying.verify_record": (
        "a row of audit.Verification, append-only, with actor, moment, request and entry point of its own"
    ),
}


@pytest.fixture(autouse=True)
def files_elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def test_every_service_has_its_case() -> None:
    covered = {f"{case.service.__module__}.{case.service.__name__}" for case in CASES}
    missing = sorted(services().keys() - covered - EXCEPTIONS.keys())
    assert missing == [], "add a case each to tests/house/records/cases_<app>.py"
    assert covered - services().keys() == set(), "these are no services any more"


def test_every_exception_is_needed() -> None:
    covered = {f"{case.service.__module__}.{case.service.__name__}" for case in CASES}
    assert EXCEPTIONS.keys() - (services().keys() - covered) == set()
    assert all(EXCEPTIONS.values())


def test_no_two_cases_share_a_name() -> None:
    names = [case.name for case in CASES]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.django_db
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_call_leaves_exactly_its_record(case: Case) -> None:
    given = case.world()
    if _takes_words(case) and "reason" not in given:
        given["reason"] = REASON
    request_id = uuid.uuid4().hex
    before, marks = live_rows(), Marks.now()
    with context.entering(case.door, request_id=request_id):
        case.service(**given)
    history, events = marks.history(), marks.events()
    judge_rows(changes(before, live_rows()), history, case)
    assert history or events, "nothing is on record: name it in EXCEPTIONS, with what it writes instead"
    for row in [row for rows in history.values() for row in rows]:
        judge_actor(row.history_user_id, row.history_actor_name, given["by"])
        assert (row.history_entry_point, row.history_request_id) == (case.door, request_id)
        code = row.history_change_reason
        assert registries.act_labels.get(code or "") is not None, f"“{code}” has no label"
    assert sorted(event.kind for event in events) == sorted(case.events)
    for event in events:
        judge_actor(event.actor_id, event.actor_name, given["by"])
        assert (event.entry_point, event.request_id) == (case.door, request_id)
        assert event.occurred_at == given["at"]
        assert isinstance(event, RecordEvent) or event.dossier_id is not None
        assert has_title(event), f"{event._meta.label} {event.kind} has no title"
    if _takes_words(case):
        ciphers = [row.history_reason_cipher for rows in history.values() for row in rows]
        ciphers += [event.reason_cipher for event in events]
        assert given["reason"] in {read_reason(cipher) for cipher in ciphers if cipher}
    judge_again(case, given)


def judge_rows(changed: dict[Any, str], history: dict[Any, list[Any]], case: Case) -> None:
    assert changed.keys() - history.keys() == set(), "changed without a record"
    assert history.keys() - changed.keys() == set(), "recorded without a change"
    most: dict[str, int] = {}
    for (table, pk), rows in history.items():
        assert rows[0].history_type == changed[table, pk], (table, pk)
        most[table] = max(most.get(table, 0), len(rows))
    assert {table: count for table, count in most.items() if count > 1} == {
        table: count for table, (count, _why) in case.several.items()
    }
    touched = [model for model in tracked_models() if model._meta.db_table in most]
    assert unrecorded(touched) == [], "history says something else than the row"


def judge_actor(actor_id: int, name: str, by: Any) -> None:
    assert (actor_id, name) == (by.pk, by.display_name)


def judge_again(case: Case, given: dict[str, Any]) -> None:
    """A second call is refused, or finds everything done; unless the case says what it adds."""
    marks = Marks.now()
    try:
        with transaction.atomic(), context.entering(case.door, request_id=uuid.uuid4().hex):
            case.service(**given)
    except (DomainError, IntegrityError):
        pass
    left = [*marks.history(), *marks.events()]
    assert bool(left) == bool(case.adds), left
    if "no row changes" in case.adds:
        assert not marks.history()


def _takes_words(case: Case) -> bool:
    parameters = inspect.signature(case.service).parameters
    return "reason" in parameters and "reason_text" not in parameters


def has_title(event: Event) -> bool:
    """Whether the timeline of its app has words for the event, or the record explorer does."""
    titles: dict[str, Any] = {
        "complaints.ComplaintEvent": TITLES,
        "mediation.MediationEvent": EVENT_TITLES,
    }
    label = event._meta.label
    if label in titles:
        return event.kind in titles[label]
    return kind_label(event._meta.label_lower, event.kind) != event.kind
