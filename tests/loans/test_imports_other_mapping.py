"""The same file with a corrected mapping: what came in stays, and what would be read otherwise now is told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from backoffice.core.models import ImportRow, ImportRun
from backoffice.desk.file_import import FileImport
from backoffice.loans.models import Loan, LoanEvent, Repayment
from backoffice.loans.services import file_imports
from backoffice.loans.services.file_imports import import_loans_file, import_repayments_file
from tests.factories.loans import NOW, a_borrower, a_creditor, a_loan, a_product, a_repayment, job
from tests.house.records.cases_loans_files import MAPPINGS

pytestmark = pytest.mark.django_db

PAID = "借据号,流水号,凭证号,入账时间,还款金额,本金,还款方式"
#: Another id of the same payment.
PREFIXED = ('column = "流水号"', 'template = "X{流水号}"')
LENT = "借据号,客户号,产品代码,债权人,借款本金,合同金额,年利率,期数,放款日期"


@pytest.fixture
def take(tmp_path: Path) -> Any:
    def taken(kind: str, *lines: str, put: tuple[str, str] = ("", ""), **given: Any) -> FileImport:
        """The lines with the mapping of the house, in which one text stands for another."""
        path, mapping = tmp_path / "in.csv", tmp_path / "mapping.toml"
        path.write_text("\n".join([*lines, ""]), encoding="utf-8")
        plain = (MAPPINGS / f"{kind}.toml").read_text(encoding="utf-8")
        mapping.write_text(plain.replace(*put) if put[0] else plain, encoding="utf-8")
        service = import_loans_file if kind == "loans" else import_repayments_file
        return service(path=path, mapping_path=mapping, by=job(), at=NOW, **given)

    return taken


def told(result: FileImport) -> tuple[int, int, list[tuple[int, str, str]]]:
    return result.created, result.skipped, [(one.row, one.column, one.code) for one in result.errors]


def lines(*rows: str) -> list[str]:
    a_loan(number="L1")
    return [PAID, *rows]


@pytest.mark.parametrize("dry_run", [True, False])
def test_another_amount_is_told_and_what_came_in_stays(take: Any, dry_run: bool) -> None:
    file = lines(
        "L1,A1,B1,2026-11-02 09:00:00,5.00,9.00,APP还款", "L1,A2,B2,2026-11-02 09:00:00,7.00,7.00,APP还款"
    )
    assert told(take("repayments", *file)) == (2, 0, [])
    events = LoanEvent.objects.count()
    result = take("repayments", *file, put=("还款金额", "本金"), dry_run=dry_run)
    assert told(result) == (0, 1, [(2, "流水号", "external-id-reused")])
    assert (result.figures["received"], LoanEvent.objects.count()) == ("0.00", events)
    assert list(Repayment.objects.order_by("pk").values_list("amount", flat=True)) == [
        Decimal("5.00"),
        Decimal("7.00"),
    ]


def test_another_id_makes_no_second_repayment(take: Any) -> None:
    file = lines("L1,A1,B1,2026-11-02 09:00:00,5.00,5.00,APP还款")
    take("repayments", *file)
    more = "L1,A2,B2,2026-11-02 09:00:00,6.00,6.00,APP还款"
    result = take("repayments", *file, more, put=("流水号", "凭证号"))
    assert told(result) == (1, 0, [(2, "", "row-read-otherwise")])
    assert set(Repayment.objects.values_list("external_id", flat=True)) == {"A1", "B2"}
    assert ImportRow.objects.count() == 2


def test_a_mapping_that_says_the_same_finds_everything_there(take: Any) -> None:
    file = lines("L1,A1,B1,2026-11-02 09:00:00,5.00,5.00,APP还款")
    take("repayments", *file)
    assert told(take("repayments", *file, put=("还款金额", "本金"))) == (0, 1, [])


def test_the_same_mapping_knows_a_row_without_asking(take: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    file = lines("L1,A1,B1,2026-11-02 09:00:00,5.00,5.00,APP还款")
    take("repayments", *file)
    handed: list[int] = []
    plain = file_imports.import_repayments

    def counted(rows: Any, **given: Any) -> Any:
        handed.append(len(rows))
        return plain(rows, **given)

    monkeypatch.setattr(file_imports, "import_repayments", counted)
    more = "L1,A2,B2,2026-11-02 09:00:00,6.00,6.00,APP还款"
    assert told(take("repayments", *file, more)) == (1, 1, [])
    assert handed == [1]


def test_another_principal_of_a_loan_is_told(take: Any) -> None:
    customer, product, creditor = a_borrower().customer_number, a_product().code, a_creditor().name
    file = [LENT, f"K1,{customer},{product},{creditor},12000.00,13000.00,14.6%,12,2026-09-01"]
    assert told(take("loans", *file)) == (1, 0, [])
    assert told(take("loans", *file, put=("借款本金", "合同金额"))) == (
        0,
        0,
        [(2, "合同金额", "loan-differs")],
    )
    assert Loan.objects.get(number="K1").principal == Decimal("12000.00")


def ids() -> list[str]:
    return sorted(Repayment.objects.values_list("external_id", flat=True))


def counted() -> list[tuple[int, int, int]]:
    """What each run says it created, skipped and refused."""
    runs = ImportRun.objects.order_by("pk")
    return list(runs.values_list("rows_created", "rows_skipped", "rows_failed"))


def test_money_that_was_reported_before_the_file_comes_in_once(take: Any) -> None:
    file = lines("L1,A1,B1,2026-11-02 08:00:00,100.00,100.00,APP还款")
    a_repayment(Loan.objects.get(), "100.00", on=date(2026, 11, 2), external_id="A1")
    assert told(take("repayments", *file)) == (0, 1, [])
    row = ImportRow.objects.get()
    assert (row.created, row.dossier) == (False, Loan.objects.get().dossier)
    result = take("repayments", *file, put=PREFIXED)
    assert told(result) == (0, 0, [(2, "", "row-read-otherwise")])
    assert ids() == ["A1"]
    assert counted() == [(0, 1, 0), (0, 0, 1)]


def test_a_row_that_stands_twice_makes_no_second_repayment(take: Any) -> None:
    first = "L1,A1,B1,2026-11-02 09:00:00,5.00,5.00,APP还款"
    file = lines(first, first, "L1,A2,B2,2026-11-02 09:00:00,6.00,6.00,APP还款")
    assert told(take("repayments", *file)) == (2, 1, [])
    otherwise = [(number, "", "row-read-otherwise") for number in (2, 3, 4)]
    assert told(take("repayments", *file, put=PREFIXED)) == (0, 0, otherwise)
    assert ids() == ["A1", "A2"]
    assert counted() == [(2, 1, 0), (0, 0, 3)]


def test_a_row_with_other_cells_in_another_file_makes_no_second_repayment(take: Any) -> None:
    row = "L1,A1,B1,2026-11-02 09:00:00,5.00,5.00,APP还款"
    take("repayments", *lines(row))
    file = [PAID, row.replace("B1", "B9")]
    assert told(take("repayments", *file)) == (0, 1, [])
    assert told(take("repayments", *file, put=PREFIXED)) == (0, 0, [(2, "", "row-read-otherwise")])
    assert ids() == ["A1"]


def test_a_row_that_repeats_a_refused_one_is_refused_with_it(take: Any) -> None:
    file = lines(
        "L1,A1,B1,2026-11-02 09:00:00,900000.00,5.00,APP还款",
        *["L1,A2,B2,2026-11-02 10:00:00,6.00,6.00,APP还款"] * 2,
    )
    assert told(take("repayments", *file)) == (1, 0, [(3, "", "loan-not-open"), (4, "", "loan-not-open")])
    assert ImportRow.objects.count() == 1


def test_a_loan_that_was_there_before_the_file_is_lent_once(take: Any) -> None:
    customer, product, creditor = a_borrower().customer_number, a_product().code, a_creditor().name
    row = f"K1,{customer},{product},{creditor},12000.00,12000.00,14.6%,12,2026-09-01"
    assert told(take("loans", LENT, row, row)) == (1, 1, [])
    assert set(ImportRow.objects.values_list("dossier", flat=True)) == {Loan.objects.get().dossier_id}
    result = take("loans", LENT, row, row, put=('column = "借据号"', 'template = "X{借据号}"'))
    assert told(result) == (0, 0, [(2, "", "row-read-otherwise"), (3, "", "row-read-otherwise")])
    assert Loan.objects.get().number == "K1"
