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
