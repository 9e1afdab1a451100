"""The pages of retention: the rules, what decides today, previews and runs."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from backoffice.audit.models import RetentionRule, RetentionRun
from backoffice.core import context
from backoffice.staff.roles import Role
from tests.desk.keeping_pages import (
    PREVIEW,
    ROLES,
    RULES,
    RUN,
    RUNS,
    browser,
    english_house,  # noqa: F401  (a fixture)
    rule,
    text,
)
from tests.factories import loans as book
from tests.factories.staff import person

pytestmark = pytest.mark.django_db


def test_rules_are_entered_with_dates_and_never_overlap() -> None:
    add = reverse("admin:audit_retentionrule_add")
    for role in ROLES:
        client = browser(person(role))
        assert client.get(add).status_code == (200 if role == Role.PRIVACY_OFFICER else 403), role
        sees = role in {Role.COMPLIANCE, Role.PRIVACY_OFFICER, Role.AUDITOR}
        assert client.get(reverse(RULES)).status_code == (200 if sees else 403), role
    officer = browser(person(Role.PRIVACY_OFFICER))
    assert officer.post(add, rule(kind="nonsense")).status_code == 200
    assert not RetentionRule.objects.filter(basis="Board decision").exists()
    assert officer.post(add, rule(effective_to="2026-12-31")).status_code == 302
    for wrong in ({"effective_from": "2026-06-01"}, {"effective_from": "2025-01-01"}):
        assert "in force at that time already" in officer.post(add, rule(**wrong)).content.decode()
    assert officer.post(add, rule(effective_from="2027-01-01", keep_months="600")).status_code == 302
    first = RetentionRule.objects.get(basis="Board decision", effective_from=date(2026, 1, 1))
    change = reverse("admin:audit_retentionrule_change", args=(first.pk,))
    assert "in force at that time already" in officer.post(change, rule()).content.decode()
    assert first.history.latest().history_change_reason == "audit.retentionrule.added"


def test_of_several_rules_the_longest_is_said_to_decide() -> None:
    with context.acting(by=book.job(), reason_code="test"):
        for months, basis in ((12, "short one"), (90, "long one")):
            RetentionRule.objects.create(
                **{**rule(keep_months=months, basis=basis), "effective_from": date(2019, 1, 1)}
            )
    page = text(browser(person(Role.AUDITOR)), reverse(RULES))
    row = page[page.index("Complaint files") :]
    assert row.index("long one") < row.index("short one")
    assert "1 shorter rule" in row or "shorter rules" in row


def test_retention_is_previewed_then_run_by_those_with_the_right(
    django_capture_on_commit_callbacks: Any,
) -> None:
    for role in ROLES:
        client = browser(person(role))
        for name in (PREVIEW, RUN):
            if role != Role.PRIVACY_OFFICER:
                assert client.get(reverse(name)).status_code == 403, role
                assert client.post(reverse(name)).status_code == 403, role
        sees = role in {Role.COMPLIANCE, Role.PRIVACY_OFFICER, Role.AUDITOR}
        assert client.get(reverse(RUNS)).status_code == (200 if sees else 403), role
    officer = browser(person(Role.PRIVACY_OFFICER))
    # Without a preview there is nothing to confirm.
    assert "no fresh preview" in text(officer, reverse(RUN))
    assert officer.post(reverse(RUN), {"confirm": "on"}).status_code == 422
    with django_capture_on_commit_callbacks(execute=True):
        assert officer.post(reverse(PREVIEW)).status_code == 302
    preview = RetentionRun.objects.get()
    assert preview.mode == "preview"
    page = text(officer, reverse("admin:audit_retentionrun_change", args=(preview.pk,)))
    assert "Log of reads" in page
    assert reverse(RUN) in page
    assert "Numbers of the preview" in text(officer, reverse(RUN))
    assert officer.post(reverse(RUN), {"preview": preview.pk}).status_code == 422
    assert officer.post(reverse(RUN), {"confirm": "on", "preview": preview.pk + 1}).status_code == 422
    with django_capture_on_commit_callbacks(execute=True):
        assert officer.post(reverse(RUN), {"confirm": "on", "preview": preview.pk}).status_code == 302
    assert RetentionRun.objects.latest("pk").mode == "run"
    # Its numbers are used up.
    assert officer.post(reverse(RUN), {"confirm": "on", "preview": preview.pk}).status_code == 422
    assert RetentionRun.objects.count() == 2


# --- lists -------------------------------------------------------------------------------------------------
