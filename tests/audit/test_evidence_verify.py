"""A stranger checks a bundle: with verify.py, Python and one library, and without us. Whatever was touched is found."""

from __future__ import annotations

import base64
import hashlib
import json
import runpy
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from backoffice.audit import signing
from backoffice.audit.evidence import summary
from backoffice.audit.services import seal_record
from backoffice.core import context
from backoffice.staff.roles import Role
from backoffice.staff.services import system_user
from tests.factories.evidence import made, story
from tests.factories.staff import person

# Committed for real: on PostgreSQL nothing of a running transaction is ever sealed.
pytestmark = pytest.mark.django_db(transaction=True)

SOURCE = Path(__file__).resolve().parents[2] / "backoffice/audit/evidence/enclosed/verify.py"
Change = Callable[[Path], None]


def documents(folder: Path, pattern: str) -> Path:
    return sorted(folder.glob(pattern))[0]


def rewrite(path: Path, change: Callable[[Any], None]) -> None:
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value, ensure_ascii=False))


def forge_manifest(folder: Path) -> None:
    """What a clever hand does next: the manifest says what the files are now."""

    def tell_again(manifest: Any) -> None:
        manifest["files"] = [
            {
                "path": name,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "size": path.stat().st_size,
            }
            for path in sorted(folder.rglob("*"))
            if path.is_file()
            and (name := path.relative_to(folder).as_posix()) not in {"manifest.json", "signature.json"}
        ]

    rewrite(folder / "manifest.json", tell_again)


def forge_signature(folder: Path) -> None:
    """And the cleverest signs it with the lender's own key: then only the seals are left."""
    digest = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    signer = signing.signers()[0]

    def sign(value: Any) -> None:
        said = json.loads(value["statement"]) | {"manifest": digest}
        value["statement"] = json.dumps(said, sort_keys=True, separators=(",", ":"))
        value["signature"] = signer.sign(value["statement"])

    rewrite(folder / "signature.json", sign)


def in_record(pattern: str, change: Callable[[Any], None]) -> Change:
    return lambda folder: rewrite(documents(folder, pattern), change)


def first_sealed(value: Any) -> Any:
    return next(row for row in value["rows"] if row["seal"] is not None)


def everywhere(value: Any, old: str, new: str) -> Any:
    return json.loads(json.dumps(value, ensure_ascii=False).replace(old, new))


def _state(document: Any) -> None:
    for line in document["history"]:
        line["sealed_row"]["values"]["state"] = "closed"


def _hidden_line(document: Any) -> None:
    del document["history"][1]


def _leaf(value: Any) -> None:
    row = first_sealed(value)
    row["leaf"] = row["leaf"].replace('"', '" ', 1)


def _both(folder: Path) -> None:
    """Record and leaf alike, in step."""
    path = documents(folder, "records/complaints.complaint/*.json")
    path.write_text(path.read_text().replace('"app"', '"hotline"'))
    proofs = folder / "proofs/complaints_historicalcomplaint.json"
    proofs.write_text(proofs.read_text().replace('\\"app\\"', '\\"hotline\\"'))


def _other_file(folder: Path) -> None:
    documents(folder, "files/*").write_bytes(b"\x89PNG another picture")


def _file_and_record(folder: Path) -> None:
    _other_file(folder)
    digest = hashlib.sha256(documents(folder, "files/*").read_bytes()).hexdigest()
    rewrite(
        documents(folder, "records/desk.attachment/*.json"), lambda one: one["file"].update(sha256=digest)
    )


#: What is done → how far the forger goes on: 0 leaves it, 1 forges the manifest, 2 signs it with our own key.
TOUCHED: dict[str, tuple[Change, int]] = {
    "a record": (in_record("records/complaints.complaint/*.json", _state), 0),
    "a record, manifest forged": (in_record("records/complaints.complaint/*.json", _state), 1),
    "a record, signed by ourselves": (in_record("records/complaints.complaint/*.json", _state), 2),
    "the words of a change": (
        in_record(
            "records/complaints.complaint/*.json",
            lambda one: one["history"][1]["changes"][0]["after"].update(value="nothing"),
        ),
        2,
    ),
    "a change left out": (
        in_record("records/complaints.complaint/*.json", lambda one: one["history"][1]["changes"].clear()),
        2,
    ),
    "a line of history left out": (in_record("records/complaints.complaint/*.json", _hidden_line), 2),
    "who did it": (
        in_record("records/complaints.complaint/*.json", lambda one: one["history"][1].update(actor="他人")),
        2,
    ),
    "how it stands": (
        in_record("records/complaints.complaint/*.json", lambda one: one["fields"][3].update(value="closed")),
        2,
    ),
    "which ciphertext": (
        in_record(
            "records/complaints.complaint/*.json",
            lambda one: one["history"][1]["reason"].update(sha256="sha256:" + "0" * 64),
        ),
        2,
    ),
    "record and leaf alike": (_both, 2),
    "an event": (in_record("events.json", lambda one: one["events"][0].update(kind="closed")), 2),
    "an event left out": (in_record("events.json", lambda one: one["events"].pop(1)), 2),
    "a read": (in_record("reads.json", lambda one: one["reads"][0].update(actor="他人")), 2),
    "a leaf": (in_record("proofs/complaints_complaintevent.json", _leaf), 2),
    "a path": (
        in_record("proofs/complaints_complaintevent.json", lambda one: first_sealed(one)["path"].pop()),
        2,
    ),
    "a position": (
        in_record("proofs/complaints_complaintevent.json", lambda one: first_sealed(one).update(position=0)),
        2,
    ),
    "a proof that claims there is no seal": (
        lambda folder: (folder / "proofs/complaints_complaintevent.json").unlink(),
        2,
    ),
    "a seal": (
        in_record("seals/*.json", lambda one: one.update(statement=one["statement"].replace(":1", ":2", 1))),
        2,
    ),
    "a signature": (in_record("seals/*.json", lambda one: one.update(signature=one["signature"][::-1])), 2),
    "a seal taken away": (lambda folder: documents(folder, "seals/*.json").unlink(), 2),
    "a file": (_other_file, 0),
    "a file and its record": (_file_and_record, 2),
    "a file taken away": (lambda folder: documents(folder, "files/*").unlink(), 0),
    "a file added": (lambda folder: (folder / "records/more.json").write_text("{}") and None, 0),
    "the signature taken away": (lambda folder: (folder / "signature.json").unlink(), 0),
    "nonsense": (lambda folder: (folder / "events.json").write_text("[]") and None, 2),
}


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """As a stranger: isolated mode, an empty folder, no environment."""
    return subprocess.run(
        [sys.executable, "-I", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={"LANG": "C.UTF-8"},
    )


@pytest.fixture
def bundle(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    monkeypatch.setattr(summary, "render", lambda data: repr(data).encode())
    told = story()
    job = system_user("seals")
    with context.entering(context.EntryPoint.TASK, actor=job):
        seal_record(by=job, at=timezone.now())
    # The second seal covers what the request itself wrote, whoever asked.
    made_by = person(Role.COMPLAINT_SUPERVISOR)
    bundle = made(told.complaint.dossier, made_by)
    path = tmp_path / "stranger" / "bundle.zip"
    path.parent.mkdir()
    with bundle.file.open("rb") as source, path.open("wb") as target:
        shutil.copyfileobj(source, target)
    return path


def test_a_stranger_finds_everything_in_order_and_whatever_was_touched(bundle: Path, tmp_path: Path) -> None:
    home = bundle.parent
    with zipfile.ZipFile(bundle) as archive:
        archive.extract("verify.py", home)
    assert (home / "verify.py").read_bytes() == SOURCE.read_bytes()
    assert run("-c", "import backoffice", cwd=home).returncode == 1

    well = run("verify.py", "bundle.zip", cwd=home)
    assert well.returncode == 0, well.stdout + well.stderr
    assert "Everything agrees" in well.stdout
    assert "全部一致" in well.stdout
    told = json.loads(run("verify.py", "--json", "bundle.zip", cwd=home).stdout)
    assert told["counts"]["unsealed"] == 0
    assert told["counts"]["seals"] == 2

    own = signing.signers()[0].public_key
    fingerprint = hashlib.sha256(base64.b64decode(own)).hexdigest()
    assert fingerprint in well.stdout
    assert run("verify.py", "--key", fingerprint, "bundle.zip", cwd=home).returncode == 0
    assert run("verify.py", "--key", own, "bundle.zip", cwd=home).returncode == 0
    strange = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    other = run("verify.py", "--key", base64.b64encode(strange).decode(), "bundle.zip", cwd=home)
    assert other.returncode == 1
    assert "not among the keys" in other.stdout

    damaged = bytearray(bundle.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (home / "damaged.zip").write_bytes(damaged)
    assert run("verify.py", "damaged.zip", cwd=home).returncode in {1, 2}
    assert run("verify.py", "nothing.zip", cwd=home).returncode == 2

    # From here on in this process, which is quicker than starting Python thirty times.
    check = runpy.run_path(str(SOURCE))
    for name, (touch, further) in TOUCHED.items():
        folder = tmp_path / "touched" / name
        with zipfile.ZipFile(bundle) as archive:
            archive.extractall(folder)
        assert found(check, folder) == []
        touch(folder)
        if further >= 1:
            forge_manifest(folder)
        if further >= 2:
            forge_signature(folder)
        assert found(check, folder) != [], name


def found(check: dict[str, Any], folder: Path) -> list[tuple[str, str, str]]:
    run = check["Check"](check["Folder"](folder), "")
    run.run()
    findings: list[tuple[str, str, str]] = run.findings
    return findings


def test_rows_in_no_seal_are_said_to_be_so(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As when a transaction that began earlier is still running: nothing can be sealed yet.
    monkeypatch.setattr("backoffice.audit.services.evidence.seal_record", lambda **arguments: None)
    told = story()
    late = made(told.complaint.dossier, person(Role.COMPLAINT_SUPERVISOR))
    path = bundle.parent / "late.zip"
    with late.file.open("rb") as source:
        path.write_bytes(source.read())
    answer = run(SOURCE, path, cwd=bundle.parent)
    assert answer.returncode == 3, answer.stdout
    assert "尚未封存" in answer.stdout
