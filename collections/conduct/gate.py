"""The answer to ``debt_collections.gate``: every rule that a contact would break, and when it would not."""

from __future__ import annotations

from backoffice.core.explain import N_, Line
from conduct import facts, rules
from debt_collections.gate import FLAG, ContactQuestion, FailingRule, GateAnswer


def check(question: ContactQuestion) -> GateAnswer:
    """May this contact be made now? All failing rules, and the next permitted moment (9 queries).

    On a day for which no rule set is published nothing is permitted: what is not known is refused.
    """
    in_force = facts.RulesInForce.load().at(question.at)
    if in_force is None:
        line = Line("no-rules", N_("No rule set is in force on this day."), {})
        return GateAnswer(False, (FailingRule("NO_RULES", "", "block", (line,), ""),))
    contact = facts.of_question(question)
    around = facts.Around(
        borrower_ids=[question.borrower.pk],
        collector_ids=[contact.collector_id] if contact.collector_id else [],
        case_ids=[contact.case_id] if contact.case_id else [],
        first=question.at,
        last=question.at,
    ).of(question.borrower.pk, contact)
    failing = [verdict for verdict in rules.judge(in_force, contact, around) if not verdict.passed]
    allowed = all(verdict.effect == FLAG for verdict in failing)
    return GateAnswer(
        allowed=allowed,
        failing=tuple(
            FailingRule(one.code, one.kind, one.effect, one.lines, one.source, one.legal_force)
            for one in failing
        ),
        next_permitted_at=None if allowed else rules.next_permitted(in_force, contact, around),
    )
