"""Whatever a form can break is said in words at a field; the name of a constraint is for the database's log."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db import models

from backoffice.desk.checks import _is_read_only

LATER, EARLIER = date(2026, 2, 1), date(2026, 1, 1)

#: Per constraint what breaks it, and the field that says so.
BROKEN: list[tuple[str, str, dict[str, Any], str]] = [
    ("loans.LoanProduct", "loans_product_limits_ordered", {"minimum_amount": Decimal(0)}, "minimum_amount"),
    (
        "loans.LoanProduct",
        "loans_product_limits_ordered",
        {"minimum_amount": Decimal(9), "maximum_amount": Decimal(8)},
        "maximum_amount",
    ),
    (
        "loans.LoanProduct",
        "loans_product_limits_ordered",
        {"minimum_amount": Decimal(9), "maximum_amount": Decimal(0)},
        "maximum_amount",
    ),
    ("loans.LoanProduct", "loans_product_rate_not_negative", {"annual_rate": Decimal("-0.1")}, "annual_rate"),
    ("loans.LoanProduct", "loans_product_periods_positive", {"every": 0}, "every"),
    (
        "loans.LoanProduct",
        "loans_product_periods_positive",
        {"instalment_unit": Decimal(0)},
        "instalment_unit",
    ),
    ("loans.LoanProduct", "loans_product_odd_days_known", {"odd_days": "upfront"}, "odd_days"),
    ("core.CalendarDay", "core_calendarday_kind_known", {"kind": "feast"}, "kind"),
    *(
        (model, name, {f"{prefix}_from": LATER, f"{prefix}_to": EARLIER}, f"{prefix}_to")
        for model, name, prefix in (
            ("core.PolicyValue", "core_policyvalue_ends_after_start", "effective"),
            ("audit.RetentionRule", "audit_retentionrule_ends_after_start", "effective"),
            ("desk.IncidentContact", "desk_incidentcontact_ends_after_start", "valid"),
        )
    ),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("label", "constraint", "values", "field"), BROKEN, ids=str)
def test_what_breaks_a_constraint_is_said_at_the_field(
    label: str, constraint: str, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        apps.get_model(label)(**values).full_clean()
    assert field in refused.value.message_dict
    assert constraint not in str(refused.value.message_dict)


def has_words(constraint: models.BaseConstraint) -> bool:
    """The framework has words for plain unique fields."""
    plain = isinstance(constraint, models.UniqueConstraint) and not constraint.condition
    return plain or constraint.violation_error_message != constraint.default_violation_error_message


@pytest.mark.django_db
def test_every_constraint_of_an_editable_model_has_words() -> None:
    covered = {name for _label, name, _values, _field in BROKEN}
    wordless = {
        constraint.name
        for model, one in admin.site._registry.items()
        # What no role may change is changed by services only.
        if not _is_read_only(one)  # type: ignore[arg-type]
        and _some_role_may(model)
        for constraint in model._meta.constraints
        if not has_words(constraint)
    }
    assert wordless == covered


def _some_role_may(model: type[models.Model]) -> bool:
    name = model._meta.model_name
    codes = [f"add_{name}", f"change_{name}"]
    return Permission.objects.filter(
        content_type__app_label=model._meta.app_label, codename__in=codes, group__isnull=False
    ).exists()
