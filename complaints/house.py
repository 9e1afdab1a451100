"""Who we are in letters: ``settings.LENDER``."""

from __future__ import annotations

from django.conf import settings

from complaints.letters import Lender

#: Public complaint lines (regulation.md §2.2).
HOTLINES = (("12378", "银行保险消费者投诉维权热线"), ("12363", "金融消费权益保护咨询投诉电话"))


def lender() -> Lender:
    """The lender as it signs its letters."""
    return Lender(**settings.LENDER)
