"""What apps tell each other through settings and registries is there at both ends."""

import ast
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation

from backoffice.core.models import PolicyValue
from backoffice.desk.registry import registries
from backoffice.loans.seed_products import CREDITORS
from backoffice.staff.roles import Role
from complaints.house import lender
from tests.factories.staff import person

ROOT = Path(__file__).resolve().parents[2]


def kinds_of_tasks() -> set[str]:
    """The codes by which apps open tasks: constants named ``…_TASK``."""
    found = set()
    for folder in ("backoffice", "complaints", "collections"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                    names = [target.id for target in node.targets if isinstance(target, ast.Name)]
                    found |= {str(node.value.value) for name in names if name.endswith("_TASK")}
    return found


def test_every_kind_of_task_has_words() -> None:
    kinds = kinds_of_tasks()
    assert len(kinds) == 4
    for kind in kinds:
        label = registries.task_kinds.get(kind)
        assert label, f"the desk that does “{kind}” registers its words"
        with translation.override("en"):
            english = str(label)
        assert english != kind


def test_the_lender_of_the_letters_is_the_one_of_the_demos_loans() -> None:
    assert lender().name == settings.LENDER["name"]
    assert settings.LENDER["name"] in [name for name, _group in CREDITORS]


@pytest.mark.django_db
def test_policy_titles_are_shown_in_the_language_of_the_screen(client: Client) -> None:
    title = PolicyValue.objects.get(code="complaint.decision_days").title
    with translation.override("zh-hans"):
        chinese = translation.gettext(title)
    assert chinese != title
    client.force_login(person(Role.COMPLIANCE))
    url = reverse("admin:core_policyvalue_changelist") + "?q=complaint.decision_days"
    assert chinese in client.get(url).content.decode()
    client.cookies["django_language"] = "en"
    page = client.get(url).content.decode()
    assert title in page
    assert chinese not in page
