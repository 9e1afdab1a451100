"""The home page by role: tiles that the apps register."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from backoffice.desk.registry import registries


@dataclass(frozen=True, slots=True)
class DrawnTile:
    title: Any
    template: str
    width: int
    context: dict[str, Any]
    listed: list[int]


def tiles(request: HttpRequest) -> list[DrawnTile]:
    """The tiles this person has the right to and that have something to show, in their order."""
    wanted = [tile for tile in registries.home if request.user.has_perm(tile.permission)]
    drawn = []
    for tile in sorted(wanted, key=lambda one: one.order):
        context = tile.context(request)
        if context is not None:
            listed = tile.listed(context) if tile.listed is not None else ()
            shown = [dossier_id for dossier_id in listed if dossier_id is not None]
            drawn.append(DrawnTile(tile.title, tile.template, tile.width, context, shown))
    return drawn
