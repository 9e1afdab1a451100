"""What every endpoint stands on, and the two token endpoints."""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from oauth2_provider.views import TokenView as LibraryTokenView
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request

from backoffice.api.oauth import DESCRIPTIONS
from backoffice.api.throttling import ClientThrottle


class ApiView(GenericAPIView):
    """An endpoint. ``required_scopes`` names the scope per method; a method without one is closed.

    Everything else (token, JSON, problems, rate) comes from the project's settings. ``post`` is wrapped in
    ``idempotency.idempotent``; a test of the house walks all endpoints and demands both.
    """

    required_scopes: dict[str, str] = {}
    # What a browser asks before calling across sites, or to fill a form with: machines need neither.
    http_method_names = ("get", "head", "post", "put", "patch", "delete")

    def check_access(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse, as the endpoint itself would, a caller who has no access any more to what the request names.

        Asked before a stored answer is given again; the arguments are those of ``post``. What no access can be taken
        from has nothing to refuse.
        """

    def get_throttles(self) -> list[Any]:
        self.throttles = super().get_throttles()
        return self.throttles

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        for throttle in getattr(self, "throttles", ()):
            if isinstance(throttle, ClientThrottle):
                for name, value in throttle.headers().items():
                    response[name] = value
        # What we answer is for this client and this moment.
        response.setdefault("Cache-Control", "no-store")
        return response


class TokenView(LibraryTokenView):
    """Client credentials only: the library's own view also forks to flows with people in them."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = self.authorization_flow_token_response(request)
        if answer.status_code == 200:
            return answer
        problem = orjson.loads(answer.content)
        if words := DESCRIPTIONS.get(problem["error"]):
            answer.content = orjson.dumps({"error_description": words} | problem)
        return answer
