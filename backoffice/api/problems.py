"""Every refusal of the API as ``application/problem+json`` (RFC 9457), with a code for machines.

Codes are stable; titles and details are in the language the caller asks for. Never a stack, never another
thing's id, never personal data.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.defaults import server_error as html_server_error
from rest_framework import exceptions
from rest_framework.response import Response

from backoffice.core.errors import DomainError, InputRefused, NotPermitted, TransitionRefused

CONTENT_TYPE = "application/problem+json"

#: code → status and title. A ``DomainError`` whose code is not here is a 409 with its own message.
PROBLEMS: dict[str, tuple[int, Any]] = {
    "json-invalid": (400, _("The body is not valid JSON")),
    "idempotency-key-missing": (400, _("The Idempotency-Key header is missing")),
    "idempotency-key-invalid": (400, _("The Idempotency-Key header is not acceptable")),
    "cursor-invalid": (400, _("The cursor is not one of ours")),
    "parameter-invalid": (400, _("A parameter of the address is not acceptable")),
    "token-invalid": (401, _("The access token is missing, expired or not valid")),
    "scope-missing": (403, _("The access token lacks a scope")),
    "not-permitted": (403, _("Not permitted")),
    "purpose-missing": (403, _("The Access-Purpose header is missing")),
    "consent-missing": (403, _("There is no consent for this")),
    "not-found": (404, _("Not found")),
    "method-not-allowed": (405, _("Method not allowed")),
    "not-acceptable": (406, _("Only JSON is offered")),
    "transition-not-allowed": (409, _("This step is not available now")),
    "condition-not-met": (409, _("This step is not available now")),
    "deadline-passed": (409, _("The deadline has passed")),
    "document-not-clean": (409, _("The document is not cleared")),
    "idempotency-in-progress": (409, _("A request with this key is still running")),
    "external-id-reused": (409, _("This external id belongs to something else")),
    "loan-not-open": (409, _("This loan takes no repayments")),
    "not-reversible": (409, _("This repayment cannot be reversed")),
    "cursor-expired": (410, _("The cursor has expired")),
    "version-stale": (412, _("The thing has changed meanwhile")),
    "too-large": (413, _("The request is too large")),
    "type-not-allowed": (415, _("This content type is not accepted")),
    "validation-failed": (422, _("Some values are not acceptable")),
    "extension-without-consent": (422, _("An extension needs the consent of both sides")),
    "idempotency-key-reused": (422, _("This key was used for another request")),
    "version-missing": (428, _("The If-Match header is missing")),
    "rate-limited": (429, _("Too many requests")),
    "internal-error": (500, _("Something went wrong on our side")),
}

_OF_STATUS = {
    400: "json-invalid",
    401: "token-invalid",
    403: "not-permitted",
    404: "not-found",
    405: "method-not-allowed",
    406: "not-acceptable",
    413: "too-large",
    415: "type-not-allowed",
    422: "validation-failed",
    429: "rate-limited",
}


class Problem(exceptions.APIException):
    """A refusal by its code; ``extra`` are members of the document, ``headers`` go with the answer."""

    def __init__(
        self,
        code: str,
        detail: Any = "",
        *,
        errors: Sequence[dict[str, str]] = (),
        extra: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.code = code
        self.status_code, self.title = PROBLEMS[code]
        self.errors = list(errors)
        self.extra = extra or {}
        self.headers = headers or {}
        super().__init__(detail or self.title, code)


def problem_response(
    request: HttpRequest | None,
    *,
    status: int,
    code: str,
    title: Any,
    detail: Any,
    errors: Sequence[dict[str, str]] = (),
    extra: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """The document, not yet rendered. ``instance`` is the request's id, as in ``X-Request-ID``."""
    body: dict[str, Any] = {
        "type": f"urn:backoffice:problem:{code}",
        "title": str(title),
        "status": status,
        "detail": str(detail),
        "instance": getattr(request, "request_id", ""),
        "code": code,
    }
    if errors:
        body["errors"] = list(errors)
    return Response(body | (extra or {}), status=status, headers=headers, content_type=CONTENT_TYPE)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """The framework's hook: every refusal we know becomes a problem; anything else is a 500 and is logged."""
    request = context.get("request")
    request = getattr(request, "_request", request)
    problem = _problem_of(error)
    if problem is None:
        return None
    return problem_response(request, **problem)


def _problem_of(error: Exception) -> dict[str, Any] | None:
    if isinstance(error, Problem):
        return {
            "status": error.status_code,
            "code": error.code,
            "title": error.title,
            "detail": error.detail,
            "errors": error.errors,
            "extra": error.extra,
            "headers": error.headers,
        }
    if isinstance(error, DomainError):
        return _of_domain(error)
    if isinstance(error, Http404):
        return _known("not-found")
    if isinstance(error, PermissionDenied):
        return _known("not-permitted")
    if isinstance(error, RequestDataTooBig):
        return _known("too-large")
    if isinstance(error, exceptions.ValidationError):
        return _known("validation-failed", errors=list(_flatten(error.get_full_details(), "")))
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    return None


def _known(code: str, detail: Any = None, **more: Any) -> dict[str, Any]:
    status, title = PROBLEMS[code]
    return {"status": status, "code": code, "title": title, "detail": detail or title, **more}


def _of_domain(error: DomainError) -> dict[str, Any]:
    if isinstance(error, NotPermitted):
        return _known("not-permitted", error.message)
    if isinstance(error, TransitionRefused):
        status, title = PROBLEMS.get(error.code, PROBLEMS["transition-not-allowed"])
        return {
            "status": status,
            "code": error.code,
            "title": title,
            "detail": error.message,
            "extra": {"allowed": error.allowed},
        }
    if isinstance(error, InputRefused):
        status, title = PROBLEMS.get(error.code, PROBLEMS["validation-failed"])
        at_fault = {"pointer": _pointer(error.field), "code": "invalid", "detail": str(error.message)}
        return {
            "status": status,
            "code": error.code,
            "title": title,
            "detail": error.message,
            "errors": [at_fault] if error.field else [],
        }
    status, title = PROBLEMS.get(error.code, (409, error.message))
    return {"status": status, "code": error.code, "title": title, "detail": error.message}


def _of_framework(error: exceptions.APIException) -> dict[str, Any]:
    headers: dict[str, str] = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(max(1, round(error.wait)))  # type: ignore[attr-defined]
    return _known(_OF_STATUS.get(error.status_code, "validation-failed"), headers=headers)


def _pointer(field: str | None) -> str:
    return "/" + (field or "").replace(".", "/")


def _flatten(details: Any, pointer: str) -> Iterator[dict[str, str]]:
    """One line per value at fault, with a JSON pointer into the body."""
    if isinstance(details, dict) and set(details) == {"message", "code"} and isinstance(details["code"], str):
        yield {"pointer": pointer or "/", "code": str(details["code"]), "detail": str(details["message"])}
    elif isinstance(details, dict):
        for name, inner in details.items():
            # RFC 6901: names come from outside too.
            part = str(name).replace("~", "~0").replace("/", "~1")
            yield from _flatten(inner, pointer if name == "non_field_errors" else f"{pointer}/{part}")
    else:
        nested = any(isinstance(one, dict) and set(one) != {"message", "code"} for one in details)
        for number, inner in enumerate(details):
            yield from _flatten(inner, f"{pointer}/{number}" if nested else pointer)


def plain_problem(request: HttpRequest, code: str) -> HttpResponse:
    """A problem outside the framework's views (an unknown address, a crash)."""
    status, title = PROBLEMS[code]
    answer = problem_response(request, status=status, code=code, title=title, detail=title)
    return HttpResponse(orjson.dumps(answer.data), status=status, content_type=CONTENT_TYPE)


def unknown_address(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """Anything under ``/api/`` that is no address of ours."""
    return plain_problem(request, "not-found")


def server_error(request: HttpRequest) -> HttpResponse:
    """``handler500``: a problem for machines, the ordinary page for people."""
    if request.path.startswith("/api/"):
        return plain_problem(request, "internal-error")
    return html_server_error(request)
