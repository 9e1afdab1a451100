"""To which debts a contact is counted. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from debt_collections.choices import Connection

#: Somebody may have been spoken to, or a message named what it was about.
ABOUT_EACH_DEBT = frozenset({Connection.PERSON.value, Connection.UNKNOWN.value, Connection.NOT_A_CALL.value})


def allot(*, connection: str, discussed: Sequence[int], owed: Sequence[int]) -> tuple[int, ...]:
    """The ids of the loans a contact counts for.

    ``discussed`` are the loans it was about, ``owed`` those of the case, oldest debt first. A conversation or a
    message counts for each debt discussed; an unanswered call for one debt, the first discussed or the oldest
    owed (it is one disturbance, not one per debt). Empty when neither is known.
    """
    if connection in ABOUT_EACH_DEBT and discussed:
        return tuple(dict.fromkeys(discussed))
    return tuple([*discussed, *owed][:1])
