"""The one admin site of the house: our name, our sidebar, our home, our search."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from backoffice.audit.models import ReadEvent
from backoffice.desk import home, search, sidebar
from backoffice.desk.readlog import log_once
from backoffice.desk.registry import registries

#: Packages of this house, by the beginning of their names.
OURS = ("backoffice.", "debt_collections", "conduct", "complaints", "tests")


class SourceCheckedAutocomplete(AutocompleteJsonView):
    """Answers those who may see the form the field stands in, not everybody who may see its target.

    The rows come from the target's own ``get_queryset``, so nobody finds here what their lists do not show.
    """

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The choices, and one read row for those about whom the target's admin class logs reads."""
        self.shown: list[Any] = []
        response = super().get(request, *args, **kwargs)
        target: Any = self.model_admin
        if target.logs_reads:
            target.log_list_read(request, rows=self.shown, searched=bool(self.term))
        return response

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        """One choice; remembered for the read log."""
        self.shown.append(obj)
        return super().serialize_result(obj, to_field_name)

    def has_perm(self, request: HttpRequest, obj: Any = None) -> bool:
        source = self.source_field.model
        if not self.admin_site.is_registered(source):  # type: ignore[union-attr]
            return False
        admin = self.admin_site.get_model_admin(source)  # type: ignore[union-attr]
        return bool(super().has_perm(request, obj) and admin.has_view_or_change_permission(request))


class BackofficeAdminSite(UnfoldAdminSite):
    """Stands in for ``django.contrib.admin.site`` (see ``desk.apps.DeskAdminConfig``)."""

    site_title = _("Backoffice")
    site_header = _("Backoffice")
    index_title = _("Home")
    index_template = "desk/home.html"
    enable_nav_sidebar = True
    empty_value_display = "—"
    site_url = None

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Only pages made for this house. Libraries bring admin pages for tokens, groups and sign-in logs, which
        know nothing of masks, history or rights; they are left out, whatever is installed."""
        from backoffice.desk.base import BaseModelAdmin  # its import needs the models, this module's does not

        if admin_class is not None and (
            issubclass(admin_class, BaseModelAdmin) or admin_class.__module__.startswith(OURS)
        ):
            super().register(model_or_iterable, admin_class, **options)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The pages of no model (``registries.site_pages``) before the framework's, whose last one takes all."""
        own = [one for pages in registries.site_pages for one in pages(self)]
        return [*own, *super().get_urls()]

    def has_permission(self, request: HttpRequest) -> bool:
        """People who work here. Machines and system jobs have users too, but no business on a screen."""
        user = request.user
        return bool(
            user.is_active and getattr(user, "is_staff", False) and getattr(user, "kind", "") == "person"
        )

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """The theme's context plus the sidebar, worked out only on pages that draw it."""
        context = super().each_context(request)
        if context["has_permission"]:
            context["desk_groups"] = SimpleLazyObject(lambda: sidebar.groups(request))
        return context

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """The theme's own navigation stays empty; ours is drawn from the registries."""
        return []

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[dict[str, Any]]:
        """Only for the index of one app: listing every app on every page would ask each class its rights."""
        return super().get_app_list(request, app_label) if app_label else []

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Home by role: the tiles the person has the right to, and nothing that is empty."""
        tiles = home.tiles(request)
        listed = [dossier_id for tile in tiles for dossier_id in tile.listed]
        if listed:
            log_once(request, what=ReadEvent.What.LIST, count=len(listed), listed=listed)
        context = {
            **self.each_context(request),
            "title": self.index_title,
            "subtitle": None,
            "index": True,
            "tiles": tiles,
            **(extra_context or {}),
        }
        request.current_app = self.name
        return TemplateResponse(request, self.index_template, context)

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Everything of that number or identifier. POST only: what is searched for may be personal, and an
        address is kept in histories and logs."""
        query = request.POST.get("q", "").strip() if request.method == "POST" else ""
        results = search.find(query, viewer=request.user)
        if query:
            hits = [hit for found in results for hit in found.hits]
            log_once(
                request,
                what=ReadEvent.What.SEARCH,
                count=len(hits),
                listed=[hit.dossier_id for hit in hits],
            )
        context = {
            **self.each_context(request),
            "title": _("Search"),
            "query": query,
            "results": results,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "desk/search.html", context)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """Choices of one foreign key in one form (see ``SourceCheckedAutocomplete``)."""
        return SourceCheckedAutocomplete.as_view(admin_site=self)(request)  # type: ignore[return-value]
