"""Who may have a token: the library's validator, asking our rows of secrets and our lists of scopes."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Any
from urllib.parse import unquote_plus

from django.contrib.auth.hashers import check_password, make_password
from django.db.models import Q
from django.utils import timezone
from oauth2_provider.models import get_access_token_model
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2.rfc6749 import errors

from backoffice.api.models import ClientSecret

#: What the library leaves without words, by the error's code. ASCII without quotes, as RFC 6749 5.2 has it.
DESCRIPTIONS = {
    "invalid_client": "Unknown client, or a secret that is wrong or no longer in force.",
    "unsupported_grant_type": "Only grant_type=client_credentials is offered.",
}


class ClientSecretValidator(OAuth2Validator):
    """Client credentials against ``ClientSecret`` rows; scopes never beyond ``Client.allowed_scopes``."""

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Whether the request carries the id of an active client and one of its secrets in force.

        Every secret in force is compared, and an unknown client costs one comparison too, so that the time
        taken tells nothing about which part was wrong.
        """
        client_id, secret = _from_header(request) or _from_body(request)
        if not client_id or not secret or self._load_application(client_id, request) is None:
            make_password(secret or "-")
            return False
        now = timezone.now()
        rows = ClientSecret.objects.filter(client=request.client, valid_from__lte=now)
        hashes = rows.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=now)).values_list(
            "secret_hash", flat=True
        )
        matches = [check_password(secret, one) for one in hashes]
        return any(matches)

    def authenticate_client_id(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> bool:
        """There are no public clients: an id alone proves nothing."""
        return False

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """A token carries only scopes that the client may have; whoever asks for more is told which those are.

        Who asks for none, or leaves the parameter empty, gets all the client was given (RFC 6749, 3.2 and 3.3).
        """
        asked = [one for one in scopes if one]
        if not set(asked) <= set(client.scopes):
            description = f"This client may ask for: {client.allowed_scopes}"
            raise errors.InvalidScopeError(description=description, request=request)
        request.scopes = asked or client.scopes
        return bool(request.scopes)

    def _load_access_token(self, token: str) -> Any:
        checksum = hashlib.sha256(token.encode()).hexdigest()
        return (
            get_access_token_model()
            .objects.select_related("application__user")
            .filter(token_checksum=checksum)
            .first()
        )


def _from_header(request: Any) -> tuple[str, str] | None:
    scheme, _space, encoded = (request.headers.get("HTTP_AUTHORIZATION") or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return (unquote_plus(client_id), unquote_plus(secret)) if colon else ("", "")


def _from_body(request: Any) -> tuple[str, str]:
    return getattr(request, "client_id", "") or "", getattr(request, "client_secret", "") or ""
