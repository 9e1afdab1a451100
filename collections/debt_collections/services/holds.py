"""Holds: placed by hand or by what another desk decided, lifted by hand or when their source ends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import act, lock
from backoffice.core.choices import DossierKind
from backoffice.core.errors import InputRefused, TransitionRefused
from backoffice.core.models import Dossier
from backoffice.loans.choices import Channel
from backoffice.loans.models import Borrower, Loan, PhoneNumber
from backoffice.staff.models import User
from debt_collections import workflow
from debt_collections.choices import HoldReason, HoldScope
from debt_collections.models import CollectionEvent, Collector, Hold, HoldLoan
from debt_collections.services.agencies import demand

#: Dossiers of this desk and below. A hold whose source is one of them was placed by hand.
OWN_SOURCES = frozenset({DossierKind.BORROWER.value, DossierKind.LOAN.value, DossierKind.CASE.value})

_NEEDS = {
    HoldScope.COLLECTOR.value: ("collector",),
    HoldScope.CHANNEL.value: ("channel",),
    HoldScope.COLLECTOR_CHANNEL.value: ("collector", "channel"),
    HoldScope.NUMBER.value: ("number",),
    HoldScope.AMOUNT.value: ("amount",),
}


def place_hold(
    *,
    borrower: Borrower,
    source: Dossier,
    scope: str,
    reason: str,
    collector: Collector | None = None,
    channel: str = "",
    number: PhoneNumber | None = None,
    amount: Decimal | None = None,
    loans: Sequence[Loan] = (),
    lifts_with: str,
    until: datetime | None = None,
    by: User,
    at: datetime,
    reason_text: str = "",
) -> Hold:
    """Stop collection from ``borrower`` within a scope, from ``at`` on.

    ``reason`` is a ``HoldReason``, ``reason_text`` words (kept under the source's key), ``lifts_with`` the code of
    what will lift it (for example ``complaint.closed``), ``amount`` disputed yuan, ``loans`` empty for all.
    Placed by hand (the source is a file of this desk) it takes the right ``place_hold``; a hold that an act of
    another desk causes was permitted with that act. Raises ``NotPermitted``, ``InputRefused``.
    """
    if source.kind in OWN_SOURCES:
        demand(by, "collections.place_hold")
    given: dict[str, object] = {
        "collector": collector,
        "channel": channel,
        "number": number,
        "amount": amount,
    }
    _check(borrower, scope, reason, given, loans, until, at)
    with act(by=by, at=at, code="hold.placed", reason=reason_text, dossier=source) as frame:
        lock(Borrower, borrower.pk)
        hold = Hold.objects.create(
            borrower=borrower,
            source=source,
            scope=scope,
            reason=reason,
            collector=collector,
            channel=channel,
            number=number,
            amount=amount,
            starts_at=at,
            until=until,
            lifts_with=lifts_with,
        )
        for loan in loans:
            HoldLoan.objects.create(hold=hold, loan=loan)
        frame.record(
            CollectionEvent,
            "hold_placed",
            dossier=source,
            borrower=borrower,
            hold=hold,
            data={"scope": scope, "because": reason, "channel": channel},
        )
    return hold


def _check(
    borrower: Borrower,
    scope: str,
    reason: str,
    given: dict[str, object],
    loans: Sequence[Loan],
    until: datetime | None,
    at: datetime,
) -> None:
    if scope not in HoldScope.values:
        raise InputRefused(field="scope")
    if reason not in HoldReason.values:
        raise InputRefused(field="reason")
    for name in _NEEDS.get(scope, ()):
        if not given[name]:
            raise InputRefused(_("This scope needs its object."), field=name)
    if given["channel"] and given["channel"] not in Channel.values:
        raise InputRefused(field="channel")
    amount = given["amount"]
    if isinstance(amount, Decimal) and amount <= 0:
        raise InputRefused(_("The disputed amount is above zero."), field="amount")
    number = given["number"]
    if isinstance(number, PhoneNumber) and number.borrower_id != borrower.pk:
        raise InputRefused(_("This number belongs to another borrower."), field="number")
    if any(loan.borrower_id != borrower.pk for loan in loans):
        raise InputRefused(_("This loan is owed by somebody else."), field="loans")
    if until is not None and until <= at:
        raise InputRefused(_("A hold ends after it begins."), field="until")


def lift_hold(*, hold: Hold, because: str = "by_hand", by: User, at: datetime, reason: str) -> Hold:
    """Lift one hold by hand. Raises ``NotPermitted``; ``TransitionRefused`` when it is lifted already."""
    with act(by=by, at=at, code="hold.lifted", reason=reason, dossier=hold.source) as frame:
        lock(Borrower, hold.borrower_id)
        hold = lock(Hold, hold.pk)
        workflow.hold.step("lift", hold, by=by, at=at)
        if at < hold.starts_at:
            raise TransitionRefused(_("This hold has not begun."))
        _lift(hold, because, at)
        frame.record(
            CollectionEvent,
            "hold_lifted",
            dossier=hold.source,
            borrower=hold.borrower,
            hold=hold,
            data={"because": because},
        )
    return hold


def lift_holds_of(*, source: Dossier, because: str, by: User, at: datetime, reason: str = "") -> list[Hold]:
    """Lift every hold this source caused and that still stands; others of the borrower stay.

    The right to do so came with the act that ended the source (``because`` is its code). Answers those lifted.
    """
    if source.kind in OWN_SOURCES:
        demand(by, "collections.lift_hold")
    with act(by=by, at=at, code="hold.lifted", reason=reason, dossier=source) as frame:
        found = list(Hold.objects.filter(source=source, lifted_at__isnull=True).order_by("borrower_id", "pk"))
        for borrower_id in dict.fromkeys(hold.borrower_id for hold in found):
            lock(Borrower, borrower_id)
        holds = [
            hold
            for hold in Hold.objects.filter(pk__in=[one.pk for one in found]).select_related("borrower")
            if hold.lifted_at is None
        ]
        for hold in holds:
            _lift(hold, because, at)
            frame.record(
                CollectionEvent,
                "hold_lifted",
                dossier=source,
                borrower=hold.borrower,
                hold=hold,
                data={"because": because},
            )
    return holds


def _lift(hold: Hold, because: str, at: datetime) -> None:
    hold.lifted_at = at
    hold.lifted_because = because
    hold.save()
