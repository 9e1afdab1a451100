"""Papers of a loan."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from backoffice.audit.models import ReadEvent
from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import InputRefused, NotPermitted
from backoffice.desk.models import Attachment
from backoffice.loans.services import attach_document
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories.loans import NOW, a_loan
from tests.factories.staff import person

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n%%EOF\n"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture(autouse=True)
def files_elsewhere(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def attach(**given: Any) -> Attachment:
    facts = {"kind": "contract", "name": "合同.pdf", "content": PDF, "at": NOW, **given}
    with entering(EntryPoint.ADMIN):
        return attach_document(**facts)


def test_a_handler_reads_but_adds_nothing() -> None:
    with pytest.raises(NotPermitted):
        attach(loan=a_loan(), by=person(Role.HANDLER))
    assert not Attachment.objects.exists()


def test_an_officer_adds_one_through_the_page_and_it_is_listed_and_handed_out_on_record() -> None:
    loan = a_loan()
    client = signed_in(person(Role.LOAN_OFFICER))
    step = reverse("admin:loans_loan_transition", args=(loan.pk, "attach_document"))
    assert client.get(step).status_code == 200
    answer = client.post(step, {"kind": "contract", "file": SimpleUploadedFile("合同.pdf", PDF)})
    assert answer.status_code == 302
    page = client.get(reverse("admin:loans_loan_change", args=(loan.pk,))).content.decode()
    assert "合同.pdf" in page
    file = Attachment.objects.get(dossier=loan.dossier)
    answer = client.get(reverse("admin:desk_attachment_download", args=(file.pk,)))
    assert b"".join(answer.streaming_content) == PDF  # type: ignore[attr-defined]
    assert ReadEvent.objects.filter(what=ReadEvent.What.FILE, dossier=loan.dossier).exists()


def test_whoever_sees_no_loans_gets_no_file() -> None:
    loan = a_loan()
    file = attach(loan=loan, by=person(Role.LOAN_OFFICER))
    privacy = signed_in(person(Role.PRIVACY_OFFICER))
    allowed = privacy.get(reverse("admin:loans_loan_change", args=(loan.pk,))).status_code == 200
    answer = privacy.get(reverse("admin:desk_attachment_download", args=(file.pk,)))
    assert (answer.status_code == 200) == allowed


def test_what_is_no_paper_is_refused() -> None:
    officer = person(Role.LOAN_OFFICER)
    with pytest.raises(InputRefused):
        attach(loan=a_loan(), by=officer, kind="nonsense")
    with pytest.raises(InputRefused):
        attach(loan=a_loan(), by=officer, content=b"MZ\x90", name="virus.exe")
    assert not Attachment.objects.exists()
