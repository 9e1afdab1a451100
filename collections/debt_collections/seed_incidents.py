"""The demo's incidents: a leak being handled, a threat of self-harm a few minutes old, a media enquiry that is over.

Made through the services, by the demo's people, at moments before the demo's now.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from backoffice.audit.services import log_read
from backoffice.core import context
from backoffice.desk import services
from backoffice.desk.models import Incident
from backoffice.desk.seeding import Demo
from backoffice.staff.models import User
from debt_collections.models import Case
from debt_collections.seed import SeededCollections

LEAK = (
    "外包催收员把一份含姓名、手机号和欠款金额的名单发到了一个约二百人的微信群，群内有人截图后投诉。"
    "名单发出后约四十分钟撤回，截图可能已经外传。"
)
LEAK_MEASURES = "已停用该催收员账号，要求群主删除截图并出具书面说明；导出功能改为双人审批。"
THREAT = "借款人电话中说“活着没意思，今晚就从楼上跳下去”，随后挂断。号码回拨无人接听。"
MEDIA = "某财经媒体记者来电询问夜间催收，称掌握录音，准备今晚发稿。"
MEDIA_MEASURES = "品牌部当日回应，已提供处理进展，媒体未继续报道。"
MEDIA_REPORT = "原因：一名催收员22:40外呼一次。损失：无。整改：该催收员停岗培训，外呼系统时段校验已核查。"


def seed(demo: Demo) -> None:
    """The last step: needs the people, the cases and what was read about them."""
    desk: SeededCollections = demo.results["collections"]
    cases = [case for case in desk.cases if case.borrower_id != desk.story.borrower.pk]
    _leak(demo, cases[3:9])
    _threat(demo, cases[11])
    _media(demo)


def _who(username: str) -> User:
    return User.objects.get(username=username)


def _leak(demo: Demo, cases: list[Case]) -> None:
    noticed = demo.now - timedelta(hours=27)
    collector, handler, officer = _who("collector"), _who("handler2"), _who("privacy")
    for number, case in enumerate(cases):
        for who, hours in ((collector, 3 + number), (handler, 30 + number)):
            with context.acting(by=who, reason_code="demo.seeded"):
                log_read(
                    what="page",
                    at=noticed - timedelta(hours=hours),
                    path=f"/admin/collections/case/{case.pk}/change/",
                    dossier=case.dossier,
                )
    with context.acting(by=collector, reason_code="demo.seeded"):
        log_read(
            what="list",
            at=noticed - timedelta(hours=2),
            path="/admin/collections/case/",
            listed=[case.dossier_id for case in cases],
            count=50,
        )
    incident = services.report_incident(
        kind="leak",
        description=LEAK,
        noticed_at=noticed,
        occurred_at=noticed - timedelta(hours=1),
        source=cases[0].dossier,
        by=_who("handler"),
        at=noticed + timedelta(minutes=12),
    )

    def later(**span: float) -> datetime:
        return noticed + timedelta(**span)

    services.take_incident(incident=incident, by=officer, at=later(minutes=25))
    services.assess_incident(
        incident=incident,
        level="ordinary",
        persons=37,
        data_kinds=["name", "contact", "loan"],
        occurred_at=incident.occurred_at,
        by=officer,
        at=later(minutes=50),
    )
    services.add_persons(
        incident=incident,
        numbers=[case.number for case in cases],
        by=officer,
        at=later(minutes=70),
    )
    for code, way, minutes in (("leak_authority", "platform", 95), ("leak_supervisor", "call", 110)):
        _told(incident, code, way, later(minutes=minutes), officer)
    services.contain_incident(
        incident=incident,
        contained_at=later(hours=3),
        measures=LEAK_MEASURES,
        by=officer,
        at=later(hours=3, minutes=10),
    )
    services.tell_persons(
        incident=incident,
        persons=list(incident.subjects.order_by("pk")[:3]),
        way="call",
        told_at=later(hours=20),
        by=officer,
        at=later(hours=20, minutes=5),
    )


def _told(incident: Incident, code: str, way: str, at: datetime, by: User) -> None:
    duty = incident.duties.get(code=code)
    services.notify(incident=incident, duty=duty, way=way, told_at=at, by=by, at=at + timedelta(minutes=2))


def _threat(demo: Demo, case: Case) -> None:
    services.report_incident(
        kind="self_harm",
        description=THREAT,
        noticed_at=demo.now - timedelta(minutes=9),
        source=case.dossier,
        by=_who("collector"),
        at=demo.now - timedelta(minutes=4),
    )


def _media(demo: Demo) -> None:
    noticed = demo.now - timedelta(days=24, hours=2)
    boss = _who("supervisor")
    incident = services.report_incident(
        kind="media",
        description=MEDIA,
        noticed_at=noticed,
        by=_who("handler"),
        at=noticed + timedelta(minutes=6),
    )
    services.take_incident(incident=incident, by=boss, at=noticed + timedelta(minutes=10))
    for code, minutes in (("press_office", 15), ("management", 20)):
        _told(incident, code, "call", noticed + timedelta(minutes=minutes), boss)
    services.contain_incident(
        incident=incident,
        contained_at=noticed + timedelta(hours=5),
        measures=MEDIA_MEASURES,
        by=boss,
        at=noticed + timedelta(hours=6),
    )
    services.mark_reported(incident=incident, by=boss, at=noticed + timedelta(hours=7))
    services.close_incident(incident=incident, report=MEDIA_REPORT, by=boss, at=noticed + timedelta(days=3))
