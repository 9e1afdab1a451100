"""A list taken along as CSV or XLSX: with a purpose, on record before the first byte, never cut short unsaid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from django import forms
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.audit.models import Purpose
from backoffice.desk.file_pages import FORMATS, MOST_ROWS
from backoffice.desk.paging import bounded_count
from backoffice.desk.people_search import FOUND
from backoffice.privacy.rights import Holder

if TYPE_CHECKING:
    from backoffice.desk.base import BaseModelAdmin as _Base
else:
    _Base = object

#: Parameters of a list that say where one is in it, not what is in it; and words somebody typed.
_NO_FILTERS = {"p", "o", "before", "after", "q", FOUND}


class ListResource(Protocol):
    """What an export needs of a django-import-export resource."""

    def columns(self, viewer: Holder) -> list[str]: ...
    def dossiers(self, queryset: QuerySet[Any]) -> Sequence[int]: ...
    def export(self, queryset: Any = None, **kwargs: Any) -> Any: ...


class TakeAlongForm(forms.Form):
    """In which form, and for what."""

    form = forms.ChoiceField(
        label=gettext_lazy("Format"), choices=[(name, name.upper()) for name in FORMATS], initial="xlsx"
    )
    purpose = forms.ChoiceField(
        label=gettext_lazy("Purpose"), choices=[("", "—"), *Purpose.choices], required=True
    )


class ExportPageMixin(_Base):
    """Stands before ``BaseModelAdmin``: ``export/?…`` takes along what the list shows with the same parameters."""

    export_resource: type[ListResource]
    export_permission: str
    #: ``record(part=, rows=, form=, filters=, listed=, purpose_code=, path=, by=, at=)`` puts it on record.
    export_record: Callable[..., Any]
    #: As many rows as one request can write; a list whose rows take work has fewer.
    export_rows = MOST_ROWS

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        return [path("export/", self.admin_site.admin_view(self.export_view), name=name), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra = {}
        if request.user.has_perm(self.export_permission):
            query = request.GET.urlencode()
            extra["export_url"] = self._export_url + (f"?{query}" if query else "")
        return super().changelist_view(request, {**(extra_context or {}), **extra})

    def export_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for form and purpose; put on record what is taken; answer the file."""
        if not (request.user.has_perm(self.export_permission) and self.has_view_permission(request)):
            raise PermissionDenied
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        queryset = self._exported(request)
        found = bounded_count(queryset, limit=self.export_rows)
        if request.method != "POST":
            return self._ask_export(request, TakeAlongForm(), found)
        form = TakeAlongForm(request.POST)
        if found > self.export_rows:
            form.add_error(None, _too_many(self.export_rows))
        if not form.is_valid():
            return self._ask_export(request, form, found, status=422)
        at, form_name, resource = timezone.now(), form.cleaned_data["form"], self.export_resource()
        pks = list(queryset.values_list("pk", flat=True)[: self.export_rows])
        # From here on it is these rows, whatever comes in meanwhile.
        queryset = self.model._default_manager.filter(pk__in=pks).order_by("-pk")
        part = str(self.opts.model_name)
        type(self).export_record(
            part=part,
            rows=len(pks),
            form=form_name,
            filters=self._filters_of(request),
            listed=resource.dossiers(queryset),
            purpose_code=form.cleaned_data["purpose"],
            path=request.path,
            by=request.user,
            at=at,
        )
        table = resource.export(queryset, export_fields=resource.columns(request.user))
        content = FORMATS[form_name].export_data(table)
        if isinstance(content, str):
            # Without the mark a spreadsheet on Windows takes the Chinese for Latin-1.
            content = f"\ufeff{content}".encode()
        response = HttpResponse(content, content_type=FORMATS[form_name].get_content_type())
        name = f"{part}-{timezone.localtime(at):%Y%m%d-%H%M%S}.{form_name}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Cache-Control"] = "private, no-store"
        return response

    @property
    def _export_url(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_export")

    def _exported(self, request: HttpRequest) -> QuerySet[Any]:
        """What the list would show with these parameters, all pages of it."""
        try:
            queryset: QuerySet[Any] = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters as error:
            raise Http404 from error
        return queryset.order_by("-pk")

    def _filters_of(self, request: HttpRequest) -> dict[str, str]:
        """By what the list was narrowed, without what somebody typed."""
        found = {name: str(value)[:80] for name, value in request.GET.items() if name not in _NO_FILTERS}
        return {**found, **({"searched": "yes"} if {"q", FOUND} & set(request.GET) else {})}

    def _ask_export(
        self, request: HttpRequest, form: forms.Form, found: int, *, status: int = 200
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Export this list"),
            "opts": self.opts,
            "media": self.media + form.media,
            "form": form,
            "found": min(found, self.export_rows),
            "too_many": _too_many(self.export_rows) if found > self.export_rows else "",
            "narrowed": bool(self._filters_of(request)),
        }
        return TemplateResponse(request, "desk/export_list.html", context, status=status)


def _too_many(rows: int) -> str:
    return _("More than %(rows)s rows: narrow the list by its filters first.") % {"rows": f"{rows:,}"}
