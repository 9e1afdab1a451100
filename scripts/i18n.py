#!/usr/bin/env python3
"""The catalogue of translations, with Babel instead of the gettext programs (which a user's machine lacks).

    i18n.py update    bring locale/zh_Hans/LC_MESSAGES/django.po in step with the sources
    i18n.py check     say what is missing, empty, fuzzy, left over or has other placeholders; fail if anything
    i18n.py compile   write django.mo (only when it is older than django.po)
    i18n.py extract   print the messages of the sources as a .pot file

The admin theme ships no catalogue at all, so its texts are collected here too, except those that Django
already translates.
"""

import argparse
import gettext
import importlib.util
import io
import os
import re
import sys
import tempfile
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog as BabelCatalog
from babel.messages.catalog import Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALE = "zh_Hans"
PO = ROOT / "locale" / LOCALE / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")
SOURCES = ("backoffice", "complaints", "collections")
# Installed packages whose texts people see and which bring no Chinese of their own.
THEME = ("unfold",)
# The theme also dresses packages that we do not have; their texts are nobody's.
THEME_CONTRIB = {"filters", "forms", "import_export", "simple_history"}
# Where the theme's texts may already be translated: Django loads these catalogues by itself.
TRANSLATED_BY = ("django", "simple_history", "import_export")
PYTHON_KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    # ``core.explain.N_``: pure modules mark their texts without settings.
    "N_": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


class Catalog(BabelCatalog):
    """Without dates and names in the header: the file changes only when a text does."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        kept = ("Language", "Plural-Forms", "MIME-Version", "Content-Type", "Content-Transfer-Encoding")
        return [(name, value) for name, value in self._get_mime_headers() if name in kept]

    @mime_headers.setter
    def mime_headers(self, headers: Iterable[tuple[str, str]]) -> None:
        self._set_mime_headers(headers)


def new_catalog() -> Catalog:
    return Catalog(
        locale=LOCALE, header_comment="# Chinese (simplified). Kept by scripts/i18n.py.", fuzzy=False
    )


def _python_source(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    # Django's own parser turns a template into something like Python, with the words replaced by letters of
    # the same length. The brackets keep Python's tokenizer from looking at its indentation.
    return "(" + templatize(text, origin=str(path)) + "\n)"


def messages_in(path: Path) -> Iterator[tuple[Any, str | None, list[str]]]:
    """(id, context, comments) of every message in a Python file or a template."""
    source = io.BytesIO(_python_source(path).encode("utf-8"))
    try:
        found = list(extract_python(source, PYTHON_KEYWORDS, ["Translators:"], {}))
    except (SyntaxError, tokenize.TokenError) as error:
        raise SystemExit(f"{path}: cannot be read for translation: {error}") from error
    for _line, function, arguments, comments in found:
        parts = list(arguments) if isinstance(arguments, (list, tuple)) else [arguments]
        name = str(function)
        context = None
        if "pgettext" in name:
            context, *parts = parts
        plural = name.startswith(("ngettext", "npgettext"))
        # Not a literal: nothing that could be collected.
        if not parts or not all(isinstance(part, str) and part for part in parts[: 2 if plural else 1]):
            continue
        yield (tuple(parts[:2]) if plural else parts[0]), context, list(comments or [])


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        in_templates = "templates" in path.parts and path.suffix in {".html", ".txt"}
        if (path.suffix == ".py" or in_templates) and "migrations" not in path.parts:
            yield path


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{name} is not installed; run this with the project's own Python (make i18n).")
    return Path(spec.origin).parent


def _translated_elsewhere() -> set[str]:
    """Message ids for which an installed package brings Chinese."""
    known: set[str] = set()
    for name in TRANSLATED_BY:
        for mo in sorted(_package(name).rglob(f"locale/{LOCALE}/LC_MESSAGES/django.mo")):
            with mo.open("rb") as file:
                translations = gettext.GNUTranslations(file)
            for key, text in translations._catalog.items():  # type: ignore[attr-defined]
                if key and text:
                    known.add(key[0] if isinstance(key, tuple) else key)
    return known


def extract() -> Catalog:
    catalog = new_catalog()
    for source in SOURCES:
        for path in _files(ROOT / source):
            for identifier, context, comments in messages_in(path):
                location = [(str(path.relative_to(ROOT)), 0)]
                catalog.add(identifier, None, location, context=context, auto_comments=comments)
    known = _translated_elsewhere()
    for name in THEME:
        package = _package(name)
        for path in _files(package):
            inside = path.relative_to(package)
            if inside.parts[0] == "contrib" and inside.parts[1] not in THEME_CONTRIB:
                continue
            for identifier, context, _comments in messages_in(path):
                first = identifier[0] if isinstance(identifier, tuple) else identifier
                if context is None and first in known:
                    continue
                location = [(f"{name}/{inside}", 0)]
                catalog.add(identifier, None, location, context=context)
    return catalog


def read(path: Path = PO) -> Catalog:
    catalog = new_catalog()
    if path.exists():
        with path.open("rb") as file:
            stored = read_po(file, locale=LOCALE, abort_invalid=True)
        for message in stored:
            if message.id:
                catalog[message.id] = message
    return catalog


def render(catalog: BabelCatalog) -> bytes:
    buffer = io.BytesIO()
    # No line numbers: they would change with every edit above them and make all branches collide.
    write_po(buffer, catalog, width=110, sort_by_file=True, include_lineno=False, ignore_obsolete=True)
    return buffer.getvalue()


def merged(stored: BabelCatalog, template: BabelCatalog) -> Catalog:
    """The messages of the sources with the translations there are; a text nobody uses any more is left out."""
    catalog = new_catalog()
    for message in template:
        if message.id:
            old = stored.get(message.id, message.context)
            catalog[message.id] = Message(
                message.id,
                old.string if old else "",
                message.locations,
                flags=message.flags | (old.flags if old else set()),
                auto_comments=message.auto_comments,
                user_comments=old.user_comments if old else [],
                context=message.context,
            )
    return catalog


def problems(stored: BabelCatalog, template: BabelCatalog) -> list[str]:
    found = []
    wanted = {(message.id, message.context) for message in template if message.id}
    for message in template:
        if message.id and stored.get(message.id, message.context) is None:
            found.append(f"missing: {message.id!r} ({', '.join(place for place, _ in message.locations)})")
    for message in stored:
        if not message.id:
            continue
        texts = message.string if isinstance(message.string, (list, tuple)) else [message.string]
        if (message.id, message.context) not in wanted:
            found.append(f"left over: {message.id!r}")
        elif not all(texts):
            found.append(f"empty: {message.id!r}")
        elif message.fuzzy:
            found.append(f"fuzzy: {message.id!r}")
        else:
            found += [f"{error}: {message.id!r}" for error in message.check(stored)]
            if isinstance(message.id, tuple) and _places(message.id[1]) != _places(texts[0] or ""):
                # Chinese has one form for every number.
                found.append(f"its number is not said: {message.id!r}")
    return found


def _places(text: str) -> set[str]:
    return set(re.findall(r"%\((\w+)\)", text))


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: a set-up that is broken off must not leave half a catalogue."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(draft).chmod(0o644)
    Path(draft).replace(path)


def compile_catalog(po: Path = PO, mo: Path = MO) -> bool:
    if mo.exists() and po.exists() and mo.stat().st_mtime_ns >= po.stat().st_mtime_ns:
        return False
    buffer = io.BytesIO()
    write_mo(buffer, read(po))
    _write(mo, buffer.getvalue())
    return True


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=["update", "check", "compile", "extract"])
    command = parser.parse_args(argv).command
    if command == "extract":
        sys.stdout.buffer.write(render(extract()))
    elif command == "update":
        catalog = merged(read(), extract())
        _write(PO, render(catalog))
        empty = sum(problem.startswith("empty") for problem in problems(catalog, catalog))
        print(f"{PO.relative_to(ROOT)}: {len(catalog)} messages, {empty} without a translation")
    elif command == "check":
        found = problems(read(), extract())
        print("\n".join(found) if found else "translations: complete")
        return 1 if found else 0
    else:
        print("translations: compiled" if compile_catalog() else "translations: up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
