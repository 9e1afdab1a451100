"""Legal holds: what must be kept for a court, an authority or our own lawyers, in force first."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.audit import workflow
from backoffice.audit.models import LegalHold, RecordEvent
from backoffice.audit.services.holds import lift_legal_hold, place_legal_hold
from backoffice.audit.workflow import HOLD
from backoffice.core.models import Dossier
from backoffice.desk import dossiers
from backoffice.desk.admin.keeping_words import HOLD_TONES
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.keeping_cards import offer_holds
from backoffice.desk.once import Once, answer_once
from backoffice.desk.operations import Operation, OperationForm
from backoffice.desk.registry import SidebarItem, registries
from backoffice.desk.templatetags.desk import chip, days_left, when
from backoffice.privacy.services import Erased
from backoffice.privacy.texts import reason_for, text_for


class HoldForm(OperationForm):
    """``obj`` is the dossier, when the form was reached from its page."""

    number = forms.CharField(
        label=_("Number of the dossier"),
        max_length=40,
        help_text=_("Of a customer, loan, case, complaint or whatever else has a number."),
    )
    reason_code = forms.ChoiceField(
        label=_("Reason"), choices=LegalHold.Reason.choices, widget=forms.RadioSelect
    )
    reference = forms.CharField(
        label=_("Reference"),
        required=False,
        max_length=60,
        help_text=_("The number of the court or authority. No names."),
    )
    detail = forms.CharField(
        label=_("Details"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept encrypted with the dossier."),
    )
    until = forms.DateField(
        label=_("Ask again on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("The hold does not end by itself: somebody has to lift it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.obj is not None:
            del self.fields["number"]

    def clean_number(self) -> Dossier:
        found = list(Dossier.objects.filter(number=self.cleaned_data["number"].strip())[:2])
        if not found:
            raise ValidationError(_("There is no dossier of this number."))
        if len(found) > 1:
            raise ValidationError(
                _("Several dossiers have this number; place the hold from the page of one.")
            )
        return found[0]


class LiftForm(OperationForm):
    reason = forms.CharField(
        label=_("Reason"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Why nobody needs the dossier any more: the judgment, the letter of the authority."),
    )


def _lift(*, obj: LegalHold, **given: Any) -> LegalHold:
    return lift_legal_hold(hold=obj, **given)


class StandingFilter(admin.SimpleListFilter):
    """All of them, those in force first, unless asked otherwise."""

    title = _("Which")
    parameter_name = "which"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return LegalHold.State.choices

    def choices(self, changelist: Any) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield {**first, "display": gettext("All")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[LegalHold]) -> QuerySet[LegalHold]:
        if self.value() in LegalHold.State.values:
            return queryset.filter(lifted_at__isnull=self.value() == LegalHold.State.STANDING)
        return queryset


@admin.register(LegalHold)
class LegalHoldAdmin(BaseModelAdmin):
    """Placed from the page of a dossier, lifted by a person, never ended by a date."""

    workflow = workflow.legal_hold
    operations = (Operation("lift", _lift, LiftForm),)
    page_template = "desk/hold_page.html"
    page_name = "audit.legalhold"
    page_fields = ("dossier_link", "reason", "reference", "placed_by", "placed_at", "until", "lifted_at")
    logs_reads = True
    creation_permission = HOLD
    list_display = ("dossier_number", "reason", "reference", "placed", "placed_by", "ask_again", "state_chip")
    list_display_links = ("dossier_number",)
    list_select_related = ("dossier", "placed_by")
    list_filter = (StandingFilter, "reason")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(self.creation_permission))

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        return [F("lifted_at").desc(nulls_first=True), "-pk"]

    # --- placing one ----------------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """``?dossier=<uid>`` from the page of a dossier; without it the form asks for a number."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        dossier = _dossier(request)
        if request.method != "POST":
            return self._ask_hold(request, dossier, HoldForm(obj=dossier, viewer=request.user))
        form = HoldForm(request.POST, obj=dossier, viewer=request.user)

        def make(data: dict[str, Any]) -> HttpResponse:
            hold = place_legal_hold(
                dossier=data.pop("number", dossier),
                by=request.user,  # type: ignore[arg-type]
                at=timezone.now(),
                **data,
            )
            return HttpResponseRedirect(self.object_url(hold))

        return answer_once(
            request,
            form,
            ask=lambda form, status: self._ask_hold(request, dossier, form, status=status),
            make=make,
            elsewhere=reverse("admin:audit_legalhold_changelist"),
        )

    def _ask_hold(
        self, request: HttpRequest, dossier: Dossier | None, form: forms.Form, *, status: int = 200
    ) -> HttpResponse:
        page_url = dossiers.page_url(dossier) if dossier is not None else None
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Place a legal hold"),
            "opts": self.opts,
            "media": self.media + form.media,
            "form": form,
            "dossier": dossier,
            "dossier_url": page_url,
            "once": Once.fresh(),
            "back_url": page_url or reverse("admin:audit_legalhold_changelist"),
        }
        return TemplateResponse(request, "desk/hold_form.html", context, status=status)

    # --- the page -------------------------------------------------------------------------------------

    def page_chips(self, request: HttpRequest, obj: LegalHold) -> list[tuple[Any, str]]:
        return [(obj.get_state_display(), HOLD_TONES[LegalHold.State(obj.state)])]

    def page_context(self, request: HttpRequest, obj: LegalHold) -> dict[str, Any]:
        try:
            detail = text_for(request.user, obj, "detail_cipher")
        except Erased:
            detail = ""
        return {"detail": detail, "lifted_because": _why_lifted(request.user, obj) if obj.lifted_at else ""}

    @admin.display(description=_("dossier"))
    def dossier_link(self, obj: LegalHold) -> Any:
        return dossiers.link(obj.dossier)

    # --- the list -------------------------------------------------------------------------------------

    @admin.display(description=_("dossier"))
    def dossier_number(self, obj: LegalHold) -> str:
        return f"{obj.dossier.get_kind_display()} {obj.dossier.number}"

    @admin.display(description=_("placed at"))
    def placed(self, obj: LegalHold) -> Any:
        return when(obj.placed_at)

    @admin.display(description=_("ask again on"))
    def ask_again(self, obj: LegalHold) -> Any:
        return days_left(obj.until) if obj.lifted_at is None else when(obj.until)

    @admin.display(description=_("state"))
    def state_chip(self, obj: LegalHold) -> Any:
        return chip(obj.get_state_display(), HOLD_TONES[LegalHold.State(obj.state)])


def _dossier(request: HttpRequest) -> Dossier | None:
    text = request.GET.get("dossier", "")
    if not text:
        return None
    try:
        dossier = Dossier.objects.filter(uid=uuid.UUID(text)).first()
    except ValueError as error:
        raise Http404 from error
    if dossier is None:
        raise Http404
    return dossier


def _why_lifted(user: Any, hold: LegalHold) -> str:
    events = RecordEvent.objects.filter(dossier=hold.dossier_id, kind="legal_hold.lifted")
    event = next((one for one in events.order_by("-pk") if one.data.get("hold") == str(hold.uid)), None)
    try:
        return reason_for(user, bytes(event.reason_cipher or b"")) if event is not None else ""
    except Erased:
        return ""


offer_holds("desk.incident")
registries.sidebar.register(
    "desk.audit_legalhold",
    SidebarItem(
        desk="record",
        title=_("Legal holds"),
        url=lambda: reverse("admin:audit_legalhold_changelist"),
        icon="gavel",
        permission="audit.view_legalhold",
        order=75,
    ),
)
