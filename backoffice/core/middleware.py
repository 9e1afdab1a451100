"""Request id, request log, language and acting context around every request."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers

from backoffice.core import context

Handler = Callable[[HttpRequest], HttpResponse]
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

log = structlog.stdlib.get_logger("backoffice.requests")


def is_api(request: HttpRequest) -> bool:
    """Whether a program asks, not a person's browser."""
    return request.path.startswith("/api/")


class RequestIdMiddleware:
    """Takes ``X-Request-ID`` from the caller if it is harmless, makes one otherwise, and sends it back.

    Every log line of the request carries the id; the last one is the request itself. It names the path alone:
    lists are searched by GET, and a query may be a telephone number.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _SAFE_ID.fullmatch(given) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        began = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            response = self.get_response(request)
            log.info(
                "request",
                method=request.method,
                path=request.path,
                status=response.status_code,
                milliseconds=round((time.perf_counter() - began) * 1000),
            )
        response["X-Request-ID"] = request_id
        return response


class ChosenLanguageMiddleware(LocaleMiddleware):
    """Pages are in the house's language until a person chooses another with the switch (its cookie).

    Django would follow the browser's ``Accept-Language``, which says what the computer was set up in, not what
    the office works in: two colleagues at one desk would see two languages. A program has no switch; the API
    keeps Django's rule.
    """

    def process_request(self, request: HttpRequest) -> None:
        if is_api(request):
            super().process_request(request)
            return
        try:
            chosen = translation.get_supported_language_variant(
                request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
            )
        except LookupError:
            chosen = settings.LANGUAGE_CODE
        translation.activate(chosen)
        request.LANGUAGE_CODE = chosen

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if is_api(request):
            return super().process_response(request, response)
        patch_vary_headers(response, ("Cookie",))
        response.headers.setdefault("Content-Language", translation.get_language())
        return response


class ActingMiddleware:
    """Opens the door: entry point from the path, actor from the session (the API names its own later)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        entry_point = context.EntryPoint.API if is_api(request) else context.EntryPoint.ADMIN
        user = None if is_api(request) or not request.user.is_authenticated else request.user
        with context.entering(entry_point, actor=user, request_id=request.request_id):  # type: ignore[attr-defined]
            return self.get_response(request)
