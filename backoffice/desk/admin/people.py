"""Accounts and teams. Roles come from the table, rights are never given by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.creation import CreationMixin, Shown
from backoffice.desk.operations import Operation, OperationForm
from backoffice.staff import services
from backoffice.staff.models import Team, User
from backoffice.staff.roles import PERSON_ROLES, Role
from backoffice.staff.workflow import account

_ROLE_CHOICES = [(role.value, role.label) for role in PERSON_ROLES]


def _roles_field(**given: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=_("Roles"), choices=_ROLE_CHOICES, widget=forms.CheckboxSelectMultiple, **given
    )


def _team_field() -> forms.ModelChoiceField:
    return forms.ModelChoiceField(label=_("Team"), required=False, queryset=Team.objects.order_by("name"))


class NewUserForm(OperationForm):
    """A new person; the first password is made up and shown once."""

    username = forms.CharField(label=_("User name"), max_length=150)
    full_name = forms.CharField(label=_("Full name"), max_length=60)
    email = forms.EmailField(label=_("E-mail"), required=False)
    team = _team_field()
    roles = _roles_field()


class RolesForm(OperationForm):
    """Exactly the roles the person is to have."""

    roles = _roles_field(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.obj is not None:
            self.initial.setdefault("roles", self.obj.roles)


class TeamForm(OperationForm):
    """The team to be in, or none."""

    team = _team_field()


def _set_roles(*, obj: User, roles: list[str], **given: Any) -> User:
    return services.set_roles(user=obj, roles=[Role(one) for one in roles], **given)


def _assign_team(*, obj: User, **given: Any) -> User:
    return services.assign_team(user=obj, **given)


def _reset_password(*, obj: User, **given: Any) -> str:
    return services.reset_password(user=obj, **given)


def _deactivate(*, obj: User, **given: Any) -> User:
    return services.deactivate_user(user=obj, **given)


def _reactivate(*, obj: User, **given: Any) -> User:
    return services.reactivate_user(user=obj, **given)


class RoleFilter(admin.SimpleListFilter):
    """By role: the choices come from the table, not from the rows."""

    title = _("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return _ROLE_CHOICES

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        return queryset.filter(groups__name=self.value()) if self.value() else queryset


@admin.register(User)
class UserAdmin(CreationMixin, BaseModelAdmin):
    """People and machine accounts."""

    workflow = account
    operations = (
        Operation("set_roles", _set_roles, RolesForm),
        Operation("assign_team", _assign_team, TeamForm, bulk=True),
        Operation(
            "reset_password",
            _reset_password,
            help=_("Makes up a new password and ends the person's sessions."),
        ),
        Operation(
            "deactivate", _deactivate, help=_("Ends the person's sessions. The record keeps the name.")
        ),
        Operation("reactivate", _reactivate, help=_("The person needs a new password afterwards.")),
    )
    creation_form = NewUserForm
    shows_once = {"reset_password": _("New password")}

    list_display = ("username", "full_name", "role_names", "team", "kind", "is_active", "last_login")
    list_select_related = ("team",)
    list_filter = ("kind", "is_active", RoleFilter)
    search_fields = ("username",)
    ordering = ("username",)
    page_fields = (
        "username",
        "full_name",
        "kind",
        "role_names",
        "team",
        "email",
        "is_active",
        "last_login",
        "date_joined",
    )

    def create(self, request: HttpRequest, at: datetime, data: dict[str, Any]) -> tuple[User, Shown]:
        """The account with a password of its own."""
        password = services.new_password()
        roles = [Role(one) for one in data.pop("roles")]
        user = services.create_user(by=request.user, at=at, roles=roles, password=password, **data)  # type: ignore[arg-type]
        return user, [(_("User name"), user.username), (_("First password"), password)]

    @admin.display(description=_("roles"))
    def role_names(self, obj: User) -> str:
        return "、".join(str(Role(one).label) for one in obj.roles if one in Role.values)


@admin.register(Team)
class TeamAdmin(BaseModelAdmin):
    """Teams and their leads."""

    list_display = ("name", "lead")
    list_select_related = ("lead",)
    autocomplete_fields = ("lead",)
    search_fields = ("=name",)
    ordering = ("name",)
