"""Files of repayments and loans: what is bad is named and kept out, what is there stays, nothing comes in twice."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation
from openpyxl import Workbook

from backoffice.core.errors import NotPermitted
from backoffice.desk.file_import import FileImport
from backoffice.loans.models import Loan, Repayment
from backoffice.loans.services.file_imports import import_loans_file, import_repayments_file
from backoffice.staff.roles import Role
from tests.factories.loans import NOW, a_borrower, a_creditor, a_loan, a_product, a_repayment, job
from tests.factories.staff import person
from tests.house.records.cases_loans_files import MAPPINGS

pytestmark = pytest.mark.django_db

PAID = "借据号,流水号,入账时间,还款金额,还款方式"
LENT = "借据号,客户号,产品代码,债权人,借款本金,年利率,期数,放款日期"


@pytest.fixture
def file(tmp_path: Path) -> Any:
    def write(*lines: str, name: str = "in.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join([*lines, ""]), encoding="utf-8")
        return path

    return write


def repayments(path: Path, **given: Any) -> FileImport:
    facts = {"mapping_path": MAPPINGS / "repayments.toml", "by": job(), "at": NOW, **given}
    return import_repayments_file(path=path, **facts)


def errors(result: FileImport) -> list[tuple[int, str]]:
    return [(error.row, error.code) for error in result.errors]


def test_only_those_who_may(file: Any) -> None:
    path = file(PAID)
    for role in (Role.HANDLER, Role.COLLECTOR, Role.AUDITOR):
        with pytest.raises(NotPermitted):
            repayments(path, by=person(role))


def test_bad_rows_are_named_one_by_one_and_good_ones_come_in(file: Any) -> None:
    a_loan(number="L1", disbursed_on=date(2026, 3, 1))
    path = file(
        PAID,
        "L1,A1,2026-11-02 09:00:00,500.00,APP还款",
        "L1,A2,2026-11-02 09:00:00,1.001,APP还款",
        "L1,A3,2026-02-29 09:00:00,10.00,APP还款",
        "L1,A4,2026-02-28 09:00:00,10.00,APP还款",
        "L1,A5,2026-11-02 09:00:00,-10.00,APP还款",
        "L9,A6,2026-11-02 09:00:00,10.00,APP还款",
        "L1,A1,2026-11-02 09:00:00,501.00,APP还款",
        "L1,A7,2027-01-02 09:00:00,10.00,APP还款",
    )
    result = repayments(path)
    assert (result.created, result.refused) == (1, 7)
    assert [row for row, _code in errors(result)] == [3, 4, 5, 6, 7, 8, 9]
    codes = dict(errors(result))
    assert (codes[5], codes[8]) == ("before-disbursement", "external-id-reused")
    assert list(Repayment.objects.values_list("external_id", flat=True)) == ["A1"]


def test_the_same_file_again_changes_nothing(file: Any) -> None:
    a_loan(number="L1")
    first = "L1,A1,2026-11-02 09:00:00,500.00,APP还款"
    path = file(PAID, first)
    assert repayments(path).created == 1
    assert repayments(path).already
    # The same row in another file is known too.
    other = file(PAID, first, "L1,B2,2026-11-03 09:00:00,1.00,APP还款", name="b.csv")
    result = repayments(other)
    assert (result.created, result.refused) == (1, 0)
    assert Repayment.objects.count() == 2


def test_a_dry_run_says_what_would_be_and_leaves_nothing(file: Any) -> None:
    a_loan(number="L1")
    result = repayments(file(PAID, "L1,A1,2026-11-02 09:00:00,500.00,APP还款"), dry_run=True)
    assert result.created == 1
    assert Repayment.objects.count() == 0


def test_loans_of_a_file_never_overwrite_what_is_in_the_book(file: Any) -> None:
    product, creditor, borrower = a_product(), a_creditor(), a_borrower()
    line = f"K1,{borrower.customer_number},{product.code},{creditor.name},12000.00,14.6%,12,2026-09-01"
    facts: dict[str, Any] = {"mapping_path": MAPPINGS / "loans.toml", "by": job(), "at": NOW}
    assert import_loans_file(path=file(LENT, line), **facts).created == 1
    loan = Loan.objects.get(number="K1")
    a_repayment(loan, "1000.00", on=date(2026, 10, 1))
    paid = loan.instalments.get(sequence=1).principal_paid
    assert paid > 0
    changed = line.replace("12000.00", "13000.00")
    result = import_loans_file(path=file(LENT, line, changed, name="again.csv"), **facts)
    assert (result.created, result.refused) == (0, 1)
    loan.refresh_from_db()
    assert loan.principal == Decimal("12000.00")
    assert loan.instalments.get(sequence=1).principal_paid == paid, "a re-import resets no balance"


def test_a_day_at_the_end_of_the_calendar_is_refused_and_the_good_row_comes_in(file: Any) -> None:
    product, creditor, borrower = a_product(), a_creditor(), a_borrower()
    line = f"K{{}},{borrower.customer_number},{product.code},{creditor.name},12000.00,14.6%,12,{{}}"
    days = ["9999-12-31T23:59:59Z", "2026-09-01", "1989-12-31"]
    path = file(LENT, *(line.format(number, day) for number, day in enumerate(days)))
    result = import_loans_file(path=path, mapping_path=MAPPINGS / "loans.toml", by=job(), at=NOW)
    assert [(one.row, one.column, one.code) for one in result.errors] == [
        (row, "放款日期", "date-out-of-years") for row in (2, 4)
    ]
    assert Loan.objects.get().number == "K1"


def test_loans_of_a_file_with_a_fixed_day_of_repayment(file: Any) -> None:
    product, creditor, borrower = a_product(), a_creditor(), a_borrower()
    same = f"{borrower.customer_number},{product.code},{creditor.name},2000.00,14.6%,3,2026-09-20"
    path = file(
        f"{LENT},首期还款日",
        f"F1,{same},2026-10-05",
        f"F2,{same},",
        f"F3,{same},2026-09-20",
        f"F4,{same},2026-13-01",
    )
    mapping = MAPPINGS / "loans-fixed-day.toml"
    result = import_loans_file(path=path, mapping_path=mapping, by=job(), at=NOW)
    assert (result.created, [row for row, _code in errors(result)]) == (2, [4, 5])
    dues = [
        list(loan.instalments.values_list("due_on", flat=True)) for loan in Loan.objects.order_by("number")
    ]
    assert dues == [
        [date(2026, 10, 5), date(2026, 11, 5), date(2026, 12, 5)],
        [date(2026, 10, 20), date(2026, 11, 20), date(2026, 12, 20)],
    ]


def test_the_command_tells_and_writes_its_report(file: Any, tmp_path: Path) -> None:
    a_loan(number="L1")
    path = file(PAID, "L1,A1,2026-11-02 09:00:00,500.00,APP还款", "L9,A2,2026-11-02 09:00:00,5.00,APP还款")
    out, err, report = StringIO(), StringIO(), tmp_path / "report.csv"
    mapping = MAPPINGS / "repayments.toml"
    call_command("import_repayments", path, mapping=mapping, report=report, stdout=out, stderr=err)
    assert "2 rows read: 1 taken in" in out.getvalue()
    assert "Row 3" in err.getvalue()
    assert "借据号" in report.read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("dry_run", [True, False], ids=["dry run", "run"])
def test_a_loan_above_a_cap_comes_in_with_a_notice(file: Any, dry_run: bool) -> None:
    product, creditor, borrower = a_product(), a_creditor(), a_borrower()

    def lent(number: str, principal: str, rate: str, on: str) -> str:
        of = f"{borrower.customer_number},{product.code},{creditor.name}"
        return f"{number},{of},{principal},{rate},12,{on}"

    path = file(
        LENT,
        lent("K1", "12000.00", "36%", "2026-09-01"),
        lent("K2", "12000.00", "14.6%", "2026-09-01"),
        # The cap of 24 % is in force from 1 December 2025.
        lent("K3", "12000.00", "36%", "2025-11-30"),
        lent("K4", "190000.00", "36%", "2026-09-01"),
    )
    by, mapping = job(), MAPPINGS / "loans.toml"
    result = import_loans_file(path=path, mapping_path=mapping, by=by, at=NOW, dry_run=dry_run)
    assert (result.created, result.refused) == (4, 0)
    told = [(one.row, one.column, one.code) for one in result.notices if one.code == "above-cost-cap"]
    assert told == [(2, "年利率", "above-cost-cap"), (5, "年利率", "above-cost-cap")]
    with translation.override("en"):
        assert "36.00%" in str(result.notices[0].message)
    # All four together are more than one person may owe.
    assert (5, "above-person-cap") in [(one.row, one.code) for one in result.notices]
    assert Loan.objects.count() == (0 if dry_run else 4)


def test_the_command_tells_of_a_loan_above_the_cap(file: Any, tmp_path: Path) -> None:
    line = (
        f"K1,{a_borrower().customer_number},{a_product().code},{a_creditor().name},12000.00,36%,12,2026-09-01"
    )
    out, report = StringIO(), tmp_path / "report.csv"
    mapping = MAPPINGS / "loans.toml"
    call_command("import_loans", file(LENT, line), mapping=mapping, report=report, dry_run=True, stdout=out)
    assert "[above-cost-cap]" in out.getvalue()
    assert "above-cost-cap" in report.read_text(encoding="utf-8-sig")


def test_references_that_a_spreadsheet_holds_as_numbers_are_refused_not_changed(tmp_path: Path) -> None:
    a_loan(number="L1")
    book = Workbook()
    book.active.append(PAID.split(","))
    for reference in (2026110200001234567, 2026110200001234599, 2.0261102000012301e19, "A1", 20261102):
        book.active.append(["L1", reference, "2026-11-02 09:00:00", 300.29999999999995, "APP还款"])
    book.save(tmp_path / "in.xlsx")
    result = repayments(tmp_path / "in.xlsx")
    assert [(one.row, one.column, one.code) for one in result.errors] == [
        (row, "流水号", "digits-lost") for row in (2, 3, 4)
    ]
    kept = Repayment.objects.order_by("external_id").values_list("external_id", "amount")
    assert list(kept) == [("20261102", Decimal("300.30")), ("A1", Decimal("300.30"))]


@pytest.mark.parametrize(
    "mapping", ["fields = 1", '[file]\ndelimiter = ";;"', '[file]\nencoding = "undefined"']
)
def test_a_badly_shaped_mapping_is_told(file: Any, tmp_path: Path, mapping: str) -> None:
    wrong = tmp_path / "wrong.toml"
    plain = (MAPPINGS / "repayments.toml").read_text(encoding="utf-8")
    wrong.write_text(mapping if "fields" in mapping else f"{mapping}\n{plain}", encoding="utf-8")
    path = file(PAID, "L1,A1,2026-11-02 09:00:00,500.00,APP还款")
    with pytest.raises(CommandError, match="Nothing was taken in"):
        call_command("import_repayments", path, mapping=wrong)


@pytest.mark.parametrize("workers", ["0", "-1", "many"])
def test_a_file_has_at_least_one_worker(file: Any, workers: str) -> None:
    path = file(PAID, "L1,A1,2026-11-02 09:00:00,500.00,APP还款")
    mapping = f"--mapping={MAPPINGS / 'repayments.toml'}"
    with pytest.raises(CommandError, match="--workers"):
        call_command("import_repayments", str(path), mapping, f"--workers={workers}")
