"""``ETag`` and ``If-Match``: nobody changes what he has not seen."""

from __future__ import annotations

from typing import Any

from backoffice.api.problems import Problem


def etag(version: int) -> str:
    """The tag of a version: ``"v7"``."""
    return f'"v{version}"'


def require_version(request: Any, version: int) -> None:
    """Compare ``If-Match`` with the present ``version`` of the locked thing.

    Called inside the view's handler, so that a replay is found before it. Raises ``version-missing`` (428) and
    ``version-stale`` (412, with the present tag).
    """
    given = request.headers.get("If-Match")
    if not given:
        raise Problem("version-missing")
    if given.strip() != etag(version):
        raise Problem("version-stale", headers={"ETag": etag(version)})
