"""Letters as PDF, made by typst. Pure: a template and plain data in, bytes out; no settings, no clock.

What typst leaves to its caller, and what is done about it here:

* A missing font is only a warning to typst, and the letter would come out as empty boxes. Every warning is an
  error here, and a character that no font can show is refused (that is what PDF/UA demands, and the reason
  why letters are made to that standard; it also makes them readable to a screen reader).
* Text reaches a template as JSON in ``sys.inputs`` and nothing else. A string is never markup, so a borrower
  who writes ``#panic()`` reads ``#panic()``. Invisible characters that reverse or hide text are taken out.
* The same input gives the same bytes: templates set ``document(date: none)`` and fonts are those of the system
  alone. A letter that has been sent is nevertheless kept, never made again: the next version of typst or of
  the font sets it differently.
* One compiler is kept per process (its caches turn 150 ms into a few), and only one thread may use it at a
  time. It keeps worker threads, which do not survive a fork: see ``UsedBeforeFork``.
"""

from __future__ import annotations

import json
import os
import threading
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import as_file, files
from typing import Any

import typst

# Per face the families that may stand in for one another, best first. Templates get the names of those found.
FACES: Mapping[str, tuple[str, ...]] = {
    "serif": ("Noto Serif CJK SC", "Noto Serif SC", "Source Han Serif SC"),
    "sans": ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC"),
}

# An accessible PDF; refuses characters without a glyph.
_STANDARD: typst.PDFStandard = "ua-1"

# Direction marks and overrides: with them, text could be made to read otherwise than it was approved.
_BIDI_CONTROLS = dict.fromkeys(
    map(ord, "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
)


class RenderError(RuntimeError):
    """The document could not be made as it should be. The message is typst's and may quote the text."""


class FontMissing(RenderError):
    """A font that the document needs is not installed."""

    def __init__(self, wanted: str) -> None:
        super().__init__(
            f"Font missing: {wanted}. Letters need Chinese fonts: install Noto CJK "
            "(Debian, Ubuntu: apt-get install fonts-noto-cjk) and start the program again."
        )


class CharacterMissing(RenderError):
    """No installed font can show a character of the text, say an emoji; the message names it."""


class UsedBeforeFork(RenderError):
    """typst was used in this process's parent: its worker threads are gone and it would wait for ever."""

    def __init__(self) -> None:
        super().__init__("typst was used before this process was forked; make letters in the worker only")


_lock = threading.Lock()
_used_by: int | None = None


@cache
def _fonts() -> typst.Fonts:
    # Not the fonts inside the wheel: what stands in for a missing glyph must not change with its version.
    # Reading the list starts no threads, so a system check may do it before workers are forked.
    return typst.Fonts(include_embedded_fonts=False)


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(font_paths=_fonts())


def _faces() -> dict[str, str]:
    installed = set(_fonts().families())
    found = {face: next((name for name in names if name in installed), None) for face, names in FACES.items()}
    for face, name in found.items():
        if name is None:
            raise FontMissing(" or ".join(FACES[face]))
    return {face: name for face, name in found.items() if name is not None}


def was_used() -> bool:
    """Whether this process has set a document: then what is forked from it cannot."""
    return _used_by == os.getpid()


def cjk_font_available() -> bool:
    """Whether the Chinese fonts that letters need are installed on this machine."""
    try:
        return bool(_faces())
    except FontMissing:
        return False


def render_pdf(template: str, data: Mapping[str, Any]) -> bytes:
    """The PDF of ``template`` (``"package:path/in/it.typ"``) filled with ``data``.

    ``data`` holds what JSON holds: text, numbers, booleans, None, lists and mappings; the template reads it with
    ``json(bytes(sys.inputs.data))``, and the font families likewise from ``sys.inputs.fonts``. Lines of a text
    are separated by ``\\n``. Raises ``FontMissing``, ``CharacterMissing``, ``RenderError``.
    """
    package, _, path = template.partition(":")
    inputs = {
        "data": json.dumps(_readable(data), ensure_ascii=False, sort_keys=True),
        "fonts": json.dumps(_faces(), sort_keys=True),
    }
    with as_file(files(package).joinpath(path)) as source:
        pdf, warnings = _compile(str(source), str(source.parent), inputs)
    for warning in warnings:
        if "unknown font family" in warning.message:
            raise FontMissing(warning.message.partition(":")[2].strip())
        raise RenderError(f"{template}: {warning.message}")
    if not isinstance(pdf, bytes):
        raise RenderError(f"{template}: typst returned no document")
    return pdf


def _compile(
    source: str, root: str, inputs: dict[str, str]
) -> tuple[bytes | list[bytes] | None, list[typst.TypstWarning]]:
    global _used_by
    # Asked before the lock, which a fork may have copied while it was held.
    if _used_by not in (None, os.getpid()):
        raise UsedBeforeFork
    with _lock:
        _used_by = os.getpid()
        try:
            return _compiler().compile_with_warnings(
                input=source, root=root, format="pdf", sys_inputs=inputs, pdf_standards=_STANDARD
            )
        except typst.TypstError as error:
            kind = CharacterMissing if "could not be displayed" in str(error) else RenderError
            raise kind(str(error)) from error


def _readable(value: Any) -> Any:
    """``value`` with its texts in one normal form, one kind of line end, and without invisible controls."""
    if isinstance(value, str):
        lines = unicodedata.normalize("NFC", value).replace("\r\n", "\n").replace("\r", "\n")
        text = lines.translate(_BIDI_CONTROLS).replace("\ufeff", "")
        return "".join(char for char in text if char in "\n\t" or unicodedata.category(char) != "Cc")
    if isinstance(value, Mapping):
        return {key: _readable(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_readable(part) for part in value]
    return value
