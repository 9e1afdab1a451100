"""The cost table of a loan: complete, adding up, on a page and in a PDF, each reading on record."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backoffice.audit.models import ReadEvent
from backoffice.core.context import EntryPoint, entering
from backoffice.core.time import start_of_day
from backoffice.loans import services
from backoffice.loans.cost_tables import cost_table
from backoffice.loans.models import Loan
from backoffice.loans.shown import CostTableShown
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories.loans import NOW, a_borrower, a_fee, a_loan, a_product, a_repayment, job
from tests.factories.staff import person
from tests.loans.test_imports import loan_row

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def officer() -> User:
    return person(Role.LOAN_OFFICER)


def a_loan_with_fees(**facts: Any) -> Loan:
    product = a_product(annual_rate=Decimal("0.12"))
    a_fee(product)
    premium = {"kind": "insurance", "label": "信用保险费", "payee": "某保险公司"}
    a_fee(product, **premium, basis="amount", timing="upfront", value=Decimal(36))
    lawyer = {"kind": "enforcing", "label": "律师费", "payee": "律师事务所"}
    a_fee(product, **lawyer, basis="actual", timing="contingent", value=Decimal(0))
    return a_loan(product=product, **facts)


def test_the_table_names_every_item_and_adds_up() -> None:
    loan = a_loan_with_fees()
    table = cost_table(loan)
    assert [(one.kind, one.payee, one.total) for one in table.items] == [
        ("interest", "测试小贷", Decimal("794.23")),
        ("guarantee", "测试融资担保有限公司", Decimal("288.00")),
        ("insurance", "某保险公司", Decimal("36.00")),
    ]
    assert table.total == Decimal("1118.23")
    assert (table.principal, table.received) == (Decimal("12000.00"), Decimal("11964.00"))
    assert sum(one.yearly for one in table.items if one.yearly) == table.nominal == Decimal("0.1683")
    assert [(one.kind, one.value) for one in table.contingent] == [
        ("default_interest", Decimal("0.180000")),
        ("enforcing", Decimal("0.000000")),
    ]


def test_enforcing_stands_in_every_table() -> None:
    assert [one.kind for one in cost_table(a_loan()).contingent] == ["default_interest", "enforcing"]


def test_the_table_is_that_of_the_contract_whatever_was_paid() -> None:
    product = a_product(daily_interest=True, day_count="ACT/365")
    loan = a_loan(product=product)
    before = cost_table(loan)
    a_repayment(loan, "3000.00", on=date(2026, 3, 20))
    loan.refresh_from_db()
    assert loan.instalments.filter(planned_interest__isnull=False).exists(), (
        "paying early changed what is due"
    )
    assert cost_table(loan).fingerprint() == before.fingerprint()
    assert len(before.fingerprint()) == 64
    assert cost_table(a_loan(product=product)).fingerprint() != before.fingerprint(), "another customer's"


def test_the_page_shows_it_and_is_read_on_record(client: Client, officer: User) -> None:
    loan = a_loan_with_fees()
    client.force_login(officer, backend=BACKEND)
    page = client.get(reverse("admin:loans_loan_cost", args=(loan.pk,)))
    text = page.content.decode()
    for words in ("测试融资担保有限公司", "1,118.23", "16.83%", "18.00%", "律师费", "0.2%", "11,964.00"):
        assert words in text, words
    read = ReadEvent.objects.get()
    assert (read.what, read.dossier_id, read.subject_id) == (
        "page",
        loan.dossier_id,
        loan.borrower.subject_id,
    )
    assert (
        reverse("admin:loans_loan_cost", args=(loan.pk,))
        in client.get(reverse("admin:loans_loan_change", args=(loan.pk,))).content.decode()
    )


def test_the_pdf_is_the_same_each_time_and_a_file_on_record(client: Client, officer: User) -> None:
    loan = a_loan_with_fees()
    client.force_login(officer, backend=BACKEND)
    url = reverse("admin:loans_loan_cost_pdf", args=(loan.pk,))
    first, second = client.get(url), client.get(url)
    assert first.content.startswith(b"%PDF-")
    assert first.content == second.content
    assert first["Content-Type"] == "application/pdf"
    assert set(ReadEvent.objects.values_list("what", "dossier")) == {("file", loan.dossier_id)}
    assert client.post(url).status_code == 405


def test_only_who_may_see_loans_sees_it(client: Client) -> None:
    loan = a_loan()
    client.force_login(person(Role.ADMINISTRATOR), backend=BACKEND)
    for name in ("cost", "cost_pdf"):
        assert client.get(reverse(f"admin:loans_loan_{name}", args=(loan.pk,))).status_code == 403
    assert not ReadEvent.objects.exists()


def test_missing_evidence_shows_from_the_day_it_is_demanded(client: Client, officer: User) -> None:
    product = a_product()
    a_borrower(customer_number="C1")
    with entering(EntryPoint.COMMAND):
        services.import_loans(
            [
                loan_row("OLD", product.code, disbursed_on=date(2026, 7, 31)),
                loan_row("NEW", product.code, disbursed_on=date(2026, 8, 1)),
            ],
            by=job(),
            at=NOW,
        )
    client.force_login(officer, backend=BACKEND)

    def page(number: str) -> str:
        loan = Loan.objects.get(number=number)
        return client.get(reverse("admin:loans_loan_change", args=(loan.pk,))).content.decode()

    missing = "没有证据表明已展示综合融资成本明示表"
    assert missing in page("NEW")
    assert missing not in page("OLD")


def test_evidence_of_this_very_table_is_told_from_another(client: Client, officer: User) -> None:
    start = date(2026, 9, 1)
    shown = start_of_day(start) + timedelta(hours=9)
    loan = a_loan(disbursed_on=start)
    client.force_login(officer, backend=BACKEND)
    url = reverse("admin:loans_loan_cost", args=(loan.pk,))
    assert "并非本表" in client.get(url).content.decode()
    same = CostTableShown(shown, 60, shown + timedelta(seconds=60), cost_table(loan).fingerprint())
    again = a_loan(product=loan.product, borrower=loan.borrower, disbursed_on=start, cost_table=same)
    assert "与本表一致" in client.get(reverse("admin:loans_loan_cost", args=(again.pk,))).content.decode()


def test_lists_filter_by_where_the_cost_stands(client: Client, officer: User) -> None:
    dear, cheap = a_loan(), a_loan(product=a_product(annual_rate=Decimal("0.1")))
    client.force_login(officer, backend=BACKEND)
    url = reverse("admin:loans_loan_changelist")
    text = client.get(url, {"cost_standing__exact": "above_lpr"}).content.decode()
    assert dear.number in text
    assert cheap.number not in text
