"""From a dossier to the page of the thing it belongs to."""

from __future__ import annotations

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from backoffice.core.models import Dossier
from backoffice.desk.registry import registries


def page_url(dossier: Dossier) -> str | None:
    """The address of the page, or None when that kind of dossier has none."""
    find = registries.dossier_pages.get(dossier.kind)
    return find(dossier) if find is not None else None


def link(dossier: Dossier) -> SafeString | str:
    """The number as a link to the page, or the number alone."""
    url = page_url(dossier)
    return format_html('<a href="{}">{}</a>', url, dossier.number) if url else dossier.number


def may_read_files(user: Any, dossier: Dossier) -> bool:
    """Whether the person may read the files of a dossier: the right, and the word of the app it belongs to."""
    if not user.has_perm("desk.view_attachment"):
        return False
    ask = registries.file_readers.get(dossier.kind)
    return ask is None or ask(user, dossier)
