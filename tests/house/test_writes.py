"""Writes that leave no history (bulk, raw SQL, delete) belong to services; ruff has no rule for that.

The rule reads the code only: it cannot tell a queryset from anything else, so it goes by the shape of a call.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("backoffice", "complaints", "collections")
BULK = {"bulk_create", "bulk_update", "abulk_create", "abulk_update", "_raw_delete"}
RAW = {"raw", "extra", "cursor", "execute", "executemany", "executescript"}
RAW_NAMES = {"RawSQL"}

# Infrastructure that services themselves stand on. Every entry says why, and has to be needed.
ALLOWED = {
    "backoffice/core/bulk.py": "inserts many rows with one prepared statement; services call it for imports",
    "backoffice/core/history.py": "writes rows and their history in one transaction; services call it for bulk",
    "backoffice/core/indexes.py": "an operation of migrations; it changes indexes, never rows",
    "backoffice/audit/triggers.py": "the triggers that make logs append-only exist in SQL alone",
    "backoffice/loans/triggers.py": "the trigger that holds one person's limit exists in SQL alone",
}


def offences(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name) and node.func.id in RAW_NAMES:
            yield node.lineno, node.func.id
        if not isinstance(node.func, ast.Attribute):
            continue
        name = node.func.attr
        suspicious = (
            name in BULK
            or name in RAW
            # QuerySet.update() takes keywords and nothing else; dict.update() and a hash's nearly always an
            # argument. A dict updated by keywords can be written as dict | {...}, so that this stays exact.
            or (name in {"update", "aupdate"} and not node.args and node.keywords)
            # Neither storage.delete(name) nor client.delete(url): those name what goes.
            or (name in {"delete", "adelete"} and not node.args)
        )
        if suspicious:
            yield node.lineno, name


def is_service(path: Path) -> bool:
    inside = path.relative_to(ROOT)
    return inside.name == "services.py" or "services" in inside.parts[:-1] or "migrations" in inside.parts


def files() -> Iterator[Path]:
    for folder in FOLDERS:
        yield from sorted((ROOT / folder).rglob("*.py"))


def test_bulk_and_raw_writes_stay_in_services() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in files()
        if not is_service(path) and str(path.relative_to(ROOT)) not in ALLOWED
        for line, name in offences(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize("name", sorted(ALLOWED))
def test_exceptions_are_needed(name: str) -> None:
    path = ROOT / name
    assert path.exists(), "the file is gone, so must be its exception"
    assert any(offences(path.read_text(encoding="utf-8"))), "nothing in it needs the exception any more"


@pytest.mark.parametrize(
    "source",
    [
        "Loan.objects.filter(pk=1).update(state='x')",
        "qs.update(**values)",
        "Loan.objects.bulk_create(rows)",
        "await Loan.objects.abulk_update(rows, ['state'])",
        "Loan.objects.raw('select 1')",
        "Loan.objects.extra(where=['1=1'])",
        "Loan.objects.annotate(x=RawSQL('1', []))",
        "connection.cursor()",
        "cursor.execute('delete from loans_loan')",
        "Loan.objects.all().delete()",
        "loan.delete()",
        "loan.delete(keep_parents=True)",
    ],
)
def test_rule_sees(source: str) -> None:
    assert list(offences(source))


@pytest.mark.parametrize(
    "source",
    [
        "context.update(extra_context or {})",
        "{'a': 1}.update({'b': 2})",
        "hashlib.sha256().update(b'x')",
        "storage.delete(name)",
        "client.delete(url)",
        "cache.delete('key')",
        "loan.save(update_fields=['state'])",
    ],
)
def test_rule_leaves_alone(source: str) -> None:
    assert not list(offences(source))
