from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.operations import Operation
from complaints.mediation import workflow
from complaints.mediation.admin.forms import ConsentForm, OptionalReasonForm
from complaints.mediation.admin.pages import FromComplaintMixin
from complaints.mediation.choices import ConsentCover
from complaints.mediation.models import MediationConsent
from complaints.mediation.services import record_consent, withdraw_consent


def _withdraw(*, obj: MediationConsent, **arguments: Any) -> MediationConsent:
    return withdraw_consent(consent=obj, **arguments)


@admin.register(MediationConsent)
class MediationConsentAdmin(FromComplaintMixin, BaseModelAdmin):
    """The complainants' separate consents; recorded and withdrawn, never edited."""

    workflow = workflow.consent
    operations = (Operation("withdraw", _withdraw, OptionalReasonForm),)
    logs_reads = True
    # Looking at a consent is looking into the complaint's folder.
    dossier_path = "complaint.dossier"

    list_display = ("complaint", "organisation", "given_at", "text_version", "state_text")
    list_display_links = ("complaint",)
    list_select_related = ("complaint", "organisation")
    ordering = ("-id",)
    page_fields = (
        "complaint",
        "organisation",
        "given_at",
        "text_version",
        "covers_text",
        "evidence",
        "evidence_reference",
        "withdrawn_at",
    )

    @admin.display(description=_("state"))
    def state_text(self, consent: MediationConsent) -> str:
        return consent.get_state_display()

    @admin.display(description=_("covers"))
    def covers_text(self, consent: MediationConsent) -> str:
        return ", ".join(str(ConsentCover(cover).label) for cover in consent.covers)

    def get_urls(self) -> list[URLPattern]:
        return [
            path(
                "record/",
                self.admin_site.admin_view(self.record_view),
                name="mediation_mediationconsent_record",
            ),
            *super().get_urls(),
        ]

    def record_view(self, request: HttpRequest) -> HttpResponse:
        """``?complaint=<pk>``: record the complainant's consent."""
        return self.from_complaint(
            request,
            workflow=workflow.consent,
            name="record",
            draft=lambda complaint: MediationConsent(complaint=complaint),
            form_class=ConsentForm,
            run=record_consent,
        )
