"""API clients and their tokens, through the real services and the real token endpoint."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.test import Client as HttpClient

from backoffice.api.models import Client
from backoffice.api.services import create_client
from backoffice.staff.services import system_user

#: Secrets are in force from here on, by the clock of the machine that runs the tests as well.
BEFORE = datetime(2020, 1, 1, tzinfo=UTC)


def api_client(*scopes: str, name: str = "借款人应用") -> tuple[Client, str]:
    """A client and its secret."""
    return create_client(name=name, scopes=scopes, by=system_user("tests"), at=BEFORE)


def ask_token(client: Client, secret: str, scopes: Sequence[str]) -> Any:
    """The answer of the token endpoint."""
    basic = base64.b64encode(f"{client.client_id}:{secret}".encode()).decode()
    return HttpClient().post(
        "/api/oauth/token",
        {"grant_type": "client_credentials", "scope": " ".join(scopes)},
        headers={"Authorization": f"Basic {basic}"},
    )


def bearer(client: Client, secret: str, *scopes: str) -> dict[str, str]:
    """Headers with a fresh token for ``scopes`` (all of the client's, if none are named)."""
    answer = ask_token(client, secret, scopes or client.scopes)
    assert answer.status_code == 200, answer.content
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}
