"""Which machine sees whose loans: who opens and ends it, by service and by page, and what the database refuses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client as Browser
from django.urls import reverse

from backoffice.audit.models import RecordEvent
from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.loans.models import CreditorClient
from backoffice.loans.services.clients import end_creditor_access, open_creditor_to_client
from backoffice.staff.roles import Role
from tests.factories.api import api_client
from tests.factories.loans import NOW, a_creditor, job
from tests.factories.staff import person

pytestmark = pytest.mark.django_db
ADD = "admin:loans_creditorclient_add"


def opened(**given: object) -> CreditorClient:
    client = given.pop("client", None) or api_client("loans:read")[0]
    values = {"creditor": a_creditor(), "client": client, "by": person(Role.PRIVACY_OFFICER), "at": NOW}
    with entering(EntryPoint.ADMIN):
        return open_creditor_to_client(**{**values, "reason": "合同第8条", **given})  # type: ignore[arg-type]


@pytest.mark.parametrize("role", [Role.LOAN_OFFICER, Role.COMPLIANCE, Role.ADMINISTRATOR, Role.AUDITOR])
def test_nobody_else_opens_or_ends(role: Role) -> None:
    access, somebody = opened(), person(role)
    with pytest.raises(NotPermitted):
        opened(by=somebody)
    with entering(EntryPoint.ADMIN), pytest.raises(NotPermitted):
        end_creditor_access(access=access, by=somebody, at=NOW, reason="x")
    assert CreditorClient.objects.get() == access


def test_once_at_a_time_and_again_after_the_end() -> None:
    client = api_client("loans:read")[0]
    access = opened(client=client)
    with pytest.raises(InputRefused):
        opened(client=client)
    officer, later = person(Role.PRIVACY_OFFICER), NOW + timedelta(days=1)
    with entering(EntryPoint.ADMIN):
        end_creditor_access(access=access, by=officer, at=later, reason="到期")
        with pytest.raises(TransitionRefused):
            end_creditor_access(access=access, by=officer, at=later, reason="到期")
    assert opened(client=client).until is None
    assert CreditorClient.objects.get(until__isnull=False).until == later
    kinds = RecordEvent.objects.filter(dossier=client.dossier).order_by("pk").values_list("kind", flat=True)
    assert list(kinds)[-3:] == ["client.creditor_opened", "client.creditor_ended", "client.creditor_opened"]


def test_the_database_refuses_two_in_force_and_an_end_before_the_beginning() -> None:
    access = opened()
    with entering(EntryPoint.COMMAND, actor=job()):
        with pytest.raises(IntegrityError), transaction.atomic():
            CreditorClient.objects.create(creditor=access.creditor, client=access.client, since=NOW)
        access.until = NOW - timedelta(seconds=1)
        with pytest.raises(IntegrityError), transaction.atomic():
            access.save()


def test_on_the_page_it_is_opened_with_a_reason_and_ended(client: Browser) -> None:
    machine, creditor = api_client("loans:read")[0], a_creditor()
    client.force_login(person(Role.PRIVACY_OFFICER))
    token = client.get(reverse(ADD)).context["once"]
    given = {"client": machine.pk, "creditor": creditor.pk, "once": token}
    assert client.post(reverse(ADD), {**given, "reason": ""}).status_code == 422
    answer = client.post(reverse(ADD), {**given, "reason": "合同第8条"})
    access = CreditorClient.objects.get()
    assert answer["Location"] == reverse("admin:loans_creditorclient_change", args=(access.pk,))
    page = client.get(answer["Location"])
    assert creditor.name in page.content.decode()
    assert reverse("admin:api_client_change", args=(machine.pk,)) in page.content.decode()


def test_a_mediation_organisations_client_gets_no_creditor(client: Browser) -> None:
    mediator, lender = api_client("referrals:read", name="调解系统")[0], api_client("loans:read")[0]
    with pytest.raises(InputRefused) as refusal:
        opened(client=mediator)
    assert refusal.value.field == "client"
    assert not CreditorClient.objects.exists()
    client.force_login(person(Role.PRIVACY_OFFICER))
    assert list(client.get(reverse(ADD)).context["form"].fields["client"].queryset) == [lender]


def test_the_way_to_the_client_is_shown_to_those_who_may_go_it(client: Browser) -> None:
    access = opened()
    client.force_login(person(Role.LOAN_OFFICER))
    page = client.get(reverse("admin:loans_creditorclient_change", args=(access.pk,)))
    assert page.status_code == 200
    assert reverse("admin:api_client_change", args=(access.client.pk,)) not in page.content.decode()
