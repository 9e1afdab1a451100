"""Changes, pauses, write-offs and the settlement quote on the pages: who sees them, and in how many steps."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pypdf
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from backoffice.audit.models import ReadEvent
from backoffice.core.time import business_day
from backoffice.loans.account import payoff
from backoffice.loans.admin.quote import DAYS_AHEAD
from backoffice.loans.choices import ChangeState
from backoffice.loans.ledger import ledger_of
from backoffice.loans.models import Charge, Loan, PaymentPause, ScheduleChange, WriteOff
from backoffice.loans.quotes import quote_of
from backoffice.loans.services.changes import AccountChanged
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories.changes import a_charge, a_pause, a_proposal, a_write_off
from tests.factories.loans import a_loan, a_repayment
from tests.factories.staff import person
from tests.support import assert_same_queries_3_and_30

pytestmark = pytest.mark.django_db

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def officer(client: Client) -> User:
    user = person(Role.LOAN_OFFICER)
    client.force_login(user, backend=BACKEND)
    return user


def today() -> date:
    return business_day(timezone.now())


def a_new_loan(days: int = 20, **facts: Any) -> Loan:
    """Paid out so many days ago, by the clock: pages ask for the present day."""
    return a_loan(disbursed_on=today() - timedelta(days=days), at=timezone.now(), **facts)


def step(loan: Loan, name: str) -> str:
    return reverse("admin:loans_loan_transition", args=(loan.pk, name))


def page(loan: Loan) -> str:
    return reverse("admin:loans_loan_change", args=(loan.pk,))


# --- proposing ---------------------------------------------------------------------------------------------


def test_first_the_difference_then_the_proposal(client: Client, officer: User) -> None:
    loan = a_new_loan()
    url = step(loan, "deferral")
    assert url in client.get(page(loan)).content.decode()
    assert "Propose what is shown" not in client.get(url, headers={"accept-language": "en"}).content.decode()
    form = {"periods": "2", "reason": "暂时失业"}
    # Without having looked, “propose” shows the difference.
    shown = client.post(url, {**form, "propose": "1"})
    assert shown.status_code == 200
    assert ScheduleChange.objects.count() == 0
    assert shown.context["difference"]["dearer"]
    text = shown.content.decode()
    assert text.count("<h3>") == 2, "both schedules"
    found = re.search(r'name="shown" value="(\w+)"', text)
    assert found is not None
    # Other terms than those that were shown are not proposed.
    other = client.post(url, {**form, "periods": "3", "shown": found[1], "propose": "1"})
    assert other.status_code == 422
    assert other.context["form"].has_error("__all__", "form-changed"), "not that the loan changed"
    assert other.context["form"].data["reason"] == form["reason"]
    ticked = client.post(url, {**form, "restructuring": "on", "shown": found[1], "propose": "1"})
    assert ticked.context["form"].has_error("__all__", "form-changed")
    assert client.post(url, {**form, "periods": "3", "shown": found[1], "show": "1"}).status_code == 200
    assert client.post(url, {**form, "shown": found[1], "propose": "1"}).status_code == 302
    change = ScheduleChange.objects.get()
    assert (change.kind, change.parameters, change.proposed_by) == ("deferral", {"periods": 2}, officer)
    # It stands on the loan's page, and one at a time.
    assert (
        reverse("admin:loans_schedulechange_change", args=(change.pk,))
        in client.get(page(loan)).content.decode()
    )
    again = client.post(url, {**form, "shown": found[1], "propose": "1"})
    assert again.status_code == 422


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("extra_instalments", {"extra": "6"}),
        ("reschedule", {"periods": "24", "annual_rate": ""}),
        ("reschedule", {"periods": "24", "annual_rate": "7.3"}),
        ("rate_cut", {"annual_rate": "7.3"}),
    ],
)
def test_every_kind_has_its_form(client: Client, officer: User, name: str, form: dict[str, str]) -> None:
    url = step(a_new_loan(), name)
    assert client.get(url).status_code == 200
    if name == "reschedule":
        form["first_due_on"] = (today() + timedelta(days=40)).isoformat()
    answer = client.post(url, {**form, "reason": "协商一致", "show": "1"})
    assert answer.status_code == 200
    assert answer.context["difference"]["after"]["rows"]


def test_a_waiver_offers_what_is_due(client: Client, officer: User) -> None:
    loan = a_new_loan(60)
    a_charge(loan, "50.00", on=today(), at=timezone.now())
    url = step(loan, "waiver")
    fields = client.get(url).context["form"].fields
    assert {"interest", "penalty", "cost"} <= set(fields)
    assert "fee" not in fields
    assert client.post(url, {"cost": "50.01", "reason": "减免", "show": "1"}).status_code == 422
    answer = client.post(url, {"cost": "50.00", "reason": "减免", "show": "1"})
    assert answer.context["difference"]["charges"] == Decimal("-50.00")


def test_bad_terms_come_back_with_their_reason(client: Client, officer: User) -> None:
    loan = a_new_loan(200)
    answer = client.post(step(loan, "deferral"), {"periods": "1", "reason": "失业", "show": "1"})
    assert answer.status_code == 422
    assert answer.context["form"].errors["periods"]
    answer = client.post(step(loan, "rate_cut"), {"annual_rate": "14.7", "reason": "优惠", "show": "1"})
    assert answer.status_code == 422
    assert ScheduleChange.objects.count() == 0


def test_nobody_else_is_offered_it(client: Client) -> None:
    loan = a_new_loan()
    for role in (Role.HANDLER, Role.AUDITOR, Role.LOAN_SUPERVISOR):
        client.force_login(person(role), backend=BACKEND)
        assert step(loan, "deferral") not in client.get(page(loan)).content.decode()
        assert client.get(step(loan, "deferral")).status_code == 403
        assert client.post(step(loan, "deferral"), {"periods": "2", "reason": "x"}).status_code == 403


# --- deciding ----------------------------------------------------------------------------------------------


def test_a_second_person_decides_on_what_was_shown(client: Client, officer: User) -> None:
    loan = a_new_loan()
    change = a_proposal(loan, by=officer, at=timezone.now())
    own = reverse("admin:loans_schedulechange_change", args=(change.pk,))
    apply = reverse("admin:loans_schedulechange_transition", args=(change.pk, "apply"))
    assert client.get(own).status_code == 200
    assert client.post(apply, {"reason": "看过"}).status_code == 409, "not by the one who proposed it"
    client.force_login(person(Role.LOAN_OFFICER), backend=BACKEND)
    text = client.get(own).content.decode()
    assert apply in text
    assert text.count("<h3>") == 2, "both schedules"
    assert client.get(apply).status_code == 200
    assert not client.get(own).context["void"]
    late = a_proposal(a_new_loan(), by=officer, at=timezone.now())
    a_charge(late.loan, on=today(), at=timezone.now())
    assert client.get(reverse("admin:loans_schedulechange_change", args=(late.pk,))).context["void"]
    assert client.post(apply, {"reason": "已核实"}).status_code == 302
    change.refresh_from_db()
    assert change.state == ChangeState.APPLIED
    assert client.get(page(loan)).status_code == 200
    assert client.get(reverse("admin:loans_loan_days", args=(loan.pk,))).status_code == 200


def test_lists_cost_the_same_however_long(client: Client, officer: User) -> None:
    def changes(count: int) -> None:
        for _number in range(count):
            a_proposal()

    def write_offs(count: int) -> None:
        for _number in range(count):
            a_write_off()

    assert_same_queries_3_and_30(changes, client, reverse("admin:loans_schedulechange_changelist"))
    assert_same_queries_3_and_30(write_offs, client, reverse("admin:loans_writeoff_changelist"))


# --- pauses, costs, write-offs -----------------------------------------------------------------------------


def test_pauses_and_costs_from_the_page(client: Client, officer: User) -> None:
    loan = a_new_loan(60)
    form = {"kind": "disaster", "from_on": today().isoformat(), "until": "", "reason": "台风"}
    assert client.post(step(loan, "pause_loan"), form).status_code == 422, "it must stop something"
    for_ever = {**form, "stops_count": "on", "until": "9999-12-31"}
    assert client.post(step(loan, "pause_loan"), for_ever).status_code == 422, "no day comes after that"
    assert client.post(step(loan, "pause_loan"), {**form, "stops_count": "on"}).status_code == 302
    pause = PaymentPause.objects.get()
    assert today().isoformat() in client.get(page(loan)).content.decode()
    ended = client.post(step(loan, "end_pause"), {"pause": pause.pk, "reason": "恢复"})
    assert ended.status_code == 302
    pause.refresh_from_db()
    assert pause.until == today(), "it begins to work when today ends, so it never works"
    cost = {
        "amount": "50",
        "label": "诉讼费",
        "payee": "法院",
        "charged_on": today().isoformat(),
        "reason": "判决",
    }
    assert client.post(step(loan, "charge_cost"), cost).status_code == 302
    charge = Charge.objects.get()
    assert "诉讼费" in client.get(page(loan)).content.decode()
    assert client.post(step(loan, "reverse_charge"), {"charge": charge.pk, "reason": "错"}).status_code == 302
    assert "已冲回" in client.get(page(loan)).content.decode()


def test_a_write_off_from_the_page(client: Client, officer: User) -> None:
    loan = a_new_loan(60)
    assert client.post(step(loan, "request_write_off"), {"reason": "多次催收未果"}).status_code == 302
    write_off = WriteOff.objects.get()
    approve = reverse("admin:loans_writeoff_transition", args=(write_off.pk, "approve"))
    assert client.post(approve, {"reason": "同意"}).status_code == 409
    client.force_login(person(Role.LOAN_OFFICER), backend=BACKEND)
    assert client.post(approve, {"reason": "同意"}).status_code == 302
    text = client.get(page(loan)).content.decode()
    assert "债务人仍须全额清偿" in text


# --- the quote ---------------------------------------------------------------------------------------------


def test_what_is_quoted_settles(client: Client, officer: User) -> None:
    loan = a_new_loan()
    url = reverse("admin:loans_loan_quote", args=(loan.pk,))
    assert url in client.get(page(loan)).content.decode()
    quote = client.get(url).context["quote"]
    facts = ledger_of(Loan.objects.select_related("product").get(pk=loan.pk)).facts()
    assert quote.total == sum(payoff(facts, on=today()).values())
    assert quote.each_day > 0
    settle = {"on": today().isoformat(), "reason": ""}
    assert client.post(step(loan, "settle_early"), settle).status_code == 422, "the money is not there"
    a_repayment(loan, quote.total, on=today(), received_at=timezone.now(), at=timezone.now())
    assert client.get(url).context["quote"].total == 0
    assert client.post(step(loan, "settle_early"), settle).status_code == 302
    loan.refresh_from_db()
    assert (loan.state, loan.settled_on, loan.credit) == ("settled", today(), 0)
    assert client.get(url).status_code == 200


def test_the_day_of_a_quote(client: Client, officer: User) -> None:
    loan = a_new_loan()
    url = reverse("admin:loans_loan_quote", args=(loan.pk,))
    last = today() + timedelta(days=DAYS_AHEAD)
    later = client.get(url, {"on": last.isoformat()}).context["quote"]
    assert later.total > client.get(url).context["quote"].total
    for asked in (
        "yesterday",
        (today() - timedelta(days=1)).isoformat(),
        (last + timedelta(days=1)).isoformat(),
    ):
        answer = client.get(url, {"on": asked})
        assert answer.status_code == 400
        assert "quote" not in answer.context
    assert client.post(url).status_code == 405


def test_the_pdf_says_the_same_and_is_on_record(client: Client, officer: User) -> None:
    loan = a_new_loan(60)
    url = reverse("admin:loans_loan_quote_pdf", args=(loan.pk,))
    answer = client.get(url)
    assert answer["Content-Type"] == "application/pdf"
    assert "no-store" in answer["Cache-Control"]
    read = ReadEvent.objects.latest("pk")
    assert (read.what, read.dossier_id, read.actor) == ("export", loan.dossier_id, officer)
    text = "".join(one.extract_text() for one in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
    loan = Loan.objects.select_related("product", "borrower").get(pk=loan.pk)
    quote = quote_of(ledger_of(loan), on=today())
    assert f"{quote.total:,.2f}" in text
    assert loan.number in text
    assert "张三丰" not in text, "the name is masked"
    assert loan.borrower.name_mask in text
    assert client.get(url, {"on": "2020-01-01"}).status_code == 404
    for role, status in ((Role.HANDLER, 200), (Role.COLLECTOR, 403), (Role.AUDITOR, 403)):
        client.force_login(person(role), backend=BACKEND)
        assert client.get(url).status_code == status, role
        quote_page = client.get(reverse("admin:loans_loan_quote", args=(loan.pk,))).content.decode()
        assert (url in quote_page) == (status == 200), role


def test_a_pause_that_works_is_ended_from_the_page(client: Client, officer: User) -> None:
    loan = a_new_loan(60)
    pause = a_pause(loan, from_on=today() - timedelta(days=3), at=timezone.now() - timedelta(days=3))
    assert client.post(step(loan, "end_pause"), {"pause": pause.pk, "reason": "恢复"}).status_code == 302
    pause.refresh_from_db()
    assert pause.until == today()


def test_what_happened_on_the_loan_since_is_told_apart_from_another_form(
    client: Client, officer: User
) -> None:
    loan = a_new_loan()
    url, form = step(loan, "deferral"), {"periods": "2", "reason": "暂时失业"}
    shown = client.post(url, form).context["form"].data["shown"]
    a_charge(loan, on=today(), at=timezone.now())
    answer = client.post(url, {**form, "shown": shown, "propose": "1"})
    assert answer.status_code == 422
    assert answer.context["form"].non_field_errors() == [str(AccountChanged.default_message)]
