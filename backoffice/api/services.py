"""API clients and their secrets, and the answers kept for repeated requests."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Sequence, Set
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import get_access_token_model

from backoffice.api import workflow
from backoffice.api.models import Client, ClientSecret, IdempotentAnswer
from backoffice.audit.models import RecordEvent
from backoffice.audit.services import Act, act, lock
from backoffice.core.choices import DossierKind
from backoffice.core.errors import InputRefused, NotPermitted
from backoffice.core.services import next_number, open_dossier, policy_value
from backoffice.core.time import business_day
from backoffice.privacy.crypto import Undecipherable
from backoffice.privacy.services import Erased, read_text, set_text
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from backoffice.staff.services import deactivate_machine, machine_user, reactivate_machine, set_machine_roles

#: What a scope lets a machine's account do in the domain. A scope not named here only reads.
ROLE_OF_SCOPE = {
    "complaints:write": Role.LENDER_APP,
    "repayments:write": Role.CORE_BANKING,
    "referrals:act": Role.MEDIATION_PARTNER,
}


def create_client(
    *, name: str, scopes: Sequence[str], by: User, at: datetime, reason: str = ""
) -> tuple[Client, str]:
    """A new client with its machine account and its first secret, which is answered here and never again.

    Raises ``NotPermitted``, and ``InputRefused`` for an empty name and for scopes that do not exist or do not go
    together.
    """
    if by.kind != User.Kind.SYSTEM and not by.has_perm("api.add_client"):
        raise NotPermitted()
    name = name.strip()
    if not name:
        raise InputRefused(_("A client needs a name."), field="name")
    allowed = _known(scopes)
    with transaction.atomic():
        number = next_number(prefix="API", at=at)[0]
        dossier = open_dossier(kind=DossierKind.CLIENT, number=number, at=at)
        with act(by=by, at=at, code="client.created", reason=reason, dossier=dossier) as frame:
            user = machine_user(name, roles=_roles_for(allowed), by=by, at=at)
            client = Client.objects.create(
                dossier=dossier,
                name=name,
                user=user,
                allowed_scopes=" ".join(allowed),
                client_id=secrets.token_hex(16),
                client_type=Client.CLIENT_CONFIDENTIAL,
                authorization_grant_type=Client.GRANT_CLIENT_CREDENTIALS,
                # The library's own column: never compared with anything.
                client_secret=make_password(None),
                hash_client_secret=False,
            )
            _record(frame, "client.created", client, scopes=allowed)
            return client, _new_secret(client, at=at)


def rotate_secret(*, client: Client, by: User, at: datetime, reason: str = "") -> str:
    """A second secret, answered once; the others hold on for ``api.secret_overlap_hours`` at most."""
    with act(by=by, at=at, code="client.secret_rotated", reason=reason, dossier=client.dossier) as frame:
        client = lock(Client, client.pk)
        workflow.client.step("rotate_secret", client, by=by, at=at)
        overlap = timedelta(hours=float(policy_value("api.secret_overlap_hours", on=business_day(at))))
        for old in _in_force(client, at).filter(
            Q(valid_until__isnull=True) | Q(valid_until__gt=at + overlap)
        ):
            old.valid_until = at + overlap
            old.save()
        _record(frame, "client.secret_rotated", client)
        return _new_secret(client, at=at)


def revoke_secret(*, secret: ClientSecret, by: User, at: datetime, reason: str = "") -> ClientSecret:
    """End one secret now, and with it every token of the client: who had the secret may hold one."""
    client = secret.client
    with act(by=by, at=at, code="client.secret_revoked", reason=reason, dossier=client.dossier) as frame:
        client = lock(Client, client.pk)
        workflow.client.step("revoke_secrets", client, by=by, at=at)
        _end([secret], at=at)
        _drop_tokens(client)
        _record(frame, "client.secret_revoked", client, hint=secret.hint)
    return secret


def revoke_secrets(*, client: Client, by: User, at: datetime, reason: str = "") -> Client:
    """End every secret and every token of the client now; it needs a new secret to come back."""
    with act(by=by, at=at, code="client.secrets_revoked", reason=reason, dossier=client.dossier) as frame:
        client = lock(Client, client.pk)
        workflow.client.step("revoke_secrets", client, by=by, at=at)
        _end(_in_force(client, at), at=at)
        _drop_tokens(client)
        _record(frame, "client.secrets_revoked", client)
    return client


def set_scopes(*, client: Client, scopes: Sequence[str], by: User, at: datetime, reason: str = "") -> Client:
    """Give the client exactly these scopes. What is taken away is refused from the next request on.

    Raises ``NotPermitted``, ``TransitionRefused``, and ``InputRefused`` for scopes that do not exist or are not of
    the client's kind.
    """
    allowed = _known(scopes)
    with act(by=by, at=at, code="client.scopes_set", reason=reason, dossier=client.dossier) as frame:
        client = lock(Client, client.pk)
        workflow.client.step("set_scopes", client, by=by, at=at)
        was_for_mediation = client.for_mediation
        client.allowed_scopes = " ".join(allowed)
        if client.for_mediation != was_for_mediation:
            # What hangs on the client (creditors, an organisation) belongs to its kind.
            raise InputRefused(
                _("A client stays the house's or a mediation organisation's: make a new one."),
                field="scopes",
            )
        client.save()
        set_machine_roles(user=client.user, roles=_roles_for(allowed), by=by)
        _record(frame, "client.scopes_set", client, scopes=allowed)
    return client


def deactivate_client(*, client: Client, by: User, at: datetime, reason: str = "") -> Client:
    """Shut the client out at once: no new token, and those it has are refused."""
    with act(by=by, at=at, code="client.deactivated", reason=reason, dossier=client.dossier) as frame:
        client = lock(Client, client.pk)
        workflow.client.step("deactivate", client, by=by, at=at)
        client.save()
        deactivate_machine(user=client.user, by=by)
        _drop_tokens(client)
        _record(frame, "client.deactivated", client)
    return client


def reactivate_client(*, client: Client, by: User, at: datetime, reason: str = "") -> Client:
    """Let the client in again with the secrets that are still in force."""
    with act(by=by, at=at, code="client.reactivated", reason=reason, dossier=client.dossier) as frame:
        client = lock(Client, client.pk)
        workflow.client.step("reactivate", client, by=by, at=at)
        client.save()
        reactivate_machine(user=client.user, by=by)
        _record(frame, "client.reactivated", client)
    return client


def claim_key(*, client: Client, key: str) -> bool:
    """Take the client's key for the rest of this transaction; False while another request holds it.

    SQLite has one writer at a time: the other request is through before this transaction begins.
    """
    if connection.vendor != "postgresql":
        return True
    digest = hashlib.sha256(f"{client.pk}\0{key}".encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], "big", signed=True)]
        )
        return bool(cursor.fetchone()[0])


def stored_answer(*, client: Client, key: str, at: datetime) -> IdempotentAnswer | None:
    """The answer kept for the client's key, if it has not expired."""
    return IdempotentAnswer.objects.filter(client=client, key=key, expires_at__gt=at).first()


def store_answer(
    *,
    client: Client,
    key: str,
    at: datetime,
    method: str,
    path: str,
    request_sha256: str,
    status: int,
    body: str,
    headers: dict[str, str],
) -> IdempotentAnswer:
    """Keep the first answer, in the transaction of its effect, for ``api.answer_hours``."""
    IdempotentAnswer.objects.filter(client=client, key=key, expires_at__lte=at).delete()
    hours = float(policy_value("api.answer_hours", on=business_day(at)))
    answer = IdempotentAnswer(
        client=client,
        key=key,
        method=method,
        path=path,
        request_sha256=request_sha256,
        status=status,
        headers=headers,
        created_at=at,
        expires_at=at + timedelta(hours=max(hours, 24.0)),
    )
    set_text(answer, "body_cipher", body, dossier_id=client.dossier_id)
    answer.save(force_insert=True)
    return answer


def purge_answers(*, at: datetime) -> int:
    """Delete the answers that have expired; answers how many there were."""
    return IdempotentAnswer.objects.filter(expires_at__lte=at).delete()[0]


def forget_answers(subjects: Set[int], dossiers: Set[int], mentions: Callable[[str], bool]) -> dict[str, int]:
    """Delete the kept answers that speak of a person who is being erased; answers how many, by table.

    There are never more of them than two days' worth. One that nobody can read goes as well.
    """
    gone = [
        answer.pk
        for answer in IdempotentAnswer.objects.order_by("pk").iterator(chunk_size=500)
        if _speaks_of(answer, mentions)
    ]
    deleted = IdempotentAnswer.objects.filter(pk__in=gone).delete()[0]
    return {IdempotentAnswer._meta.db_table: deleted}


def _speaks_of(answer: IdempotentAnswer, mentions: Callable[[str], bool]) -> bool:
    try:
        body = read_text(answer, "body_cipher")
    except (Erased, Undecipherable):
        return True
    return mentions(body) or mentions(answer.path) or mentions(" ".join(map(str, answer.headers.values())))


def _record(frame: Act, code: str, client: Client, **data: Any) -> None:
    frame.record(RecordEvent, code, dossier=client.dossier, user=client.user, data=data)


def _known(scopes: Sequence[str]) -> list[str]:
    chosen = sorted(set(scopes))
    if not chosen or not set(chosen) <= set(settings.OAUTH2_PROVIDER["SCOPES"]):
        raise InputRefused(_("Choose at least one scope that exists."), field="scopes")
    if 0 < len(set(chosen) & set(settings.MEDIATION_SCOPES)) < len(chosen):
        raise InputRefused(
            _("Scopes of the house's systems and of mediation organisations do not go together."),
            field="scopes",
        )
    return chosen


def _roles_for(scopes: Sequence[str]) -> list[Role]:
    return [role for scope, role in ROLE_OF_SCOPE.items() if scope in scopes]


def _new_secret(client: Client, *, at: datetime) -> str:
    secret = secrets.token_urlsafe(32)
    ClientSecret.objects.create(
        client=client, secret_hash=make_password(secret), hint=secret[-4:], valid_from=at, valid_until=None
    )
    return secret


def _in_force(client: Client, at: datetime) -> QuerySet[ClientSecret]:
    return ClientSecret.objects.filter(client=client).filter(
        Q(valid_until__isnull=True) | Q(valid_until__gt=at)
    )


def _end(rows: Iterable[ClientSecret], *, at: datetime) -> None:
    for row in rows:
        row.valid_until = max(at, row.valid_from)
        row.save()


def _drop_tokens(client: Client) -> None:
    get_access_token_model().objects.filter(application=client).delete()
