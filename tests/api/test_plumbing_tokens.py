"""Who gets a token, and how long it is good for."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
import time_machine
from django.test import Client as HttpClient
from django.utils import timezone
from oauth2_provider.models import get_access_token_model

from backoffice.api import services
from backoffice.api.models import Client, ClientSecret
from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories.api import BEFORE, api_client, ask_token, bearer
from tests.factories.staff import person

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.plumbing_urls")]


@pytest.fixture
def officer() -> User:
    return person(Role.PRIVACY_OFFICER)


def test_only_those_with_the_right_make_a_client() -> None:
    with pytest.raises(NotPermitted):
        services.create_client(name="x", scopes=["loans:read"], by=person(Role.ADMINISTRATOR), at=BEFORE)


def test_client_is_made_with_account_dossier_and_secret(officer: User) -> None:
    client, secret = services.create_client(
        name="调解中心",
        scopes=["referrals:act", "referrals:read"],
        by=officer,
        at=BEFORE,
        reason="合同 2026-17",
    )
    assert client.user.kind == User.Kind.MACHINE
    assert client.user.roles == ["mediation_partner"]
    assert client.user.has_perm("mediation.act_referral")
    assert client.dossier.kind == "client"
    row = client.history.get()
    assert (row.history_user, row.history_change_reason) == (officer, "client.created")
    assert row.history_reason_cipher is not None
    stored = ClientSecret.objects.get(client=client)
    assert secret not in stored.secret_hash
    assert stored.hint == secret[-4:]


@pytest.mark.parametrize("scopes", [[], ["everything"], ["loans:read", "x"]])
def test_client_needs_scopes_that_exist(officer: User, scopes: list[str]) -> None:
    with pytest.raises(InputRefused) as refusal:
        services.create_client(name="x", scopes=scopes, by=officer, at=BEFORE)
    assert refusal.value.field == "scopes"


def test_token_lasts_a_quarter_of_an_hour_and_is_stored_as_a_hash() -> None:
    client, secret = api_client("loans:read", "loans:write")
    answer = ask_token(client, secret, ["loans:read"])
    assert answer.status_code == 200
    body = answer.json()
    assert (body["expires_in"], body["scope"], body["token_type"]) == (900, "loans:read", "Bearer")
    assert "refresh_token" not in body
    assert answer["Cache-Control"] == "no-store"
    stored = get_access_token_model().objects.get()
    assert body["access_token"] not in (stored.token, stored.token_checksum)


def test_secret_in_the_body_works_too() -> None:
    client, secret = api_client("loans:read")
    answer = HttpClient().post(
        "/api/oauth/token",
        {
            "grant_type": "client_credentials",
            "client_id": client.client_id,
            "client_secret": secret,
            "scope": "loans:read",
        },
    )
    assert answer.status_code == 200


@pytest.mark.parametrize("grant", ["password", "authorization_code", "refresh_token", "implicit", ""])
def test_no_other_grant_exists(grant: str) -> None:
    client, secret = api_client("loans:read")
    answer = HttpClient().post(
        "/api/oauth/token",
        {"grant_type": grant, "client_id": client.client_id, "client_secret": secret, "scope": "loans:read"},
    )
    assert answer.status_code == 400
    assert answer.json()["error"] in {"unsupported_grant_type", "invalid_request"}
    assert answer.json()["error_description"]


@pytest.mark.parametrize(
    "path", ["authorize/", "authorize", "introspect/", "applications/", "device-authorization/"]
)
def test_no_other_endpoint_is_mounted(path: str) -> None:
    answer = HttpClient().get(f"/api/oauth/{path}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "not-found"


def test_wrong_secret_and_unknown_client_look_the_same() -> None:
    client, _secret = api_client("loans:read")
    wrong = ask_token(client, "not-the-secret", ["loans:read"])
    unknown = ask_token(Client(client_id="nobody"), "not-the-secret", ["loans:read"])
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())
    assert wrong.status_code == 401
    assert wrong.json()["error"] == "invalid_client"
    assert wrong.json()["error_description"]


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic bm9jb2xvbg==", "Bearer x", "Basic //79"])
def test_broken_header_is_refused(header: str) -> None:
    answer = HttpClient().post(
        "/api/oauth/token", {"grant_type": "client_credentials"}, headers={"Authorization": header}
    )
    assert answer.status_code == 401


def test_empty_secret_is_never_right() -> None:
    client, _secret = api_client("loans:read")
    assert ask_token(client, "", ["loans:read"]).status_code == 401
    assert ask_token(client, client.client_secret, ["loans:read"]).status_code == 401


@pytest.mark.parametrize("scopes", [["loans:write"], ["loans:read", "loans:write"], ["nonsense"]])
def test_scopes_beyond_the_clients_are_refused(scopes: list[str]) -> None:
    client, secret = api_client("loans:read")
    answer = ask_token(client, secret, scopes)
    assert answer.status_code == 400
    assert answer.json() == {
        "error": "invalid_scope",
        "error_description": "This client may ask for: loans:read",
    }


@pytest.mark.parametrize("given", [{}, {"scope": ""}], ids=["left out", "empty"])
@pytest.mark.parametrize("scopes", [("loans:read", "repayments:write"), ("parties:read", "referrals:read")])
def test_who_asks_for_no_scope_gets_those_of_the_client(
    given: dict[str, str], scopes: tuple[str, ...]
) -> None:
    """As docs/partner-api.md shows the call, for both kinds of client."""
    client, secret = api_client(*scopes)
    basic = base64.b64encode(f"{client.client_id}:{secret}".encode()).decode()
    answer = HttpClient().post(
        "/api/oauth/token",
        {"grant_type": "client_credentials", **given},
        headers={"Authorization": f"Basic {basic}"},
    )
    assert (answer.status_code, answer.json()["scope"]) == (200, " ".join(scopes))


def test_secrets_rotate_with_an_overlap_of_a_day(officer: User) -> None:
    client, old = api_client("loans:read")
    now = timezone.now()
    new = services.rotate_secret(client=client, by=officer, at=now)
    assert ask_token(client, old, ["loans:read"]).status_code == 200
    assert ask_token(client, new, ["loans:read"]).status_code == 200
    with time_machine.travel(now + timedelta(hours=25), tick=False):
        assert ask_token(client, old, ["loans:read"]).status_code == 401
        assert ask_token(client, new, ["loans:read"]).status_code == 200


def test_rotating_twice_does_not_lengthen_an_old_secret(officer: User) -> None:
    client, _old = api_client("loans:read")
    first = timezone.now()
    services.rotate_secret(client=client, by=officer, at=first)
    services.rotate_secret(client=client, by=officer, at=first + timedelta(hours=5))
    ends = sorted(one.valid_until - first for one in client.secrets.exclude(valid_until=None))
    assert ends == [timedelta(hours=24), timedelta(hours=29)]


def test_secret_is_not_good_before_its_time(officer: User) -> None:
    client, _old = api_client("loans:read")
    new = services.rotate_secret(client=client, by=officer, at=timezone.now() + timedelta(hours=1))
    assert ask_token(client, new, ["loans:read"]).status_code == 401


def test_revoked_secret_takes_its_tokens_along(officer: User) -> None:
    client, secret = api_client("loans:read")
    headers = bearer(client, secret)
    services.revoke_secret(secret=client.secrets.get(), by=officer, at=timezone.now())
    assert ask_token(client, secret, ["loans:read"]).status_code == 401
    assert HttpClient().get("/api/things", headers=headers).status_code == 401


def test_deactivated_client_is_out_at_once(officer: User) -> None:
    client, secret = api_client("loans:read")
    headers = bearer(client, secret)
    services.deactivate_client(client=client, by=officer, at=timezone.now())
    assert HttpClient().get("/api/things", headers=headers).status_code == 401
    assert ask_token(client, secret, ["loans:read"]).status_code == 401
    with pytest.raises(TransitionRefused):
        services.rotate_secret(client=client, by=officer, at=timezone.now())
    services.reactivate_client(client=client, by=officer, at=timezone.now())
    assert ask_token(client, secret, ["loans:read"]).status_code == 200


def test_scope_taken_away_is_refused_although_the_token_has_it(officer: User) -> None:
    client, secret = api_client("loans:read", "complaints:write")
    headers = bearer(client, secret)
    assert client.user.roles == ["lender_app"]
    client = services.set_scopes(client=client, scopes=["bureau:read"], by=officer, at=timezone.now())
    answer = HttpClient().get("/api/things", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
    client.user.refresh_from_db()
    assert client.user.roles == []


def test_kinds_of_scopes_do_not_mix_and_a_client_keeps_its_kind(officer: User) -> None:
    with pytest.raises(InputRefused) as refusal:
        api_client("loans:read", "referrals:read")
    assert refusal.value.field == "scopes"
    client, _secret = api_client("loans:read")
    for scopes in (["referrals:read"], ["loans:read", "referrals:read"]):
        with pytest.raises(InputRefused):
            services.set_scopes(client=client, scopes=scopes, by=officer, at=timezone.now())
    assert Client.objects.get().allowed_scopes == "loans:read"


@pytest.mark.parametrize("act", ["rotate_secret", "revoke_secrets", "deactivate_client"])
def test_others_do_nothing_to_a_client(act: str) -> None:
    client, _secret = api_client("loans:read")
    with pytest.raises(NotPermitted):
        getattr(services, act)(client=client, by=person(Role.ADMINISTRATOR), at=timezone.now())


def test_client_gives_back_its_token() -> None:
    client, secret = api_client("loans:read")
    headers = bearer(client, secret)
    answer = HttpClient().post(
        "/api/oauth/revoke",
        {
            "token": headers["Authorization"].split()[1],
            "client_id": client.client_id,
            "client_secret": secret,
        },
    )
    assert answer.status_code == 200
    assert HttpClient().get("/api/things", headers=headers).status_code == 401


def test_record_of_a_client_holds_no_secret() -> None:
    client, _secret = api_client("loans:read")
    assert "secret_hash" not in {field.name for field in client.secrets.get().history.get()._meta.fields}
    assert "client_secret" not in {field.name for field in client.history.get()._meta.fields}
