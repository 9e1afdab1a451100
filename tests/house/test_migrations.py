"""Models and migrations agree; the tests build their tables from the models and rely on it."""

import os
import subprocess

from scripts.checks import CHECKS, ROOT


def test_no_migration_is_missing() -> None:
    # In a process of its own: pytest's --no-migrations hides the migrations from this one.
    command, environment = CHECKS["migrations"]
    result = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_our_migrations_hold_no_data_steps() -> None:
    # The demo's empty database gets its tables from the models: a data step would never run there.
    found = [
        str(path.relative_to(ROOT))
        for folder in ("backoffice", "complaints", "collections")
        for path in (ROOT / folder).rglob("migrations/0*.py")
        if "RunPython" in path.read_text(encoding="utf-8")
    ]
    assert found == []
