"""Lists by cursor, 1 to 100 rows, no total. Stable while rows are added and changed.

By (updated_at, id) or id alone: a row that changes moves to the end of the order and is seen again with its new state.
A log that is read on and on goes by the order in which its rows became final, so that what a slow transaction commits
late is not missed (``LogPagination``).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.db.models import Func, IntegerField, Q, Value
from django.db.models.lookups import GreaterThan
from django.utils.translation import gettext_lazy as _
from rest_framework.pagination import BasePagination
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from backoffice.api.problems import Problem
from backoffice.audit.services.horizon import finished_rows
from backoffice.core.log import IN_ORDER

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
            cursor = self._place(rows[-1])
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

    def _place(self, row: Any) -> str:
        """The cursor behind ``row``."""
        return _write_cursor([_value(row, name) for name in self.order_fields])

    def _after(self, seen: list[Any]) -> Any:
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


class LogPagination(FeedPagination):
    """A log (``core.log.LogModel``) in the order in which its rows became final, to be read on and on.

    ``resume`` in the answer is the cursor to come back with when there is no next page; None before the first row.
    A row is listed once everything that can ever stand before it is there: while an older transaction runs, later
    rows wait.
    """

    order_fields = ("epoch", "transaction_number", "id")

    def paginate_queryset(self, queryset: Any, request: Any, view: Any = None) -> list[Any]:
        finished = queryset.filter(finished_rows()).annotate(transaction_number=IN_ORDER[1])
        rows = super().paginate_queryset(finished, request, view)
        after = request.query_params.get("cursor")
        # A cursor is good for some days from when it was handed out, also where nothing came meanwhile.
        self.resume = self._place(rows[-1]) if rows else _write_cursor(_read_cursor(after)) if after else None
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        response.data["resume"] = self.resume
        return response

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        answer = super().get_paginated_response_schema(schema)
        answer["required"].append("resume")
        answer["properties"]["resume"] = {
            "type": ["string", "null"],
            "description": "The cursor to read on with, now or later; null while there is nothing",
            "example": "WzEsOTM3NDYsMjI0XQ:1vO8Yw:Jm0R2…",
        }
        return answer

    def _after(self, seen: list[Any]) -> Any:
        if len(seen) != len(IN_ORDER) or not all(isinstance(one, int) for one in seen):
            raise Problem("cursor-invalid")
        # Compared as rows are: one step into the index that holds them in this order.
        return GreaterThan(_row(*IN_ORDER), _row(*map(Value, seen)))


def _row(*parts: Any) -> Func:
    return Func(*parts, function="", output_field=IntegerField())


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
