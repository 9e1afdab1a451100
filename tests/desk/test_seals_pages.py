"""The pages of seals and verifications: who may do what, and what they say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse

from backoffice.audit.models import ReadEvent, Seal, Verification
from backoffice.staff.roles import Role
from tests.factories import record as make
from tests.factories.staff import person
from tests.support import queries_of

pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")
SEALS, VERIFICATIONS = "admin:audit_seal_changelist", "admin:audit_verification_changelist"
NOW, RUN, ANCHOR = "admin:audit_seal_now", "admin:audit_verification_run", "admin:audit_seal_anchor"


def browser(role: Role) -> Browser:
    client = Browser(headers={"Accept-Language": "en"})
    client.force_login(person(role), backend="django.contrib.auth.backends.ModelBackend")
    client.cookies["django_language"] = "en"
    return client


def test_sealing_takes_its_right_and_a_post() -> None:
    auditor, officer = browser(Role.AUDITOR), browser(Role.PRIVACY_OFFICER)
    make.reads(2)
    assert auditor.get(reverse(SEALS)).status_code == 200
    for method in (auditor.get, auditor.post):
        assert method(reverse(NOW)).status_code == 403
    assert browser(Role.HANDLER).get(reverse(SEALS)).status_code == 403
    assert officer.get(reverse(NOW)).status_code == 200
    assert not Seal.objects.exists()
    answer = officer.post(reverse(NOW))
    seal = Seal.objects.get()
    assert answer["Location"] == reverse("admin:audit_seal_change", args=(seal.pk,))
    page = officer.get(answer["Location"])
    assert seal.root in page.content.decode()
    assert "audit_readevent" in page.content.decode()


def test_a_second_seal_of_nothing_is_refused() -> None:
    officer = browser(Role.PRIVACY_OFFICER)
    # The event that says who pressed the button is new, and so are the reads of the pages: seal them first.
    officer.post(reverse(NOW))
    make.seal()
    answer = officer.post(reverse(NOW))
    assert answer.status_code == 422
    assert "nothing-to-seal" not in answer.content.decode()


def test_verifying_takes_its_right_and_keeps_what_it_found(django_capture_on_commit_callbacks: Any) -> None:
    rows = make.reads(3)
    make.seal()
    assert browser(Role.COLLECTOR).post(reverse(RUN), {"extent": "full"}).status_code == 403
    auditor = browser(Role.AUDITOR)
    assert auditor.get(reverse(RUN)).status_code == 200
    assert auditor.post(reverse(RUN), {"extent": "everything"}).status_code == 422
    first = auditor.post(reverse(RUN), {"extent": "recent"})
    assert Verification.objects.get().finding_count == 0
    assert "chip-good" in auditor.get(first["Location"]).content.decode()
    make.tamper("UPDATE audit_readevent SET path = 'x' WHERE id = %s", [rows[1].pk])
    # In full it is done in the background (at once in tests) and stands in the list.
    with django_capture_on_commit_callbacks(execute=True):
        second = auditor.post(reverse(RUN), {"extent": "full"})
    assert second["Location"] == reverse(VERIFICATIONS)
    full = Verification.objects.get(mode="full")
    page = auditor.get(reverse("admin:audit_verification_change", args=(full.pk,))).content.decode()
    seal = Seal.objects.get()
    assert "chip-bad" in page
    assert f">{rows[1].pk}</td>" in page
    assert reverse("admin:audit_seal_change", args=(seal.pk,)) in page
    listed = auditor.get(reverse(SEALS)).content.decode()
    assert (
        listed.count("chip-bad") == 3
    )  # the newest verification, the newest full one, and the seal's own line
    assert auditor.get(reverse(VERIFICATIONS)).status_code == 200


def test_one_seal_is_verified_from_its_page() -> None:
    rows = make.reads(1)
    make.seal()
    seal = Seal.objects.get()
    auditor = browser(Role.AUDITOR)
    url = reverse("admin:audit_seal_transition", args=(seal.pk, "verify"))
    assert browser(Role.COLLECTOR).post(url).status_code == 403
    assert auditor.post(url)["Location"] == reverse("admin:audit_seal_change", args=(seal.pk,))
    assert Verification.objects.get().finding_count == 0
    make.tamper("DELETE FROM audit_readevent WHERE id = %s", [rows[0].pk])
    assert auditor.post(url).status_code == 409
    assert Verification.objects.latest("pk").findings[0]["kind"] == "deleted"


def test_the_anchor_file_is_handed_out_and_noted() -> None:
    make.reads(1)
    make.seal()
    assert browser(Role.COLLECTOR).get(reverse(ANCHOR)).status_code == 403
    auditor = browser(Role.AUDITOR)
    answer = auditor.get(reverse(ANCHOR))
    kept = json.loads(b"".join(answer.streaming_content))  # type: ignore[arg-type]
    assert [one["number"] for one in kept["seals"]] == [1]
    assert answer["Content-Disposition"].startswith("attachment")
    assert ReadEvent.objects.filter(what="export", path=reverse(ANCHOR)).count() == 1
    assert auditor.post(reverse(ANCHOR)).status_code == 405


def test_a_list_of_many_seals_costs_what_one_of_few_does() -> None:
    auditor = browser(Role.AUDITOR)

    def more(count: int) -> None:
        for _time in range(count):
            make.reads(1)
            make.seal()

    more(2)
    queries_of(auditor, reverse(SEALS))
    few = len(queries_of(auditor, reverse(SEALS)))
    more(6)
    assert len(queries_of(auditor, reverse(SEALS))) == few
