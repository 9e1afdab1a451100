"""Borrowers: found by a full identifier, shown masked, every look on record."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backoffice.core.money import ZERO
from backoffice.desk import record
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.templatetags.desk import masked, when
from backoffice.loans.admin.ageing import today
from backoffice.loans.models import Borrower
from backoffice.loans.selectors import (
    borrower_for_page,
    borrowers_of,
    find_borrowers_by,
    stored_days_past_due,
)


@admin.register(Borrower)
class BorrowerAdmin(BaseModelAdmin):
    page_template = "loans/borrower_page.html"
    page_name = "loans.borrower"
    borrower_path = "pk"
    logs_reads = True
    list_display = ("customer_number", "name", "document", "phone", "since")
    # Shows the box; what is typed is answered below, by blind index.
    search_fields = ("=customer_number",)
    search_help_text = _("A whole customer number, telephone or document number, e-mail address or name")
    ordering = ("-pk",)

    def by_people(self, queryset: QuerySet[Borrower], subject_ids: Collection[int]) -> QuerySet[Borrower]:
        return queryset.filter(pk__in=borrowers_of(subject_ids))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Borrower], search_term: str
    ) -> tuple[QuerySet[Borrower], bool]:
        """Exact, by customer number or blind index: encrypted columns know no “contains”."""
        if not search_term.strip():
            return super().get_search_results(request, queryset, "")
        viewer: Any = request.user
        found = list(find_borrowers_by(search_term, viewer=viewer).values_list("pk", flat=True))
        return queryset.filter(pk__in=found), False

    def page_context(self, request: HttpRequest, obj: Borrower) -> dict[str, Any]:
        on = today()
        facts = borrower_for_page(obj, on=on)
        owed = facts.owed.values()
        return {
            "facts": facts,
            "owed_in_all": sum((one.settles for one in owed), ZERO),
            "overdue_in_all": sum((one.overdue for one in owed), ZERO),
            "owing": len(facts.owed),
            "loans": [
                (
                    loan,
                    facts.owed.get(loan.pk),
                    stored_days_past_due(loan, on=on),
                    reverse("admin:loans_loan_change", args=(loan.pk,)),
                )
                for loan in facts.loans
            ],
            "today": on,
        }

    def personal_rows(self, request: HttpRequest, obj: Borrower) -> list[Any]:
        """The borrower, every number, and the contact persons."""
        return [obj, *obj.phone_numbers.select_related("contact_person"), *obj.contact_persons.all()]

    def record_sources(self, request: HttpRequest, obj: Borrower) -> list[QuerySet[Any]]:
        """The borrower's own history with that of numbers, contact persons, needs and consents."""
        return [
            record.history_of(obj),
            *(
                related.model.history.filter(borrower_id=obj.pk)
                for related in (obj.phone_numbers, obj.contact_persons, obj.needs, obj.contact_consents)
            ),
        ]

    @admin.display(description=_("name"))
    def name(self, obj: Borrower) -> SafeString:
        return masked(obj.name_mask)

    @admin.display(description=_("document"))
    def document(self, obj: Borrower) -> SafeString:
        return masked(obj.id_number_mask)

    @admin.display(description=_("mobile"))
    def phone(self, obj: Borrower) -> SafeString:
        return masked(obj.mobile_mask)

    @admin.display(description=_("customer since"))
    def since(self, obj: Borrower) -> SafeString:
        return when(obj.registered_at)
