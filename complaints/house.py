"""Who we are in letters: from ``settings.LENDER``, with the made-up lender of the demo where nothing is set."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from complaints.letters import Lender

_DEMO: dict[str, Any] = {
    "name": "华信小额贷款有限公司",
    "name_en": "Huaxin Microcredit Co., Ltd.",
    "department": "消费者权益保护部",
    "phone": "400-000-0000",
    "hours": "工作日9:00—18:00",
    "address": "上海市浦东新区示例路1号",
}
#: Public complaint lines (regulation.md §2.2).
HOTLINES = (("12378", "银行保险消费者投诉维权热线"), ("12363", "金融消费权益保护咨询投诉电话"))


def lender() -> Lender:
    """The lender as it signs its letters."""
    return Lender(**{**_DEMO, **getattr(settings, "LENDER", {})})
