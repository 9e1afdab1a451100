"""By what the lists of loans and repayments are narrowed."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone

from backoffice.api.filters import DayFilter, MomentFilter, OneOfFilter
from backoffice.core.time import business_day
from backoffice.loans import lender, lists
from backoffice.loans.choices import LoanState, OverdueKind, RepaymentChannel, RiskClass
from backoffice.loans.models import Loan, Repayment
from backoffice.loans.policy import BUCKETS, loan_policy

MOST_DAYS = 36_500


class DaysFilter(django_filters.Filter):
    """A number of days."""

    field_class = forms.IntegerField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, min_value=0, max_value=MOST_DAYS, **kwargs)


class LoanFilter(django_filters.FilterSet):
    """Age and class are as of the last event of the loan, which the close of day brings up to the present day."""

    number = django_filters.CharFilter(label="The loan's number, whole")
    customer_number = django_filters.CharFilter("borrower__customer_number")
    state = OneOfFilter(choices=LoanState.choices)
    risk_class = OneOfFilter(choices=RiskClass.choices)
    overdue_kind = OneOfFilter(choices=OverdueKind.choices)
    bucket = OneOfFilter(
        choices=[(f"M{number}", f"M{number}") for number in range(len(BUCKETS) + 1)], method="in_buckets"
    )
    overdue_from = DaysFilter(method="all_of_it", label="Days past due, at least")
    overdue_to = DaysFilter(method="all_of_it", label="Days past due, at most")
    product = django_filters.CharFilter("product__code", label="The product's code")
    creditor = django_filters.CharFilter("creditor__name", label="The creditor's name")
    disbursed_from = DayFilter("disbursed_on", lookup_expr="gte")
    disbursed_to = DayFilter("disbursed_on", lookup_expr="lte")
    changed_since = MomentFilter(
        method="changed", label="Anything about the loan or its repayments put on record since then"
    )

    class Meta:
        model = Loan
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[Loan]) -> QuerySet[Loan]:
        found = super().filter_queryset(queryset)
        first, last = (self.form.cleaned_data[name] for name in ("overdue_from", "overdue_to"))
        if first is None and last is None:
            return found
        return found.filter(lists.past_due_between(first or 0, last, on=business_day(timezone.now())))

    def all_of_it(self, queryset: QuerySet[Loan], name: str, value: int) -> QuerySet[Loan]:
        """The two ends are one stretch of days: see ``filter_queryset``."""
        return queryset

    def in_buckets(self, queryset: QuerySet[Loan], name: str, values: list[str]) -> QuerySet[Loan]:
        if not values:
            return queryset
        today = business_day(timezone.now())
        days = lists.bucket_days(loan_policy(on=today))
        wanted = Q()
        for value in values:
            wanted |= lists.past_due_between(*days[value], on=today)
        return queryset.filter(wanted)

    def changed(self, queryset: QuerySet[Loan], name: str, value: Any) -> QuerySet[Loan]:
        return lender.changed_since(queryset, value)


class RepaymentFilter(django_filters.FilterSet):
    """Reversals are rows of their own and are listed too."""

    external_id = django_filters.CharFilter()
    creditor = django_filters.CharFilter("creditor__name", label="The creditor's name")
    loan_number = django_filters.CharFilter("loan__number")
    channel = OneOfFilter(choices=RepaymentChannel.choices)
    received_from = MomentFilter("received_at", lookup_expr="gte", label="Inclusive")
    received_until = MomentFilter("received_at", lookup_expr="lt", label="Exclusive")
    recorded_since = MomentFilter(
        "recorded_at", lookup_expr="gte", label="Come in here since then, inclusive"
    )

    class Meta:
        model = Repayment
        fields: list[str] = []


class OfLoanFilter(RepaymentFilter):
    """The repayments of one loan."""

    loan_number = None
    creditor = None
