"""Changes and write-offs as a second person decides them, and as they stay readable afterwards."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from backoffice.core.time import business_day
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.operations import Operation, ReasonForm
from backoffice.desk.page import EMPTY
from backoffice.desk.templatetags.desk import amount, chip, days_left, when
from backoffice.loans import services, workflow
from backoffice.loans.account import shortfalls
from backoffice.loans.admin.asked import standing_of, words_of
from backoffice.loans.admin.difference import difference_context, terms_in_words
from backoffice.loans.changed import can_be_written_off
from backoffice.loans.choices import ChangeKind, ChangeState, PostingState
from backoffice.loans.ledger import ledger_of
from backoffice.loans.models import ScheduleChange, WriteOff
from backoffice.loans.services.changes import as_shown

#: Tone of the chip of a state.
TONES = {"proposed": "warn", "requested": "warn", "applied": "good", "done": "good"}


def _until(decide_by: date | None, *, waits: bool) -> Any:
    """How long it can still be made real, for what awaits a decision."""
    if not waits:
        return EMPTY
    return chip(_("Too old"), "bad") if _too_old(decide_by) else days_left(decide_by)


def _too_old(decide_by: date | None) -> bool:
    return decide_by is None or decide_by < business_day(timezone.now())


def _shortfall(change: ScheduleChange) -> Decimal | None:
    """What the money of an early settlement lacks so that it would hold; None where it holds, or is none."""
    if change.kind != ChangeKind.EARLY_SETTLEMENT or change.version is None:
        return None
    return shortfalls(ledger_of(change.loan).facts()).get(change.version)


@admin.register(ScheduleChange)
class ScheduleChangeAdmin(BaseModelAdmin):
    """Decided by another person than the one who proposed it, on the difference that was shown."""

    workflow = workflow.change
    operations = (
        Operation(
            "apply",
            lambda *, obj, by, at, reason: services.apply_change(change=obj, by=by, at=at, reason=reason),
            form=ReasonForm,
        ),
        Operation(
            "refuse",
            lambda *, obj, by, at, reason: services.refuse_change(change=obj, by=by, at=at, reason=reason),
            form=ReasonForm,
        ),
        Operation(
            "withdraw",
            lambda *, obj, by, at, reason: services.withdraw_change(change=obj, by=by, at=at, reason=reason),
            form=ReasonForm,
        ),
    )
    page_template = "loans/change_page.html"
    logs_reads = True
    dossier_path = "loan.dossier"
    borrower_path = "loan__borrower"
    list_display = ("proposed", "loan", "kind", "effective_on", "proposed_by", "state", "until")
    list_select_related = ("loan", "proposed_by")
    list_filter = ("state", "kind")
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScheduleChange]:
        return super().get_queryset(request).defer("simulation", "parameters")

    def page_chips(self, request: HttpRequest, obj: ScheduleChange) -> list[tuple[Any, str]]:
        chips = [(obj.get_state_display(), TONES.get(obj.state, "neutral"))]
        return [*chips, (_("Restructuring"), "info")] if obj.restructuring else chips

    def page_context(self, request: HttpRequest, obj: ScheduleChange) -> dict[str, Any]:
        short = _shortfall(obj)
        chips = self.page_chips(request, obj) if short is None else [(_("Does not hold"), "bad")]
        return {
            "page_chips": chips,
            "short": short,
            "difference": difference_context(obj.simulation) if obj.simulation else None,
            "void": obj.state == ChangeState.PROPOSED and as_shown(obj, ledger_of(obj.loan)) is None,
            "too_old": obj.state == ChangeState.PROPOSED and _too_old(obj.decide_by),
            "terms": terms_in_words(obj.kind, obj.parameters),
            "words": words_of(obj, request.user),
            "asked": (obj.proposed_by, obj.proposed_at),
            "loan_url": reverse("admin:loans_loan_change", args=(obj.loan_id,)),
        }

    @admin.display(description=_("to be decided by"), ordering="decide_by")
    def until(self, obj: ScheduleChange) -> Any:
        return _until(obj.decide_by, waits=obj.state == ChangeState.PROPOSED)

    @admin.display(description=_("proposed at"))
    def proposed(self, obj: ScheduleChange) -> SafeString:
        return when(obj.proposed_at)


@admin.register(WriteOff)
class WriteOffAdmin(BaseModelAdmin):
    """Decided by another person than the one who asked."""

    workflow = workflow.write_off
    operations = (
        Operation(
            "approve",
            lambda *, obj, by, at, reason: services.approve_write_off(
                write_off=obj, by=by, at=at, reason=reason
            ),
            form=ReasonForm,
        ),
        Operation(
            "refuse",
            lambda *, obj, by, at, reason: services.refuse_write_off(
                write_off=obj, by=by, at=at, reason=reason
            ),
            form=ReasonForm,
        ),
        Operation(
            "withdraw",
            lambda *, obj, by, at, reason: services.withdraw_write_off(
                write_off=obj, by=by, at=at, reason=reason
            ),
            form=ReasonForm,
        ),
    )
    page_template = "loans/write_off_page.html"
    logs_reads = True
    dossier_path = "loan.dossier"
    borrower_path = "loan__borrower"
    page_fields = ("state", "yuan", "until")
    list_display = ("requested", "loan", "yuan", "requested_by", "state", "until")
    list_select_related = ("loan", "requested_by")
    list_filter = ("state",)
    ordering = ("-pk",)

    @admin.display(description=_("to be decided by"), ordering="decide_by")
    def until(self, obj: WriteOff) -> Any:
        return _until(obj.decide_by, waits=obj.state == PostingState.REQUESTED)

    def page_context(self, request: HttpRequest, obj: WriteOff) -> dict[str, Any]:
        waits = obj.state == PostingState.REQUESTED
        return {
            "words": words_of(obj, request.user),
            "asked": (obj.requested_by, obj.requested_at),
            "loan_url": reverse("admin:loans_loan_change", args=(obj.loan_id,)),
            "standing": standing_of(obj.loan) if waits else None,
            "void": waits and not can_be_written_off(obj.loan),
            "too_old": waits and _too_old(obj.decide_by),
        }

    @admin.display(description=_("principal (yuan)"))
    def yuan(self, obj: WriteOff) -> str:
        return amount(obj.principal)

    @admin.display(description=_("requested at"))
    def requested(self, obj: WriteOff) -> SafeString:
        return when(obj.requested_at)
