"""Lists searched by a person's full number, document, e-mail or name, without any of these in an address.

The box of a list sends what was typed by POST. A datum of a person becomes its blind index (``?found=``), which
says nothing to anybody without the key; everything else becomes ``?q=`` as ever.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect, QueryDict
from django.utils.translation import gettext as _

from backoffice.privacy.detector import has_numbers
from backoffice.privacy.people import Sought, sought, subjects_found

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    _Base = ModelAdmin[Any]
else:
    _Base = object

FOUND = "found"
#: Says that a POST to a list is its search box; the framework's own are bulk actions.
MARKER = "list_search"
_NOT_FILTERS = frozenset({"q", "p", "e", FOUND, MARKER, "csrfmiddlewaretoken"})


class PeopleSearchMixin(_Base):
    """``by_people`` narrows the list to rows about given people; overriding it makes the box find them."""

    def by_people(self, queryset: QuerySet[Any], subject_ids: Collection[int]) -> QuerySet[Any]:
        """The rows of ``queryset`` that are about one of these people. Override."""
        return queryset.none()

    @property
    def searches_people(self) -> bool:
        """Whether this list can be searched by a person's data."""
        return type(self).by_people is not PeopleSearchMixin.by_people

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """As the framework's; ``?found=`` is answered by blind index, among the models the person may see."""
        wanted = Sought.parse(request.GET.get(FOUND, "")) if self.searches_people else None
        if wanted is not None:
            people = subjects_found(wanted, viewer=request.user)
            queryset = self.by_people(queryset, people) if people else queryset.none()
        return super().get_search_results(request, queryset, search_term)

    def search_redirect(self, request: HttpRequest) -> HttpResponseRedirect:
        """From what the box sent to the list's address, which holds no personal data."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        typed = request.POST.get("q", "").strip()
        query = QueryDict(mutable=True)
        for name in request.POST:
            if name not in _NOT_FILTERS:
                query.setlist(name, request.POST.getlist(name))
        wanted = sought(typed) if self.searches_people else None
        if wanted is not None and not self._finds(request, typed):
            query[FOUND] = str(wanted)
        elif has_numbers(typed):
            messages.info(request, _("This list is not searched by the numbers of people."))
        elif typed:
            query["q"] = typed
        return HttpResponseRedirect(f"{request.path}?{query.urlencode()}" if query else request.path)

    def _finds(self, request: HttpRequest, typed: str) -> bool:
        # A customer number may look like a passport: what the list knows under its own numbers comes first.
        if has_numbers(typed) or not self.get_search_fields(request):
            return False
        found, _doubles = super().get_search_results(request, self.get_queryset(request), typed)
        return found.exists()
