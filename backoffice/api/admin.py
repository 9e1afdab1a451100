"""API clients: who may call us, with which scopes and which secrets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backoffice.api import services, workflow
from backoffice.api.models import Client, ClientSecret
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.creation import CreationMixin, Shown
from backoffice.desk.operations import Operation, OperationForm, ReasonForm
from backoffice.desk.registry import SidebarItem, registries


def _scope_choices() -> list[tuple[str, str]]:
    return [(name, f"{name} — {text}") for name, text in settings.OAUTH2_PROVIDER["SCOPES"].items()]


def _scopes_field() -> forms.MultipleChoiceField:
    # Scopes are names for machines: the texts beside them say to people what each allows.
    return forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=_scope_choices,
        widget=forms.CheckboxSelectMultiple,
    )


class NewClientForm(ReasonForm):
    """A new client. The reason is kept in its dossier (the contract, the decision)."""

    name = forms.CharField(label=_("Client's name"), max_length=60)
    scopes = _scopes_field()
    field_order = ("name", "scopes", "reason")


class ScopesForm(ReasonForm):
    """Exactly the scopes the client may ask for."""

    scopes = _scopes_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.obj is not None:
            self.initial.setdefault("scopes", self.obj.scopes)


class ConfirmForm(OperationForm):
    """A reason, if there is anything to say."""

    reason = forms.CharField(label=_("Reason"), required=False, widget=forms.Textarea(attrs={"rows": 2}))


def _rotate(*, obj: Client, **given: Any) -> str:
    return services.rotate_secret(client=obj, **given)


def _revoke(*, obj: Client, **given: Any) -> Client:
    return services.revoke_secrets(client=obj, **given)


def _set_scopes(*, obj: Client, **given: Any) -> Client:
    return services.set_scopes(client=obj, **given)


def _deactivate(*, obj: Client, **given: Any) -> Client:
    return services.deactivate_client(client=obj, **given)


def _reactivate(*, obj: Client, **given: Any) -> Client:
    return services.reactivate_client(client=obj, **given)


if admin.site.is_registered(Client):
    # The library registers its application model, whichever it is, with a form for every column.
    admin.site.unregister(Client)


@admin.register(Client)
class ClientAdmin(CreationMixin, BaseModelAdmin):
    """Clients; what can be done to them is in the workflow table."""

    workflow = workflow.client
    operations = (
        Operation("rotate_secret", _rotate, ConfirmForm, help=_("The old secret holds for one more day.")),
        Operation(
            "revoke_secrets", _revoke, ReasonForm, help=_("The client is shut out until it has a new secret.")
        ),
        Operation("set_scopes", _set_scopes, ScopesForm),
        Operation("deactivate", _deactivate, ReasonForm),
        Operation("reactivate", _reactivate, ReasonForm),
    )
    creation_form = NewClientForm
    not_logged_because = "a system that calls us; its dossier holds no person's data"
    shows_once = {"rotate_secret": _("New secret")}

    list_display = ("name", "client_id", "allowed_scopes", "active")
    list_filter = ("active",)
    search_fields = ("=client_id",)
    ordering = ("name",)
    page_fields = ("name", "client_id", "allowed_scopes", "active", "account", "secrets_in_force", "created")

    def create(self, request: HttpRequest, at: datetime, data: dict[str, Any]) -> tuple[Client, Shown]:
        """The client and its first secret."""
        client, secret = services.create_client(by=request.user, at=at, **data)  # type: ignore[arg-type]
        return client, [(_("Client identifier"), client.client_id), (_("Secret"), secret)]

    @admin.display(description=_("account"))
    def account(self, obj: Client) -> str:
        return str(obj.user)

    @admin.display(description=_("secrets in force"))
    def secrets_in_force(self, obj: Client) -> str:
        rows = ClientSecret.objects.filter(client=obj).order_by("valid_from")
        return "；".join(
            f"…{one.hint} {one.valid_from:%Y-%m-%d} → {f'{one.valid_until:%Y-%m-%d %H:%M}' if one.valid_until else ''}"
            for one in rows
        )


registries.sidebar.register(
    "api.clients",
    SidebarItem(
        desk="house",
        title=_("API clients"),
        url=lambda: reverse("admin:api_client_changelist"),
        icon="key",
        permission="api.view_client",
        order=60,
    ),
)
