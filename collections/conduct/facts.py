"""From rows to facts: everything the rules ask, for any number of contacts in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from backoffice.core.time import business_day, start_of_day
from backoffice.loans.models import ContactConsent, Loan
from conduct.choices import RuleSetState
from conduct.models import Rule
from conduct.rules import ConsentFacts, ContactFacts, PlacementFacts, RuleFacts, Surroundings
from debt_collections.choices import Direction
from debt_collections.gate import ContactQuestion
from debt_collections.holds import VOICE
from debt_collections.models import (
    Authorisation,
    CaseLoan,
    ContactAttempt,
    ContactAttemptLoan,
    Placement,
)
from debt_collections.selectors import hold_facts

#: A contact that has not happened comes after all that have.
NOT_YET = 2**63 - 1

_COLUMNS = (
    "pk",
    "borrower_id",
    "started_at",
    "ended_at",
    "channel",
    "direction",
    "purpose",
    "party",
    "connection",
    "collector_id",
    "collector__agency_id",
    "case_id",
    "phone_number_id",
)


@dataclass(frozen=True, slots=True)
class RuleSetFacts:
    """The rules of one published set and the days on which it is in force, both included."""

    number: int
    effective_from: Any
    effective_to: Any
    rules: tuple[RuleFacts, ...]


class RulesInForce:
    """Every published (or since retired) set, asked by moment."""

    def __init__(self, sets: Sequence[RuleSetFacts]) -> None:
        self._sets = sorted(sets, key=lambda one: one.effective_from, reverse=True)

    @classmethod
    def load(cls) -> RulesInForce:
        """One query."""
        rows = (
            Rule.objects.exclude(rule_set__state=RuleSetState.DRAFT).select_related("rule_set").order_by("pk")
        )
        sets: dict[Any, list[RuleFacts]] = {}
        for row in rows:
            sets.setdefault(row.rule_set, []).append(
                RuleFacts(
                    row.code, row.kind, row.parameters, row.severity, row.effect, row.legal_force, row.source
                )
            )
        return cls(
            [
                RuleSetFacts(one.number, one.effective_from, one.effective_to, tuple(rules))
                for one, rules in sets.items()
            ]
        )

    def at(self, moment: datetime) -> tuple[RuleFacts, ...] | None:
        """The rules in force on the day of ``moment`` in Shanghai; None when there are none."""
        day = business_day(moment)
        for one in self._sets:
            if one.effective_from <= day and (one.effective_to is None or day <= one.effective_to):
                return one.rules
        return None


class Around:
    """What surrounds contacts of some borrowers, between two days."""

    def __init__(
        self,
        *,
        borrower_ids: Iterable[int],
        collector_ids: Iterable[int],
        case_ids: Iterable[int],
        first: datetime,
        last: datetime,
    ) -> None:
        """Seven queries, whatever the number of contacts."""
        borrowers = set(borrower_ids)
        since = start_of_day(business_day(first))
        until = start_of_day(business_day(last) + timedelta(days=1))
        self._calls = _calls(borrowers, since, until)
        self._consents = _consents(borrowers)
        self._holds = hold_facts(borrowers)
        self._authorisations = _authorisations(set(collector_ids))
        self._placements = _placements(set(case_ids))

    def of(self, borrower_id: int, contact: ContactFacts) -> Surroundings:
        """The surroundings of one contact with that borrower."""
        day = business_day(contact.at)
        periods = self._authorisations.get(contact.collector_id or 0, ())
        return Surroundings(
            calls=tuple(self._calls.get((borrower_id, day), ())),
            consents=tuple(self._consents.get(borrower_id, ())),
            holds=tuple(self._holds.get(borrower_id, ())),
            authorisations={contact.collector_id: periods} if contact.collector_id else {},
            placements=tuple(self._placements.get(contact.case_id or 0, ())),
        )


def of_contacts(contact_ids: Sequence[int]) -> list[tuple[int, ContactFacts]]:
    """Borrower and facts of each contact, in no order (2 queries)."""
    rows = list(ContactAttempt.objects.filter(pk__in=contact_ids).values_list(*_COLUMNS))
    return _with_debts(rows, ContactAttemptLoan.objects.filter(contact_id__in=contact_ids))


def of_question(question: ContactQuestion) -> ContactFacts:
    """The facts of a contact that somebody means to make: nothing is known yet of how it will connect."""
    loans = list(question.loans)
    if loans:
        pairs = list(
            Loan.objects.filter(pk__in=[loan.pk for loan in loans]).values_list("pk", "creditor__group")
        )
    elif question.case is not None:
        pairs = list(
            CaseLoan.objects.filter(case=question.case).values_list("loan_id", "loan__creditor__group")
        )
    else:
        pairs = []
    return ContactFacts(
        id=NOT_YET,
        at=question.at,
        channel=question.channel,
        direction=Direction.OUT,
        purpose=question.purpose,
        party=question.party,
        connection="unknown",
        collector_id=question.collector.pk if question.collector else None,
        agency_id=question.collector.agency_id if question.collector else None,
        case_id=question.case.pk if question.case else None,
        number_id=question.phone_number.pk if question.phone_number else None,
        loan_ids=frozenset(pk for pk, _group in pairs),
        groups=frozenset(group for _pk, group in pairs),
    )


def _with_debts(rows: Iterable[tuple[Any, ...]], loans: Any) -> list[tuple[int, ContactFacts]]:
    debts: dict[int, list[tuple[int, str]]] = {}
    for contact_id, loan_id, group in loans.values_list("contact_id", "loan_id", "loan__creditor__group"):
        debts.setdefault(contact_id, []).append((loan_id, group))
    found = []
    for pk, borrower_id, at, ended_at, channel, direction, purpose, party, connection, *rest in rows:
        collector_id, agency_id, case_id, number_id = rest
        facts = ContactFacts(
            id=pk,
            at=at,
            ended_at=ended_at,
            channel=channel,
            direction=direction,
            purpose=purpose,
            party=party,
            connection=connection,
            collector_id=collector_id,
            agency_id=agency_id,
            case_id=case_id,
            number_id=number_id,
            loan_ids=frozenset(loan_id for loan_id, _group in debts.get(pk, ())),
            groups=frozenset(group for _loan_id, group in debts.get(pk, ())),
        )
        found.append((borrower_id, facts))
    return found


def _calls(borrower_ids: set[int], since: datetime, until: datetime) -> dict[Any, list[ContactFacts]]:
    """Voice calls that we started, by borrower and day in Shanghai."""
    which = {
        "borrower_id__in": borrower_ids,
        "started_at__gte": since,
        "started_at__lt": until,
        "channel__in": VOICE,
        "direction": Direction.OUT,
    }
    rows = ContactAttempt.objects.filter(**which).values_list(*_COLUMNS)
    loans = ContactAttemptLoan.objects.filter(**{f"contact__{name}": value for name, value in which.items()})
    calls: dict[Any, list[ContactFacts]] = {}
    for borrower_id, facts in _with_debts(rows, loans):
        calls.setdefault((borrower_id, business_day(facts.at)), []).append(facts)
    return calls


def _consents(borrower_ids: set[int]) -> dict[int, list[ConsentFacts]]:
    consents: dict[int, list[ConsentFacts]] = {}
    for row in ContactConsent.objects.filter(borrower_id__in=borrower_ids).select_related("creditor"):
        consents.setdefault(row.borrower_id, []).append(
            ConsentFacts(
                channel=row.channel,
                window_from=row.window_from,
                window_to=row.window_to,
                valid_from=row.valid_from,
                valid_until=row.valid_until,
                revoked_at=row.revoked_at,
                group=row.creditor.group,
            )
        )
    return consents


def _authorisations(collector_ids: set[int]) -> Mapping[int, tuple[tuple[datetime, datetime], ...]]:
    periods: dict[int, tuple[tuple[datetime, datetime], ...]] = {}
    rows = Authorisation.objects.filter(collector_id__in=collector_ids)
    for pk, start, end in rows.values_list("collector_id", "starts_at", "ends_at"):
        periods[pk] = (*periods.get(pk, ()), (start, end))
    return periods


def _placements(case_ids: set[int]) -> dict[int, list[PlacementFacts]]:
    placements: dict[int, list[PlacementFacts]] = {}
    rows = Placement.objects.filter(case_id__in=case_ids)
    for row in rows.values_list("case_id", "agency_id", "collector_id", "from_on", "until"):
        placements.setdefault(row[0], []).append(PlacementFacts(*row))
    return placements
