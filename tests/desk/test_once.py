"""A form that was sent twice makes its service call once, wherever something is created."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from backoffice.audit.models import LegalHold
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories import loans as book
from tests.factories.staff import person

pytestmark = pytest.mark.django_db


def test_an_account_is_created_once(client: Client) -> None:
    client.force_login(person(Role.ADMINISTRATOR), backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("admin:staff_user_add")
    assert 'name="once"' in client.get(url).content.decode()
    form = {"username": "zhoujie", "full_name": "周洁", "roles": ["handler"], "once": uuid.uuid4().hex}
    assert client.post(url, form).status_code == 200, "the password is shown"
    second = client.post(url, form)
    assert (second.status_code, second["Location"]) == (302, reverse("admin:staff_user_changelist"))
    assert User.objects.filter(username="zhoujie").count() == 1


def test_a_refused_form_may_be_sent_again_with_the_same_token(client: Client) -> None:
    client.force_login(person(Role.COMPLIANCE), backend="django.contrib.auth.backends.ModelBackend")
    url = f"{reverse('admin:audit_legalhold_add')}?dossier={book.a_borrower().dossier.uid}"
    form = {"reason_code": "litigation", "until": "2020-01-01", "once": uuid.uuid4().hex}
    assert client.post(url, form).status_code == 422
    assert client.post(url, {**form, "until": ""}).status_code == 302
    assert client.post(url, {**form, "until": ""}).status_code == 302
    assert LegalHold.objects.count() == 1
