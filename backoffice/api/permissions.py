"""Scopes: each view says per method which one it takes; what says nothing is closed."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission

from backoffice.api.problems import Problem


class HasScopes(BasePermission):
    """The token carries ``view.required_scopes[method]``, and the client may (still) have that scope."""

    def has_permission(self, request: Any, view: Any) -> bool:
        if request.auth is None:
            return False
        if request.method not in view.allowed_methods:
            # Nothing stands behind this door: the framework answers 405.
            return True
        needed = required_scope(view, request.method)
        held = set(request.auth.scope.split()) & set(request.auth.application.scopes)
        if needed is None or needed not in held:
            raise Problem(
                "scope-missing",
                headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{needed or ""}"'},
            )
        return True


def required_scope(view: Any, method: str) -> str | None:
    """The scope that ``method`` takes on ``view`` (a view or its class); None when it is closed to all."""
    scopes: dict[str, str] = getattr(view, "required_scopes", {})
    return scopes.get("GET" if method == "HEAD" else method)
