"""May this collector contact this person, about this debt, on this channel and number, now?

The question and the answer are ours; who answers is named in ``settings.CONTACT_GATE`` (the conduct desk,
which stands above this one).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.utils.module_loading import import_string

from backoffice.core.explain import Line

if TYPE_CHECKING:
    from backoffice.loans.models import Borrower, Loan, PhoneNumber
    from debt_collections.models import Case, Collector

BLOCK = "block"
OVERRIDE = "override"
FLAG = "flag"


@dataclass(frozen=True, slots=True)
class ContactQuestion:
    """A contact somebody means to start at ``at`` (aware). ``loans`` empty: the debts of the case."""

    borrower: Borrower
    collector: Collector | None
    case: Case | None
    channel: str
    purpose: str
    at: datetime
    party: str = "debtor"
    phone_number: PhoneNumber | None = None
    loans: tuple[Loan, ...] = ()


@dataclass(frozen=True, slots=True)
class FailingRule:
    """A rule that the contact would break.

    ``kind`` is its evaluator's (empty when there was no rule to ask); ``effect`` is block, override (with a
    reason) or flag.
    """

    code: str
    kind: str
    effect: str
    explanation: tuple[Line, ...]
    source: str
    legal_force: str = ""


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """``failing`` holds every rule that would be broken, not only the first.

    ``next_permitted_at`` is the first moment at which the same contact would be allowed as far as time alone
    can make it so; None when it is allowed now, or when something other than time has to change.
    """

    allowed: bool
    failing: tuple[FailingRule, ...] = ()
    next_permitted_at: datetime | None = None

    @property
    def overridable(self) -> bool:
        """Refused, but only by rules that may be overridden with a reason."""
        return not self.allowed and all(rule.effect != BLOCK for rule in self.failing)


def ask(question: ContactQuestion) -> GateAnswer:
    """The gate's answer. A fact that is unknown is a refusal."""
    check = cast("Callable[[ContactQuestion], GateAnswer]", import_string(settings.CONTACT_GATE))
    return check(question)
