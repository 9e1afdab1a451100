"""One ``ReadEvent`` per request for whatever shows personal data, masked or in full."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    listed: Iterable[int | None] = (),
    purpose: str = "",
    purpose_code: str = "",
) -> None:
    """Put on record that the person of ``request`` looked; the second call in the same request is a no-op.

    ``listed`` are the ids of the dossiers that a list or search showed, in any order, with or without doubles.
    """
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
        listed=sorted({one for one in listed if one is not None}),
        purpose=purpose,
        purpose_code=purpose_code,
    )
    request.read_is_logged = True  # type: ignore[attr-defined]


class ReadLogMixin:
    """What an admin class says about its reads.

    With ``logs_reads`` the object's page, its steps and its record write one row each, and a list or search
    writes one row with the dossiers it showed. A model that is about people must have it (desk.E009), or say
    in ``not_logged_because`` why nobody's data is on its pages.
    """

    logs_reads = False
    not_logged_because = ""
    #: From a row to the dossier it is looked up under; a list row must have joined all but the last step.
    dossier_path = "dossier"

    def dossier_of(self, obj: Any) -> Any:
        """The dossier under which looking at ``obj`` is recorded."""
        for step in self.dossier_path.split("."):
            obj = getattr(obj, step, None)
        return obj

    def dossier_id_of(self, obj: Any) -> int | None:
        """As ``dossier_of``, without loading the dossier itself."""
        *path, last = self.dossier_path.split(".")
        for step in path:
            obj = getattr(obj, step, None)
        dossier_id: int | None = getattr(obj, f"{last}_id", None)
        return dossier_id

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

    def log_list_read(self, request: HttpRequest, *, rows: Sequence[Any], searched: bool) -> None:
        """Record that ``rows`` were listed, by a search or without one."""
        if self.logs_reads:
            what = ReadEvent.What.SEARCH if searched else ReadEvent.What.LIST
            listed = [self.dossier_id_of(row) for row in rows]
            log_once(request, what=what, count=len(rows), listed=listed)
