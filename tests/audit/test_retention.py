"""How long things are kept: to the day, by the longest rule, never under a hold, and with every seal still true."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from axes.models import AccessLog
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from backoffice.audit.keeping import own, rules, seams
from backoffice.audit.keeping.documentation import page
from backoffice.audit.keeping.months import add_months, cut_off, free_from
from backoffice.audit.models import Erasure, ReadEvent, RecordEvent, Removal, RetentionRule, RetentionRun
from backoffice.audit.services import log_read
from backoffice.audit.services.holds import lift_legal_hold, place_legal_hold
from backoffice.audit.services.retention import apply_retention
from backoffice.audit.services.sealing import seal_record
from backoffice.audit.services.verifying import verify_record
from backoffice.core import context
from backoffice.core.errors import InputRefused, NotPermitted
from backoffice.core.time import business_day, start_of_day
from backoffice.privacy.models import DataKey
from backoffice.privacy.services import Erased, forget_keys, read_personal, read_text
from backoffice.staff.roles import PERSON_ROLES, Role
from backoffice.staff.services import system_user
from complaints import services as complaints
from tests.factories import collections as floor
from tests.factories import complaints as make
from tests.factories import loans as book
from tests.factories.complaints import NOW
from tests.factories.staff import person

days = st.dates(date(1990, 1, 1), date(2090, 12, 31))
months = st.integers(0, 600)


@pytest.mark.parametrize(
    ("ended_on", "keep", "free"),
    [
        (date(2024, 2, 29), 12, date(2025, 3, 1)),
        (date(2024, 2, 29), 48, date(2028, 3, 1)),
        (date(2026, 1, 31), 1, date(2026, 3, 1)),
        (date(2026, 2, 28), 12, date(2027, 3, 1)),
        (date(2026, 11, 23), 120, date(2036, 11, 24)),
        (date(2026, 12, 31), 0, date(2027, 1, 1)),
    ],
)
def test_periods_end_as_the_civil_code_says(ended_on: date, keep: int, free: date) -> None:
    assert free_from(ended_on, keep) == free


@given(days, days, months)
def test_the_cut_off_and_the_free_day_are_two_sides_of_one_thing(
    ended_on: date, today: date, keep: int
) -> None:
    assert (ended_on <= cut_off(today, keep)) == (free_from(ended_on, keep) <= today)


@given(days, days, months)
def test_what_ended_later_is_free_later(first: date, second: date, keep: int) -> None:
    if first <= second:
        assert free_from(first, keep) <= free_from(second, keep)
    assert free_from(first, keep) <= free_from(first, keep + 1)
    assert add_months(first, keep) >= first


# --- rules -----------------------------------------------------------------------------------------------


def rule(kind: str, keep: int, *, since: date = date(2011, 1, 1), until: date | None = None) -> RetentionRule:
    with context.acting(by=system_user("tests"), reason_code="test"):
        return RetentionRule.objects.create(
            kind=kind,
            keep_months=keep,
            effective_from=since,
            effective_to=until,
            basis=f"test {keep} {since}",
            source="test",
            legal_force="policy",
            confidence="inferred",
        )


@pytest.mark.django_db
def test_of_the_rules_in_force_the_longest_wins() -> None:
    assert rules.longest("customer", on=date(2024, 12, 31)).keep_months == 60  # type: ignore[union-attr]
    assert rules.longest("customer", on=date(2025, 1, 1)).keep_months == 120  # type: ignore[union-attr]
    longer = rule("customer", 180, since=date(2030, 1, 1), until=date(2030, 12, 31))
    assert rules.longest("customer", on=date(2030, 6, 1)) == longer
    assert rules.longest("customer", on=date(2031, 1, 1)).keep_months == 120  # type: ignore[union-attr]
    assert rules.longest("nothing", on=date(2030, 6, 1)) is None


@pytest.mark.django_db
def test_every_seed_is_loaded_once_and_every_kind_has_one() -> None:
    assert RetentionRule.objects.count() == len(own.SEEDS)
    assert {seed.kind for seed in own.SEEDS} == {code for code, _kind in seams.kinds.items()}
    with context.acting(by=system_user("tests"), reason_code="test"):
        assert own.fill_rules() == 0
    assert all(seed.source and seed.basis for seed in own.SEEDS)


def test_the_page_says_what_the_rules_say() -> None:
    written = Path(settings.BASE_DIR, "docs", "retention.md").read_text(encoding="utf-8")
    assert written == page(), "manage.py retention_page"
    assert all(seed.source in written for seed in own.SEEDS)


# --- runs ------------------------------------------------------------------------------------------------


def run(kind: str, at: datetime, mode: str = "run", by: Any = None) -> dict[str, Any]:
    stored = apply_retention(mode=mode, kinds=[kind], by=by or person(Role.PRIVACY_OFFICER), at=at)
    return stored.result[0]


@pytest.mark.django_db
def test_running_is_a_persons_decision() -> None:
    for role in PERSON_ROLES:
        if role != Role.PRIVACY_OFFICER:
            with pytest.raises(NotPermitted):
                apply_retention(mode="preview", by=person(role), at=NOW)
    job = system_user("retention")
    assert apply_retention(mode="preview", by=job, at=NOW).mode == RetentionRun.Mode.PREVIEW
    with pytest.raises(NotPermitted):
        apply_retention(mode="run", by=job, at=NOW)
    with pytest.raises(InputRefused):
        apply_retention(mode="preview", kinds=["everything"], by=person(Role.PRIVACY_OFFICER), at=NOW)


@pytest.mark.django_db(transaction=True)
def test_reads_go_on_the_day_and_every_seal_stays_true() -> None:
    case = floor.case(floor.collector())
    officer, now = person(Role.PRIVACY_OFFICER), timezone.now()
    last = start_of_day(cut_off(business_day(now), 36)) + timedelta(hours=23, minutes=59)
    with context.entering("command", actor=officer):
        log_read(what="page", at=last + timedelta(minutes=1), path="/too-early")
        for dossier in (None, case.dossier, case.borrower.dossier):
            log_read(what="page", at=last, path="/", dossier=dossier)
    assert run("read_log", now, mode="preview", by=officer)["unsealed"] == 3
    assert ReadEvent.objects.count() == 4, "a preview takes nothing"
    hold = place_legal_hold(
        dossier=case.dossier, reason_code="litigation", by=person(Role.COMPLIANCE), at=now
    )
    taken = run("read_log", now, by=officer)
    assert (taken["found"], taken["held"], taken["unsealed"], taken["taken"]) == (3, 2, 0, 1)
    assert run("read_log", now, by=officer)["taken"] == 0
    lift_legal_hold(hold=hold, reason="结案", by=person(Role.COMPLIANCE), at=now)
    assert run("read_log", now, by=officer)["taken"] == 2
    assert run("read_log", now, by=officer)["found"] == 0, "the second finds nothing"
    assert ReadEvent.objects.get().path == "/too-early"
    assert sum(Removal.objects.filter(table="audit_readevent").values_list("count", flat=True)) == 3
    seal_record(by=system_user("tests"), at=timezone.now())
    assert verify_record(by=system_user("tests"), at=timezone.now(), full=True).findings == []


@pytest.mark.django_db
def test_rows_without_a_seal_wait_and_a_longer_rule_counts_from_then_on(settings: Any) -> None:
    officer = person(Role.PRIVACY_OFFICER)
    with context.entering("command", actor=officer):
        log_read(what="page", at=NOW, path="/")
    AccessLog.objects.create(
        user_agent="x", ip_address="127.0.0.1", username="x", http_accept="", path_info="/"
    )
    AccessLog.objects.update(attempt_time=NOW)
    settings.SEAL_SIGNING_KEYS = ""
    free = start_of_day(free_from(business_day(NOW), 36))
    waiting = run("read_log", free, by=officer)
    assert (waiting["found"], waiting["unsealed"], waiting["taken"]) == (1, 1, 0)
    rule("sign_in", 12)
    at = start_of_day(free_from(business_day(NOW), 6))
    assert run("sign_in", at, by=officer)["found"] == 0
    assert run("sign_in", start_of_day(free_from(business_day(NOW), 12)), by=officer)["taken"] == 1
    assert not AccessLog.objects.exists()


@pytest.mark.django_db
def test_complaint_files_lose_their_words_and_those_known_through_nothing_else() -> None:
    handler = person(Role.HANDLER)
    case = floor.case(floor.collector())
    stranger, customers, open_one = make.filed(), make.filed(about=case), make.filed()
    ended = {}
    for complaint in (stranger, customers):
        ended[complaint.pk] = complaints.withdraw(complaint=complaint, by=handler, at=NOW, reason="撤回")
    free = start_of_day(free_from(business_day(NOW), 60))
    assert run("complaint", free - timedelta(seconds=1))["found"] == 0
    taken = run("complaint", free)
    assert (taken["found"], taken["taken"]) == (2, 2)
    forget_keys()
    for complaint in ended.values():
        with pytest.raises(Erased):
            read_text(complaint, "words_cipher")
        with pytest.raises(Erased):
            read_personal(complaint.complainants.get(), "name")
    assert stranger.complainants.get().name_mask == "〔已删除〕"
    assert read_text(open_one, "words_cipher")
    assert read_personal(case.borrower, "name"), "a customer stays one"
    assert run("complaint", free)["found"] == 0, "the second finds nothing"


@pytest.mark.django_db
def test_customers_go_after_ten_years_when_nothing_is_open() -> None:
    gone, held = book.a_borrower(name="诸葛长青"), book.a_borrower(name="司马文竹")
    busy = floor.case(floor.collector()).borrower
    place_legal_hold(dossier=held.dossier, reason_code="other", by=person(Role.COMPLIANCE), at=NOW)
    officer = person(Role.PRIVACY_OFFICER)
    free = start_of_day(free_from(business_day(NOW), 120))
    assert run("customer", free - timedelta(seconds=1), by=officer)["found"] == 0
    preview = run("customer", free, mode="preview", by=officer)
    assert (preview["found"], preview["held"], preview["taken"]) == (2, 1, 0)
    assert run("customer", free, by=officer)["taken"] == 1
    erasure = Erasure.objects.get()
    assert (erasure.subject, erasure.basis, erasure.decided_by) == (gone.subject, "retention", officer)
    assert erasure.proof_sha256
    assert not DataKey.objects.filter(subject=gone.subject).exists()
    for one in (held, busy):
        assert read_personal(one, "name")
    assert run("customer", free, by=officer)["found"] == 1, "only the one under a hold is left"
    assert RecordEvent.objects.filter(kind="retention.applied").count() == 3


@pytest.mark.django_db
def test_the_command_previews_unless_a_person_decides() -> None:
    book.a_borrower()
    out = StringIO()
    call_command("apply_retention", "--kind", "customer", "--json", stdout=out)
    assert json.loads(out.getvalue())["mode"] == "preview"
    with pytest.raises(CommandError, match="--by"):
        call_command("apply_retention", "--run", stdout=StringIO())
    with pytest.raises(CommandError):
        call_command("apply_retention", "--run", "--by", person(Role.AUDITOR).username, stdout=StringIO())
    officer = person(Role.PRIVACY_OFFICER)
    call_command("apply_retention", "--run", "--by", officer.username, stdout=out)
    assert RetentionRun.objects.get(mode="run").actor == officer
