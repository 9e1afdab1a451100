"""What the tests of the pages about erasing and keeping share."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client as Browser
from django.urls import reverse

from backoffice.audit.models import Erasure, RetentionRule
from backoffice.core import context
from backoffice.loans.models import Borrower
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories import loans as book

ERASURES, HOLDS = "admin:audit_erasure_changelist", "admin:audit_legalhold_changelist"
RULES, RUNS = "admin:audit_retentionrule_changelist", "admin:audit_retentionrun_changelist"
PREVIEW, RUN = "admin:audit_retentionrun_preview", "admin:audit_retentionrun_run"
NAME, MOBILE = "欧阳静姝", "13911112222"
#: tests/house walks every address with every role; here are those that differ, and two that see nothing of it.
ROLES = (Role.COMPLIANCE, Role.PRIVACY_OFFICER, Role.AUDITOR, Role.HANDLER, Role.ADMINISTRATOR)


@pytest.fixture(autouse=True)
def english_house(settings: Any, tmp_path: Any) -> None:
    """Files of its own, pages in English, nothing remembered; a test module that imports it has it."""
    settings.MEDIA_ROOT = str(tmp_path)
    settings.LANGUAGE_CODE = "en"
    cache.clear()


def browser(user: User) -> Browser:
    client = Browser(headers={"Accept-Language": "en"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def text(client: Browser, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, answer.content.decode()[:500]
    return answer.content.decode()


def old_customer() -> Borrower:
    """Somebody of whom nothing runs and nothing has to be kept any more."""
    borrower = book.a_borrower(name=NAME, mobile=MOBILE)
    with context.acting(by=book.job(), reason_code="test"):
        RetentionRule.objects.filter(kind="customer").delete()
    return borrower


def ask_url(borrower: Borrower) -> str:
    return f"{reverse('admin:audit_erasure_request')}?subject={borrower.subject.uid}"


def step_url(obj: Any, name: str) -> str:
    return reverse(f"admin:audit_{type(obj).__name__.lower()}_transition", args=(obj.pk, name))


def asked(borrower: Borrower, officer: User, **given: Any) -> Erasure:
    answer = browser(officer).post(ask_url(borrower), {"basis": "request", **given})
    assert answer.status_code == 302, answer.content.decode()
    return Erasure.objects.latest("pk")


def rule(**given: Any) -> dict[str, Any]:
    return {
        "kind": "complaint",
        "keep_months": "48",
        "effective_from": "2026-01-01",
        "basis": "Board decision",
        "source": "decision 7",
        "legal_force": "policy",
        "confidence": "inferred",
        **given,
    }
