"""Reads of the conduct desk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from conduct import facts, rules
from conduct.models import AllegedContact
from conduct.rules import Verdict
from debt_collections.models import ContactAttempt

#: How far from the alleged moment a contact is still offered as the one that was meant.
CANDIDATE_HOURS = 12
CANDIDATES = 20


def judge_contacts(contacts: Iterable[ContactAttempt | int]) -> dict[int, list[Verdict]]:
    """The verdict of every rule on each contact, by the rules in force on its day (10 queries for any number).

    Takes contacts or their ids. A contact of a day without a published rule set has no verdicts.
    """
    ids = [one if isinstance(one, int) else one.pk for one in contacts]
    if not ids:
        return {}
    found = facts.of_contacts(ids)
    around = facts.Around(
        borrower_ids=[borrower_id for borrower_id, _contact in found],
        collector_ids=[contact.collector_id for _borrower, contact in found if contact.collector_id],
        case_ids=[contact.case_id for _borrower, contact in found if contact.case_id],
        first=min(contact.at for _borrower, contact in found),
        last=max(contact.at for _borrower, contact in found),
    )
    in_force = facts.RulesInForce.load()
    return {
        contact.id: rules.judge(in_force.at(contact.at) or (), contact, around.of(borrower_id, contact))
        for borrower_id, contact in found
    }


def failing(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Those that a contact broke."""
    return [verdict for verdict in verdicts if not verdict.passed]


def breach_counts(judged: Mapping[int, Sequence[Verdict]]) -> Counter[str]:
    """How many of the judged contacts broke each rule, by code."""
    return Counter(verdict.code for verdicts in judged.values() for verdict in failing(verdicts))


def candidates_for(alleged: AllegedContact, *, hours: int = CANDIDATE_HOURS) -> list[ContactAttempt]:
    """Our contacts with that borrower within ``hours`` of the alleged moment, the nearest first (1 query).

    Empty when the borrower or the moment is not known.
    """
    moment = alleged.alleged_at
    if moment is None or alleged.borrower_id is None:
        return []
    window = timedelta(hours=hours)
    near = (
        ContactAttempt.objects.filter(
            borrower_id=alleged.borrower_id, started_at__range=(moment - window, moment + window)
        )
        .select_related("dossier", "collector__agency", "phone_number")
        .defer("note_cipher")
    )
    return sorted(near, key=lambda contact: abs(contact.started_at - moment))[:CANDIDATES]
