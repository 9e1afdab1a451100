"""Machines identify themselves with a bearer token; from then on the record names their account."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from rest_framework.exceptions import AuthenticationFailed

from backoffice.core.context import set_actor
from backoffice.staff.models import User


class BearerAuthentication(OAuth2Authentication):
    """``request.user`` is the client's machine account, ``request.auth`` its token."""

    def authenticate(self, request: Any) -> tuple[User, Any] | None:
        found = super().authenticate(request)
        if found is None:
            if request.headers.get("Authorization"):
                raise AuthenticationFailed(_("The access token is not valid."))
            return None
        token = found[1]
        user: User = token.application.user
        if not user.is_active:
            raise AuthenticationFailed(_("The access token is not valid."))
        set_actor(user)
        return user, token


class BearerScheme(OpenApiAuthenticationExtension):
    """How the schema describes it."""

    target_class = "backoffice.api.authentication.BearerAuthentication"
    name = "oauth2"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        # Written out now, in the language of the contract: the texts are translated late.
        scopes = {name: str(text) for name, text in settings.OAUTH2_PROVIDER["SCOPES"].items()}
        flow = {"tokenUrl": "/api/oauth/token", "scopes": scopes}
        return {"type": "oauth2", "flows": {"clientCredentials": flow}}

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[str]]:
        scope = getattr(auto_schema.view, "required_scopes", {}).get(auto_schema.method)
        return {self.name: [scope] if scope else []}
