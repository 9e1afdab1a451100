"""One complaint all the way through: app, handler, mediation partner, supervisor, letter, auditor.

The product's promise in one test: everything below is done as its users do it, in Chromium and over the wire.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone
from pypdf import PdfReader

from backoffice.core.errors import DomainError
from backoffice.core.time import business_day, start_of_day
from backoffice.staff.roles import Role
from complaints.models import Complaint
from complaints.services import approve_decision
from debt_collections.models import Hold
from tests.browser.conftest import Person
from tests.factories import collections as floor
from tests.factories import mediation
from tests.factories.api import api_client, bearer
from tests.factories.staff import person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WORDS = "19号晚上十一点多还打电话，一天打了四次，还打给我同事说我欠钱不还。我愿意还，但一次还不上，希望分期。"


class Wire:
    """A machine client with its token."""

    def __init__(self, base: str, headers: dict[str, str]) -> None:
        self.base, self.headers, self.keys = base, headers, 0

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.base + path, headers=self.headers)

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        self.keys += 1
        given = {"Idempotency-Key": f"story-{self.keys}", **headers}
        return httpx.post(self.base + path, json=body, headers={**self.headers, **given})


class Story:
    """Everybody who takes part, and what happened before the complaint."""

    def __init__(self, base: str) -> None:
        self.handler = person(Role.HANDLER, full_name="李敏")
        self.supervisor = person(Role.COMPLAINT_SUPERVISOR, full_name="陈雅琴")
        self.auditor = person(Role.AUDITOR, full_name="冯海涛")
        self.app = Wire(base, bearer(*api_client("complaints:write", "complaints:read")))
        self.centre, self.other = mediation.partner(), mediation.partner()
        self.centre_wire = Wire(base, self.centre.headers())
        self.other_wire = Wire(base, self.other.headers())
        self.case = floor.case()
        self.collector = floor.collector()
        floor.place(self.case, self.collector, at=timezone.now() - timedelta(days=20))
        self.day = business_day(timezone.now()) - timedelta(days=4)
        number = floor.phone(self.case.borrower)
        self.contacts = [
            floor.contact(self.case, self.collector, self.at(hour, minute), phone_number=number)
            for hour, minute in ((10, 20), (15, 5), (18, 40), (23, 10))
        ]

    def at(self, hour: int, minute: int) -> datetime:
        return start_of_day(self.day) + timedelta(hours=hour, minutes=minute)

    def filing(self) -> dict[str, Any]:
        return {
            "source": "app",
            "received_at": timezone.localtime().isoformat(timespec="seconds"),
            "complainant": {"role": "borrower", "name": "王小明", "phones": ["13812341234"]},
            "loan_refs": [self.case.case_loans.get().loan.number],
            "words": WORDS,
            "allegations": [
                {
                    "category": "collection.night_calls",
                    "text": "夜间来电、一天四次",
                    "contacts": [{"at": self.at(23, 10).isoformat()}],
                },
                {
                    "category": "collection.third_person_told",
                    "text": "向同事透露欠款",
                    "contacts": [{"at": self.at(10, 22).isoformat(), "number": "17612348810"}],
                },
            ],
            "demands": [
                {"text": "停止夜间和单位联系"},
                {"text": "分期偿还", "amount": {"amount": "12480.00", "currency": "CNY"}},
            ],
            "external_id": "APP-20261123-1",
        }


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_one_complaint_all_the_way(sign_in: Callable[..., Person], live_server: Any, language: str) -> None:
    story = Story(str(live_server))

    # 1. The lender's app files it; sending it twice files it once.
    filing = story.filing()
    filed, again = (
        story.app.post("/api/v1/complaints", filing, **{"Idempotency-Key": "filing"}) for _time in range(2)
    )
    assert filed.status_code == 201, filed.text
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == filed.json()
    complaint = Complaint.objects.get()
    assert filed.json()["decision_due_on"] == str(business_day(timezone.now()) + timedelta(days=15))

    # 2. It waits in the queue; one page tells the handler everything; one click accepts it.
    handler = sign_in(story.handler, language=language)
    handler.goto("/admin/complaints/complaint/?whose=nobody")
    handler.page.get_by_role("link", name=complaint.number).click()
    handler.page.wait_for_load_state()
    body = handler.page.locator("#content")
    for shown in ("夜间来电、一天四次", "向同事透露欠款", WORDS[:12], "王*"):
        assert shown in body.inner_text()
    assert "13812341234" not in handler.page.content()
    handler.press("accept")
    handler.confirm()
    hold = Hold.objects.get(source=complaint.dossier)
    assert (hold.collector, hold.channel) == (story.collector, "call")
    # It became the handler's own; the deadline counts.
    handler.goto("/admin/complaints/complaint/?whose=mine")
    assert complaint.number in handler.page.locator("#result_list").inner_text()
    handler.page.get_by_role("link", name=complaint.number).click()
    handler.page.wait_for_load_state()
    # The very contacts: the one reported is matched already, the other three are one click each.
    for _click in range(3):
        with handler.page.expect_navigation():
            handler.page.locator("#suggestions .link-to form:first-child button").first.click()
    assert complaint.allegations.get(sequence=1).contacts.count() == 4
    handler.press("verify_identity")
    handler.fill(how="call_back")
    handler.confirm()
    handler.assert_accessible()
    handler.shot(f"complaint-{language}")

    # 3. Mediation: consent, offer, the partner's machine; another organisation sees nothing.
    page_url = f"/admin/complaints/complaint/{complaint.pk}/change/"
    handler.page.locator('a[href*="mediationconsent"]').first.click()
    handler.page.wait_for_load_state()
    handler.fill(
        organisation=str(story.centre.organisation.pk),
        covers="identity,contact,loan,complaint",
        text_version="2026-1",
        evidence_reference="REC-20261123-7",
    )
    handler.confirm()
    handler.goto(page_url)
    handler.page.locator('a[href*="/offer/"]').first.click()
    handler.page.wait_for_load_state()
    handler.fill(organisation=str(story.centre.organisation.pk), mandate_amount="2000", mandate_months="12")
    handler.confirm()
    [listed] = story.centre_wire.get("/api/partner/v1/referrals").json()["items"]
    path = f"/api/partner/v1/referrals/{listed['id']}"
    read = story.centre_wire.get(path)
    assert read.json()["state"] == "offered"
    assert "王小明" not in read.text
    assert story.other_wire.get(path).status_code == 404
    assert story.other_wire.get("/api/partner/v1/referrals").json()["items"] == []
    mediator = {"mediator": {"name": "赵清", "licence": "TJ-2041"}}
    refused = story.other_wire.post(f"{path}/acceptance", mediator, **{"If-Match": read.headers["ETag"]})
    assert refused.status_code == 404
    stale = story.centre_wire.post(f"{path}/acceptance", mediator, **{"If-Match": '"v0"'})
    assert stale.status_code == 412
    taken = story.centre_wire.post(f"{path}/acceptance", mediator, **{"If-Match": read.headers["ETag"]})
    assert taken.status_code == 200, taken.text
    assert complaint.deadlines.get(kind="decision").paused_since is not None
    handler.goto(page_url)
    assert handler.page.locator(".deadline").inner_text().strip()
    closed = story.centre_wire.post(
        f"{path}/closure", {"reason_code": "too_far_apart"}, **{"If-Match": taken.headers["ETag"]}
    )
    assert closed.json()["state"] == "not_settled", closed.text
    assert complaint.deadlines.get(kind="decision").paused_since is None

    # 4. Findings, answers, a remedy, a proposal; a second person approves; the letter is delivered with proof.
    handler.goto(page_url)
    for sequence, (finding, reason) in enumerate(
        [
            ("substantiated", "经核查录音与话单，当日23时10分及此前三次来电属实，违反夜间不得催收的规定。"),
            ("undetermined", "系统内没有该号码的联系记录，现有材料不足以认定。"),
        ],
        start=1,
    ):
        handler.page.locator(f'#allegation-{sequence} a[href*="set_finding"]').click()
        handler.page.wait_for_load_state()
        handler.fill(finding=finding, reason=reason)
        handler.confirm()
    for position, answer in enumerate(("自即日起停止夜间及单位联系。", "可分12期偿还，每期1,040.00元。")):
        handler.press("answer_demand", at=position)
        handler.fill(answer=answer)
        handler.confirm()
    handler.press("add_remedy")
    handler.fill(kind="apology", text="就夜间来电向您致歉。")
    handler.confirm()
    handler.press("propose_decision")
    handler.fill(outcome="partly", basis="GB/T 45251—2025 第5.3条；本公司催收管理办法第十二条。")
    handler.confirm()
    # The proposer cannot approve: not by screen, not by address, not by service.
    assert handler.page.locator('a[href*="/transition/approve/"]').count() == 0
    answer = handler.page.request.get(
        f"{handler.base}/admin/complaints/complaint/{complaint.pk}/transition/approve/"
    )
    assert answer.status == 403
    with pytest.raises(DomainError):
        approve_decision(decision=complaint.decisions.get(), by=story.handler, at=timezone.now())

    supervisor = sign_in(story.supervisor, language=language)
    supervisor.goto(page_url)
    supervisor.press("approve")
    supervisor.confirm()
    deadline = complaint.deadlines.get(kind="decision")
    assert deadline.met_at is None, "approving is not telling"
    handler.goto(page_url)
    with handler.page.expect_download() as download:
        handler.page.locator("#decision a[href*=download]").first.click()
    letter = PdfReader(io.BytesIO(download.value.path().read_bytes()))
    text = re.sub(r"\s", "", "".join(one.extract_text() for one in letter.pages))
    assert "属实" in text
    assert "王小明" in text
    handler.press("deliver")
    handler.fill(mode="letter", proof_reference="EMS-1234567890")
    handler.confirm()
    deadline.refresh_from_db()
    assert deadline.met_at is not None
    assert Hold.objects.get(pk=hold.pk).lifted_at is None
    handler.press("close")
    handler.confirm()
    assert Hold.objects.get(pk=hold.pk).lifted_at is not None
    complaint.refresh_from_db()
    assert complaint.state == "closed"

    # 5. The auditor reads the whole record: who, when, why, before and after, through which door.
    auditor = sign_in(story.auditor, language=language)
    auditor.goto(page_url)
    assert auditor.page.locator(".page-head .steps a.btn").count() == 0
    auditor.goto(f"/admin/complaints/complaint/{complaint.pk}/history/")
    record = auditor.page.locator("#content").inner_text()
    while auditor.page.locator("#content a.more").count():
        auditor.page.locator("#content a.more").first.click()
        auditor.page.wait_for_load_state()
        record += auditor.page.locator("#content").inner_text()
    door = "接口" if language == "zh-hans" else "API"
    for shown in ("李敏", "陈雅琴", "借款人应用", door):
        assert shown in record, shown
    auditor.assert_accessible()
    auditor.shot(f"record-{language}")
    kinds = list(complaint.events.order_by("id").values_list("kind", flat=True))
    walked = [
        "filed",
        "registered",
        "accepted",
        "decision_proposed",
        "decision_approved",
        "notice_delivered",
        "closed",
    ]
    assert [kind for kind in kinds if kind in walked] == walked
    for somebody in (handler, supervisor, auditor):
        somebody.assert_quiet()
