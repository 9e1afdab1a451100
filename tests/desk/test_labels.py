"""What people read in the record has a name for people: every column, and every act."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise

from backoffice.desk import record
from backoffice.desk.registry import registries
from backoffice.staff.roles import Role
from complaints.choices import NoticeStep
from tests.factories import desk as make
from tests.factories.staff import person

ROOTS = [Path(settings.BASE_DIR) / name for name in ("backoffice", "complaints", "collections")]
OURS = {
    "staff",
    "core",
    "privacy",
    "audit",
    "desk",
    "api",
    "loans",
    "collections",
    "conduct",
    "complaints",
    "mediation",
}
OPENERS = {"act": "code", "acting": "reason_code"}


def columns() -> Iterator[models.Field]:
    """Every column that we (or a library's base class) declared; automatic keys are called "ID" by Django."""
    for model in apps.get_models():
        if model._meta.app_label not in OURS:
            continue
        for field in [*model._meta.local_fields, *model._meta.local_many_to_many]:
            counted = isinstance(field, models.AutoField) or hasattr(model, "instance_type")
            if not (field.name == "id" and counted):
                yield field


def test_every_column_of_ours_has_a_translated_name() -> None:
    fields = list(columns())
    assert len({field.model._meta.app_label for field in fields}) == len(OURS)
    nameless = [
        f"{field.model._meta.label}.{field.name}"
        for field in fields
        # Django's own default is a plain string made of the attribute's name.
        if not isinstance(field.verbose_name, Promise)
    ]
    assert nameless == []


def test_no_column_is_called_after_the_way_it_is_stored() -> None:
    with translation.override("en"):
        assert [
            str(field)
            for field in columns()
            if field.name.endswith("_cipher") and "cipher" in str(field.verbose_name)
        ] == []


class Codes(ast.NodeVisitor):
    """The codes of acts in a module: literal ones, and patterns for those put together from parts."""

    def __init__(self, openers: dict[str, str]) -> None:
        self.openers = openers
        self.constants: dict[str, str] = {}
        self.literal: set[str] = set()
        self.patterns: set[str] = set()

    def visit_Module(self, node: ast.Module) -> None:
        self.constants = dict(_constants(node))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        keyword = self.openers.get(_called(node))
        for given in node.keywords:
            if given.arg == keyword:
                self.take(given.value)
        self.generic_visit(node)

    def take(self, code: ast.expr) -> None:
        if isinstance(code, ast.Constant):
            self.literal.add(str(code.value))
        elif isinstance(code, ast.IfExp):
            self.take(code.body)
            self.take(code.orelse)
        elif isinstance(code, ast.Name) and code.id in self.constants:
            # Any other name (a helper's own ``code``) is followed where the helper is called.
            self.literal.add(self.constants[code.id])
        elif isinstance(code, ast.JoinedStr):
            parts = [
                re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[a-z_]+"
                for part in code.values
            ]
            self.patterns.add("".join(parts))


def _constants(module: ast.Module) -> Iterator[tuple[str, str]]:
    """The names that a module gives to texts: ``A = "a"`` and ``A, B = "a", "b"``."""
    for node in module.body:
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=True))
            for name, value in pairs:
                if (
                    isinstance(name, ast.Name)
                    and isinstance(value, ast.Constant)
                    and isinstance(value.value, str)
                ):
                    yield name.id, value.value


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _passes_code_on(function: ast.FunctionDef, openers: dict[str, str]) -> bool:
    takes_code = any(given.arg == "code" for given in function.args.kwonlyargs)
    return takes_code and any(
        isinstance(node, ast.Call)
        and any(
            given.arg == openers.get(_called(node))
            and isinstance(given.value, ast.Name)
            and given.value.id == "code"
            for given in node.keywords
        )
        for node in ast.walk(function)
    )


@pytest.fixture(scope="module")
def codes() -> Codes:
    """All codes of the product, also those given to helpers that hand their ``code`` on (``changing`` …)."""
    trees = [
        ast.parse(path.read_text(encoding="utf-8"))
        for root in ROOTS
        for path in root.rglob("*.py")
        if "migrations" not in path.parts
    ]
    functions = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    openers = dict(OPENERS)
    while found := [
        one.name for one in functions if one.name not in openers and _passes_code_on(one, openers)
    ]:
        openers |= dict.fromkeys(found, "code")
    assert "changing" in openers
    visitor = Codes(openers)
    for tree in trees:
        visitor.visit(tree)
    return visitor


def test_every_act_has_a_label(codes: Codes) -> None:
    assert {"complaint.closed", "user.roles_set", "task.done", "maintenance", "reveal.alarm"} <= codes.literal
    known = {code for code, _label in registries.act_labels.items()}
    assert codes.literal - known == set()
    assert [one for one in codes.patterns if not any(re.fullmatch(one, code) for code in known)] == []
    assert {f"complaint.notice_{step}" for step in NoticeStep.values} <= known


def test_no_label_outlives_its_act(codes: Codes) -> None:
    left_over = [
        code
        for code, _label in registries.act_labels.items()
        if code not in codes.literal and not any(re.fullmatch(one, code) for one in codes.patterns)
    ]
    assert left_over == []


def test_labels_are_translated_when_shown() -> None:
    assert all(isinstance(label, Promise) for label in registries.act_labels)
    with translation.override("en"):
        assert record.act_label("complaint.closed") == "Complaint closed"


@pytest.mark.django_db
def test_the_record_says_the_act_and_keeps_the_code_at_hand(client: Client) -> None:
    task = make.task()
    client.force_login(person(Role.COMPLAINT_SUPERVISOR))
    with translation.override("en"):
        label = record.act_label("task.opened")
    page = client.get(
        reverse("admin:desk_task_history", args=(task.pk,)), headers={"accept-language": "en"}
    ).content.decode()
    (entry,) = re.findall(r'<span class="act" title="task.opened">([^<]+)</span>', page)
    assert entry in {label, record.act_label("task.opened")}


def test_a_reference_row_is_named_by_its_model() -> None:
    with translation.override("en"):
        assert record.act_label("conduct.rule.changed") == "Changed: rule"
        assert record.act_label("loans.creditor.added") == "Added: creditor"


@pytest.mark.parametrize("code", ["", "house.unheard_of", "no.such.changed", "changed"])
def test_a_code_without_a_label_is_shown_as_it_is(code: str) -> None:
    assert record.act_label(code) == code
