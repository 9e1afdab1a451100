"""What an organisation is given about a case: built from the consent outwards, so that nothing is in it by accident.

Everything is plain data in the words of the contract (docs/partner-api.md). What the consent does not cover is null
and named in ``withheld``. No bank data, no numbers of people: those in free text are cut out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language

from backoffice.api import formats
from backoffice.core.time import business_day
from backoffice.loans.selectors import loan_snapshot
from backoffice.privacy.services import read_personal, read_text
from complaints.mediation import rules, selectors
from complaints.mediation.choices import ENDED_STATES, ConsentCover
from complaints.mediation.errors import ConsentMissing
from complaints.mediation.models import MediationEvent, Referral
from complaints.models import Complainant, Complaint


def money(amount: Decimal | None) -> dict[str, str] | None:
    return None if amount is None else formats.money(amount)


def moment(at: datetime | None) -> str | None:
    return None if at is None else formats.moment(at)


def day(on: date | None) -> str | None:
    return None if on is None else on.isoformat()


# -- lists ------------------------------------------------------------------------------------------------


def list_items(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The items of a list from ``selectors.for_feed`` rows; one query for all their deadlines."""
    open_rows = [row["id"] for row in rows if not _is_closed(row)]
    deadlines = selectors.open_deadlines(open_rows) if open_rows else {}
    return [
        _tombstone(row)
        if _is_closed(row)
        else {**_head(row), "deadlines": _deadlines(deadlines.get(row["id"], []))}
        for row in rows
    ]


def _is_closed(row: Mapping[str, Any]) -> bool:
    return rules.is_tombstone(state=row["state"], end_reason=row["end_reason"])


def _tombstone(row: Mapping[str, Any]) -> dict[str, Any]:
    """What is left of a case whose door is closed."""
    return {
        "id": str(row["dossier__uid"]),
        "number": row["number"],
        "state": row["state"],
        "ended_at": moment(row["ended_at"]),
    }


def _head(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **_tombstone(row),
        "version": row["version"],
        "end_reason": row["end_reason"] or None,
        "offered_at": moment(row["offered_at"]),
        "accepted_at": moment(row["accepted_at"]),
        "updated_at": moment(row["updated_at"]),
    }


def _deadlines(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "kind": row["kind"],
            "started_at": moment(row["started_at"]),
            "due_on": day(row["due_on"]),
            "provisional": row["provisional"],
            "paused_since": moment(row["paused_since"]),
            "met_at": moment(row["met_at"]),
        }
        for row in rows
    ]


# -- one case ---------------------------------------------------------------------------------------------


def is_tombstone(referral: Referral) -> bool:
    """Whether the organisation keeps nothing but number and state."""
    return rules.is_tombstone(state=referral.state, end_reason=referral.end_reason)


def referral_head(referral: Referral) -> dict[str, Any]:
    """The case as an item of the list: what every change is answered with."""
    return list_items([_row(referral)])[0]


def _row(referral: Referral) -> dict[str, Any]:
    row = {column: getattr(referral, column, None) for column in selectors.LIST_COLUMNS}
    return row | {"dossier__uid": referral.dossier.uid}


def referral_contents(referral: Referral, *, at: datetime) -> dict[str, Any]:
    """The case as the organisation may read it at ``at``: a tombstone, or everything the consent covers."""
    row = _row(referral)
    if is_tombstone(referral):
        return _tombstone(row)
    complaint, consent = referral.complaint, referral.consent
    withheld = [
        cover for cover in (ConsentCover.COMPLAINT, ConsentCover.LOAN) if not consent.in_force_for(cover)
    ]
    return {
        **_head(row),
        **_complaint_part(complaint, covered=ConsentCover.COMPLAINT not in withheld),
        "loan": _loan_part(complaint, on=business_day(at)) if ConsentCover.LOAN not in withheld else None,
        "withheld": [cover.value for cover in withheld],
        "mandate": {
            "representative": complaint.handler.display_name if complaint.handler is not None else None,
            "amount": money(referral.mandate_amount),
            "months": referral.mandate_months,
        },
        "mediator": _mediator(referral),
        "deadlines": _deadlines(selectors.open_deadlines([referral.pk]).get(referral.pk, [])),
        "consent": {
            "given_at": moment(consent.given_at),
            "text_version": consent.text_version,
            "covers": list(consent.covers),
        },
    }


def _mediator(referral: Referral) -> dict[str, str] | None:
    if not referral.mediator_name:
        return None
    return {"name": referral.mediator_name, "licence": referral.mediator_licence}


def _complaint_part(complaint: Complaint, *, covered: bool) -> dict[str, Any]:
    if not covered:
        return {"complaint": None, "allegations": None, "demands": None, "amount_in_dispute": None}
    demands = list(complaint.demands.order_by("sequence"))
    amounts = [demand.amount for demand in demands if demand.amount is not None]
    language = "zh" if (get_language() or "").startswith("zh") else "en"
    return {
        "complaint": {"number": complaint.number, "received_at": moment(complaint.received_at)},
        "allegations": [
            {
                "number": allegation.sequence,
                "category": {
                    "code": allegation.category.code,
                    "root": allegation.category.root,
                    "name": getattr(allegation.category, f"name_{language}"),
                },
                "text": rules.without_numbers(read_text(allegation, "text_cipher")),
                "finding": allegation.finding,
            }
            for allegation in complaint.allegations.select_related("category").order_by("sequence")
        ],
        "demands": [
            {
                "number": demand.sequence,
                "text": rules.without_numbers(read_text(demand, "text_cipher")),
                "amount": money(demand.amount),
            }
            for demand in demands
        ],
        "amount_in_dispute": money(sum(amounts, Decimal(0))) if amounts else None,
    }


def _loan_part(complaint: Complaint, *, on: date) -> dict[str, Any] | None:
    """The facts of the loan as of the end of ``on``; None when no loan is matched."""
    if complaint.loan_id is None:
        return None
    snapshot = loan_snapshot(complaint.loan_id, on=on)
    loan, owed = snapshot.loan, snapshot.outstanding
    return {
        "product": loan.product.name,
        "creditor": loan.creditor.name,
        "principal": money(loan.principal),
        "annual_rate": str(loan.annual_rate),
        "method": loan.method,
        "disbursed_on": day(loan.disbursed_on),
        "matures_on": day(loan.matures_on),
        "as_of": day(on),
        "days_past_due": snapshot.days_past_due,
        "outstanding": {
            "principal": money(owed.principal),
            "interest": money(owed.interest),
            "penalty": money(owed.penalty),
            "fee": money(owed.fee),
            "cost": money(owed.cost),
            "accrued": money(owed.accrued),
            "total": money(owed.total),
        },
    }


# -- parties ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parties:
    """The parties as they may be shown, and for the read log whose and which fields were shown in full."""

    items: list[dict[str, Any]]
    identity_in_full: bool
    contact_in_full: bool
    subject_id: int | None
    fields: list[str]


def parties(referral: Referral, *, full: bool) -> Parties:
    """Complainants and creditor, masked unless ``full``. In full, what the consent covers is shown, the rest stays
    masked. Raises ``ConsentMissing`` when it covers neither identity nor contact, or the mediation has ended."""
    consent = referral.consent
    running = referral.state not in ENDED_STATES
    identity = full and running and consent.in_force_for(ConsentCover.IDENTITY)
    contact = full and running and consent.in_force_for(ConsentCover.CONTACT)
    if full and not (identity or contact):
        raise ConsentMissing
    complainants = list(
        Complainant.objects.filter(complaint=referral.complaint_id).prefetch_related("phones").order_by("pk")
    )
    items = [_complainant(referral, one, identity=identity, contact=contact) for one in complainants]
    loan = referral.complaint.loan
    if loan is not None:
        items.append({"role": "creditor", "name": loan.creditor.name})
    shown = ["name", "id_number"] * identity + ["phones", "service_address"] * contact
    return Parties(
        items=items,
        identity_in_full=identity,
        contact_in_full=contact,
        subject_id=complainants[0].subject_id if complainants else None,
        fields=shown,
    )


def _complainant(referral: Referral, person: Complainant, *, identity: bool, contact: bool) -> dict[str, Any]:
    borrower = referral.complaint.borrower
    return {
        "role": person.role,
        "name": _value(person, "name", full=identity),
        "id_type": person.id_type,
        "id_number": _value(person, "id_number", full=identity),
        "phones": [_value(phone, "number", full=contact) for phone in person.phones.all()],
        # Agreed with the borrower himself: nobody else is written to there.
        "service_address": _value(borrower, "service_address", full=contact)
        if borrower is not None and person.role == "borrower"
        else None,
    }


def _value(obj: Any, name: str, *, full: bool) -> str | None:
    return (read_personal(obj, name) if full else getattr(obj, f"{name}_mask")) or None


# -- events -----------------------------------------------------------------------------------------------


def event_items(events: Iterable[MediationEvent], *, referral: Referral) -> list[dict[str, Any]]:
    """What both sides did, in order. Whose side, never which of our people."""
    client = referral.organisation.client
    partner_id = client.user_id if client is not None else None
    return [
        {
            "sequence": event.sequence,
            "type": event.kind,
            "at": moment(event.occurred_at),
            "by": "organisation" if event.actor_id == partner_id else "creditor",
            "data": event.data,
        }
        for event in events
    ]
