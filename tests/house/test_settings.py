"""Settings refuse what must not run."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpResponse
from django.test import RequestFactory

from backoffice.settings import loopback, secrets_file
from backoffice.settings.databases import postgresql
from scripts.checks import PRODUCTION

ROOT = Path(__file__).resolve().parents[2]


def start(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    inherited = {key: value for key, value in os.environ.items() if key not in PRODUCTION}
    return subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"],
        cwd=ROOT,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_production_names_everything_that_is_missing_at_once() -> None:
    settings = {"DJANGO_SETTINGS_MODULE": PRODUCTION["DJANGO_SETTINGS_MODULE"]}
    result = start(settings)
    assert result.returncode != 0
    last = result.stderr.strip().splitlines()[-1]
    assert "ImproperlyConfigured" in last
    for name in set(PRODUCTION) - set(settings):
        assert name in last


def test_production_starts_with_everything_there() -> None:
    result = start(PRODUCTION)
    assert result.returncode == 0, result.stderr


def test_only_postgresql_urls_are_taken() -> None:
    with pytest.raises(ImproperlyConfigured):
        postgresql("mysql://root@127.0.0.1/backoffice")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("localhost", True),
        ("::1", True),
        ("[::1]", True),
        ("unix:/run/x.sock", True),
        ("0.0.0.0", False),
        ("", False),
        ("10.0.0.5", False),
        ("backoffice.example", False),
        ("::", False),
    ],
)
def test_what_counts_as_this_machine(host: str, expected: bool) -> None:
    assert loopback.is_loopback(host) is expected


@pytest.mark.parametrize(
    "address", ["0:8000", "0.0.0.0:8000", "10.0.0.5:80", "[::]:8000", "backoffice.example:80"]
)
def test_demo_refuses_to_serve_others(address: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        loopback.refuse_command_line(["manage.py", "runserver", address])


@pytest.mark.parametrize(
    "argv",
    [
        ["manage.py", "runserver"],
        ["manage.py", "runserver", "8001"],
        ["manage.py", "runserver", "127.0.0.1:8001", "--noreload"],
        ["manage.py", "migrate"],
    ],
)
def test_demo_serves_this_machine(argv: list[str]) -> None:
    loopback.refuse_command_line(argv)


@pytest.mark.parametrize(("peer", "status"), [("127.0.0.1", 200), ("::1", 200), ("", 200), ("10.0.0.5", 403)])
def test_demo_answers_this_machine_only(rf: RequestFactory, peer: str, status: int) -> None:
    middleware = loopback.LoopbackOnlyMiddleware(lambda request: HttpResponse())
    # What the caller claims in a header counts for nothing.
    request = rf.get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR="127.0.0.1")
    assert middleware(request).status_code == status


def test_demo_secrets_are_made_once_and_for_their_owner_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("SECRET_KEY", "PRIVACY_MASTER_KEYS", "PRIVACY_INDEX_KEY", "SEAL_SIGNING_KEYS")
    for name in names:
        # Set before deleted, so that what the file puts into the environment goes again after the test.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    path = tmp_path / "var" / "secrets.env"
    secrets_file.load(path)
    first = path.read_text(encoding="utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert all(os.environ[name] for name in names)
    secrets_file.load(path)
    assert path.read_text(encoding="utf-8") == first
    assert list(path.parent.iterdir()) == [path]
    # A demo made before seals existed keeps its keys and is given the one it lacks, once.
    old = "".join(line for line in first.splitlines(keepends=True) if not line.startswith("SEAL_"))
    path.write_text(old, encoding="utf-8")
    secrets_file.load(path)
    completed = path.read_text(encoding="utf-8")
    assert completed.startswith(old)
    assert completed.count("SEAL_SIGNING_KEYS=demo-1:") == 1
    secrets_file.load(path)
    assert path.read_text(encoding="utf-8") == completed
