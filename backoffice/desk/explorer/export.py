"""A filtered result as CSV (streamed) or XLSX, each on record before the first byte goes out."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import tablib
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from backoffice.audit.services.exporting import export_limit, record_export
from backoffice.core.errors import NotPermitted
from backoffice.desk.explorer.forms import ExportForm

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: What a spreadsheet would take for a formula when it opens the file.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Written:
    """Where the CSV writer puts a line: nowhere, it is handed on as it is made."""

    def write(self, line: str) -> str:
        return line


def answer(
    request: HttpRequest,
    *,
    part: str,
    keys: Callable[[int], Sequence[Any]],
    headers: Sequence[Any],
    lines: Callable[[Sequence[Any]], Iterable[Sequence[Any]]],
    listed: Callable[[Sequence[Any]], Iterable[int | None]],
    filters: dict[str, Any],
    subject_id: int | None = None,
    user: Any = None,
) -> HttpResponseBase:
    """The file for a POST of ``ExportForm``; 422 when that is not filled in as it should be.

    ``keys(limit)`` finds at most that many rows, ``lines`` turns a part of them into lines of text, ``listed``
    says which dossiers are in it. What was found is counted and put on record first, then written part by part.
    """
    form = ExportForm(request.POST)
    if not form.is_valid():
        return HttpResponse(form.errors.as_text(), status=422, content_type="text/plain; charset=utf-8")
    at = timezone.now()
    limit = export_limit(at=at)
    found = keys(limit + 1)
    capped = len(found) > limit
    found = found[:limit]
    try:
        record_export(
            part=part,
            rows=len(found),
            capped=capped,
            form=form.cleaned_data["form"],
            filters={name: value for name, value in filters.items() if value not in (None, "")},
            listed=sorted({one for one in listed(found) if one is not None}),
            purpose_code=form.cleaned_data["purpose"],
            path=request.path,
            by=request.user,  # type: ignore[arg-type]
            at=at,
            subject_id=subject_id,
            user=user,
        )
    except NotPermitted as refusal:
        raise PermissionDenied from refusal
    name = f"record-{part}-{timezone.localtime(at):%Y%m%d-%H%M%S}"
    table = _table([str(header) for header in headers], found, lines)
    response: HttpResponseBase
    if form.cleaned_data["form"] == "xlsx":
        head, *body = table
        content = tablib.Dataset(*body, headers=head).export("xlsx")
        response = HttpResponse(content, content_type=XLSX)
    else:
        response = StreamingHttpResponse(_csv(table), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.{form.cleaned_data["form"]}"'
    response["Cache-Control"] = "private, no-store"
    return response


def _table(
    headers: list[str], found: Sequence[Any], lines: Callable[[Sequence[Any]], Iterable[Sequence[Any]]]
) -> Iterator[list[str]]:
    yield headers
    for start in range(0, len(found), 500):
        for line in lines(found[start : start + 500]):
            yield [harmless(str(value)) for value in line]


def _csv(table: Iterable[list[str]]) -> Iterator[str]:
    writer = csv.writer(Written())
    # Without it a spreadsheet on Windows takes the Chinese for Latin-1.
    yield "\ufeff"
    for line in table:
        yield writer.writerow(line)


def harmless(text: str) -> str:
    """The text, so marked that a spreadsheet takes it for text."""
    return f"'{text}" if text.startswith(FORMULA) else text
