"""The ZIP of a bundle: written from front to back, every file hashed on its way in, memory flat."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

import orjson

from backoffice.core.time import SHANGHAI

MANIFEST, SIGNATURE = "manifest.json", "signature.json"
_CHUNK = 1024 * 1024
_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS


def as_json(value: Any) -> bytes:
    """Readable JSON in UTF-8 with sorted keys."""
    return orjson.dumps(value, option=_OPTIONS) + b"\n"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the manifest says of a file."""

    path: str
    sha256: str
    size: int


class Member:
    """One file of the archive while it is written."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink = sink
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        self.size += len(data)
        self._sink.write(data)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


class Archive:
    """Writes files one after the other; ``close`` adds the manifest and, with ``sign``, a signature over it."""

    def __init__(self, target: IO[bytes], *, at: datetime) -> None:
        self._zip = zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self._when = at.astimezone(SHANGHAI).timetuple()[:6]
        self.entries: list[Entry] = []
        self._taken: set[str] = set()

    @contextmanager
    def member(self, path: str, *, listed: bool = True) -> Iterator[Member]:
        """A new file to write into; ``listed`` puts it into the manifest. Raises ``ValueError`` for a second one."""
        if path in self._taken:
            raise ValueError(f"{path} is in the bundle already")
        self._taken.add(path)
        info = zipfile.ZipInfo(path, date_time=self._when)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        with self._zip.open(info, "w", force_zip64=True) as sink:
            member = Member(sink)
            yield member
        if listed:
            self.entries.append(Entry(path, member.sha256, member.size))

    def put(self, path: str, data: bytes) -> None:
        """A small file at once."""
        with self.member(path) as member:
            member.write(data)

    def put_json(self, path: str, value: Any) -> None:
        """A value as JSON."""
        self.put(path, as_json(value))

    def put_list(self, path: str, head: dict[str, Any], name: str, values: Iterable[Any]) -> int:
        """A JSON object with the keys of ``head`` and, under ``name``, a list that is never in memory; its length."""
        count = 0
        with self.member(path) as member:
            member.write(b"{\n")
            for key, value in head.items():
                member.write(orjson.dumps(key) + b": " + orjson.dumps(value, option=_OPTIONS) + b",\n")
            member.write(orjson.dumps(name) + b": [")
            for count, value in enumerate(values, 1):
                member.write(
                    (b",\n" if count > 1 else b"\n") + orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
                )
            member.write(b"\n]\n}\n")
        return count

    def copy(self, path: str, source: IO[bytes]) -> Entry:
        """A file from elsewhere, byte by byte."""
        with self.member(path) as member:
            while chunk := source.read(_CHUNK):
                member.write(chunk)
        return self.entries[-1]

    def abandon(self) -> None:
        """End it where it is: nobody will read it."""
        self._zip.close()

    def close(self, head: dict[str, Any], sign: Callable[[str], dict[str, Any] | None]) -> None:
        """Write the manifest of all files, have its hash signed, and end the archive."""
        listed = sorted(self.entries, key=lambda entry: entry.path)
        manifest = as_json(
            {
                **head,
                "files": [{"path": one.path, "sha256": one.sha256, "size": one.size} for one in listed],
            }
        )
        with self.member(MANIFEST, listed=False) as member:
            member.write(manifest)
        signed = sign(hashlib.sha256(manifest).hexdigest())
        if signed is not None:
            with self.member(SIGNATURE, listed=False) as member:
                member.write(as_json(signed))
        self._zip.close()
