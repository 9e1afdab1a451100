#!/usr/bin/env python3
"""`make check`: every check that is not a test. All run, however many fail, and a list of them closes.

With arguments only the checks of those names run (`checks.py --list` prints them).
"""

import base64
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
BIN = Path(sys.executable).parent

# Made up on the spot: the check looks at the settings, it opens no connection and keeps nothing.
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "backoffice.settings.production",
    "DATABASE_URL": "postgres://nobody@127.0.0.1:5432/none",
    "SECRET_KEY": base64.b64encode(os.urandom(48)).decode(),
    "PRIVACY_MASTER_KEYS": "check:" + base64.b64encode(os.urandom(32)).decode(),
    "PRIVACY_INDEX_KEY": base64.b64encode(os.urandom(32)).decode(),
    "SEAL_SIGNING_KEYS": "check:" + base64.b64encode(os.urandom(32)).decode(),
    "ALLOWED_HOSTS": "backoffice.example",
    "LENDER_NAME": "Example Microcredit",
    "LENDER_DEPARTMENT": "Complaints",
    "LENDER_PHONE": "400-000-0000",
    "LENDER_HOURS": "9:00–18:00",
    "LENDER_ADDRESS": "1 Example Road",
}
TEST = {"DJANGO_SETTINGS_MODULE": "backoffice.settings.test"}
MANAGE = [PYTHON, "manage.py"]

CHECKS: dict[str, tuple[list[str], dict[str, str]]] = {
    "ruff": ([str(BIN / "ruff"), "check", "."], {}),
    "format": ([str(BIN / "ruff"), "format", "--check", "."], {}),
    "mypy": ([str(BIN / "mypy")], TEST),
    "layers": ([str(BIN / "lint-imports")], {"PYTHONPATH": "collections"}),
    "django": ([*MANAGE, "check", "--fail-level", "WARNING"], TEST),
    "deploy": ([*MANAGE, "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
    "migrations": ([*MANAGE, "makemigrations", "--check", "--dry-run"], TEST),
    "translations": ([PYTHON, "scripts/i18n.py", "check"], {}),
}


def main() -> int:
    names = sys.argv[1:] or list(CHECKS)
    if names == ["--list"]:
        print("\n".join(CHECKS))
        return 0
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        sys.exit(f"No such check: {', '.join(unknown)}. There are: {', '.join(CHECKS)}.")
    results = []
    for name in names:
        command, environment = CHECKS[name]
        print(f"==> {name}", flush=True)
        started = time.monotonic()
        code = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False).returncode
        results.append((name, code, time.monotonic() - started))
    print()
    for name, code, seconds in results:
        print(f"{'ok    ' if code == 0 else 'FAILED'} {name} ({seconds:.0f} s)")
    return 1 if any(code for _, code, _ in results) else 0


if __name__ == "__main__":
    sys.exit(main())
