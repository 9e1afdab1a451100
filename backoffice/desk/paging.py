"""Lists that cost the same at a thousand and at a million rows: a bounded count, or no count at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.views import ChangeList

from backoffice.desk.people_search import FOUND
from backoffice.privacy.people import Sought

COUNT_LIMIT = 1000


def bounded_count(queryset: QuerySet[Any], *, limit: int = COUNT_LIMIT) -> int:
    """The number of rows, counted no further than ``limit + 1``: a result above ``limit`` means “more than”."""
    return queryset.order_by()[: limit + 1].count()


class BoundedPaginator(Paginator):
    """Pages through the first ``COUNT_LIMIT`` rows. Whoever needs the 1,001st narrows the list instead."""

    template_name = "desk/pagination.html"

    @cached_property
    def found(self) -> int:
        """Rows found, at most ``COUNT_LIMIT + 1``."""
        if isinstance(self.object_list, QuerySet):
            return bounded_count(self.object_list)
        return len(self.object_list)

    @property
    def is_capped(self) -> bool:
        return self.found > COUNT_LIMIT

    @cached_property
    def count(self) -> int:
        return min(self.found, COUNT_LIMIT)


class KeysetPaginator:
    """What the list's templates ask of a paginator, for a list that counts nothing and never uses OFFSET."""

    template_name = "desk/pagination_keyset.html"

    def __init__(self, *, per_page: int, newer: str, older: str) -> None:
        self.per_page = per_page
        self.newer = newer
        self.older = older
        self.num_pages = 1
        self.count = 0

    def get_elided_page_range(self, *args: Any, **kwargs: Any) -> list[int]:
        return [1]


class DeskChangeList(ChangeList):
    """A list that may be narrowed to a person (``?found=``, see ``people_search``)."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        #: Whether the rows were found by a person's data, which the search box does not repeat.
        self.found_people = Sought.parse(request.GET.get(FOUND, "")) is not None
        super().__init__(request, *args, **kwargs)

    def get_filters_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        found = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name != FOUND}


class KeysetChangeList(DeskChangeList):
    """Newest first by primary key; ``?before=`` and ``?after=`` name the row at the edge of the page."""

    def get_filters_params(self, params: dict[str, Any] | None = None) -> dict[str, Any]:
        found = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name not in {"before", "after"}}

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[str]:
        return ["-pk"]

    def get_results(self, request: HttpRequest) -> None:
        size = self.list_per_page
        before, after = _row_id(request, "before"), _row_id(request, "after")
        queryset = self.queryset
        if after is not None:
            # Taken from the edge upwards, then turned round, so that the index is walked from the right end.
            rows = list(queryset.filter(pk__gt=after).order_by("pk")[: size + 1])
            has_newer, has_older = len(rows) > size, True
            rows = rows[:size][::-1]
        else:
            if before is not None:
                queryset = queryset.filter(pk__lt=before)
            rows = list(queryset[: size + 1])
            has_newer, has_older = before is not None, len(rows) > size
            rows = rows[:size]
        self.result_list = rows
        self.result_count = len(rows)
        self.full_result_count = None
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = False
        self.multi_page = True
        self.paginator = KeysetPaginator(
            per_page=size,
            newer=self.get_query_string({"after": rows[0].pk}, ["before"]) if rows and has_newer else "",
            older=self.get_query_string({"before": rows[-1].pk}, ["after"]) if rows and has_older else "",
        )


def _row_id(request: HttpRequest, name: str) -> int | None:
    value = request.GET.get(name, "")
    return int(value) if value.isdecimal() else None


if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    _Base = ModelAdmin[Any]
else:
    _Base = object


class KeysetMixin(_Base):
    """For the lists of giants (logs): put before ``BaseModelAdmin``. No count, no OFFSET, no other ordering."""

    sortable_by = ()
    ordering = ("-pk",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return KeysetChangeList
