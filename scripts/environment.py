#!/usr/bin/env python3
"""Brings a machine to the point where the product can run: packages, fonts, a browser.

Needs nothing but Python 3.11: it runs before there is a virtual environment.

    environment.py app     the virtual environment with the product's packages
    environment.py dev     the same with those of tests and checks, and the fonts that the checks look for
    environment.py demo    what the demo needs: the packages, and Chinese fonts for its letters

scripts/tests.py takes the browser for the browser tests from here too.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
VAR = Path(os.environ.get("BACKOFFICE_VAR", ROOT / "var"))
FONT_FOLDERS = [
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path.home() / ".fonts",
    Path.home() / ".local/share/fonts",
    Path("/Library/Fonts"),
    Path("/System/Library/Fonts"),
]
FONT_NAMES = (
    "cjk",
    "sourcehan",
    "wqy",
    "pingfang",
    "songti",
    "simsun",
    "simhei",
    "notosanssc",
    "notoserifsc",
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def say(text: str) -> None:
    print(f"==> {text}", file=sys.stderr, flush=True)


def write_whole(path: Path, text: str) -> None:
    """Whole or not at all: what marks a step as done must not exist before the step is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(draft).replace(path)


@contextmanager
def one_at_a_time(name: str = "setup") -> Iterator[None]:
    """Two terminals that start together wait for each other instead of installing into one another."""
    VAR.mkdir(exist_ok=True)
    with (VAR / f".{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is running here; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def fingerprint(*files: Path) -> str:
    digest = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def requirements(*, dev: bool) -> list[Path]:
    return [ROOT / "requirements.txt", *([ROOT / "requirements-dev.txt"] if dev else [])]


def ensure_venv(*, dev: bool = False) -> None:
    """Install the pinned packages, unless a finished earlier run left the mark of these very files."""
    wanted = fingerprint(*requirements(dev=dev))
    marks = {kind: VENV / f".installed-{kind}" for kind in ("app", "dev")}
    mark = marks["dev" if dev else "app"]
    if PYTHON.exists() and mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return
    if not _venv_works():
        say("making the virtual environment .venv")
        # --clear: what a broken-off attempt left there is worth nothing.
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    say("installing the pinned packages" + (" for tests and checks" if dev else ""))
    # Gone before the first package changes, so that an interruption is noticed next time.
    for old in marks.values():
        old.unlink(missing_ok=True)
    command = [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    result = subprocess.run([*command, "-r", str(requirements(dev=dev)[-1])], check=False)
    if result.returncode:
        sys.exit(
            "The packages could not be installed; what went wrong stands above. Run the same command again."
        )
    # The packages for development contain those of the product.
    for kind in ("app", "dev") if dev else ("app",):
        write_whole(marks[kind], fingerprint(*requirements(dev=kind == "dev")))


def _venv_works() -> bool:
    if not PYTHON.exists():
        return False
    probe = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([str(PYTHON), "-c", probe], capture_output=True, check=False).returncode == 0


def _apt_install(*packages: str) -> bool:
    """Debian's packages, when we may install them; every question is answered with its default."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    say(f"installing {', '.join(packages)} from Debian")
    quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
    subprocess.run(["apt-get", "-qq", "update"], check=False, **quiet)  # type: ignore[call-overload]
    command = ["apt-get", "-qq", "-y", "install", "--no-install-recommends", *packages]
    return subprocess.run(command, check=False, **quiet).returncode == 0  # type: ignore[call-overload]


def has_chinese_font() -> bool:
    return any(
        any(name in path.name.lower().replace("-", "").replace(" ", "") for name in FONT_NAMES)
        for folder in FONT_FOLDERS
        if folder.is_dir()
        for path in folder.rglob("*")
        if path.suffix.lower() in {".ttf", ".ttc", ".otf"}
    )


def ensure_fonts() -> None:
    if not has_chinese_font() and not _apt_install("fonts-noto-cjk"):
        say("no Chinese font found: letters cannot be made until one is there (Debian: fonts-noto-cjk)")


def find_chromium() -> str | None:
    chosen = os.environ.get("CHROMIUM")
    if chosen:
        return chosen if Path(chosen).exists() else None
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def ensure_chromium() -> str:
    if not find_chromium():
        _apt_install("chromium")
    path = find_chromium()
    if not path:
        sys.exit(
            "The browser tests need Chromium and none is here. Install it (Debian: apt-get install chromium; "
            "elsewhere Chromium or Chrome) or name the program in CHROMIUM=/path/to/it, then try again."
        )
    return path


def main() -> None:
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    if what not in {"app", "dev", "demo"}:
        sys.exit(__doc__)
    with one_at_a_time():
        ensure_venv(dev=what == "dev")
        if what != "app":
            ensure_fonts()


if __name__ == "__main__":
    main()
