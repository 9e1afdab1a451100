"""A collector sees of the loan book the borrowers whose cases they have now, on whatever page; everybody else all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backoffice.core.choices import DossierKind
from backoffice.core.context import EntryPoint, entering
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.registry import registries
from backoffice.loans.models import Borrower, Loan, Repayment, ScheduleChange
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from debt_collections import services
from debt_collections.models import Case
from tests.factories import collections as make
from tests.factories.changes import a_proposal
from tests.factories.loans import TODAY, a_loan, a_repayment, job
from tests.factories.staff import person

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"
MODELS = [Borrower, Loan, Repayment, ScheduleChange]
#: Of the whole house or of whole products; nobody's debts.
OF_NOBODY = {"closedday", "creditor", "creditorclient", "loanproduct", "termsversion"}
#: How things are decided, and through which doors others come in: no business of a collector.
NOT_THEIRS = {"closedday", "creditorclient", "postingrequest", "writeoff"}


def book() -> list[BaseModelAdmin]:
    """The pages of the loan book."""
    return [one for one in admin.site._registry.values() if one.opts.app_label == "loans"]  # type: ignore[misc]


def rows_of(loan: Loan) -> dict[type, Any]:
    return {
        Borrower: loan.borrower,
        Loan: loan,
        Repayment: Repayment.objects.get(loan=loan),
        ScheduleChange: ScheduleChange.objects.get(loan=loan),
    }


def a_borrower_with_everything() -> Loan:
    loan = a_loan()
    a_repayment(loan, "10.00", on=TODAY - timedelta(days=1))
    a_proposal(loan)
    return loan


def placed(loan: Loan, user: User | None = None) -> Case:
    with entering(EntryPoint.COMMAND):
        case = services.open_case(borrower=loan.borrower, loans=[loan], by=job(), at=make.NOW)
        make.place(case, make.collector(user=user), at=make.NOW)
    return case


@pytest.fixture
def me() -> User:
    return person(Role.COLLECTOR)


@pytest.fixture
def mine(me: User) -> Loan:
    loan = a_borrower_with_everything()
    placed(loan, me)
    return loan


@pytest.fixture(params=["with a colleague", "without a case"])
def other(request: pytest.FixtureRequest) -> Loan:
    loan = a_borrower_with_everything()
    if request.param == "with a colleague":
        placed(loan)
    return loan


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def listed(client: Client, model: Any) -> set[int]:
    response = client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
    assert response.status_code == 200
    return {row.pk for row in response.context["cl"].result_list}


def addresses(pages: BaseModelAdmin, pk: int) -> list[str]:
    """Every address of one row: its page, record, days, papers, steps."""
    found = []
    for pattern in pages.get_urls():
        name = getattr(pattern, "name", None) or ""
        if "object_id" in pattern.pattern.converters and not name.endswith("import_result"):
            given = {key: "post_repayment" for key in pattern.pattern.converters if key != "object_id"}
            if name:
                found.append(reverse(f"admin:{name}", kwargs={"object_id": pk, **given}))
    return found


def change_page(row: Any) -> str:
    return reverse(f"admin:loans_{row._meta.model_name}_change", args=(row.pk,))


def test_whatever_is_about_a_borrower_says_whose_it_is() -> None:
    assert {one.opts.model_name for one in book() if not one.borrower_path} == OF_NOBODY


@pytest.mark.parametrize("model", MODELS)
def test_lists_show_the_borrowers_in_hand(model: Any, me: User, mine: Loan, other: Loan) -> None:
    assert listed(signed_in(me), model) == {rows_of(mine)[model].pk}
    everything = {rows_of(loan)[model].pk for loan in (mine, other)}
    for role in (Role.LOAN_OFFICER, Role.HANDLER, Role.AUDITOR, Role.PRIVACY_OFFICER):
        assert listed(signed_in(person(role)), model) == everything


@pytest.mark.parametrize("model", MODELS)
def test_pages_open_for_the_borrowers_in_hand(model: Any, me: User, mine: Loan, other: Loan) -> None:
    client, pages = signed_in(me), admin.site.get_model_admin(model)
    own, theirs = rows_of(mine)[model], rows_of(other)[model]
    assert client.get(change_page(own)).status_code == 200
    steps = [one for one in addresses(pages, own.pk) if "/transition/" in one]  # type: ignore[arg-type]
    assert {client.get(one).status_code for one in steps} <= {403, 404}, "read, never decided"
    asked = addresses(pages, theirs.pk)  # type: ignore[arg-type]
    assert len(asked) >= 4
    for address in asked:
        assert client.get(address).status_code in {403, 404, 405}, address
        assert client.post(address).status_code in {403, 404, 405}, address
    assert client.get(change_page(theirs)).status_code == 404


def test_a_collector_without_a_case_sees_no_borrower(me: User, other: Loan) -> None:
    client = signed_in(me)
    assert [listed(client, model) for model in MODELS] == [set()] * len(MODELS)
    assert client.get(change_page(other)).status_code == 404


@pytest.mark.parametrize("end", ["given away", "closed"])
def test_a_case_that_is_gone_takes_the_borrower_with_it(end: str, me: User, mine: Loan) -> None:
    case, client = Case.objects.get(case_loans__loan=mine), signed_in(me)
    assert client.get(change_page(mine)).status_code == 200
    with entering(EntryPoint.ADMIN):
        if end == "closed":
            services.close_case(case=case, close_reason="recalled", by=make.officer(), at=make.NOW)
        else:
            make.place(case, make.collector(), at=make.NOW)
    assert client.get(change_page(mine)).status_code == 404


def test_search_and_the_count_of_the_sidebar_keep_to_it(me: User, mine: Loan, other: Loan) -> None:
    officer = person(Role.LOAN_OFFICER)
    for loan, seen in ((mine, 1), (other, 0)):
        for source, text in (
            ("loans.loans", loan.number),
            ("loans.borrowers", loan.borrower.customer_number),
        ):
            search = registries.search.get(source)
            assert search is not None
            assert len(search.search(text, me, 10)) == seen
            assert len(search.search(text, officer, 10)) == 1
    sidebar = registries.sidebar.get("loans.loan")
    assert sidebar is not None
    assert sidebar.count is not None
    assert [sidebar.count(one) for one in (me, officer)] == [1, 2]


def test_files_of_a_loan_keep_to_it(me: User, mine: Loan, other: Loan) -> None:
    reads = registries.file_readers.get(DossierKind.LOAN)
    assert reads is not None
    assert [reads(me, loan.dossier) for loan in (mine, other)] == [True, False]
    assert reads(person(Role.LOAN_OFFICER), other.dossier)


def test_the_rest_of_the_book_is_no_business_of_theirs(me: User) -> None:
    client = signed_in(me)
    for one in book():
        status = client.get(reverse(f"admin:loans_{one.opts.model_name}_changelist")).status_code
        assert status == (403 if one.opts.model_name in NOT_THEIRS else 200), one


def test_many_cases_in_hand_cost_no_more_statements_than_few(me: User) -> None:
    collector, costs, client = make.collector(user=me), [], signed_in(me)
    for _ in range(3):
        make.case(collector)
        listed(client, Loan)
        with CaptureQueriesContext(connection) as queries:
            listed(client, Loan)
        costs.append(len(queries))
    assert costs[-1] <= costs[0]
