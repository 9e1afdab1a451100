"""Filters of lists (django-filter): a value that cannot be read is refused, and so is a parameter we do not know.

A misspelt filter that is passed over answers with everything, and nobody notices.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import django_filters
from django import forms
from django.utils.translation import gettext_lazy as _
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ValidationError

from backoffice.api.formats import MomentField
from backoffice.api.problems import Problem


class MomentFormField(forms.CharField):
    """RFC 3339 with its offset."""

    def clean(self, value: Any) -> datetime | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            # An unescaped plus arrives as a blank.
            return MomentField().to_internal_value(text.replace(" ", "+"))
        except ValidationError as error:
            raise forms.ValidationError(
                _("Give the time with its offset, like 2026-11-23T10:00:00+08:00."), code="invalid"
            ) from error


@extend_schema_field(OpenApiTypes.DATETIME)
class MomentFilter(django_filters.Filter):
    """A moment, for ``since`` and ``until``."""

    field_class = MomentFormField


class DayFilter(django_filters.DateFilter):
    """A day as ``YYYY-MM-DD``, in whatever language the caller reads refusals."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, input_formats=["%Y-%m-%d"], **kwargs)


class OneOfFilter(django_filters.MultipleChoiceFilter):
    """One of the values given; the parameter may be repeated. No DISTINCT: only columns of the row itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, distinct=False, **kwargs)


class FilterBackend(DjangoFilterBackend):
    """``filterset_class`` of the view; ``also_known`` are its parameters that are no filters."""

    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        filterset = self.get_filterset(request, queryset, view)
        known = {*filterset.filters, "limit", "cursor", *getattr(view, "also_known", ())}
        unknown = sorted(set(request.query_params) - known)
        if unknown:
            raise Problem(
                "parameter-invalid",
                errors=[_fault(name, "unknown", _("This list has no such parameter.")) for name in unknown],
            )
        if not filterset.is_valid():
            raise Problem(
                "parameter-invalid",
                errors=[
                    _fault(name, one["code"], one["message"])
                    for name, found in filterset.form.errors.get_json_data().items()
                    for one in found
                ],
            )
        return filterset.qs


def _fault(name: str, code: str, detail: Any) -> dict[str, str]:
    return {"pointer": f"/{name}", "code": code, "detail": str(detail)}
