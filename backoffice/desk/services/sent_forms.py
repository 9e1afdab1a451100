"""The tokens of forms that were sent: each is taken once, by the first who comes."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from backoffice.desk.models import SentForm

#: Longer than a form lies open in a browser before somebody clicks again.
KEPT = timedelta(days=1)


def was_sent(*, user_id: int, token: str) -> bool:
    """Whether what the form does was done; what is still being done does not count."""
    return SentForm.objects.filter(user_id=user_id, token_sha256=_digest(token)).exists()


def take_token(*, user_id: int, token: str, at: datetime) -> bool:
    """Take the token within the caller's transaction; False if it was taken before.

    While somebody else's transaction holds the same token this waits for its end: on PostgreSQL at the unique index,
    on SQLite, which has one writer, when the transaction begins.
    """
    _row, taken = SentForm.objects.get_or_create(
        user_id=user_id, token_sha256=_digest(token), defaults={"sent_at": at}
    )
    return taken


def give_back_token(*, user_id: int, token: str) -> None:
    """The form may be sent again: what it does was not done."""
    SentForm.objects.filter(user_id=user_id, token_sha256=_digest(token)).delete()


def forget_sent_forms(*, at: datetime) -> int:
    """Delete the tokens that are older than a day; answers how many there were."""
    return SentForm.objects.filter(sent_at__lte=at - KEPT).delete()[0]


def _digest(token: str) -> str:
    # Whatever a browser sends has the length of the column and no character that a database refuses.
    return hashlib.sha256(token.encode()).hexdigest()
