"""Lists and pages: for whom, at what cost, masked, and on record."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backoffice.audit.models import ReadEvent
from backoffice.core.context import EntryPoint, entering
from backoffice.core.time import start_of_day
from backoffice.desk.registry import registries
from backoffice.loans import services
from backoffice.loans.models import Creditor, TermsVersion
from backoffice.loans.schedule import add_months
from backoffice.privacy.services import read_personal
from backoffice.staff.models import User
from backoffice.staff.roles import PERSON_ROLES, Role
from tests.factories.loans import NOW, TODAY, a_borrower, a_loan, a_product, a_repayment, job
from tests.factories.staff import person

pytestmark = pytest.mark.django_db

LISTS = ["borrower", "loan", "repayment", "loanproduct", "termsversion", "creditor"]


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    cache.clear()
    with time_machine.travel(NOW, tick=True):
        yield


def signed_in(user: User) -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def auditor() -> Client:
    return signed_in(person(Role.AUDITOR))


def page_of(obj: Any) -> str:
    return reverse(f"admin:loans_{obj._meta.model_name}_change", args=(obj.pk,))


# --- rights ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", PERSON_ROLES)
def test_who_may_see_the_loan_book(role: Role) -> None:
    loan = a_loan()
    repayment = a_repayment(loan, "100.00", on=TODAY)
    client = signed_in(person(role))
    expected = 403 if role == Role.ADMINISTRATOR else 200
    urls = [reverse(f"admin:loans_{name}_changelist") for name in LISTS] + [page_of(loan.terms)]
    assert {url: client.get(url).status_code for url in urls} == dict.fromkeys(urls, expected)
    # Of a borrower who is no case of theirs collectors see nothing.
    expected = 404 if role == Role.COLLECTOR else expected
    urls = [page_of(one) for one in (loan, loan.borrower, repayment)]
    urls += [reverse("admin:loans_loan_days", args=(loan.pk,))]
    assert {url: client.get(url).status_code for url in urls} == dict.fromkeys(urls, expected)


def test_strangers_see_nothing() -> None:
    loan = a_loan()
    for url in (page_of(loan), reverse("admin:loans_loan_days", args=(loan.pk,))):
        assert Client().get(url).status_code == 302


@pytest.mark.parametrize("role", PERSON_ROLES)
def test_the_book_has_no_forms(role: Role) -> None:
    loan = a_loan()
    repayment = a_repayment(loan, "100.00", on=TODAY)
    client = signed_in(person(role))
    refused = {404} if role == Role.COLLECTOR else {403, 405}
    for name in ("borrower", "loan", "repayment"):
        assert client.get(reverse(f"admin:loans_{name}_add")).status_code == 403
    for obj in (loan, loan.borrower, repayment):
        assert client.post(page_of(obj), {"number": "X"}).status_code in refused
        delete = reverse(f"admin:loans_{obj._meta.model_name}_delete", args=(obj.pk,))
        assert client.post(delete, {"post": "yes"}).status_code == 403
    assert client.post(reverse("admin:loans_loan_days", args=(loan.pk,))).status_code in {403, 405}


def test_only_compliance_drafts_and_publishes_terms() -> None:
    product = a_product()
    add = reverse("admin:loans_termsversion_add")
    officer = signed_in(person(Role.LOAN_OFFICER))
    assert officer.post(add, {"product": product.pk, "text": "二"}).status_code == 403
    compliance = signed_in(person(Role.COMPLIANCE))
    assert compliance.post(add, {"product": product.pk, "text": "二"}).status_code == 302
    draft = TermsVersion.objects.get(number=2)
    assert (draft.state, draft.text) == ("draft", "二")
    publish = reverse("admin:loans_termsversion_transition", args=(draft.pk, "publish"))
    assert officer.post(publish, {"effective_from": "2026-12-01"}).status_code == 403
    assert compliance.get(publish).status_code == 200
    draft.refresh_from_db()
    assert draft.state == "draft", "asking changes nothing"
    assert compliance.post(publish, {"effective_from": "2026-12-01"}).status_code == 302
    draft.refresh_from_db()
    assert (draft.state, draft.effective_from) == ("published", date(2026, 12, 1))
    assert compliance.post(page_of(draft), {"text": "anders"}).status_code in {403, 405}


# --- cost ------------------------------------------------------------------------------------------------


def queries(client: Client, url: str) -> list[str]:
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return [one["sql"] for one in captured.captured_queries]


#: What every page costs: session, person, the person's own rights, the rights of the groups.
COMMON = 4
#: List → bounded count and rows; a list of people adds its read row; the giant's list counts nothing. Loans add the
#: principal owed, the buckets of policy, and products and creditors for their filters.
COST = {"borrower": 3, "loan": 6, "repayment": 2, "loanproduct": 2, "termsversion": 2, "creditor": 2}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_for_3_and_30_rows(name: str, auditor: Client, settings: Any) -> None:
    settings.SIDEBAR_CACHE_SECONDS = 600
    url = reverse(f"admin:loans_{name}_changelist")
    product = a_product()

    def grow(count: int) -> None:
        for _number in range(count):
            loan = a_loan(product=product)
            a_repayment(loan, "1.00", on=TODAY)
            with entering(EntryPoint.COMMAND, actor=job()):
                services_product = a_product()
                Creditor.objects.create(name=f"债权人{services_product.pk}", group="组")

    grow(3)
    few = queries(auditor, url)
    grow(27)
    many = queries(auditor, url)
    assert len(few) == len(many), "\n".join(many)
    assert len(many) == COMMON + COST[name], "\n".join(many)
    assert not [sql for sql in many if "DISTINCT" in sql or "OFFSET" in sql]
    assert not [sql for sql in many if "_cipher" in sql], "lists read masks only"


@pytest.mark.parametrize("value", ["no", "yes", "1-7", "8-30", "31-60", "61-90", "91+", "nonsense"])
def test_filters_cost_nothing_more(value: str, auditor: Client) -> None:
    a_loan()
    url = reverse("admin:loans_loan_changelist") + f"?overdue={value}&state__exact=active"
    found = queries(auditor, url)
    assert not [sql for sql in found if "DISTINCT" in sql]


def test_the_overdue_filter_knows_its_boundaries(auditor: Client) -> None:
    wanted = {"no": 0, "1-7": 7, "8-30": 8, "31-60": 31, "61-90": 90, "91+": 91}
    numbers = {}
    for name, days in wanted.items():
        first_due = TODAY - timedelta(days=days)
        # The first due date is one month after the day of payment.
        loan = a_loan(disbursed_on=_month_before(first_due), principal=Decimal("1000.00"))
        assert loan.instalments.get(sequence=1).due_on == first_due
        numbers[name] = loan.number
    for name in wanted:
        page = auditor.get(reverse("admin:loans_loan_changelist"), {"overdue": name}).content.decode()
        shown = [number for number in numbers.values() if number in page]
        assert shown == [numbers[name]], name


def _month_before(day: date) -> date:
    before = add_months(day, -1)
    return before if add_months(before, 1) == day else day.replace(day=28)


def test_pages_cost_the_same_with_more_on_them(auditor: Client, settings: Any) -> None:
    settings.SIDEBAR_CACHE_SECONDS = 600
    loan = a_loan()
    for day in (1, 2):
        a_repayment(loan, "100.00", on=TODAY - timedelta(days=day))
    urls = [page_of(loan), page_of(loan.borrower), reverse("admin:loans_loan_days", args=(loan.pk,))]
    before = [len(queries(auditor, url)) for url in urls]
    a_loan(borrower=loan.borrower)
    for day in range(3, 14):
        a_repayment(loan, "100.00", on=TODAY - timedelta(days=day))
    assert [len(queries(auditor, url)) for url in urls] == before
    # The borrower's page asks each source of the timeline and each panel of the other desks once.
    assert max(before) <= 32


# --- what is shown ---------------------------------------------------------------------------------------


def test_nobody_sees_personal_data_in_full(auditor: Client) -> None:
    borrower = a_borrower(
        name="诸葛孔明",
        mobile="+8610012345678",
        email="kongming@example.com",
        address="湖北省襄阳市襄城区隆中路1号",
    )
    with entering(EntryPoint.COMMAND):
        services.register_contact_person(
            borrower=borrower, name="黄月英", relation="配偶", mobile="+8610087654321", by=job(), at=NOW
        )
    loan = a_loan(borrower=borrower)
    secrets = [
        "孔明",
        "12345678",
        "kongming",
        "隆中",
        "月英",
        "87654321",
        read_personal(borrower, "id_number")[6:14],
    ]
    urls = [
        page_of(borrower),
        page_of(loan),
        page_of(borrower).replace("/change/", "/history/"),
        page_of(loan).replace("/change/", "/history/"),
        reverse("admin:loans_borrower_changelist"),
        reverse("admin:loans_loan_changelist"),
    ]
    for url in urls:
        text = auditor.get(url).content.decode()
        assert borrower.customer_number in text or loan.number in text
        assert [secret for secret in secrets if secret in text] == [], url
    assert "诸葛**" in auditor.get(page_of(borrower)).content.decode()


def test_every_look_is_on_record(auditor: Client) -> None:
    loan = a_loan()
    for url, what, dossier in [
        (page_of(loan.borrower), "page", loan.borrower.dossier),
        (page_of(loan), "page", loan.dossier),
        (reverse("admin:loans_loan_days", args=(loan.pk,)), "page", loan.dossier),
        (reverse("admin:loans_borrower_changelist"), "list", None),
        (reverse("admin:loans_loan_changelist"), "list", None),
    ]:
        before = ReadEvent.objects.count()
        auditor.get(url)
        assert ReadEvent.objects.count() == before + 1, url
        row = ReadEvent.objects.latest("pk")
        assert (row.what, row.dossier, row.path) == (what, dossier, url)
        if dossier is not None:
            assert row.subject_id == loan.borrower.subject_id


@pytest.mark.parametrize("kind", ["customer_number", "mobile", "id_number", "workplace"])
def test_a_borrower_is_found_by_a_whole_identifier(kind: str, auditor: Client) -> None:
    borrower, other = a_borrower(), a_borrower()
    with entering(EntryPoint.COMMAND):
        services.register_phone_number(
            borrower=borrower, number="10077776666", owner="workplace", by=job(), at=NOW
        )
    typed = {
        "customer_number": borrower.customer_number,
        "mobile": read_personal(borrower, "mobile").removeprefix("+86"),
        "id_number": read_personal(borrower, "id_number").lower(),
        "workplace": "100-7777-6666",
    }[kind]
    url = reverse("admin:loans_borrower_changelist")
    text = auditor.get(url, {"q": typed}).content.decode()
    assert borrower.customer_number in text
    assert other.customer_number not in text
    part = auditor.get(url, {"q": typed[:-1]}).content.decode()
    assert f">{borrower.customer_number}<" not in part, "a part of an identifier finds nobody"
    row = ReadEvent.objects.latest("pk")
    assert (row.what, row.path) == ("search", url), "what was typed is not on record"


def test_the_loan_page_shows_parts_and_chart(auditor: Client) -> None:
    loan = a_loan()
    a_repayment(loan, "2000.00", on=TODAY)
    text = auditor.get(page_of(loan)).content.decode()
    assert text.count("<rect") >= 24
    assert "14.60 %" in text
    assert "2,000.00 yuan" in text
    assert "206 d overdue" in text, "the first instalment is paid, the second was due on 1 May"


def test_why_so_many_days_for_any_past_day(auditor: Client) -> None:
    loan = a_loan()
    url = reverse("admin:loans_loan_days", args=(loan.pk,))
    text = auditor.get(url, {"on": "2026-05-02"}).content.decode()
    assert "31 d overdue" in text
    assert "2026-04-01 itself is day 0, 2026-04-02 is day 1, 2026-05-02 is day 31" in text
    for nonsense in ("2027-01-01", "yesterday", "2026-13-01"):
        assert auditor.get(url, {"on": nonsense}).status_code == 400, "said, not silently another day"
    assert auditor.get(reverse("admin:loans_loan_days", args=(0,))).status_code == 404


def test_chinese_is_the_default() -> None:
    client = Client()
    client.force_login(person(Role.AUDITOR), backend="django.contrib.auth.backends.ModelBackend")
    assert 'lang="zh' in client.get(page_of(a_loan())).content.decode()


# --- registries ------------------------------------------------------------------------------------------


def test_the_timeline_mixes_repayments_and_events_newest_first() -> None:
    loan = a_loan()
    for day in range(1, 4):
        a_repayment(loan, f"{day}00.00", on=TODAY - timedelta(days=day))
    viewer = person(Role.AUDITOR)
    source = registries.timeline.get("loans.repayments")
    assert source is not None
    facts = {"borrower_id": loan.borrower_id, "viewer": viewer}
    items = source.items(**facts, before=None, limit=2)
    assert ["100.00" in items[0].title, "200.00" in items[1].title, len(items)] == [True, True, 2]
    [older] = source.items(**facts, before=items[-1].at, limit=5)
    assert older.at == start_of_day(TODAY - timedelta(days=3)) + timedelta(hours=8)
    nobody = person(Role.ADMINISTRATOR)
    for name in ("loans.repayments", "loans.events"):
        entry = registries.timeline.get(name)
        assert entry is not None
        assert entry.items(borrower_id=loan.borrower_id, viewer=viewer, before=None, limit=5)
        assert entry.items(borrower_id=loan.borrower_id, viewer=nobody, before=None, limit=5) == []


def test_dossiers_lead_to_their_pages() -> None:
    loan = a_loan()
    for obj in (loan, loan.borrower):
        find = registries.dossier_pages.get(obj.dossier.kind)
        assert find is not None
        assert find(obj.dossier) == page_of(obj)


def test_global_search_finds_people_and_loans() -> None:
    loan, viewer = a_loan(), person(Role.HANDLER)
    for name, query, url in [
        ("loans.loans", loan.number, page_of(loan)),
        ("loans.loans", loan.number[:-1], page_of(loan)),
        ("loans.borrowers", read_personal(loan.borrower, "mobile"), page_of(loan.borrower)),
    ]:
        source = registries.search.get(name)
        assert source is not None
        assert url in [hit.url for hit in source.search(query, viewer, 5)]


def test_the_sidebar_counts_overdue_loans() -> None:
    viewer = person(Role.LOAN_OFFICER)
    entry = registries.sidebar.get("loans.loan")
    assert entry is not None
    assert entry.count is not None
    assert entry.count(viewer) == 0
    a_loan()
    a_loan(disbursed_on=TODAY - timedelta(days=3))
    assert entry.count(viewer) == 1
