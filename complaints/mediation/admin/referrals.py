from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext

from backoffice.desk import page, record
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.operations import Operation
from complaints.mediation import workflow
from complaints.mediation.admin.forms import OfferForm, OptionalReasonForm
from complaints.mediation.admin.pages import FromComplaintMixin, complaint_url
from complaints.mediation.admin.words import deadline_name, event_detail, event_title, state_tone
from complaints.mediation.choices import ConsentCover
from complaints.mediation.models import MediationOrganisation, Referral, ReferralDeadline
from complaints.mediation.services import offer_referral, recall_referral
from complaints.mediation.services.deadlines import view_of
from complaints.mediation.services.referrals import draft_for
from complaints.models import Complaint

EVENTS_SHOWN = 50


def _recall(*, obj: Referral, **arguments: Any) -> Referral:
    return recall_referral(referral=obj, **arguments)


def _draft(complaint: Complaint) -> Referral:
    """A referral that does not exist yet, to the organisation whose consent came last."""
    organisation = (
        MediationOrganisation.objects.filter(
            consents__complaint=complaint, consents__withdrawn_at__isnull=True, active=True
        )
        .select_related("client")
        .order_by("-consents__given_at")
        .first()
    )
    if organisation is None:
        return Referral(complaint=complaint)
    return draft_for(complaint, organisation, at=timezone.now())


@admin.register(Referral)
class ReferralAdmin(FromComplaintMixin, BaseModelAdmin):
    """Cases with the mediation organisations. Our own steps are here; theirs come over the API."""

    workflow = workflow.referral
    operations = (Operation("recall", _recall, OptionalReasonForm),)
    page_name = "mediation.referral"
    page_template = "mediation/referral_page.html"
    logs_reads = True
    list_display = ("number", "complaint", "organisation", "state", "offered_at", "accepted_at", "ended_at")
    list_select_related = ("complaint", "organisation")
    list_filter = ("state",)
    search_fields = ("number",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With what the page and its steps ask about."""
        return (
            super()
            .get_queryset(request)
            .select_related("dossier", "consent", "organisation__client", "complaint")
        )

    def page_chips(self, request: HttpRequest, obj: Referral) -> list[tuple[Any, str]]:
        return [(obj.get_state_display(), state_tone(obj.state))]

    def page_context(self, request: HttpRequest, obj: Referral) -> dict[str, Any]:
        """Deadlines with their explanation, mandate, consent, and what both sides did."""
        now = timezone.now()
        return {
            "complaint_url": complaint_url(obj.complaint),
            "facts": page.details(
                self,
                obj,
                [
                    "organisation",
                    "mandate_amount",
                    "mandate_months",
                    "mediator_name",
                    "mediator_licence",
                    "offered_at",
                    "accepted_at",
                    "ended_at",
                    "end_reason",
                ],
            ),
            "deadlines": [
                {
                    "deadline": deadline,
                    "name": deadline_name(deadline.kind),
                    "lines": _explained(deadline, now),
                }
                for deadline in obj.deadlines.prefetch_related("acts").order_by("id")
            ],
            "consent_covers": [ConsentCover(cover).label for cover in obj.consent.covers],
            "events": [
                {"event": event, "title": event_title(event), "detail": event_detail(event)}
                for event in obj.events.order_by("-sequence")[:EVENTS_SHOWN]
            ],
        }

    def record_sources(self, request: HttpRequest, obj: Referral) -> list[QuerySet[Any]]:
        """Its own history, its consent's and its clocks'."""
        return [
            record.history_of(obj),
            record.history_of(obj.consent),
            ReferralDeadline.history.filter(owner_id=obj.pk),
        ]

    def get_urls(self) -> list[URLPattern]:
        return [
            path("offer/", self.admin_site.admin_view(self.offer_view), name="mediation_referral_offer"),
            *super().get_urls(),
        ]

    def offer_view(self, request: HttpRequest) -> HttpResponse:
        """``?complaint=<pk>``: offer the complaint to an organisation whose consent is in force."""
        return self.from_complaint(
            request,
            workflow=workflow.referral,
            name="offer",
            draft=_draft,
            form_class=OfferForm,
            run=offer_referral,
        )


def _explained(deadline: ReferralDeadline, now: Any) -> list[str]:
    """Line by line, in the reader's language."""
    return [
        line.render(gettext, lambda value: str(page.display(None, value)))
        for line in view_of(deadline, at=now).lines
    ]
