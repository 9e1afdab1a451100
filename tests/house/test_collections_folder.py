"""`collections` is a module of the standard library, and a folder of ours must never take its place."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import backoffice

ROOT = Path(__file__).resolve().parents[2]
STDLIB = Path(sysconfig.get_paths()["stdlib"]).resolve()


def test_folder_is_no_package() -> None:
    assert not (ROOT / "collections" / "__init__.py").exists()


def test_nothing_lies_loose_in_it() -> None:
    found = {path.name for path in (ROOT / "collections").iterdir() if path.name != "__pycache__"}
    assert found == {"README.md", "debt_collections", "conduct"}


def test_standard_library_wins_here() -> None:
    import collections

    assert STDLIB in Path(collections.__file__).resolve().parents


@pytest.mark.parametrize(
    "command",
    [
        # From the root, where the folder is nearest: the interpreter itself, and Django's shell in manage.py.
        [sys.executable, "-c", "{code}"],
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", "{code}"],
    ],
    ids=["python", "manage.py"],
)
def test_standard_library_wins_in_a_new_process(command: list[str]) -> None:
    code = "import collections, sys; sys.stdout.write(collections.__file__)"
    result = subprocess.run(
        [part.format(code=code) for part in command], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert STDLIB in Path(result.stdout).resolve().parents


def test_only_one_line_of_ours_touches_the_path() -> None:
    needle = "sys.path" + "."
    touching = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for folder in ("backoffice", "complaints", "collections")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if needle in line and not line.lstrip().startswith("#")
    ]
    assert len(touching) == 1, touching
    assert touching[0].startswith("backoffice/__init__.py: sys.path.append(")


def test_folder_comes_after_the_standard_library() -> None:
    # In a process of its own: pytest puts the folder on the path as well, at the front.
    result = subprocess.run(
        [sys.executable, "-c", "import backoffice, sys; sys.stdout.write('\\n'.join(sys.path))"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    places = result.stdout.splitlines()
    assert places[-1] == str(ROOT / "collections")
    assert backoffice.__file__ is not None
