"""What a list of the loan book says when it is taken along (django-import-export). Masks only; text stays text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from import_export.fields import Field
from import_export.resources import Resource
from import_export.widgets import Widget

from backoffice.core.time import SHANGHAI, business_day
from backoffice.desk.explorer.export import harmless
from backoffice.loans.choices import OverdueKind, RiskClass
from backoffice.loans.lender import lines_of, snapshots, with_related
from backoffice.loans.models import Borrower, Loan, Repayment
from backoffice.loans.selectors import LoanSnapshot
from backoffice.privacy.rights import Holder, Right, right

CHUNK = 500


class Plain(Widget):
    """Amounts as numbers, days as ISO 8601, moments as those of Shanghai, text so that no spreadsheet runs it."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        if value is None:
            return ""
        if isinstance(value, datetime):
            return f"{value.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
        if isinstance(value, date):
            return value.isoformat()
        return value if isinstance(value, (int, Decimal)) else harmless(str(value))


def _column(attribute: str, name: Any) -> Field:
    return Field(attribute=attribute, column_name=name, widget=Plain())


class BookResource(Resource):
    """A list of the loan book. ``personal`` names the columns that say something of a person."""

    personal: tuple[str, ...] = ()

    def columns(self, viewer: Holder) -> list[str]:
        """The columns that ``viewer`` may take along: masks of people only where the person may be seen."""
        sees_people = right(viewer, Borrower, "name") >= Right.MASKED
        return [name for name in self.get_export_order() if sees_people or name not in self.personal]

    def dossiers(self, queryset: QuerySet[Any]) -> Sequence[int]:
        """The dossiers of the loans in it."""
        raise NotImplementedError


class LoanResource(BookResource):
    """Loans as of the end of today, with what is owed on them."""

    number = _column("loan__number", _("number"))
    customer_number = _column("loan__borrower__customer_number", _("customer number"))
    borrower_name = _column("loan__borrower__name_mask", _("name (masked)"))
    product = _column("loan__product__code", _("product"))
    creditor = _column("loan__creditor__name", _("creditor"))
    state = _column("loan__get_state_display", _("state"))
    principal = _column("loan__principal", _("principal (yuan)"))
    annual_rate = _column("loan__annual_rate", _("annual rate"))
    disbursed_on = _column("loan__disbursed_on", _("disbursed on"))
    matures_on = _column("loan__matures_on", _("matures on"))
    on = _column("on", _("as of"))
    days_past_due = _column("days_past_due", _("days past due"))
    oldest_unpaid_due_on = _column("past_due__since", _("oldest unpaid due day"))
    risk_class = _column("classification__value", _("risk class"))
    overdue_kind = _column("kind", _("overdue kind"))
    bucket = _column("bucket__name", _("bucket"))
    owed_principal = _column("outstanding__principal", _("principal owed (yuan)"))
    owed_interest = _column("outstanding__interest", _("interest owed (yuan)"))
    owed_fee = _column("outstanding__fee", _("fees owed (yuan)"))
    owed_penalty = _column("outstanding__penalty", _("default interest owed (yuan)"))
    owed_cost = _column("outstanding__cost", _("costs owed (yuan)"))
    owed_accrued = _column("outstanding__accrued", _("interest not due yet (yuan)"))
    owed = _column("outstanding__total", _("owed in all (yuan)"))
    credit = _column("loan__credit", _("credit (yuan)"))

    personal = ("customer_number", "borrower_name")

    def dehydrate_risk_class(self, snapshot: LoanSnapshot) -> str:
        return str(RiskClass(snapshot.classification.value).label)

    def dehydrate_overdue_kind(self, snapshot: LoanSnapshot) -> str:
        return str(OverdueKind(snapshot.kind).label)

    def iter_queryset(self, queryset: QuerySet[Loan]) -> Iterator[Any]:
        on = business_day(timezone.now())
        pks = list(queryset.values_list("pk", flat=True))
        for start in range(0, len(pks), CHUNK):
            part = with_related(Loan.objects.filter(pk__in=pks[start : start + CHUNK])).in_bulk()
            yield from snapshots([part[pk] for pk in pks[start : start + CHUNK] if pk in part], on=on)

    def dossiers(self, queryset: QuerySet[Loan]) -> Sequence[int]:
        return list(queryset.values_list("dossier_id", flat=True))


class RepaymentResource(BookResource):
    """Repayments with what nothing was owed for."""

    external_id = _column("repayment__external_id", _("external id"))
    creditor = _column("repayment__creditor__name", _("creditor"))
    loan_number = _column("repayment__loan__number", _("loan"))
    received_at = _column("repayment__received_at", _("paid in at"))
    amount = _column("repayment__amount", _("amount (yuan)"))
    channel = _column("repayment__get_channel_display", _("channel"))
    reverses = _column("repayment__reverses__external_id", _("reverses"))
    reversed_by = _column("repayment__reversal__external_id", _("reversed by"))
    unallocated = _column("unallocated", _("not allocated (yuan)"))
    recorded_at = _column("repayment__recorded_at", _("recorded at"))

    def iter_queryset(self, queryset: QuerySet[Repayment]) -> Iterator[Any]:
        pks = list(queryset.values_list("pk", flat=True))
        joined = Repayment.objects.select_related("loan", "creditor", "reverses", "reversal")
        for start in range(0, len(pks), CHUNK):
            part = joined.filter(pk__in=pks[start : start + CHUNK]).in_bulk()
            yield from lines_of([part[pk] for pk in pks[start : start + CHUNK] if pk in part])

    def dossiers(self, queryset: QuerySet[Repayment]) -> Sequence[int]:
        return sorted(set(queryset.values_list("loan__dossier_id", flat=True)))
