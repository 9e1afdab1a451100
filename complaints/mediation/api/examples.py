"""Examples for the contract. Made up; no number in them belongs to anybody."""

from __future__ import annotations

from typing import Any

_ID = "6f1b7a0e-5a53-4a6f-9a0e-1f8f6f0b2c11"

CONFIRM: dict[str, Any] = {
    "kind": "confirm",
    "started_at": "2026-11-23T10:00:00+08:00",
    "due_on": "2026-11-26",
    "provisional": False,
    "paused_since": None,
    "met_at": "2026-11-24T09:30:00+08:00",
}
MEDIATION: dict[str, Any] = {
    "kind": "mediation",
    "started_at": "2026-11-24T09:30:00+08:00",
    "due_on": "2026-12-24",
    "provisional": False,
    "paused_since": None,
    "met_at": None,
}
ITEM: dict[str, Any] = {
    "id": _ID,
    "number": "TJ20261123-000001",
    "state": "accepted",
    "version": 2,
    "end_reason": None,
    "offered_at": "2026-11-23T10:00:00+08:00",
    "accepted_at": "2026-11-24T09:30:00+08:00",
    "ended_at": None,
    "updated_at": "2026-11-24T09:30:00+08:00",
    "deadlines": [CONFIRM, MEDIATION],
}
TOMBSTONE: dict[str, Any] = {
    "id": "0b9d3d52-7d0f-4b52-8a55-a0a3c1a0f9a4",
    "number": "TJ20261120-000004",
    "state": "recalled",
    "ended_at": "2026-11-21T16:05:00+08:00",
}
REFERRAL: dict[str, Any] = {
    **ITEM,
    "complaint": {"number": "TS20261110-000012", "received_at": "2026-11-10T09:12:00+08:00"},
    "allegations": [
        {
            "number": 1,
            "category": {"code": "collection.frequency", "root": "collection", "name": "Too many calls"},
            "text": "The collector called four times on one day.",
            "finding": "open",
        }
    ],
    "demands": [
        {"number": 1, "text": "Waive the default interest", "amount": {"amount": "320.50", "currency": "CNY"}}
    ],
    "amount_in_dispute": {"amount": "320.50", "currency": "CNY"},
    "loan": {
        "product": "Online consumer loan",
        "creditor": "Example Microcredit",
        "principal": {"amount": "12000.00", "currency": "CNY"},
        "annual_rate": "0.146000",
        "method": "equal_instalment",
        "disbursed_on": "2026-03-01",
        "matures_on": "2027-03-01",
        "as_of": "2026-11-24",
        "days_past_due": 34,
        "outstanding": {
            "principal": {"amount": "5210.33", "currency": "CNY"},
            "interest": {"amount": "118.20", "currency": "CNY"},
            "penalty": {"amount": "0.00", "currency": "CNY"},
            "fee": {"amount": "0.00", "currency": "CNY"},
            "cost": {"amount": "0.00", "currency": "CNY"},
            "accrued": {"amount": "50.71", "currency": "CNY"},
            "total": {"amount": "5379.24", "currency": "CNY"},
        },
    },
    "withheld": [],
    "mandate": {"representative": "Li Min", "amount": {"amount": "500.00", "currency": "CNY"}, "months": 12},
    "mediator": {"name": "Zhao Qing", "licence": "M-2041"},
    "consent": {
        "given_at": "2026-11-22T15:00:00+08:00",
        "text_version": "2026-1",
        "covers": ["identity", "contact", "loan", "complaint"],
    },
}
PARTIES: dict[str, Any] = {
    "in_full": {"identity": False, "contact": False},
    "items": [
        {
            "role": "borrower",
            "name": "W***",
            "id_type": "resident_id",
            "id_number": "110***********0028",
            "phones": ["138****0000"],
            "service_address": None,
        },
        {"role": "creditor", "name": "Example Microcredit"},
    ],
}
EVENTS: dict[str, Any] = {
    "items": [
        {
            "sequence": 1,
            "type": "offered",
            "at": "2026-11-23T10:00:00+08:00",
            "by": "creditor",
            "data": {"version": 1},
        },
        {
            "sequence": 2,
            "type": "accepted",
            "at": "2026-11-24T09:30:00+08:00",
            "by": "organisation",
            "data": {"version": 2},
        },
    ]
}
ACCEPTANCE: dict[str, Any] = {"mediator": {"name": "Zhao Qing", "licence": "M-2041"}}
REJECTION: dict[str, Any] = {"reason_code": "no_capacity", "text": "No mediator is free this month."}
SUSPENSION: dict[str, Any] = {"reason_code": "appraisal"}
EXTENSION: dict[str, Any] = {"until": "2027-01-08", "consented_by": ["creditor", "consumer"]}
CLOSURE: dict[str, Any] = {"reason_code": "too_far_apart"}
