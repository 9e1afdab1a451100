"""Small files of the loan book by hand: tried, shown, confirmed; lists taken along, masked and on record."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook, load_workbook

from backoffice.audit.models import ReadEvent, RecordEvent
from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import InputRefused, NotPermitted
from backoffice.core.models import ImportRow, ImportRun
from backoffice.desk import file_pages
from backoffice.loans.admin.loan import LoanAdmin
from backoffice.loans.models import Loan, Repayment
from backoffice.loans.services.exporting import record_book_export
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories.loans import TODAY, a_borrower, a_creditor, a_loan, a_product, a_repayment
from tests.factories.staff import person
from tests.house.records.cases_loans_files import MAPPINGS

pytestmark = pytest.mark.django_db

PAID = "借据号,流水号,入账时间,还款金额,还款方式"
LENT = "借据号,客户号,产品代码,债权人,借款本金,年利率,期数,放款日期"
LOANS, REPAYMENTS = "admin:loans_loan", "admin:loans_repayment"


@pytest.fixture
def officer(client: Client) -> User:
    user = person(Role.LOAN_OFFICER)
    client.force_login(user)
    return user


def upload(text: str | bytes, name: str = "还款.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text)


def attempt(client: Client, content: str | bytes, page: str = REPAYMENTS, **given: Any) -> Any:
    kind = "loans" if page == LOANS else "repayments"
    data = {"file": upload(content, given.pop("name", "还款.csv")), "mapping": f"{kind}.toml", **given}
    return client.post(reverse(f"{page}_import"), data)


def confirm(client: Client, preview: Any, page: str = REPAYMENTS) -> Any:
    data = {"upload": preview.context["upload"], "once": preview.context["once"]}
    return client.post(reverse(f"{page}_import"), data)


def lines(*rows: str) -> str:
    return "\n".join([PAID, *rows, ""])


# --- who -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.HANDLER, Role.COLLECTOR, Role.COMPLIANCE, Role.AUDITOR])
def test_nobody_else_sees_the_pages_or_their_buttons(client: Client, role: Role) -> None:
    loan = a_loan(number="L1")
    client.force_login(person(role))
    for page in (LOANS, REPAYMENTS):
        assert client.get(reverse(f"{page}_import")).status_code == 403
        assert attempt(client, lines(), page).status_code == 403
        assert client.get(reverse(f"{page}_export")).status_code == 403
        assert client.post(reverse(f"{page}_export"), {"form": "csv", "purpose": "audit"}).status_code == 403
        assert "import/" not in client.get(reverse(f"{page}_changelist")).content.decode()
    assert loan.repayments.count() == 0
    assert not RecordEvent.objects.filter(kind="loan_book.exported").exists()


def test_the_service_asks_for_the_right_too() -> None:
    given: dict[str, Any] = {
        "part": "loan", "rows": 1, "form": "csv", "filters": {}, "listed": [], "path": "/x", "at": timezone.now(),
    }  # fmt: skip
    with entering(EntryPoint.ADMIN):
        with pytest.raises(NotPermitted):
            record_book_export(**given, purpose_code="audit", by=person(Role.AUDITOR))
        with pytest.raises(InputRefused):
            record_book_export(**given, purpose_code="fun", by=person(Role.LOAN_OFFICER))
    assert not ReadEvent.objects.exists()


# --- in ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("officer")
def test_a_file_is_tried_shown_and_taken_in_once_confirmed(client: Client) -> None:
    loan = a_loan(number="L1", disbursed_on=date(2026, 10, 1))
    content = lines(
        "L1,A1,2026-11-02 09:00:00,500.00,APP还款",
        "L1,A2,2026-11-02 09:00:00,1.001,APP还款",
        "L1,A3,2026-09-01 09:00:00,10.00,APP还款",
    )
    preview = attempt(client, content)
    assert preview.status_code == 200
    page = preview.content.decode()
    result = preview.context["result"]
    assert (result.rows_read, result.created, result.refused) == (3, 1, 2)
    assert [(row, code) for row, _column, code, _what in preview.context["errors"]] == [
        (3, "amount-too-exact"),
        (4, "before-disbursement"),
    ]
    told = {str(label): value for label, value, is_yuan in preview.context["figures"] if is_yuan}
    received, *parts = told.values()
    assert received == sum(parts) == Decimal("500.00")
    assert "1.001" not in page, "values of cells are never told"
    assert not Repayment.objects.exists()
    assert not ImportRun.objects.exists(), "nothing of a trial stays"

    answer = confirm(client, preview)
    run = ImportRun.objects.get()
    assert answer["Location"] == reverse(f"{REPAYMENTS}_import_result", args=(run.pk,))
    assert (run.rows_created, run.rows_failed, run.file_name) == (1, 2, "还款.csv")
    assert loan.repayments.get().external_id == "A1"
    told_after = client.get(answer["Location"])
    assert told_after.status_code == 200
    assert [row for row, *_rest in told_after.context["errors"]] == [3, 4]

    again = attempt(client, content)
    assert again.context["result"].created == 0
    assert again.context["upload"] == ""
    confirm(client, preview)
    assert Repayment.objects.count() == ImportRow.objects.count() == 1


@pytest.mark.usefixtures("officer")
def test_what_is_more_than_owed_is_said_before_it_comes_in(client: Client) -> None:
    a_loan(number="L1", principal=Decimal("100.00"), periods=1, disbursed_on=date(2026, 11, 1))
    preview = attempt(client, lines("L1,A1,2026-11-10 09:00:00,500.00,APP还款"))
    ((row, _column, code, _what),) = preview.context["notices"]
    assert (row, code) == (2, "surplus-kept")


@pytest.mark.usefixtures("officer")
def test_loans_come_in_from_a_spreadsheet(client: Client) -> None:
    product, creditor, borrower = a_product(), a_creditor(), a_borrower()
    book = Workbook()
    assert book.active is not None
    book.active.append(LENT.split(","))
    facts = [borrower.customer_number, product.code, creditor.name, 12000, "14.6%", 12, date(2026, 9, 1)]
    book.active.append(["K1", *facts])
    file = io.BytesIO()
    book.save(file)
    preview = attempt(client, file.getvalue(), LOANS, name="loans.xlsx")
    assert preview.context["result"].created == 1
    figures = [value for _label, value, _yuan in preview.context["figures"]]
    assert figures == [Decimal("12000.00"), 1]
    assert confirm(client, preview, LOANS).status_code == 302
    assert Loan.objects.get().number == "K1"


@pytest.mark.usefixtures("officer")
def test_ones_own_mapping_is_taken(client: Client) -> None:
    a_loan(number="L1")
    own = (MAPPINGS / "repayments.toml").read_text(encoding="utf-8").replace("流水号", "编号")
    content = lines("L1,A1,2026-11-02 09:00:00,500.00,APP还款").replace("流水号", "编号")
    assert attempt(client, content).status_code == 422
    assert attempt(client, content, mapping="own").status_code == 422
    preview = attempt(client, content, mapping="own", own_mapping=upload(own, "mine.toml"))
    assert preview.context["result"].created == 1
    assert confirm(client, preview).status_code == 302
    assert Repayment.objects.get().external_id == "A1"


def test_the_plain_mappings_fit_the_fields(client: Client, officer: User) -> None:
    loan, product = a_loan(number="L1"), a_product()
    content = "loan_number,external_id,received_at,amount,channel\nL1,A1,2026-11-02T09:00,5.00,debit\n"
    preview = attempt(client, content, mapping="repayments-plain.toml")
    assert preview.context["result"].created == 1, preview.context["errors"]
    head = "number,customer_number,product_code,creditor_name,principal,annual_rate,periods,disbursed_on"
    row = f"K1,{loan.borrower.customer_number},{product.code},{loan.creditor.name},1000.00,0.1,6,2026-09-01"
    preview = attempt(client, f"{head}\n{row}\n", LOANS, mapping="loans-plain.toml")
    assert preview.context["result"].created == 1, preview.context["errors"]


@pytest.mark.usefixtures("officer")
@pytest.mark.parametrize(
    ("content", "name", "says"),
    [
        (b"\x00\x01\x02", "a.csv", "文本|text"),
        (b"PK\x03\x04nonsense", "a.xlsx", "XLSX"),
        ("", "a.csv", "空|empty"),
        ("a,b\n1,2\n", "a.csv", "借据号"),
        ("x", "a.pdf", "CSV"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(
    client: Client, content: str | bytes, name: str, says: str
) -> None:
    answer = attempt(client, content, name=name)
    assert answer.status_code == 422
    found = str(answer.context["form"].errors)
    assert any(word in found for word in says.split("|")), found


@pytest.mark.usefixtures("officer")
def test_a_large_file_is_sent_to_the_command(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    a_loan(number="L1")
    monkeypatch.setattr(file_pages, "MOST_ROWS", 2)
    rows = [f"L1,A{number},2026-11-02 09:00:00,5.00,APP还款" for number in range(3)]
    answer = attempt(client, lines(*rows))
    assert answer.status_code == 422
    assert "import_repayments" in str(answer.context["form"].errors)
    assert attempt(client, lines(*rows[:2])).status_code == 200
    monkeypatch.setattr(file_pages, "MOST_BYTES", 10)
    answer = attempt(client, lines(*rows[:2]))
    assert "import_repayments" in str(answer.context["form"].errors)


def test_a_preview_is_its_persons_own_and_grows_old(client: Client, officer: User) -> None:
    a_loan(number="L1")
    preview = attempt(client, lines("L1,A1,2026-11-02 09:00:00,500.00,APP还款"))
    signed = preview.context["upload"]
    client.force_login(person(Role.LOAN_OFFICER))
    assert client.post(reverse(f"{REPAYMENTS}_import"), {"upload": signed}).status_code == 422
    client.force_login(officer)
    assert client.post(reverse(f"{REPAYMENTS}_import"), {"upload": f"{signed}x"}).status_code == 422
    assert client.post(reverse(f"{LOANS}_import"), {"upload": signed}).status_code == 422
    with time_machine.travel(timezone.now() + timedelta(hours=1, seconds=5)):
        client.force_login(officer)
        answer = client.post(reverse(f"{REPAYMENTS}_import"), {"upload": signed})
        assert answer.status_code == 422
    assert not Repayment.objects.exists()


@pytest.mark.usefixtures("officer")
def test_nothing_of_an_upload_stays_on_the_disk(
    client: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    a_loan(number="L1")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    confirm(client, attempt(client, lines("L1,A1,2026-11-02 09:00:00,500.00,APP还款")))
    assert Repayment.objects.count() == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("officer")
def test_a_result_of_another_kind_is_not_shown(client: Client) -> None:
    a_loan(number="L1")
    confirm(client, attempt(client, lines("L1,A1,2026-11-02 09:00:00,500.00,APP还款")))
    run = ImportRun.objects.get()
    assert client.get(reverse(f"{LOANS}_import_result", args=(run.pk,))).status_code == 404
    assert client.get(reverse(f"{REPAYMENTS}_import_result", args=("x",))).status_code == 404


# --- out -----------------------------------------------------------------------------------------------


def taken(client: Client, page: str, form: str = "csv", query: str = "", purpose: str = "audit") -> Any:
    return client.post(reverse(f"{page}_export") + query, {"form": form, "purpose": purpose})


def table(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.content
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_loans_are_taken_along_masked_and_on_record(client: Client, officer: User) -> None:
    loan = a_loan(borrower=a_borrower(name="欧阳小明"), disbursed_on=date(2026, 10, 1))
    a_repayment(loan, "100.00", on=date(2026, 11, 3))
    asked = client.get(reverse(f"{LOANS}_export"))
    assert asked.context["found"] == 1
    (row,) = table(taken(client, LOANS))
    values = list(row.values())
    assert values[0] == loan.number
    assert loan.borrower.name_mask in values
    assert "小明" not in "".join(values)
    event = RecordEvent.objects.get(kind="loan_book.exported")
    assert (event.actor, event.data["rows"], event.data["part"]) == (officer, 1, "loan")
    read = ReadEvent.objects.get(what="export")
    assert (read.listed, read.purpose_code, read.count) == ([loan.dossier_id], "audit", 1)


@pytest.mark.usefixtures("officer")
def test_what_the_list_was_narrowed_to_is_what_is_taken(client: Client) -> None:
    late, fresh = a_loan(disbursed_on=date(2026, 3, 1)), a_loan(disbursed_on=TODAY)
    number = next(iter(table(taken(client, LOANS))[0]))
    assert [row[number] for row in table(taken(client, LOANS))] == [fresh.number, late.number]
    assert [row[number] for row in table(taken(client, LOANS, query="?overdue=yes"))] == [late.number]
    data = RecordEvent.objects.filter(kind="loan_book.exported").latest("pk").data
    assert data["filters"] == {"overdue": "yes"}
    table(taken(client, LOANS, query=f"?q={fresh.number}"))
    data = RecordEvent.objects.filter(kind="loan_book.exported").latest("pk").data
    assert data["filters"] == {"searched": "yes"}
    assert fresh.number not in str(data)


@pytest.mark.usefixtures("officer")
def test_amounts_are_numbers_and_text_is_never_a_formula(client: Client) -> None:
    loan = a_loan()
    a_repayment(loan, "1234.50", on=date(2026, 11, 2), external_id='=HYPERLINK("http://x","y")')
    a_repayment(loan, "1.00", on=date(2026, 11, 3), external_id="@SUM(1)")
    answer = taken(client, REPAYMENTS, "xlsx")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True, min_row=2))
    assert [row[0] for row in rows] == ["'@SUM(1)", '\'=HYPERLINK("http://x","y")']
    assert [row[4] for row in rows] == [1, 1234.5]
    assert sheet["A2"].data_type == "s"
    assert answer["Content-Disposition"].endswith('.xlsx"')
    assert table(taken(client, REPAYMENTS))[1][str(sheet["E1"].value)] == "1234.50"


@pytest.mark.usefixtures("officer")
def test_too_many_rows_are_refused_not_cut(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LoanAdmin, "export_rows", 1)
    a_loan(), a_loan()
    assert client.get(reverse(f"{LOANS}_export")).context["too_many"]
    assert taken(client, LOANS).status_code == 422
    assert not ReadEvent.objects.filter(what="export").exists()


@pytest.mark.usefixtures("officer")
def test_an_export_needs_a_purpose(client: Client) -> None:
    a_loan()
    assert taken(client, LOANS, purpose="").status_code == 422
    assert taken(client, LOANS, form="ods").status_code == 422
    assert not ReadEvent.objects.filter(what="export").exists()
