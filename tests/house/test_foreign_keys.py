"""Foreign keys run one way down, as imports do; import-linter cannot see a key that is named by a string."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

# From the ground up. Django and third-party apps are the earth below it and may be pointed at by anyone.
RANKS = [
    "core",
    "staff",
    "privacy",
    "audit",
    "messaging",
    "desk",
    "api",
    "loans",
    "collections",
    "conduct",
    "complaints",
    "mediation",
]
OURS = ("backoffice.", "complaints", "debt_collections", "conduct")
# Who did it stands on every tracked row, those of core included, and the user model is an app above core: the
# one key that may go up. Core names it by the setting only and never reads a field of it.
ACTOR_FIELDS = {"history_user", "actor"}


def rank(model: type[models.Model]) -> int:
    label = model._meta.app_label
    return RANKS.index(label) + 1 if label in RANKS else 0


def upward(all_models: list[type[models.Model]]) -> Iterator[str]:
    for model in all_models:
        # A library's table never knows ours, except by the settings that name the user and the client model.
        if rank(model) == 0:
            continue
        for field in [*model._meta.local_fields, *model._meta.local_many_to_many]:
            target = field.remote_field.model if field.remote_field else None
            if target is None or rank(target) <= rank(model):
                continue
            if field.name in ACTOR_FIELDS and target._meta.label == settings.AUTH_USER_MODEL:
                continue
            yield f"{model._meta.label}.{field.name} -> {target._meta.label}"


def test_every_app_of_ours_has_a_rank() -> None:
    ours = [config.label for config in apps.get_app_configs() if config.name.startswith(OURS)]
    assert ours == [label for label in RANKS if label in ours], "INSTALLED_APPS and RANKS disagree"
    assert set(RANKS) - set(ours) <= {"messaging"}, "a rank without an app"


def test_no_foreign_key_points_up() -> None:
    assert list(upward(apps.get_models(include_auto_created=True))) == []


def a_model(label: str, name: str, **keys: Any) -> Any:
    """Just what upward() looks at: real models of a made-up kind would stay in Django's registry."""
    fields = [SimpleNamespace(name=key, remote_field=SimpleNamespace(model=to)) for key, to in keys.items()]
    meta = SimpleNamespace(
        app_label=label, label=f"{label}.{name}", local_fields=fields, local_many_to_many=[]
    )
    return SimpleNamespace(_meta=meta)


@pytest.mark.parametrize(
    ("source", "field", "target", "found"),
    [
        ("loans", "complaint", "complaints.Complaint", True),
        ("complaints", "referral", "mediation.Referral", True),
        ("core", "owner", "staff.User", True),
        ("core", "history_user", "staff.User", False),
        ("core", "actor", "staff.Team", True),
        ("complaints", "loan", "loans.Loan", False),
        ("loans", "parent", "loans.Loan", False),
        ("loans", "group", "auth.Group", False),
        ("oauth2_provider", "application", "api.Client", False),
    ],
)
def test_the_rule_itself(source: str, field: str, target: str, found: bool) -> None:
    label, name = target.split(".")
    assert bool(list(upward([a_model(source, "Probe", **{field: a_model(label, name)})]))) is found
