"""Every service of the house, read from its code: what somebody (``by``) does."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from django.apps import apps
from django.conf import settings

ROOT = Path(settings.BASE_DIR)


def is_service_file(path: Path) -> bool:
    """``services.py``, or anything in a ``services`` folder (as tests/house/test_writes.py has it)."""
    return path.name == "services.py" or "services" in path.relative_to(ROOT).parts[:-1]


def app_folders() -> list[tuple[str, Path]]:
    """Name and folder of each app of ours; an app within another one is not counted twice."""
    found = [
        (config.name, Path(config.path))
        for config in apps.get_app_configs()
        if Path(config.path).is_relative_to(ROOT) and ".venv" not in Path(config.path).parts
    ]
    return sorted(found, key=lambda one: one[0])


def service_modules() -> Iterator[ModuleType]:
    seen = set()
    # The inner app first, so that the outer one does not take its files under another name.
    for name, folder in sorted(app_folders(), key=lambda one: -len(one[1].parts)):
        for path in sorted(folder.rglob("*.py")):
            if path in seen or not is_service_file(path):
                continue
            seen.add(path)
            dotted = ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
            yield importlib.import_module(f"{name}.{dotted}")


@cache
def services() -> dict[str, Callable[..., Any]]:
    """Name → function of every service: public, with a keyword ``by``.

    In a ``services`` folder a function counts if the package hands it out or code outside of the folder names it;
    the others are parts of its acts. Context managers are frames that others act in.
    """
    found = {}
    for module in service_modules():
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ != module.__name__ or name.startswith("_"):
                continue
            if inspect.isgeneratorfunction(inspect.unwrap(function)) or not _takes_by(function):
                continue
            if "services" not in Path(str(module.__file__)).parts or name in _named_outside(module):
                found[f"{module.__name__}.{name}"] = function
    return found


def _takes_by(function: Callable[..., Any]) -> bool:
    by = inspect.signature(function).parameters.get("by")
    return by is not None and by.kind is inspect.Parameter.KEYWORD_ONLY


def _named_outside(module: ModuleType) -> frozenset[str]:
    path = Path(str(module.__file__))
    return _names_beyond(next(parent for parent in path.parents if parent.name == "services"))


@cache
def _names_beyond(folder: Path) -> frozenset[str]:
    """Every name that the package itself hands out and that product code outside of it mentions."""
    names: set[str] = set()
    for path, mentioned in _names_by_file().items():
        if folder not in path.parents or path == folder / "__init__.py":
            names |= mentioned
    return frozenset(names)


@cache
def _names_by_file() -> dict[Path, frozenset[str]]:
    return {
        path: frozenset(_names_in(ast.parse(path.read_text(encoding="utf-8"))))
        for _app, folder in app_folders()
        for path in folder.rglob("*.py")
        if "migrations" not in path.parts
    }


def _names_in(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name
