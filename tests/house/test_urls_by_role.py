"""Every address × role × method: the answer follows from the table of roles, and what does not follow is closed.

The views are called as the resolver finds them, without rendering: the only question here is whether the door
opens. Objects stand in for real ones, so that a refusal can only come from a missing right. An address for which
no rule below gives an answer fails the test.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponseBase
from django.test import Client as Browser
from django.test import RequestFactory
from django.urls import get_resolver
from django.urls.resolvers import URLPattern

from backoffice.api.permissions import required_scope
from backoffice.core import context
from backoffice.core.models import Dossier
from backoffice.core.workflow import Workflow
from backoffice.desk.base import BaseModelAdmin
from backoffice.staff.models import User
from backoffice.staff.roles import GRANTS, PERSON_ROLES, Role, declared_permissions, expand
from complaints.mediation.admin.pages import FromComplaintMixin
from complaints.models import Complaint
from tests.factories.api import api_client, bearer
from tests.factories.staff import one_of_each

pytestmark = pytest.mark.django_db

CLOSED, LOGIN, NO_METHOD, GONE, OPEN = "403", "login", "405", "404", "open"
METHODS = ("GET", "POST")

#: Addresses of the admin that belong to no model's standard set: url name → right, or None for all staff.
OTHER_ADMIN: dict[str, str | None] = {
    "index": None,  # home shows each only what he may see
    "search": None,  # each source asks for its own right
    "password_change": None,  # one's own
    "password_change_done": None,  # one's own
    "jsi18n": None,
    "app_list": None,  # 404 for an app in which one may see nothing
    "autocomplete": None,  # asks for the right on the form the field stands in; without a field it is 403
    "view_on_site": None,  # no model has a page outside the admin
    "desk_attachment_download": "desk.view_attachment",
    "audit_seal_now": "audit.seal_record",
    "loans_closedday_now": "loans.close_day",
    "audit_seal_anchor": "audit.view_seal",
    "audit_verification_run": "audit.verify_record",
    "desk_incident_now": "desk.view_incident",
    "desk_incident_reads": "audit.view_readevent",
    "audit_evidencebundle_make": "audit.make_bundle",
    "audit_erasure_request": "audit.request_erasure",
    "audit_erasure_proof": "audit.view_erasure",
    "audit_retentionrun_preview": "audit.apply_retention",
    "audit_retentionrun_run": "audit.apply_retention",
    "audit_evidencebundle_status": "audit.view_evidencebundle",
    "audit_evidencebundle_download": "audit.make_bundle",
    "loans_loan_days": "loans.view_loan",
    **{
        f"loans_{model}_{page}": f"loans.{right}_loanbook"
        for model in ("loan", "repayment")
        for page, right in (("import", "import"), ("import_result", "import"), ("export", "export"))
    },
    "loans_loan_quote": "loans.view_loan",
    "loans_loan_quote_pdf": "loans.quote_settlement",
    "loans_loan_cost": "loans.view_loan",
    "loans_loan_cost_pdf": "loans.view_loan",
    "record_changes": "audit.explore_record",
    "record_events": "audit.explore_record",
    "record_request": "audit.explore_record",
    "record_moment": "audit.explore_record",
    "record_dossier": "audit.explore_record",
    "record_person": "audit.view_readevent",
    "record_reads": "audit.view_readevent",
    "record_alerts": "audit.view_recordevent",
    "mediation_mediationconsent_record": "mediation.offer_referral",
    "mediation_referral_offer": "mediation.offer_referral",
}
#: Open without signing in, each with its reason.
PUBLIC = {
    "login": "signing in",
    "logout": "signing out",
    "root": "redirects to the home page, which asks to sign in",
    "set_language": "a cookie with one's language",
    "api-token": "asks for the client's secret",
    "api-token-revoke": "asks for the client's secret",
    "api-docs": "redirects to the viewer, which asks to sign in",
    "api-unknown": "says 404 and nothing else",
}
#: (url name, role) → why the derived answer does not hold.
EXCEPTIONS: dict[tuple[str, Role], str] = {}


def walk(patterns: Any = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for one in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(one.pattern)
        if isinstance(one, URLPattern):
            yield path, one
        else:
            yield from walk(one.url_patterns, path)


ADDRESSES = list(walk())
ADMIN = [(path, one) for path, one in ADDRESSES if path.startswith("admin/") and one.name not in PUBLIC]
API = [(path, one) for path, one in ADDRESSES if hasattr(one.callback, "cls") and one.name != "api-viewer"]


def model_admin_of(path: str) -> BaseModelAdmin | None:
    parts = path.split("/")
    for model, found in admin.site._registry.items():
        if parts[1:3] == [model._meta.app_label, model._meta.model_name]:
            assert isinstance(found, BaseModelAdmin), model
            return found
    return None


class Rights:
    """What a role may do, from the table alone."""

    granted = {role: expand(GRANTS[role], declared_permissions()) for role in PERSON_ROLES}

    def __init__(self, role: Role, model: Any) -> None:
        self.mine, self.opts = self.granted[role], model._meta

    def may(self, action: str) -> bool:
        return f"{self.opts.app_label}.{action}_{self.opts.model_name}" in self.mine

    @property
    def sees(self) -> bool:
        return self.may("view") or self.may("change")


def expected(one: BaseModelAdmin, kind: str, step: str, role: Role, method: str) -> str:
    """The answer of a model's standard address."""
    rights = Rights(role, one.model)
    is_form = (
        one.workflow is None and one.page_template is None and not getattr(one.model, "append_only", False)
    )
    if kind == "delete":
        return CLOSED
    if kind == "add":
        # What a service brings into being may take a right of its own.
        own = getattr(one, "creation_permission", "")
        return OPEN if (own in rights.mine if own else rights.may("add")) else CLOSED
    if kind == "history":
        if method == "POST":
            return NO_METHOD
        # A log is its own record: there is no such page, for anybody.
        return (OPEN if rights.sees else CLOSED) if hasattr(one.model, "history") else GONE
    if kind == "change" and rights.sees and method == "POST":
        return OPEN if is_form and rights.may("change") else NO_METHOD
    if kind == "transition":
        assert one.workflow is not None
        return OPEN if rights.sees and one.workflow[step].permission in rights.mine else CLOSED
    if kind in {"reveal", "correct"}:
        # Which values and rows is asked by the field (tests/privacy); without any such right nothing is.
        return OPEN if rights.sees and any(f"privacy.{kind}_" in one for one in rights.mine) else CLOSED
    return OPEN if rights.sees else CLOSED


def kinds(path: str, url: URLPattern, one: BaseModelAdmin) -> list[tuple[str, str]]:
    """The rule an address falls under, and the step it takes; empty when there is none."""
    opts = one.model._meta
    if url.name is None and path.endswith("<path:object_id>/"):
        return []
    kind = (url.name or "").removeprefix(f"{opts.app_label}_{opts.model_name}_")
    if kind == "transition":
        return [(kind, operation.name) for operation in one.operations]
    return [(kind, "")]


def ask(address: URLPattern, who: Any, method: str, /, **arguments: Any) -> str:
    """Go through the door: open, 403, 405 or the way to signing in."""
    request = RequestFactory().generic(method, "/admin/somewhere/")
    request.user = who
    request.session = {}  # type: ignore[assignment]
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]
    request.request_id = "walk"  # type: ignore[attr-defined]
    actor = who if isinstance(who, User) else None
    with context.entering(context.EntryPoint.ADMIN, actor=actor), transaction.atomic():
        try:
            answer = address.callback(request, **arguments)
        except PermissionDenied:
            return CLOSED
        except Http404:
            return GONE
        except Exception:  # noqa: BLE001  (past the door the stand-in breaks, as it must)
            return OPEN
        finally:
            transaction.set_rollback(True)
    return said(answer)


def said(answer: HttpResponseBase) -> str:
    if answer.status_code == 302 and "/login/" in answer["Location"]:
        return LOGIN
    return {403: CLOSED, 404: GONE, 405: NO_METHOD}.get(answer.status_code, OPEN)


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is asked for exists, and lies within everybody's own rows."""

    def stand_in(model: Any) -> Any:
        has_dossier = any(field.name == "dossier" for field in model._meta.fields)
        return model(pk=1, dossier=Dossier(pk=1, kind="loan")) if has_dossier else model(pk=1)

    monkeypatch.setattr(
        BaseModelAdmin, "get_object", lambda self, request, object_id, from_field=None: stand_in(self.model)
    )
    monkeypatch.setattr(FromComplaintMixin, "_complaint", lambda self, request: stand_in(Complaint))


@pytest.fixture
def people() -> dict[Role, User]:
    return one_of_each()


def arguments_of(url: URLPattern, step: str = "") -> dict[str, Any]:
    known = {
        "object_id": "1",
        "name": step,
        "app_label": "staff",
        "content_type_id": "1",
        "url": "nowhere/",
    }
    return {name: known[name] for name in url.pattern.regex.groupindex}


def test_every_admin_address_has_a_rule() -> None:
    without = []
    for path, url in ADMIN:
        one = model_admin_of(path)
        if url.name in OTHER_ADMIN or path == "admin/(?P<url>.*)$":
            continue
        standard = {"changelist", "add", "history", "delete", "change", "transition", "reveal", "correct"}
        redirect = url.name is None and path.endswith("<path:object_id>/")
        if one is None or not (redirect or all(kind in standard for kind, _step in kinds(path, url, one))):
            without.append(path)
    assert without == [], "say in OTHER_ADMIN which right it takes"


def test_every_other_address_is_public_or_an_endpoint() -> None:
    ours = {id(one) for _path, one in [*ADMIN, *API]}
    rest = {one.name for _path, one in ADDRESSES if id(one) not in ours}
    assert rest == set(PUBLIC) | {"api-viewer", "api-contract"}


@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("role", PERSON_ROLES)
def test_models_pages_follow_the_table(role: Role, people: dict[Role, User]) -> None:
    wrong = []
    for path, url in ADMIN:
        one = model_admin_of(path)
        if one is None or url.name in OTHER_ADMIN or (url.name or "", role) in EXCEPTIONS:
            continue
        for kind, step in kinds(path, url, one):
            for method in METHODS:
                want = expected(one, kind, step, role, method)
                got = ask(url, people[role], method, **arguments_of(url, step))
                if got != want and (want, got) != (OPEN, GONE):
                    wrong.append((method, path, step, f"want {want}, got {got}"))
    assert wrong == []


@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("role", PERSON_ROLES)
def test_other_pages_follow_their_right(role: Role, people: dict[Role, User]) -> None:
    wrong = []
    for path, url in ADMIN:
        right = OTHER_ADMIN.get(url.name or "")
        if url.name not in OTHER_ADMIN or url.name == "autocomplete":
            continue
        want = OPEN if right is None or right in Rights.granted[role] else CLOSED
        got = ask(url, people[role], "GET", **arguments_of(url))
        if got != want and (want, got) != (OPEN, GONE):
            wrong.append((path, f"want {want}, got {got}"))
    assert wrong == []


@pytest.mark.usefixtures("stand_ins")
def test_without_signing_in_everything_leads_to_the_login() -> None:
    wrong = []
    for path, url in ADMIN:
        one = model_admin_of(path)
        steps = (
            [step for _kind, step in kinds(path, url, one)] if one and url.name not in OTHER_ADMIN else [""]
        )
        for step in steps:
            for method in METHODS:
                got = ask(url, AnonymousUser(), method, **arguments_of(url, step))
                if got != LOGIN:
                    wrong.append((method, path, got))
    assert wrong == []


@pytest.mark.usefixtures("stand_ins")
def test_a_machine_cannot_come_in_by_the_door_of_people() -> None:
    machine = api_client("complaints:write")[0].user
    got = {
        ask(url, machine, "GET", **arguments_of(url))
        for _path, url in ADMIN
        if not url.pattern.regex.groupindex
    }
    assert got == {LOGIN}


def test_every_step_of_a_workflow_takes_a_right_that_somebody_has() -> None:
    anybody = set().union(*(expand(patterns, declared_permissions()) for patterns in GRANTS.values()))
    dead = [
        (flow.model, row.name, row.permission)
        for flow in Workflow.registry.values()
        for row in flow
        if row.permission not in anybody
    ]
    assert dead == []


def test_exceptions_are_needed(people: dict[Role, User]) -> None:
    names = {url.name for _path, url in ADMIN}
    assert [key for key in EXCEPTIONS if key[0] not in names] == []


# --- the API --------------------------------------------------------------------------------------------


def methods_of(view: Any) -> set[str]:
    return {method for method in ("GET", "POST", "PUT", "PATCH", "DELETE") if hasattr(view, method.lower())}


def concrete(path: str) -> str:
    return "/" + path.replace("<uuid:uid>", "00000000-0000-4000-8000-000000000001")


def call(path: str, method: str, headers: dict[str, str]) -> int:
    given = {**headers, "Idempotency-Key": "walk", "If-Match": '"v1"'}
    return Browser().generic(method, concrete(path), "{}", "application/json", headers=given).status_code


def test_every_endpoint_declares_a_scope_that_exists_for_each_method(settings: Any) -> None:
    scopes = settings.OAUTH2_PROVIDER["SCOPES"]
    missing = [
        (path, method)
        for path, url in API
        for method in methods_of(url.callback.cls)
        if required_scope(url.callback.cls, method) not in scopes
    ]
    assert missing == []


def test_every_post_is_idempotent() -> None:
    missing = [
        path
        for path, url in API
        if hasattr(url.callback.cls, "post") and not getattr(url.callback.cls.post, "idempotent", False)
    ]
    assert missing == []


def test_api_has_endpoints() -> None:
    assert {path.split("/")[1] for path, _url in API} == {"v1", "partner"}


@pytest.mark.parametrize(("path", "url"), API, ids=[path for path, _url in API])
def test_endpoint_takes_its_scope_and_no_other(path: str, url: URLPattern, settings: Any) -> None:
    every = set(settings.MEDIATION_SCOPES if path.startswith("api/partner/") else settings.HOUSE_SCOPES)
    client, secret = api_client(*every)
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        assert call(path, method, {}) == 401, method
        if method not in methods_of(url.callback.cls):
            assert call(path, method, bearer(client, secret)) == 405, method
            continue
        scope = required_scope(url.callback.cls, method)
        assert scope is not None
        assert call(path, method, bearer(client, secret, *(every - {scope}))) == 403, method
        # A made-up id: 404, a made-up body: 4xx; what counts is that it is neither 401 nor 403.
        assert call(path, method, bearer(client, secret, scope)) in {200, 400, 404, 412, 422}, method


@pytest.mark.parametrize("path", ["/api/docs/staff/", "/api/docs/partner/", "/api/docs/staff.yaml"])
def test_contracts_are_for_signed_in_staff(path: str, people: dict[Role, User]) -> None:
    assert said(Browser().get(path)) == LOGIN
    browser = Browser()
    browser.force_login(people[Role.AUDITOR], backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get(path).status_code == 200
