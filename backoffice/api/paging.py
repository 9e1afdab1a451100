"""Lists by cursor: (updated_at, id) or id alone, 1 to 100 rows, no total. Stable while rows are added and changed.

A row that changes moves to the end of the order and is seen again with its new state; none is ever missed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from backoffice.api.problems import Problem

DEFAULT_LIMIT, MAX_LIMIT = 25, 100
CURSOR_LIFETIME = timedelta(days=7)
_SALT = "backoffice.api.paging"


class FeedPagination(BasePagination):
    """``{"items": […]}`` and, while there is more, ``Link: <…>; rel="next"``.

    Takes a queryset of models or of ``values()`` that carry ``updated_at`` and ``id``.
    """

    order_fields: tuple[str, ...] = ("updated_at", "id")

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> list[Any]:
        limit = self._limit(request)
        after = request.query_params.get("cursor")
        if after:
            queryset = queryset.filter(self._after(_read_cursor(after)))
        rows = list(queryset.order_by(*self.order_fields)[: limit + 1])
        self.next_link = None
        if len(rows) > limit:
            rows = rows[:limit]
            cursor = _write_cursor([_value(rows[-1], name) for name in self.order_fields])
            self.next_link = replace_query_param(request.build_absolute_uri(), "cursor", cursor)
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        headers = {"Link": f'<{self.next_link}>; rel="next"'} if self.next_link else {}
        return Response({"items": data}, headers=headers)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {"type": "object", "required": ["items"], "properties": {"items": schema}}

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "limit",
                "in": "query",
                "required": False,
                "description": "Rows per page",
                "schema": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
            },
            {
                "name": "cursor",
                "in": "query",
                "required": False,
                "description": "From the Link header of the page before",
                "schema": {"type": "string"},
            },
        ]

    def _after(self, seen: list[Any]) -> Q:
        if len(seen) != len(self.order_fields):
            # The cursor of another list.
            raise Problem("cursor-invalid")
        if len(seen) == 1:
            return Q(**{f"{self.order_fields[0]}__gt": seen[0]})
        moment, pk = self.order_fields
        # The first condition says no more than the second; it is what an index can begin with.
        return Q(**{f"{moment}__gte": seen[0]}) & (
            Q(**{f"{moment}__gt": seen[0]}) | Q(**{moment: seen[0], f"{pk}__gt": seen[1]})
        )

    def _limit(self, request: Any) -> int:
        given = request.query_params.get("limit", str(DEFAULT_LIMIT))
        if not given.isascii() or not given.isdigit() or not 1 <= int(given[:9]) <= MAX_LIMIT:
            raise Problem("parameter-invalid", _("“limit” is a number from 1 to 100."))
        return int(given)


def _value(row: Any, name: str) -> Any:
    return row[name] if isinstance(row, dict) else getattr(row, name)


def _write_cursor(place: list[Any]) -> str:
    plain = [one.isoformat() if isinstance(one, datetime) else one for one in place]
    return signing.dumps(plain, salt=_SALT)


def _read_cursor(cursor: str) -> list[Any]:
    try:
        place = signing.loads(cursor, salt=_SALT, max_age=CURSOR_LIFETIME)
    except signing.SignatureExpired as error:
        raise Problem("cursor-expired") from error
    except signing.BadSignature as error:
        raise Problem("cursor-invalid") from error
    return [datetime.fromisoformat(one) if isinstance(one, str) else one for one in place]
