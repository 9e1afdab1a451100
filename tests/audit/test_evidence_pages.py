"""Evidence bundles in the browser and from the command line."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from backoffice.audit.evidence import summary
from backoffice.audit.models import EvidenceBundle, ReadEvent, RecordEvent
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories.evidence import REASON, Story, made, story
from tests.factories.staff import person
from tests.support import assert_same_queries_3_and_30

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _house(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    settings.LANGUAGE_CODE = "en"
    monkeypatch.setattr(summary, "render", lambda data: repr(data).encode())


@pytest.fixture
def told() -> Story:
    return story()


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def make_url(told: Story) -> str:
    return f"{reverse('admin:audit_evidencebundle_make')}?dossier={told.complaint.dossier.uid}"


def pages(told: Story) -> list[str]:
    loan = told.case.case_loans.get().loan
    return [
        reverse("admin:complaints_complaint_change", args=(told.complaint.pk,)),
        reverse("admin:collections_case_change", args=(told.case.pk,)),
        reverse("admin:collections_collector_change", args=(told.collector.pk,)),
        reverse("admin:loans_loan_change", args=(loan.pk,)),
        reverse("admin:loans_borrower_change", args=(told.borrower.pk,)),
    ]


def test_every_page_offers_one_to_those_with_the_right(told: Story) -> None:
    address = reverse("admin:audit_evidencebundle_make")
    auditor = browser(person(Role.AUDITOR))
    handler = browser(told.handler)
    for page in pages(told):
        assert address in auditor.get(page).content.decode(), page
        assert address not in handler.get(page).content.decode(), page


def test_from_the_form_to_the_file(told: Story, django_capture_on_commit_callbacks: Any) -> None:
    by = person(Role.COMPLAINT_SUPERVISOR)
    client, url = browser(by), make_url(told)
    assert browser(told.handler).get(url).status_code == 403
    assert client.get(reverse("admin:audit_evidencebundle_make")).status_code == 404
    form = client.get(url)
    assert "third_parties" not in form.context["form"].fields
    answer = client.post(
        url, {"language": "zh-hans", "reason": "", "since": "2026-02-01", "until": "2026-01-01"}
    )
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"reason", "until"}
    once = form.context["once"]
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(url, {"language": "en", "reason": REASON, "once": once})
    client.post(url, {"language": "en", "reason": REASON, "once": once})
    bundle = EvidenceBundle.objects.get()
    assert answer["Location"] == reverse("admin:audit_evidencebundle_change", args=(bundle.pk,))
    assert bundle.state == "ready"
    page = client.get(answer["Location"]).content.decode()
    assert bundle.sha256 in page
    assert REASON in page
    status = client.get(reverse("admin:audit_evidencebundle_status", args=(bundle.pk,)))
    assert status.json()["state"] == "ready"
    assert status.json()["done"] == status.json()["total"] or status.json()["total"] == 0
    download = reverse("admin:audit_evidencebundle_download", args=(bundle.pk,))
    assert client.get(download).status_code == 302
    assert not ReadEvent.objects.filter(what="file").exists()
    handed = client.post(download)
    assert b"".join(handed.streaming_content).startswith(b"PK")
    assert told.complaint.number in handed["Content-Disposition"]
    assert ReadEvent.objects.get(what="file").dossier == told.complaint.dossier
    assert RecordEvent.objects.filter(kind="bundle.downloaded", bundle=bundle).count() == 1
    other = browser(person(Role.COMPLAINT_SUPERVISOR))
    assert download not in other.get(answer["Location"]).content.decode()
    assert other.post(download).status_code == 403


def test_a_failed_one_shows_why_and_can_be_made_again(told: Story) -> None:
    by = person(Role.AUDITOR)
    bundle = made(told.case.dossier, by)
    # As a worker leaves it.
    EvidenceBundle.objects.filter(pk=bundle.pk).update(state="failed", error="no fonts", sha256="", file="")
    client = browser(by)
    page = client.get(reverse("admin:audit_evidencebundle_change", args=(bundle.pk,)))
    assert "no fonts" in page.content.decode()
    again = reverse("admin:audit_evidencebundle_transition", args=(bundle.pk, "again"))
    assert again in page.content.decode()
    assert client.post(again).status_code == 302
    bundle.refresh_from_db()
    assert bundle.state == "queued"
    watched = client.get(reverse("admin:audit_evidencebundle_change", args=(bundle.pk,))).content.decode()
    assert reverse("admin:audit_evidencebundle_status", args=(bundle.pk,)) in watched


def test_the_list_costs_the_same_for_few_and_many(told: Story) -> None:
    by = person(Role.AUDITOR)
    bundle = made(told.case.dossier, by)

    def more(count: int) -> None:
        for _number in range(count):
            EvidenceBundle.objects.bulk_create(
                [
                    EvidenceBundle(
                        dossier=bundle.dossier,
                        requested_by=by,
                        requested_at=bundle.requested_at,
                        size=bundle.size,
                    )
                ]
            )

    assert_same_queries_3_and_30(more, browser(by), reverse("admin:audit_evidencebundle_changelist"))


def test_from_the_command_line(told: Story, tmp_path: Path) -> None:
    by = person(Role.COMPLAINT_SUPERVISOR)
    out = tmp_path / "out"
    out.mkdir()
    given = {
        "kind": "complaint",
        "number": told.complaint.number,
        "reason": REASON,
        "out": out,
        "language": "en",
    }
    said = StringIO()
    call_command("export_evidence", by=by.username, stdout=said, **given)
    [path] = out.glob("*.zip")
    bundle = EvidenceBundle.objects.get()
    assert str(path) in said.getvalue()
    assert bundle.sha256 in said.getvalue()
    assert path.stat().st_size == bundle.size
    assert ReadEvent.objects.get(what="export").entry_point == "command"
    with pytest.raises(CommandError, match="right"):
        call_command("export_evidence", by=told.handler.username, **given)
    with pytest.raises(CommandError, match="no complaint"):
        call_command("export_evidence", by=by.username, **(given | {"number": "X"}))
