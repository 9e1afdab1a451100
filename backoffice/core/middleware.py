"""Request id and acting context around every request."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from backoffice.core import context

Handler = Callable[[HttpRequest], HttpResponse]
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestIdMiddleware:
    """Takes ``X-Request-ID`` from the caller if it is harmless, makes one otherwise, and sends it back."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.request_id = given if _SAFE_ID.fullmatch(given) else uuid.uuid4().hex  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        return response


class ActingMiddleware:
    """Opens the door: entry point from the path, actor from the session (the API names its own later)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_api = request.path.startswith("/api/")
        entry_point = context.EntryPoint.API if is_api else context.EntryPoint.ADMIN
        user = None if is_api or not request.user.is_authenticated else request.user
        with context.entering(entry_point, actor=user, request_id=request.request_id):  # type: ignore[attr-defined]
            return self.get_response(request)
