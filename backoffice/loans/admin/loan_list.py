"""The list of loans: by what it is narrowed, and what each page of it reads for all its rows at once."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import CharField, QuerySet, Value
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backoffice.desk.paging import DeskChangeList
from backoffice.loans import lists
from backoffice.loans.admin.ageing import today
from backoffice.loans.classification import bucket_of
from backoffice.loans.models import Creditor, Loan, LoanProduct
from backoffice.loans.policy import LoanPolicy, loan_policy
from backoffice.loans.selectors import stored_days_past_due

_PRODUCT, _CREDITOR = "product", "creditor"


class BucketFilter(SimpleListFilter):
    """The buckets that reports count by, as policy draws them today."""

    title = _("bucket")
    parameter_name = "bucket"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        self.days = lists.bucket_days(_policy(request))
        return [(name, _with_days(name, *days)) for name, days in self.days.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Loan]) -> QuerySet[Loan]:
        days = self.days.get(self.value() or "")
        return queryset.filter(lists.past_due_between(*days, on=today())) if days is not None else queryset


class _OfReference(SimpleListFilter):
    """By a row of a small table. A number that is none of them narrows to nothing."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(pk), name) for kind, pk, name in _references(request) if kind == self.parameter_name]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Loan]) -> QuerySet[Loan]:
        value = self.value()
        if value is None:
            return queryset
        known = {key for key, _name in self.lookup_choices}
        return queryset.filter(**{f"{self.parameter_name}_id": value}) if value in known else queryset.none()


class ProductFilter(_OfReference):
    title = _("product")
    parameter_name = _PRODUCT


class CreditorFilter(_OfReference):
    title = _("creditor")
    parameter_name = _CREDITOR


class LoanChangeList(DeskChangeList):
    """Rows carry their ``bucket`` and the ``principal_owed``: one query for all of a page."""

    result_list: Any

    def get_ordering_field(self, field_name: Any) -> Any:
        """Only columns that the list offers to be sorted by: no address makes the database sort them all."""
        return super().get_ordering_field(field_name) if field_name in self.sortable_by else None

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        owed, buckets, on = lists.principal_owed(rows), _policy(request).ageing.buckets, today()
        for row in rows:
            row.principal_owed = owed.get(row.pk)
            row.bucket = bucket_of(stored_days_past_due(row, on=on), buckets).name
        self.result_list = rows


def _policy(request: HttpRequest) -> LoanPolicy:
    """Read once per request."""
    if not hasattr(request, "loan_policy"):
        request.loan_policy = loan_policy(on=today())  # type: ignore[attr-defined]
    found: LoanPolicy = request.loan_policy  # type: ignore[attr-defined]
    return found


def _references(request: HttpRequest) -> list[tuple[str, int, str]]:
    """Products and creditors by name, in one query for both filters."""
    if not hasattr(request, "loan_references"):
        products, creditors = (
            model._default_manager.order_by().values_list(
                Value(kind, output_field=CharField()), "pk", "name", named=False
            )
            for kind, model in ((_PRODUCT, LoanProduct), (_CREDITOR, Creditor))
        )
        request.loan_references = sorted(  # type: ignore[attr-defined]
            products.union(creditors, all=True), key=lambda row: (row[0], row[2])
        )
    found: list[tuple[str, int, str]] = request.loan_references  # type: ignore[attr-defined]
    return found


def _with_days(name: str, first: int, last: int | None) -> Any:
    if last is None:
        return _("%(bucket)s (from %(first)s days)") % {"bucket": name, "first": first}
    if last == 0:
        return _("%(bucket)s (not overdue)") % {"bucket": name}
    return _("%(bucket)s (%(first)s–%(last)s days)") % {"bucket": name, "first": first, "last": last}
