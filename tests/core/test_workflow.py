"""The mechanism that buttons, bulk actions and API ask: state AND permission AND condition."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from backoffice.core.errors import NotPermitted, TransitionRefused
from backoffice.core.workflow import Workflow, transition

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@dataclass
class Person:
    rights: set[str] = field(default_factory=lambda: {"do"})
    pk: int = 1
    display_name: str = "李敏"

    def has_perm(self, perm: str) -> bool:
        return perm in self.rights


@dataclass
class Thing:
    state: str = "open"
    ready: bool = True

    def get_state_display(self) -> str:
        return self.state


def is_ready(thing: Thing, by: object, at: datetime) -> str | None:
    return None if thing.ready else "not ready"


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Workflow:
    monkeypatch.setattr(Workflow, "registry", {})
    return Workflow(
        "tests.Thing",
        initial="open",
        transitions=[
            transition("finish", "Finish", ["open"], "done", "do", is_ready),
            transition("remark", "Remark", ["open", "done"], None, "do"),
            transition("reopen", "Reopen", ["done"], "open", "reopen"),
        ],
    )


def test_without_permission_nothing_is_available(table: Workflow) -> None:
    nobody = Person(rights=set())
    assert table.allowed(Thing(), by=nobody, at=NOW) == []
    with pytest.raises(NotPermitted):
        table.step("finish", Thing(), by=nobody, at=NOW)


def test_step_sets_the_state(table: Workflow) -> None:
    thing = Thing()
    table.step("finish", thing, by=Person(), at=NOW)
    assert thing.state == "done"


def test_act_without_target_leaves_the_state(table: Workflow) -> None:
    thing = Thing(state="done")
    table.step("remark", thing, by=Person(), at=NOW)
    assert thing.state == "done"


def test_wrong_state_names_what_is_allowed_instead(table: Workflow) -> None:
    with pytest.raises(TransitionRefused) as caught:
        table.step("finish", Thing(state="done"), by=Person(rights={"do", "reopen"}), at=NOW)
    assert caught.value.allowed == ["remark", "reopen"]


def test_condition_gives_its_reason_and_the_state_stays(table: Workflow) -> None:
    thing = Thing(ready=False)
    answer = table.availability("finish", thing, by=Person(), at=NOW)
    assert (answer.allowed, answer.reason) == (False, "not ready")
    with pytest.raises(TransitionRefused, match="not ready"):
        table.step("finish", thing, by=Person(), at=NOW)
    assert thing.state == "open"


def test_permission_is_asked_before_state_and_condition(table: Workflow) -> None:
    answer = table.availability("reopen", Thing(ready=False), by=Person(), at=NOW)
    assert answer.code == NotPermitted.code


def test_two_rows_of_one_name_are_a_defect() -> None:
    rows = [transition("a", "A", ["x"], "y", "do"), transition("a", "A", ["y"], "x", "do")]
    with pytest.raises(ValueError, match="share a name"):
        Workflow("tests.Other", initial="x", transitions=rows)
