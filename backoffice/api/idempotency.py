"""``Idempotency-Key`` on every POST: the same request twice has one effect and one answer.

The answer is stored in the transaction of the effect. A refusal rolls that transaction back, so it is not
stored: the request had no effect and may be judged anew under the same key. See docs/decisions/0006-api.md.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

import orjson
from django.db import transaction
from django.utils import timezone
from rest_framework.response import Response

from backoffice.api import services
from backoffice.api.models import Client, IdempotentAnswer
from backoffice.api.problems import Problem
from backoffice.privacy.services import read_text

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
#: Headers of the first answer that a replay repeats.
_KEPT = ("ETag", "Location", "Retry-After")
# Visible ASCII without the comma, which would join two headers into one.
_KEY = re.compile(r"[\x21-\x2b\x2d-\x7e]{1,255}")

Handler = Callable[..., Response]


def idempotent(handler: Handler) -> Handler:
    """Wrap a view's ``post``. Replays are looked up before anything else of the request is judged; answered they are
    only while the caller still has access to what the request names (``ApiView.check_access``)."""

    @wraps(handler)
    def post(view: Any, request: Any, *args: Any, **kwargs: Any) -> Response:
        client: Client = request.auth.application
        key, digest, at = _key(request), _digest(request), timezone.now()
        answer = services.stored_answer(client=client, key=key, at=at)
        if answer is not None:
            return _replay(answer, digest, lambda: view.check_access(request, *args, **kwargs))
        with transaction.atomic():
            if not services.claim_key(client=client, key=key):
                raise Problem("idempotency-in-progress", headers={"Retry-After": "1"})
            # The one who held the key a moment ago may be through.
            answer = services.stored_answer(client=client, key=key, at=at)
            if answer is not None:
                return _replay(answer, digest, lambda: view.check_access(request, *args, **kwargs))
            response = handler(view, request, *args, **kwargs)
            services.store_answer(
                client=client,
                key=key,
                at=at,
                method=request.method,
                path=request.path[:255],
                request_sha256=digest,
                status=response.status_code,
                body=orjson.dumps(response.data, default=str).decode(),
                headers={name: response[name] for name in _KEPT if response.has_header(name)},
            )
        return response

    post.idempotent = True  # type: ignore[attr-defined]
    return post


def _key(request: Any) -> str:
    key: str | None = request.headers.get(HEADER)
    if not key:
        raise Problem("idempotency-key-missing")
    if not _KEY.fullmatch(key):
        raise Problem("idempotency-key-invalid")
    return key


def _digest(request: Any) -> str:
    # The content, not the bytes: a client may write its JSON anew for the second try.
    content = orjson.dumps(request.data, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode() + content).hexdigest()


def _replay(answer: IdempotentAnswer, digest: str, check_access: Callable[[], None]) -> Response:
    if answer.request_sha256 != digest:
        raise Problem("idempotency-key-reused")
    check_access()
    headers = {**answer.headers, REPLAYED: "true"}
    return Response(orjson.loads(read_text(answer, "body_cipher")), status=answer.status, headers=headers)
