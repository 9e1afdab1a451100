"""Attachments: what is taken, how it is kept, who gets it back."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backoffice.audit.models import ReadEvent
from backoffice.core.errors import InputRefused
from backoffice.desk import filetypes
from backoffice.desk.models import Attachment
from backoffice.desk.registry import Registry, registries
from backoffice.privacy.services import forget_keys
from backoffice.staff.roles import Role
from tests.factories import desk as make
from tests.factories.staff import person


def office(folder: str, *more: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("[Content_Types].xml", f"{folder}/document.xml", *more):
            archive.writestr(name, "<x/>")
    return buffer.getvalue()


GOOD = {
    "a.pdf": b"%PDF-1.7 ...",
    "a.png": make.PNG,
    "a.jpg": b"\xff\xd8\xff\xe0....",
    "a.JPEG": b"\xff\xd8\xff\xe0....",
    "a.webp": b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    "a.wav": b"RIFF\x00\x00\x00\x00WAVEfmt ",
    "a.mp3": b"ID3\x04...",
    "b.mp3": b"\xff\xfb\x90\x64",
    "a.m4a": b"\x00\x00\x00\x20ftypM4A ",
    "a.docx": office("word"),
    "a.xlsx": office("xl"),
    "a.txt": "催收记录".encode(),
    "b.csv": "姓名,时间\n".encode("gb18030"),
}
BAD = {
    "page.html": b"<html><script>alert(1)</script>",
    "picture.svg": b"<svg onload='alert(1)'/>",
    "a.exe": b"MZ\x90\x00",
    "photo.png": b"<html>",
    "letter.pdf": b"MZ\x90\x00",
    "noextension": b"%PDF-1.7",
    "a.pdf.html": b"%PDF-1.7",
    "macro.docx": office("word", "word/vbaProject.bin"),
    "sheet.xlsx": office("word"),
    "broken.docx": b"PK\x03\x04 not a zip",
    "zeros.txt": b"abc\x00def",
    "wave.webp": b"RIFF\x00\x00\x00\x00WAVEfmt ",
}


@pytest.mark.parametrize("name", GOOD)
def test_kinds_we_take(name: str) -> None:
    assert filetypes.sniff(name, GOOD[name]) is not None


@pytest.mark.parametrize("name", BAD)
def test_kinds_we_refuse(name: str) -> None:
    assert filetypes.sniff(name, BAD[name]) is None


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


@pytest.mark.django_db
def test_a_file_is_kept_under_a_random_name_with_its_hash(media: Path) -> None:
    kept = make.attachment(name="C:\\Users\\li\\王小明通话.png")
    import hashlib

    assert kept.sha256 == hashlib.sha256(make.PNG).hexdigest()
    assert (kept.size, kept.content_type) == (len(make.PNG), "image/png")
    (stored,) = [path for path in media.rglob("*") if path.is_file()]
    assert "王小明" not in str(stored)
    assert stored.suffix == ".png"
    assert stored.read_bytes() == make.PNG
    assert stored.stat().st_mode & 0o077 == 0
    assert "王小明".encode() not in bytes(kept.name_cipher)
    assert kept.history.get().history_change_reason == "attachment.stored"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content"),
    [("a.png", b""), ("a.png", b"\x89PNG\r\n\x1a\n" + b"0" * filetypes.MAX_BYTES), ("a.html", b"<html>")],
)
def test_what_is_refused_leaves_nothing(media: Path, name: str, content: bytes) -> None:
    with pytest.raises(InputRefused) as refused:
        make.attachment(name=name, content=content)
    assert refused.value.field == "file"
    assert not Attachment.objects.exists()
    assert not [path for path in media.rglob("*") if path.is_file()]


def url(kept: Attachment) -> str:
    return reverse("admin:desk_attachment_download", args=(kept.pk,))


@pytest.mark.django_db
def test_download_needs_the_right(client: Client) -> None:
    kept = make.attachment()
    assert client.get(url(kept)).status_code == 302
    client.force_login(person(Role.LOAN_OFFICER))
    assert client.get(url(kept)).status_code == 403
    assert not ReadEvent.objects.exists()


@pytest.mark.django_db
def test_download_is_never_inline_and_on_record(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registries, "file_readers", Registry())
    kept = make.attachment(name="截图 1.png")
    reader = person(Role.HANDLER)
    client.force_login(reader)
    answer = client.get(url(kept))
    assert b"".join(answer) == make.PNG  # type: ignore[arg-type]
    assert answer["Content-Disposition"].startswith("attachment;")
    assert "%E6%88%AA%E5%9B%BE" in answer["Content-Disposition"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]
    (event,) = ReadEvent.objects.all()
    assert (event.what, event.dossier, event.actor) == ("file", kept.dossier, reader)
    assert client.post(url(kept)).status_code == 405


@pytest.mark.django_db
def test_the_app_of_the_dossier_has_a_say(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = make.attachment()
    monkeypatch.setattr(registries, "file_readers", Registry())
    registries.file_readers.register(kept.dossier.kind, lambda user, dossier: False)
    client.force_login(person(Role.HANDLER))
    assert client.get(url(kept)).status_code == 403
    page = client.get(reverse("admin:desk_attachment_change", args=(kept.pk,)))
    assert page.status_code == 200
    assert url(kept) not in page.content.decode()


@pytest.mark.django_db
def test_an_erased_file_is_gone(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registries, "file_readers", Registry())
    kept = make.attachment()
    kept.dossier.data_key.delete()
    forget_keys()
    client.force_login(person(Role.HANDLER))
    assert client.get(url(kept)).status_code == 404
