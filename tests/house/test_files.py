"""Rules about files that no linter has."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 400
#: Longer for a reason, and no longer than need be.
LONG = {"backoffice/audit/evidence/enclosed/verify.py": "a stranger gets the verifier as one file"}


def code() -> Iterator[Path]:
    for folder in ("backoffice", "complaints", "collections", "scripts", "tests", "bench"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            # Written by Django, read by nobody.
            if "migrations" not in path.parts:
                yield path


def test_no_file_is_too_long() -> None:
    long = {
        str(path.relative_to(ROOT)): length
        for path in code()
        if (length := len(path.read_text(encoding="utf-8").splitlines())) >= LONGEST
    }
    assert long.keys() == LONG.keys(), "split it by what its parts are about"


def test_no_secret_or_data_is_in_the_repository() -> None:
    result = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = result.stdout.splitlines()
    assert "manage.py" in names
    suspicious = (".sqlite3", ".env", ".pem", ".key", ".mo", ".pyc")
    assert [name for name in names if name.startswith("var/") or name.endswith(suspicious)] == []
