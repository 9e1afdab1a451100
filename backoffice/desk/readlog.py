"""One ``ReadEvent`` per request for whatever shows personal data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from backoffice.audit.models import ReadEvent
from backoffice.audit.services import log_read


def log_once(
    request: HttpRequest,
    *,
    what: str,
    dossier: Any = None,
    subject_id: int | None = None,
    fields: Sequence[str] = (),
    count: int = 1,
) -> None:
    """Put on record that the person of ``request`` looked; the second call in the same request is a no-op."""
    if getattr(request, "read_is_logged", False):
        return
    log_read(
        what=what,
        at=timezone.now(),
        # The path alone: a query string may hold what was searched for.
        path=request.path,
        dossier=dossier,
        subject_id=subject_id,
        fields=fields,
        count=count,
    )
    request.read_is_logged = True  # type: ignore[attr-defined]


class ReadLogMixin:
    """What an admin class says about its reads.

    With ``logs_reads`` the object's page and its record write one row each, and a list or search writes one
    row with the number of things it showed.
    """

    logs_reads = False

    def dossier_of(self, obj: Any) -> Any:
        """The dossier under which looking at ``obj`` is recorded."""
        return getattr(obj, "dossier", None)

    def subject_of(self, obj: Any) -> int | None:
        """The id of the person ``obj`` is about, if it is about one."""
        subject_id: int | None = getattr(obj, "subject_id", None)
        return subject_id

    def fields_read(self, request: HttpRequest, obj: Any) -> Sequence[str]:
        """The personal fields that the page of ``obj`` shows to this person in full."""
        return ()

    def log_object_read(self, request: HttpRequest, obj: Any, what: str = ReadEvent.What.PAGE) -> None:
        """Record that the page (or the record) of ``obj`` was opened."""
        if self.logs_reads:
            log_once(
                request,
                what=what,
                dossier=self.dossier_of(obj),
                subject_id=self.subject_of(obj),
                fields=self.fields_read(request, obj),
            )

    def log_list_read(self, request: HttpRequest, *, count: int, searched: bool) -> None:
        """Record that ``count`` things were listed, by a search or without one."""
        if self.logs_reads:
            what = ReadEvent.What.SEARCH if searched else ReadEvent.What.LIST
            log_once(request, what=what, count=count)
