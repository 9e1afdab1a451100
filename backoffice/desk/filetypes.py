"""What a file is, told from its bytes. Pure: knows neither storage nor database."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath

MAX_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FileType:
    """A kind of file we take; ``matches`` looks at the content."""

    extension: str
    content_type: str
    matches: Callable[[bytes], bool]


def _starts(*heads: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(heads)


def _riff(form: bytes) -> Callable[[bytes], bool]:
    return lambda content: content[:4] == b"RIFF" and content[8:12] == form


def _office(folder: str) -> Callable[[bytes], bool]:
    def matches(content: bytes) -> bool:
        if not content.startswith(b"PK\x03\x04"):
            return False
        try:
            names = zipfile.ZipFile(io.BytesIO(content)).namelist()
        except zipfile.BadZipFile:
            return False
        # A macro inside makes it another kind of file, whatever it calls itself.
        return (
            "[Content_Types].xml" in names
            and any(name.startswith(folder) for name in names)
            and not any(name.endswith("vbaProject.bin") for name in names)
        )

    return matches


def _mp3(content: bytes) -> bool:
    return content.startswith(b"ID3") or (
        len(content) > 1 and content[0] == 0xFF and content[1] & 0xE6 in {0xE2, 0xE4, 0xE6}
    )


def _text(content: bytes) -> bool:
    if b"\x00" in content:
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False


_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TYPES = {
    one.extension: one
    for one in (
        FileType("pdf", "application/pdf", _starts(b"%PDF-")),
        FileType("png", "image/png", _starts(b"\x89PNG\r\n\x1a\n")),
        FileType("jpg", "image/jpeg", _starts(b"\xff\xd8\xff")),
        FileType("webp", "image/webp", _riff(b"WEBP")),
        FileType("wav", "audio/wav", _riff(b"WAVE")),
        FileType("mp3", "audio/mpeg", _mp3),
        FileType("m4a", "audio/mp4", lambda content: content[4:8] == b"ftyp"),
        FileType("xlsx", _XLSX, _office("xl/")),
        FileType("docx", _DOCX, _office("word/")),
        FileType("txt", "text/plain", _text),
        FileType("csv", "text/csv", _text),
    )
}
_SPELLINGS = {"jpeg": "jpg"}


def extension_of(name: str) -> str:
    """The extension in lower case and in one spelling; empty when there is none."""
    extension = PurePath(name).suffix.lower().removeprefix(".")
    return _SPELLINGS.get(extension, extension)


def sniff(name: str, content: bytes) -> FileType | None:
    """The type on which extension and content agree, or None when the file is none that we take."""
    found = TYPES.get(extension_of(name))
    return found if found is not None and found.matches(content) else None
