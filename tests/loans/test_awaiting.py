"""What awaits a second person says so: when it is entered, on the loan, on the next form, and to who decides it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import TransitionRefused
from backoffice.core.time import business_day
from backoffice.loans import services
from backoffice.loans.models import Loan, PostingRequest, Repayment, WriteOff
from backoffice.loans.services import postings
from backoffice.loans.services.postings import AlikeAwaits
from backoffice.loans.services.repayments import ExternalIdReused
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories.changes import a_proposal, a_write_off
from tests.factories.loans import NOW, a_loan, a_repayment
from tests.factories.staff import person

pytestmark = pytest.mark.django_db

BACKEND = "django.contrib.auth.backends.ModelBackend"
FORM = {"received_at": "2026-11-20T09:30", "channel": "transfer", "reason": "柜面转账，客户经理核对"}


@pytest.fixture
def officer(client: Client) -> User:
    user = person(Role.LOAN_OFFICER)
    client.cookies["django_language"] = "en"
    client.force_login(user, backend=BACKEND)
    return user


def today() -> date:
    return business_day(timezone.now())


def an_old_loan() -> Loan:
    """Overdue by the clock: pages ask for the present day."""
    return a_loan(disbursed_on=today() - timedelta(days=60), at=timezone.now())


def step(loan: Loan, name: str) -> str:
    return reverse("admin:loans_loan_transition", args=(loan.pk, name))


def page(obj: Any) -> str:
    return reverse(f"admin:loans_{obj._meta.model_name}_change", args=(obj.pk,))


def head(client: Client, obj: Any) -> str:
    """The head of the page, down to the first button of a step."""
    text = client.get(page(obj)).content.decode()
    return text.partition('class="card page-head"')[2].partition('<div class="steps">')[0]


def enter(loan: Loan, amount: str, by: User, **given: Any) -> Repayment | PostingRequest:
    facts = {"received_at": NOW, "channel": "transfer", "by": by, "at": NOW, "reason": "柜面转账"}
    with entering(EntryPoint.ADMIN):
        return postings.enter_repayment(loan=loan, amount=Decimal(amount), **{**facts, **given})


# --- entering ----------------------------------------------------------------------------------------------


def test_what_waits_is_not_called_done(client: Client, officer: User) -> None:
    loan = an_old_loan()
    done = client.post(step(loan, "post_repayment"), {**FORM, "amount": "300"}, follow=True).content.decode()
    assert "note-good" in done
    answer = client.post(step(loan, "post_repayment"), {**FORM, "amount": "6000"}, follow=True)
    text, request = answer.content.decode(), PostingRequest.objects.get()
    assert "note-good" not in text
    assert text.count(page(request)) == 2, "in the message, and in the notice that stays"
    assert officer.display_name in text.partition("Awaits a second person:")[2]
    assert page(request) in client.get(page(loan)).content.decode()
    client.force_login(person(Role.LOAN_OFFICER), backend=BACKEND)
    approve = reverse("admin:loans_postingrequest_transition", args=(request.pk, "approve"))
    assert "note-good" in client.post(approve, {"reason": "已核对"}, follow=True).content.decode()
    assert page(request) not in client.get(page(loan)).content.decode()


@pytest.mark.parametrize("name", ["request_write_off", "deferral"])
def test_nor_are_a_write_off_and_a_change(client: Client, officer: User, name: str) -> None:
    loan, form = an_old_loan(), {"periods": "3", "reason": "多次催收未果"}
    if name == "deferral":
        form |= {"propose": "1", "shown": client.post(step(loan, name), form).context["form"].data["shown"]}
    text = client.post(step(loan, name), form, follow=True).content.decode()
    assert "note-good" not in text
    assert "submitted, awaits a second person" in text


def test_the_same_amount_again_has_to_be_meant(client: Client, officer: User) -> None:
    loan, form = an_old_loan(), {**FORM, "amount": "6000"}
    url = step(loan, "post_repayment")
    assert "another" not in client.get(url).context["form"].fields
    assert client.post(url, form).status_code == 302
    request = PostingRequest.objects.get()
    assert page(request) in client.get(url).content.decode(), "the form says what waits"
    again = client.post(url, form)
    assert again.status_code == 422
    assert again.context["form"].errors["another"]
    assert again.context["form"].data["reason"] == FORM["reason"]
    assert client.post(url, {**form, "amount": "6001"}).status_code == 302, (
        "another amount is another payment"
    )
    assert client.post(url, {**form, "another": "on"}).status_code == 302
    assert PostingRequest.objects.count() == 3


def test_the_service_asks_whoever_cannot_tell_them_apart() -> None:
    loan, other, by = a_loan(), a_loan(), person(Role.LOAN_OFFICER)
    enter(loan, "6000", by, another=False)
    with pytest.raises(AlikeAwaits):
        enter(loan, "6000", by, another=False)
    enter(other, "6000", by, another=False)
    enter(loan, "6000", by)
    assert PostingRequest.objects.count() == 3


def test_a_reference_that_waits_is_taken(officer: User) -> None:
    loan = a_loan()
    request = enter(loan, "6000", officer, external_id="BANK-1")
    assert isinstance(request, PostingRequest)
    for amount in ("6000", "7000", "10"):
        for one in (loan, a_loan()):
            with pytest.raises(ExternalIdReused):
                enter(one, amount, officer, external_id="BANK-1")
    with entering(EntryPoint.ADMIN):
        postings.withdraw_posting(request=request, by=officer, at=NOW, reason="金额有误")
    assert isinstance(enter(loan, "10", officer, external_id="BANK-1"), Repayment)


def test_without_a_repayment_to_reverse_the_step_says_so(client: Client, officer: User) -> None:
    loan, url = an_old_loan(), ""
    url = step(loan, "reverse_repayment")
    assert client.get(url).status_code == 409
    assert url not in client.get(page(loan)).content.decode()
    moment = timezone.now()
    repayment = a_repayment(loan, "6000", on=today(), received_at=moment, at=moment)
    assert client.get(url).status_code == 200
    assert client.post(url, {"repayment": repayment.pk, "reason": "扣款退回"}).status_code == 302
    assert client.get(url).status_code == 409, "its reversal waits already"


# --- deciding ----------------------------------------------------------------------------------------------


def test_who_decides_a_posting_reads_why_and_what_is_owed(client: Client, officer: User) -> None:
    loan = an_old_loan()
    moment = timezone.now()
    repayment = a_repayment(loan, "6000", on=today(), received_at=moment, at=moment)
    client.post(step(loan, "reverse_repayment"), {"repayment": repayment.pk, "reason": "银行退票通知"})
    client.post(
        step(loan, "post_repayment"), {**FORM, "received_at": f"{today()}T00:00", "amount": "1234567.5"}
    )
    reversal, posting = PostingRequest.objects.order_by("-kind")
    client.force_login(person(Role.LOAN_SUPERVISOR), backend=BACKEND)
    owed = client.get(page(loan)).context["snapshot"].outstanding.total
    for request, reason in ((reversal, "银行退票通知"), (posting, FORM["reason"])):
        text = head(client, request)
        assert reason in text
        assert officer.display_name in text
        assert page(loan) in text
        assert f"{owed:,.2f}" in text
    text = client.get(page(reversal)).content.decode()
    assert page(repayment) in text
    assert repayment.external_id in text
    assert client.get(page(posting)).context["title"].endswith(f"{loan.number}: 1,234,567.50 yuan")
    refuse = reverse("admin:loans_postingrequest_transition", args=(posting.pk, "refuse"))
    client.post(refuse, {"reason": "流水不符"})
    assert "流水不符" in head(client, posting)


def test_who_decides_a_write_off_reads_what_was_tried(client: Client, officer: User) -> None:
    loan = an_old_loan()
    write_off = a_write_off(loan, by=officer, at=timezone.now())
    client.force_login(person(Role.LOAN_SUPERVISOR), backend=BACKEND)
    snapshot, text = client.get(page(loan)).context["snapshot"], head(client, write_off)
    assert "多次催收未果" in text
    assert officer.display_name in text
    assert f"{snapshot.outstanding.total:,.2f}" in text
    assert f"{snapshot.days_past_due} d overdue" in text
    title = client.get(page(write_off)).context["title"]
    assert loan.number in title
    assert "12,000.00" in title
    assert f">{write_off}</h1>" not in client.get(page(loan)).content.decode()


def test_who_decides_a_change_reads_why(client: Client, officer: User) -> None:
    change = a_proposal(an_old_loan(), by=officer, at=timezone.now())
    client.force_login(person(Role.LOAN_SUPERVISOR), backend=BACKEND)
    text = head(client, change)
    assert "借款人暂时失业" in text
    assert officer.display_name in text


def test_a_number_in_a_reason_is_read_by_who_may(client: Client, officer: User) -> None:
    loan = an_old_loan()
    client.post(step(loan, "request_write_off"), {"reason": "拨打 13800138000 无人接听"})
    client.force_login(person(Role.AUDITOR), backend=BACKEND)
    assert "13800138000" not in head(client, WriteOff.objects.get())


# --- what came to nothing ----------------------------------------------------------------------------------


def test_a_write_off_of_what_was_paid_is_dead(client: Client, officer: User) -> None:
    loan, moment = an_old_loan(), timezone.now()
    write_off = a_write_off(loan, by=officer, at=moment)
    client.force_login(person(Role.LOAN_OFFICER), backend=BACKEND)
    approve = reverse("admin:loans_writeoff_transition", args=(write_off.pk, "approve"))
    assert approve in client.get(page(write_off)).content.decode()
    a_repayment(loan, "14000", on=today(), received_at=moment, at=moment)
    answer = client.get(page(write_off))
    assert answer.context["void"]
    assert approve not in answer.content.decode()
    assert client.post(approve, {"reason": "同意"}).status_code == 409
    refuse = reverse("admin:loans_writeoff_transition", args=(write_off.pk, "refuse"))
    assert refuse in answer.content.decode()
    fresh = WriteOff.objects.get()
    with entering(EntryPoint.ADMIN), pytest.raises(TransitionRefused):
        services.approve_write_off(
            write_off=fresh, by=person(Role.LOAN_OFFICER), at=timezone.now(), reason="同意"
        )


# --- more than is owed -------------------------------------------------------------------------------------


def test_the_form_says_what_settles_and_what_is_more_becomes_credit(client: Client, officer: User) -> None:
    loan = an_old_loan()
    url, quote = step(loan, "post_repayment"), reverse("admin:loans_loan_quote", args=(loan.pk,))
    settles = client.get(quote).context["quote"].total
    field = client.get(url).context["form"].fields["amount"]
    assert f"{settles:,.2f}" in field.help_text
    assert field.widget.attrs["data-settles"] == f"{settles:.2f}"
    moment = timezone.now()
    a_repayment(loan, settles + 2000, on=today(), received_at=moment, at=moment)
    loan.refresh_from_db()
    assert loan.state == "settled"
    assert loan.credit > 0
    credit = f"{loan.credit:,.2f}"
    assert credit in client.get(quote).content.decode()
    row = client.get(page(loan.borrower)).content.decode().partition(loan.number)[2].partition("</tr>")[0]
    assert credit in row


def test_a_loan_that_is_still_to_be_paid_out_has_no_such_notice(client: Client, officer: User) -> None:
    loan = a_loan(disbursed_on=today() + timedelta(days=3), at=timezone.now())
    assert not client.get(step(loan, "post_repayment")).context["form"].fields["amount"].help_text
