"""What lower pages show of upper things: the registries through which the apps meet without importing each other.

Each app registers its entries in its ``admin`` package, which Django imports at start-up. Everything here is
declared once per process and never changes afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from backoffice.core.registry import Registry

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.urls import URLPattern

    from backoffice.core.models import Dossier
    from backoffice.staff.models import User


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """One line of a timeline. ``tone`` is neutral, info, good, warn or bad; ``source`` names the filter it is under."""

    at: datetime
    title: Any
    source: str
    tone: str = "neutral"
    detail: Any = ""
    actor: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class TimelineSource:
    """Gives the newest ``limit`` items about a borrower before a moment, that ``viewer`` may see."""

    label: Any
    items: Callable[
        ..., list[TimelineItem]
    ]  # (*, borrower_id: int, viewer: User, before: datetime | None, limit: int)


@dataclass(frozen=True, slots=True)
class Panel:
    """A card on another app's page. ``context`` answers None when there is nothing to show."""

    page: str  # the page's name, for example "loans.borrower" or "complaints.complaint"
    title: Any
    template: str
    context: Callable[[HttpRequest, Any], dict[str, Any] | None]
    permission: str
    order: int = 50


@dataclass(frozen=True, slots=True)
class SidebarItem:
    """A line of the sidebar under its desk, with a live count of what waits there for the person."""

    desk: str  # mine | complaints | collections | conduct | loans | record | house
    title: Any
    url: Callable[[], str]
    icon: str
    permission: str
    order: int = 50
    count: Callable[[User], int] | None = None
    urgent: Callable[[User], int] | None = None


@dataclass(frozen=True, slots=True)
class HomeTile:
    """A card of the home page, for those with ``permission``. ``width`` is in twelfths.

    ``listed`` answers, from the tile's context, the ids of the dossiers it shows, for the read log.
    """

    title: Any
    template: str
    context: Callable[[HttpRequest], dict[str, Any] | None]
    permission: str
    order: int = 50
    width: int = 6
    listed: Callable[[dict[str, Any]], Iterable[int | None]] | None = None


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One thing found. ``dossier_id`` is its dossier's, so that the read log knows whom the search showed."""

    title: str
    detail: Any
    url: str
    dossier_id: int | None = None


@dataclass(frozen=True, slots=True)
class SearchSource:
    """Finds things by number or identifier; ``search(query, viewer, limit)`` answers the hits the viewer may see."""

    label: Any
    permission: str
    search: Callable[[str, User, int], list[SearchHit]]


@dataclass(frozen=True, slots=True)
class PersonName:
    """How a desk knows a person: masks and numbers, never the name. ``permission`` guards the page at ``url``."""

    mask: str
    number: str
    url: str
    permission: str


@dataclass
class Registries:
    """All of them, so that a reader finds every seam of the desk in one place."""

    timeline: Registry[TimelineSource] = field(default_factory=Registry)
    panels: Registry[Panel] = field(default_factory=Registry)
    sidebar: Registry[SidebarItem] = field(default_factory=Registry)
    home: Registry[HomeTile] = field(default_factory=Registry)
    search: Registry[SearchSource] = field(default_factory=Registry)
    #: Code of a kind of task → its (lazy) label.
    task_kinds: Registry[Any] = field(default_factory=Registry)
    #: Code of an act, as history keeps it → its (lazy) label.
    act_labels: Registry[Any] = field(default_factory=Registry)
    #: DossierKind → whether a person may read files of such a dossier, asked besides ``desk.view_attachment``.
    file_readers: Registry[Callable[[User, Dossier], bool]] = field(default_factory=Registry)
    #: DossierKind → page address of the thing a dossier belongs to, or None if it has no page.
    dossier_pages: Registry[Callable[[Dossier], str | None]] = field(default_factory=Registry)
    #: Ids of data subjects → ids of the dossiers in which these people's data stands.
    person_dossiers: Registry[Callable[[Sequence[int]], Iterable[int]]] = field(default_factory=Registry)
    #: Ids of data subjects and who asks → how a desk shows those of them it knows and that are within reach.
    person_names: Registry[Callable[[Collection[int], User], dict[int, PersonName]]] = field(
        default_factory=Registry
    )
    #: The admin site → addresses that belong to no model; each view asks for its own right.
    site_pages: Registry[Callable[[Any], list[URLPattern]]] = field(default_factory=Registry)
    #: A person and a row with personal fields → whether they may see it in full or correct it, besides their rights.
    reveal_guards: Registry[Callable[[User, Any], bool]] = field(default_factory=Registry)
    #: A person → the borrowers (ids, as a query) to whom what they see of the book is confined; None: to nobody.
    reach: Registry[Callable[[Any], QuerySet[Any] | None]] = field(default_factory=Registry)


registries = Registries()
