"""Examples for the contract. Made up; no number in them belongs to anybody."""

from __future__ import annotations

from typing import Any


def _yuan(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


LOAN_ITEM: dict[str, Any] = {
    "id": "0d2c4c57-6a0e-4c55-9f38-2f4f0f9d6a10",
    "number": "JB20260301-000001",
    "state": "active",
    "customer_number": "C00000001",
    "product": "YX12",
    "creditor": "Yunxi Online Microcredit Co., Ltd.",
    "principal": _yuan("12000.00"),
    "annual_rate": "0.146000",
    "disbursed_on": "2026-03-01",
    "first_due_on": None,
    "matures_on": "2027-03-01",
    "settled_on": None,
    "written_off_on": None,
    "on": "2026-11-23",
    "days_past_due": 22,
    "delinquent_days": 22,
    "oldest_unpaid_due_on": "2026-11-01",
    "overdue_kind": "minor",
    "risk_class": "special_mention",
    "bucket": "M1",
    "outstanding": {
        "principal": _yuan("5165.55"),
        "interest": _yuan("62.85"),
        "fee": _yuan("0.00"),
        "penalty": _yuan("13.41"),
        "cost": _yuan("0.00"),
        "accrued": _yuan("37.00"),
        "total": _yuan("5278.81"),
        "overdue": _yuan("1094.30"),
    },
    "credit": _yuan("0.00"),
}
LOAN: dict[str, Any] = {
    **LOAN_ITEM,
    "borrower_name": "王**",
    "default_rate": "0.219000",
    "method": "equal_instalment",
    "day_count": "equal_periods",
    "schedule_version": 1,
    "overdue_spells": 1,
    "days_past_due_by_first_schedule": None,
    "cost": {
        "effective": "0.156177",
        "nominal": "0.146000",
        "convention": "periods",
        "standing": "above_lpr",
        "held_against": "nominal",
        "limits": {
            "cap": "0.240000",
            "lpr": "0.030000",
            "lpr_flagged": "0.120000",
            "lpr_cap": None,
            "lpr_cap_spares_months": 0,
        },
    },
    "instalments": [
        {
            "sequence": 8,
            "due_on": "2026-11-01",
            "state": "overdue",
            "principal_due": _yuan("1018.04"),
            "interest_due": _yuan("62.85"),
            "fee_due": _yuan("0.00"),
            "paid": _yuan("0.00"),
            "open": _yuan("1094.30"),
            "penalty_due": _yuan("13.41"),
            "penalty_paid": _yuan("0.00"),
            "cost_due": _yuan("0.00"),
            "cost_paid": _yuan("0.00"),
            "waived": _yuan("0.00"),
            "last_paid_on": None,
        }
    ],
}
BODY: dict[str, Any] = {
    "loan_number": "JB20260301-000001",
    "external_id": "DD-20261123-000017",
    "amount": _yuan("1080.89"),
    "received_at": "2026-11-23T06:30:00+08:00",
    "channel": "debit",
}
REPAYMENT: dict[str, Any] = {
    "external_id": "DD-20261123-000017",
    "creditor": LOAN_ITEM["creditor"],
    "loan": {"id": LOAN_ITEM["id"], "number": LOAN_ITEM["number"]},
    "amount": _yuan("1080.89"),
    "received_at": "2026-11-23T06:30:00+08:00",
    "channel": "debit",
    "recorded_at": "2026-11-23T07:00:04+08:00",
    "state": "posted",
    "reverses": None,
    "reversed_by": None,
    "reversal_requested": False,
    "allocations": [
        {"schedule_version": 1, "instalment": 8, "due_on": "2026-11-01", "component": name, "amount": amount}
        for name, amount in (
            ("penalty", _yuan("13.41")),
            ("interest", _yuan("62.85")),
            ("principal", _yuan("1004.63")),
        )
    ],
    "unallocated": _yuan("0.00"),
}
REQUESTED: dict[str, Any] = {
    **REPAYMENT,
    "amount": _yuan("6000.00"),
    "recorded_at": None,
    "state": "requested",
    "allocations": [],
}
REVERSAL_BODY: dict[str, Any] = {"reason": "The bank returned the debit"}
REVERSED: dict[str, Any] = {
    **REPAYMENT,
    "state": "reversed",
    "reversed_by": "DD-20261123-000017-R",
    "allocations": [],
}
