"""Each check finds the fault it is there for, and the classes of the house have none."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.forms import ModelForm

from backoffice.core.models import CalendarDay, PolicyValue
from backoffice.desk.admin.task import TaskAdmin
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.checks import check_admin, check_admin_classes
from backoffice.desk.models import Task
from backoffice.desk.operations import Operation


def faults(base: type[Any], model: type[Any], **attributes: Any) -> set[str | None]:
    return {message.id for message in check_admin(type("Faulty", (base,), attributes)(model, admin.site))}


def act(*args: Any) -> None:
    """An action that forgot its permissions."""


@pytest.mark.parametrize(
    ("code", "base", "model", "attributes"),
    [
        ("desk.E001", admin.ModelAdmin, Group, {}),
        ("desk.E002", BaseModelAdmin, CalendarDay, {"actions": (act,)}),
        ("desk.E003", BaseModelAdmin, CalendarDay, {"actions_detail": ("anything",)}),
        ("desk.E004", BaseModelAdmin, Task, {}),
        ("desk.E005", TaskAdmin, Task, {"list_select_related": ("dossier",)}),
        ("desk.E005", TaskAdmin, Task, {"list_select_related": True}),
        ("desk.E006", BaseModelAdmin, PolicyValue, {"list_filter": ("code",)}),
        ("desk.E006", TaskAdmin, Task, {"list_filter": ("assigned_to",)}),
        ("desk.E006", BaseModelAdmin, CalendarDay, {"date_hierarchy": "date"}),
        ("desk.E007", BaseModelAdmin, PolicyValue, {"search_fields": ("pk",)}),
        ("desk.E007", BaseModelAdmin, PolicyValue, {"search_fields": ("title",)}),
        ("desk.E007", TaskAdmin, Task, {"search_fields": ("dossier__number",)}),
        ("desk.E008", TaskAdmin, Task, {"operations": (Operation("fly", act),)}),
        ("desk.E008", TaskAdmin, Task, {"operations": (Operation("cancel", act),) * 2}),
        ("desk.E008", BaseModelAdmin, CalendarDay, {"operations": (Operation("cancel", act),)}),
        ("desk.E010", BaseModelAdmin, CalendarDay, {"form": ModelForm}),
    ],
)
def test_a_fault_is_found(code: str, base: type[Any], model: type[Any], attributes: dict[str, Any]) -> None:
    assert code in faults(base, model, **attributes)


def test_what_is_right_is_not_reported() -> None:
    assert faults(TaskAdmin, Task) == set()
    assert faults(BaseModelAdmin, PolicyValue, search_fields=("code",), list_filter=("confidence",)) == set()


def test_the_classes_of_the_house_have_no_fault() -> None:
    assert check_admin_classes(None) == []
