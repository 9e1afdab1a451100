"""Contacts as evidence: read only, with the verdict of every rule."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from backoffice.core.choices import LegalForce
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.paging import KeysetMixin
from backoffice.desk.templatetags.desk import masked, when
from backoffice.loans.selectors import borrowers_of
from backoffice.privacy.services import Erased
from backoffice.privacy.texts import text_for
from conduct.selectors import judge_contacts
from conduct.words import chips, name_of, say
from debt_collections.models import ContactAttempt
from debt_collections.selectors import contacts_for_page

READS_NOTES = "collections.read_contact_note"


@admin.register(ContactAttempt)
class ContactAttemptAdmin(KeysetMixin, BaseModelAdmin):
    """A collector finds here their own contacts, everybody else all."""

    page_template = "conduct/contact_page.html"
    page_name = "collections.contact"
    page_fields = (
        *(
            "purpose",
            "channel",
            "direction",
            "party",
            "number_owner",
            "connection",
            "outcome",
        ),
        *("identity_disclosed", "started_at", "ended_at", "recorded_at", "collector", "second_collector"),
    )
    logs_reads = True
    list_display = (
        "started",
        "customer",
        "collector_name",
        "channel",
        "party",
        "connection",
        "outcome",
        "verdicts",
    )
    list_display_links = ("started",)
    list_select_related = ("dossier", "borrower", "collector__agency")
    search_help_text = _("A whole telephone or document number, e-mail address or name")
    list_filter = ("channel", "connection", "purpose", "started_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ContactAttempt]:
        rows: Any = super().get_queryset(request)
        return rows.visible_to(request.user)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, judged as one batch."""
        response = super().changelist_view(request, extra_context)
        changelist = getattr(response, "context_data", {}).get("cl")
        if changelist is not None:
            judged = judge_contacts(changelist.result_list)
            for contact in changelist.result_list:
                contact.judged = judged.get(contact.pk, [])
        return response

    @admin.display(description=_("started at"))
    def started(self, obj: ContactAttempt) -> Any:
        return when(obj.started_at)

    @admin.display(description=_("borrower"))
    def customer(self, obj: ContactAttempt) -> Any:
        return masked(obj.borrower.name_mask)

    @admin.display(description=_("collector"))
    def collector_name(self, obj: ContactAttempt) -> str:
        return f"{obj.collector.name} · {obj.collector.agency}" if obj.collector else "—"

    @admin.display(description=_("rules"))
    def verdicts(self, obj: Any) -> Any:
        return format_html_join(" ", "{}", ((one,) for one in chips(obj.judged)))

    def subject_of(self, obj: ContactAttempt) -> int | None:
        return obj.borrower.subject_id

    def by_people(
        self, queryset: QuerySet[ContactAttempt], subject_ids: Collection[int]
    ) -> QuerySet[ContactAttempt]:
        return queryset.filter(borrower__in=borrowers_of(subject_ids))

    def personal_rows(self, request: HttpRequest, obj: ContactAttempt) -> list[Any]:
        return [obj.borrower, *([obj.phone_number] if obj.phone_number is not None else [])]

    def fields_read(self, request: HttpRequest, obj: ContactAttempt) -> list[str]:
        return ["note"] if request.user.has_perm(READS_NOTES) and obj.note_cipher else []

    def page_context(self, request: HttpRequest, obj: ContactAttempt) -> dict[str, Any]:
        judged = judge_contacts([obj]).get(obj.pk, [])
        wanted = {pk for verdict in judged for pk in verdict.counted}
        counted = {one.pk: one for one in contacts_for_page(wanted, viewer=request.user)}  # type: ignore[arg-type]
        note, erased = "", False
        if self.fields_read(request, obj):
            try:
                note = text_for(request.user, obj, "note_cipher")
            except Erased:
                erased = True
        return {
            "judged": [
                {
                    "verdict": one,
                    "name": name_of(one),
                    "lines": say(one.lines),
                    "force": LegalForce(one.legal_force).label,
                    "counted": [counted[pk] for pk in one.counted if pk in counted],
                }
                for one in judged
            ],
            "debts": obj.contact_loans.select_related("loan"),
            "note": note,
            "note_erased": erased,
            "note_hidden": bool(obj.note_cipher) and not note and not erased,
            "case_url": reverse("admin:collections_case_change", args=(obj.case_id,)) if obj.case_id else "",
        }
