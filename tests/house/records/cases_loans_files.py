"""Files of the loan book."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings

from backoffice.core.context import EntryPoint
from backoffice.loans.services.exporting import record_book_export
from backoffice.loans.services.file_imports import import_loans_file, import_repayments_file
from backoffice.staff.roles import Role
from tests.factories import loans as make
from tests.factories.loans import NOW, job
from tests.factories.staff import person
from tests.house.records.case import Case

MAPPINGS = Path(settings.BASE_DIR) / "backoffice/loans/mappings"
TWICE = {"core_importrun": (2, "the import began and ended: what breaks off is on record as begun")}


def a_file(kind: str, text: str) -> dict[str, Any]:
    path = Path(tempfile.mkdtemp()) / "in.csv"
    path.write_text(text, encoding="utf-8")
    return {"path": path, "mapping_path": MAPPINGS / f"{kind}.toml", "by": job(), "at": NOW}


def loans() -> dict[str, Any]:
    product, creditor = make.a_product(), make.a_creditor()
    rows = [
        f"FILE-{number},{make.a_borrower().customer_number},{product.code},{creditor.name},12000.00,14.6%,12,2026-09-01"
        for number in (1, 2)
    ]
    return a_file(
        "loans", "\n".join(["借据号,客户号,产品代码,债权人,借款本金,年利率,期数,放款日期", *rows, ""])
    )


def repayments() -> dict[str, Any]:
    rows = [f"{make.a_loan().number},F-{number},2026-11-02 09:00:00,500.00,APP还款" for number in (1, 2)]
    return a_file("repayments", "\n".join(["借据号,流水号,入账时间,还款金额,还款方式", *rows, ""]))


def taken_along() -> dict[str, Any]:
    loan = make.a_loan()
    return {
        "part": "loan",
        "rows": 1,
        "form": "xlsx",
        "filters": {"state": "active"},
        "listed": [loan.dossier_id],
        "purpose_code": "audit",
        "path": "/admin/loans/loan/export/",
        "by": person(Role.LOAN_OFFICER),
        "at": NOW,
    }


CASES = [
    Case(
        service=record_book_export,
        world=taken_along,
        events=("loan_book.exported",),
        adds="each export is on record",
    ),
    Case(service=import_loans_file, world=loans, several=TWICE, door=EntryPoint.COMMAND),
    Case(
        service=import_repayments_file,
        world=repayments,
        events=("repayment_posted",) * 2,
        several=TWICE,
        door=EntryPoint.COMMAND,
    ),
]
