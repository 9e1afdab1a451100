"""Every kind of event has words, and a timeline leaves out only what it shows from the facts themselves.

The kinds are read from the code. Those that a helper is handed are met where services are called
(tests/house/test_every_service_records.py judges the title of every event that a service writes).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

from backoffice.audit.models import Event
from backoffice.desk.codes import label_of_code
from backoffice.desk.explorer.events import kind_label
from backoffice.loans.admin.entries import EVENTS as LOAN_TITLES
from complaints.choices import NoticeStep
from complaints.mediation.admin.words import EVENT_TITLES as MEDIATION_TITLES
from complaints.selectors.timeline import TITLES as COMPLAINT_TITLES
from debt_collections.admin.timeline import CASES, HOLDS

ROOTS = [Path(settings.BASE_DIR) / name for name in ("backoffice", "complaints", "collections")]
MODELS = {model.__name__: model for model in apps.get_models() if issubclass(model, Event)}

#: Events about a borrower that the borrower's timeline does not take from the events, and why.
SHOWN_OTHERWISE = {
    "repayment_posted": "as the repayment itself, with amount and channel",
    "repayment_reversed": "as the reversal itself",
    "contact_logged": "as the contact itself, with the verdicts on it",
}


def _texts(expression: ast.expr) -> Iterator[str]:
    """The texts that an expression may stand for; none where a name is handed in from elsewhere."""
    if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
        yield expression.value
    elif isinstance(expression, ast.IfExp):
        yield from _texts(expression.body)
        yield from _texts(expression.orelse)


def _written(call: ast.Call, path: Path) -> Iterator[tuple[str, str]]:
    """Name of the event model and kind, for a call that writes an event."""
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if called == "record" and call.args:
        first, rest = call.args[0], call.args[1:]
        if isinstance(first, ast.Name) and first.id in MODELS and rest:
            yield from ((first.id, kind) for kind in _texts(rest[0]))
        elif "complaints" in path.parts:
            # A change of a complaint knows its own model.
            yield from (("ComplaintEvent", kind) for kind in _texts(first))
        return
    model = ast.unparse(call.func).removesuffix(".objects.create")
    if model in MODELS:
        for given in call.keywords:
            if given.arg == "kind":
                yield from ((model, kind) for kind in _texts(given.value))


@cache
def kinds() -> dict[str, set[str]]:
    """Name of an event model → every kind that stands in the code."""
    found: dict[str, set[str]] = {name: set() for name in MODELS}
    for path in (path for root in ROOTS for path in root.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                for model, kind in _written(node, path):
                    found[model].add(kind)
    return found


def test_the_kinds_are_found() -> None:
    assert {"filed", "closed", "imported", "mediation_consent_recorded"} - kinds()["ComplaintEvent"] == {
        "closed"
    }
    assert {"case_opened", "case_imported", "hold_lifted"} <= kinds()["CollectionEvent"]
    assert {"alleged_contact_matched", "alleged_contact_unmatched"} <= kinds()["ConductEvent"]
    assert {"personal.revealed", "contact.imported"} <= kinds()["RecordEvent"]


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_kind_has_words(name: str) -> None:
    model = MODELS[name]
    nameless = [kind for kind in kinds()[name] if kind_label(model._meta.label_lower, kind) == kind]
    assert nameless == []


def test_the_pages_of_a_complaint_and_a_referral_know_every_kind() -> None:
    assert (
        kinds()["ComplaintEvent"] | {f"notice_{step}" for step in NoticeStep.values}
        <= COMPLAINT_TITLES.keys()
    )
    field = MODELS["MediationEvent"]._meta.get_field("kind")
    assert all(label_of_code(field, kind) == str(title) for kind, title in MEDIATION_TITLES.items())


def test_a_borrowers_timeline_leaves_out_only_what_it_shows_otherwise() -> None:
    of_loans = kinds()["LoanEvent"] | {"repayment_posted"}
    of_collection = {
        kind for kind in kinds()["CollectionEvent"] if not kind.startswith(("agency_", "collector_"))
    }
    told = LOAN_TITLES.keys() | HOLDS.keys() | CASES.keys()
    assert (of_loans | of_collection) - told == SHOWN_OTHERWISE.keys()
    assert told & SHOWN_OTHERWISE.keys() == set()
