"""Examples for the contract. Made up; no number in them belongs to anybody."""

from __future__ import annotations

from typing import Any

BODY: dict[str, Any] = {
    "source": "app",
    "received_at": "2026-11-23T09:12:00+08:00",
    "complainant": {"role": "borrower", "name": "Wang Xiaoming", "phones": ["+8610012345678"]},
    "loan_refs": ["JB20260301-000001"],
    "words": "The collector called at 23:10 and four times on one day, and told my colleague.",
    "allegations": [
        {
            "category": "collection.night_calls",
            "text": "Called at 23:10",
            "contacts": [{"at": "2026-11-19T23:10:00+08:00"}],
        }
    ],
    "demands": [{"text": "Stop calling at night", "amount": None}],
    "external_id": "APP-20261123-0001",
}
ANSWER: dict[str, Any] = {
    "id": "6f1b7a0e-5a53-4a6f-9a0e-1f8f6f0b2c11",
    "number": "TS20261123-000001",
    "state": "received",
    "decision_due_on": "2026-12-08",
    "received_at": "2026-11-23T09:12:00+08:00",
}
ITEM: dict[str, Any] = {**ANSWER, "state": "investigating", "external_id": "APP-20261123-0001"}
