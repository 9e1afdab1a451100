"""The base of every admin class of the house. It closes the traps of the framework once, for all pages.

An admin class says what its lists and pages show; what can be *done* it takes from the workflow table
(``workflow``) and from ``operations``, each of which makes one service call (see ``transitions``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from django.contrib.admin import ShowFacets
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from backoffice.audit.models import ReadEvent
from backoffice.audit.services import act
from backoffice.core.bounds import in_years
from backoffice.desk import page, record
from backoffice.desk.guarded import GuardedForm
from backoffice.desk.paging import BoundedPaginator, DeskChangeList
from backoffice.desk.people_search import MARKER, PeopleSearchMixin
from backoffice.desk.reach import within_reach
from backoffice.desk.readlog import ReadLogMixin
from backoffice.desk.reveal import RevealMixin
from backoffice.desk.transitions import TransitionMixin
from backoffice.privacy.texts import words_for


class BaseModelAdmin(RevealMixin, PeopleSearchMixin, TransitionMixin, ReadLogMixin, ModelAdmin):
    """Lists with a bounded count, pages instead of change forms, a masked record, no deletion anywhere.

    ``page_template`` (extends ``desk/object_page.html``) and ``page_context`` draw the object's page; a model
    with a page or a workflow has no change form. Without either, those who may change the row get the form,
    everybody else the generic page with ``page_fields``. ``page_name`` is the name under which other apps
    register panels. ``logs_reads`` writes one read row per page, record or list. ``borrower_path`` leads from a row
    to the borrower it is about, for those who see the borrowers only with whom they have to do.
    """

    page_template: str | None = None
    page_name = ""
    page_fields: Sequence[str] = ()
    record_template = "desk/record.html"
    borrower_path = ""

    # A form of one's own derives from it (desk.E010): what somebody else saved meanwhile is not undone unseen.
    form = GuardedForm
    change_form_before_template = "desk/parts/drawn_from.html"

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0
    list_disable_select_all = True
    list_fullwidth = True
    # No join unless named: a system check (desk.E005) demands the foreign keys that the list shows.
    list_select_related: ClassVar[bool | list[str] | tuple[str, ...]] = ()
    actions_on_bottom = False
    save_as = False
    view_on_site = False
    empty_value_display = page.EMPTY

    # --- rights ---------------------------------------------------------------------------------------

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: rows end by a state, by retention or by erasure, not by a button."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What has a page or a workflow is changed by its operations only."""
        if self.page_template is not None or self.workflow is not None or self._is_log():
            return False
        return super().has_change_permission(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The view right, or the change right (which the framework lets stand for it)."""
        return super().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows of a workflow or a log come into being through services, not through a form."""
        if self.page_template is not None or self.workflow is not None or self._is_log():
            return False
        return super().has_add_permission(request)

    def has_record_permission(self, request: HttpRequest, obj: Any) -> bool:
        """Whoever may see the object may see its record, which shows no more than the page does."""
        return self.has_view_permission(request, obj)

    def _is_log(self) -> bool:
        return bool(getattr(self.model, "append_only", False))

    # --- lists ----------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows this person may know of: lists, pages, steps, autocomplete and bulk actions all ask here.

        Admin classes restrict it further. Ciphertext stays in the database: a list never needs it.
        """
        queryset = super().get_queryset(request)
        if self.borrower_path:
            queryset = within_reach(queryset, request.user, borrower=self.borrower_path)
        secrets = [field.name for field in self.model._meta.fields if isinstance(field, models.BinaryField)]
        return queryset.defer(*secrets) if secrets else queryset

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """One row of the person's queryset with all its columns: the page may show a text it decrypts."""
        queryset = self.get_queryset(request).defer(None)
        if self.logs_reads and hasattr(self.model, "dossier"):
            # The row about this reading names it.
            queryset = queryset.select_related("dossier")
        try:
            return queryset.get(**{from_field or "pk": object_id})
        except (self.model.DoesNotExist, ValidationError, ValueError):
            return None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[DeskChangeList]:
        return DeskChangeList

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        """Exact (``=number``) or by beginning (``number``): what an index answers. Never “contains”."""
        return [_indexable(name) for name in super().get_search_fields(request)]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list; one read row for what it showed, when the model's reads are logged."""
        if request.method == "POST" and MARKER in request.POST:
            return self.search_redirect(request)
        response = super().changelist_view(request, extra_context)
        changelist = getattr(response, "context_data", {}).get("cl") if self.logs_reads else None
        if changelist is not None:
            changelist.result_list = list(changelist.result_list)
            self.log_list_read(
                request,
                rows=changelist.result_list,
                searched=bool(changelist.query) or changelist.found_people,
            )
        return response

    # --- the page -------------------------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The object's page, or the change form of a reference row for those who may change it."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        if self.has_change_permission(request, obj):
            self.log_object_read(request, obj)
            return super().change_view(request, object_id, form_url, extra_context)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        self.log_object_read(request, obj)
        context = {**self._object_context(request, obj, tab="page"), **(extra_context or {})}
        context["page_details"] = self._details(obj)
        context.update(self.page_context(request, obj))
        return TemplateResponse(request, self.page_template or "desk/object_page.html", context)

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """What the page's template needs beyond the common context. Override."""
        return {}

    def page_chips(self, request: HttpRequest, obj: Any) -> list[tuple[Any, str]]:
        """Text and tone of the chips beside the title; the state of a workflow by default. Override."""
        if self.workflow is None:
            return []
        return [(getattr(obj, f"get_{self.workflow.field}_display")(), "info")]

    def _details(self, obj: Any) -> list[tuple[str, Any]]:
        if self.page_template is not None and not self.page_fields:
            return []
        return page.details(self, obj, self.page_fields or page.plain_fields(self.model))

    def _object_context(self, request: HttpRequest, obj: Any, *, tab: str) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": str(obj),
            "opts": self.model._meta,
            "media": self.media,
            "original": obj,
            "object": obj,
            "object_url": self.object_url(obj),
            "record_url": self.object_url(obj).removesuffix("change/") + "history/",
            "has_record": hasattr(self.model, "history") and self.has_record_permission(request, obj),
            "tab": tab,
            "page_name": self.page_name,
            "page_chips": self.page_chips(request, obj),
            "page_steps": page.next_steps(self, request, obj),
            **self.reveal_context(request, obj),
        }

    # --- the record -----------------------------------------------------------------------------------

    def record_sources(self, request: HttpRequest, obj: Any) -> list[QuerySet[Any]]:
        """The histories shown as this object's record: its own, and those of its parts. Override to add."""
        return [record.history_of(obj)]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The record of one object: read only, newest first, paged by a cursor."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        obj = self.get_object(request, unquote(object_id))
        if obj is None or not hasattr(self.model, "history"):
            raise Http404
        if not self.has_record_permission(request, obj):
            raise PermissionDenied
        if "at" in request.GET:
            return self._moment_view(request, obj)
        try:
            found = record.read(self.record_sources(request, obj), before=request.GET.get("before", ""))
        except ValueError as error:
            raise Http404 from error
        # Reasons are words of people, and people write numbers into them.
        entries = [replace(one, reason=words_for(request.user, one.reason)) for one in found.entries]
        found = replace(found, entries=entries)
        self.log_object_read(request, obj, ReadEvent.What.HISTORY)
        context = {
            **self._object_context(request, obj, tab="record"),
            "subtitle": _("Record"),
            "record": found,
            **(extra_context or {}),
        }
        return TemplateResponse(request, self.record_template, context)

    def _moment_view(self, request: HttpRequest, obj: Any) -> HttpResponse:
        """The object as it stood at ``?at=``: the same right, for it shows no more than the record does."""
        from backoffice.desk.explorer import pages  # the pages need the admin classes, which need this one

        self.log_object_read(request, obj, ReadEvent.What.HISTORY)
        context = {
            **self._object_context(request, obj, tab="record"),
            "subtitle": _("Record"),
            **pages.moment_context(self.model, obj.pk, text=request.GET["at"]),
        }
        return TemplateResponse(request, "desk/explorer/object_moment.html", context)

    # --- reference rows that have a form --------------------------------------------------------------

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        found = super().formfield_for_dbfield(db_field, request, **kwargs)
        if found is not None and isinstance(db_field, models.DateField):
            found.validators.append(in_years)
        return found

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save a reference row on record: actor, door and a code that says what was done."""
        code = f"{self.model._meta.label_lower}.{'changed' if change else 'added'}"
        with act(by=request.user, at=timezone.now(), code=code):  # type: ignore[arg-type]
            super().save_model(request, obj, form, change)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        """Not into Django's log: it repeats values without masks, and history already has them."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        """As ``log_addition``."""


def _indexable(name: str) -> str:
    """``=x`` → exact, everything else → by beginning. The framework's ``iexact`` and ``icontains`` use no index."""
    if name.startswith("="):
        return f"{name[1:]}__exact"
    bare = name.lstrip("^")
    return bare if bare.endswith(("__exact", "__startswith")) else f"{bare}__startswith"
