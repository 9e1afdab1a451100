"""Evidence bundles: asked for from the page of what they are about, made while one watches, handed to who asked."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.audit.evidence.seams import seams
from backoffice.audit.evidence.workflow import MAKE, UNMASK
from backoffice.audit.evidence.workflow import bundle as bundle_workflow
from backoffice.audit.models import EvidenceBundle, ReadEvent
from backoffice.audit.services.evidence import hand_over, make_again, may_bundle, request_bundle
from backoffice.core.errors import DomainError, NotPermitted
from backoffice.core.models import Dossier
from backoffice.core.time import business_day
from backoffice.desk import dossiers
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.once import Once, answer_once
from backoffice.desk.operations import Operation, OperationForm
from backoffice.desk.readlog import log_once
from backoffice.desk.registry import SidebarItem, registries
from backoffice.desk.templatetags.desk import chip, when
from backoffice.privacy.services import Erased, read_text

TONES = {"queued": "neutral", "running": "info", "ready": "good", "failed": "bad", "expired": "neutral"}
STEPS: dict[str, Any] = {
    "gathering": _("Looking up what belongs to it"),
    "records": _("Records and files"),
    "events": _("Events and reads"),
    "sealing": _("Sealing what is new"),
    "proofs": _("Proofs"),
    "summary": _("Summary"),
}


class BundleForm(OperationForm):
    """What the bundle is to cover, and what for. ``obj`` is the dossier."""

    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(
        label=_("Until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Both days included. Without them everything on record."),
    )
    language = forms.ChoiceField(
        label=_("Language of the summary"),
        choices=EvidenceBundle.Language.choices,
        widget=forms.RadioSelect,
    )
    third_parties = forms.BooleanField(
        label=_("Show third persons unmasked"),
        required=False,
        help_text=_(
            "Contact persons, other complainants and numbers inside texts. Say below why it must be."
        ),
    )
    reason = forms.CharField(
        label=_("For whom and what for"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Stands in the summary. Names and numbers of third persons do not belong here."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("language", translation.get_language())
        if not self.viewer.has_perm(UNMASK):
            del self.fields["third_parties"]

    def clean_until(self) -> date | None:
        until: date | None = self.cleaned_data["until"]
        since = self.cleaned_data.get("since")
        if since is not None and until is not None and until < since:
            raise forms.ValidationError(gettext("The period ends before it begins."))
        return until


def _again(*, obj: EvidenceBundle, **given: Any) -> EvidenceBundle:
    return make_again(bundle=obj, **given)


@admin.register(EvidenceBundle)
class EvidenceBundleAdmin(BaseModelAdmin):
    """All bundles by number; what is in one goes to the person who asked for it and to nobody else."""

    workflow = bundle_workflow
    operations = (Operation("again", _again),)
    page_template = "desk/evidence_page.html"
    page_name = "audit.evidencebundle"
    logs_reads = True
    list_display = (
        "asked",
        "dossier_number",
        "period",
        "requested_by",
        "state_chip",
        "size_text",
        "kept_until",
    )
    list_display_links = ("asked",)
    list_select_related = ("dossier", "requested_by")
    list_filter = ("state",)
    ordering = ("-pk",)
    page_fields = (
        "dossier_link",
        "period",
        "language",
        "unmasked",
        "requested_by",
        "requested_at",
        "finished_at",
        "kept_until",
        "size_text",
    )

    def get_urls(self) -> list[URLPattern]:
        name = "audit_evidencebundle"
        view = self.admin_site.admin_view
        return [
            path("make/", view(self.make_view), name=f"{name}_make"),
            path("<path:object_id>/status/", view(self.status_view), name=f"{name}_status"),
            path("<path:object_id>/download/", view(self.download_view), name=f"{name}_download"),
            *super().get_urls(),
        ]

    # --- asking for one -----------------------------------------------------------------------------------

    def make_view(self, request: HttpRequest) -> HttpResponse:
        """``?dossier=<uid>``: GET asks, POST asks for the bundle. 403 without the right, 404 for a dossier that
        does not exist or that the person may not see."""
        if not request.user.has_perm(MAKE):
            raise PermissionDenied
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        dossier = self._dossier(request)
        if request.method != "POST":
            return self._ask_bundle(request, dossier, BundleForm(obj=dossier, viewer=request.user))
        form = BundleForm(request.POST, obj=dossier, viewer=request.user)

        def make(data: dict[str, Any]) -> HttpResponse:
            bundle = request_bundle(dossier=dossier, by=request.user, at=timezone.now(), **data)  # type: ignore[arg-type]
            return HttpResponseRedirect(self.object_url(bundle))

        return answer_once(
            request,
            form,
            ask=lambda form, status: self._ask_bundle(request, dossier, form, status=status),
            make=make,
            elsewhere=reverse("admin:audit_evidencebundle_changelist"),
        )

    def _dossier(self, request: HttpRequest) -> Dossier:
        try:
            uid = uuid.UUID(request.GET.get("dossier", ""))
        except ValueError as error:
            raise Http404 from error
        dossier = Dossier.objects.filter(uid=uid).first()
        if dossier is None or not may_bundle(request.user, dossier):  # type: ignore[arg-type]
            raise Http404
        return dossier

    def _ask_bundle(
        self, request: HttpRequest, dossier: Dossier, form: forms.Form, *, status: int = 200
    ) -> HttpResponse:
        kind = seams.kinds.get(dossier.kind)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Make an evidence bundle"),
            "opts": self.opts,
            "media": self.media + form.media,
            "form": form,
            "dossier": dossier,
            "dossier_url": dossiers.page_url(dossier),
            "person": kind.person if kind is not None else "",
            "once": Once.fresh(),
        }
        return TemplateResponse(request, "desk/evidence_form.html", context, status=status)

    # --- watching and fetching it ---------------------------------------------------------------------------

    def page_context(self, request: HttpRequest, obj: EvidenceBundle) -> dict[str, Any]:
        own = obj.requested_by_id == request.user.pk
        try:
            reason = read_text(obj, "reason_cipher")
        except Erased:
            reason = ""
        return {
            "reason": reason,
            "is_own": own,
            "progress": _progress(obj),
            "status_url": reverse("admin:audit_evidencebundle_status", args=(quote(obj.pk),)),
            "download_url": reverse("admin:audit_evidencebundle_download", args=(quote(obj.pk),))
            if own and obj.state == EvidenceBundle.State.READY and request.user.has_perm(MAKE)
            else "",
        }

    def page_chips(self, request: HttpRequest, obj: EvidenceBundle) -> list[tuple[Any, str]]:
        return [(obj.get_state_display(), TONES[obj.state])]

    def status_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """How far it is, for the page that watches."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        response = JsonResponse({"state": obj.state, **_progress(obj)})
        response["Cache-Control"] = "no-store"
        return response

    def download_view(self, request: HttpRequest, object_id: str) -> HttpResponse | FileResponse:
        """POST hands out the ZIP to the person who asked for it, as an event and a read row; GET shows its page."""
        if not request.user.has_perm(MAKE) or not self.has_view_permission(request):
            raise PermissionDenied
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if request.method != "POST":
            return HttpResponseRedirect(self.object_url(obj))
        try:
            handle = hand_over(bundle=obj, by=request.user, at=timezone.now())  # type: ignore[arg-type]
        except NotPermitted as error:
            raise PermissionDenied from error
        except (DomainError, FileNotFoundError) as error:
            raise Http404 from error
        log_once(request, what=ReadEvent.What.FILE, dossier=obj.dossier, fields=["file"])
        name = f"evidence-{obj.dossier.number}-{business_day(obj.finished_at):%Y%m%d}.zip"
        response = FileResponse(handle, as_attachment=True, filename=name, content_type="application/zip")
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "private, no-store"
        return response

    # --- columns --------------------------------------------------------------------------------------------

    @admin.display(description=_("requested at"), ordering="pk")
    def asked(self, obj: EvidenceBundle) -> Any:
        return when(obj.requested_at)

    @admin.display(description=_("dossier"))
    def dossier_number(self, obj: EvidenceBundle) -> str:
        return f"{obj.dossier.get_kind_display()} {obj.dossier.number}"

    @admin.display(description=_("dossier"))
    def dossier_link(self, obj: EvidenceBundle) -> Any:
        return dossiers.link(obj.dossier)

    @admin.display(description=_("period"))
    def period(self, obj: EvidenceBundle) -> str:
        if obj.since is None and obj.until is None:
            return gettext("everything on record")
        return f"{obj.since or '…'} – {obj.until or '…'}"

    @admin.display(description=_("third persons unmasked"))
    def unmasked(self, obj: EvidenceBundle) -> str:
        return gettext("Yes") if obj.third_parties else gettext("No")

    @admin.display(description=_("state"))
    def state_chip(self, obj: EvidenceBundle) -> Any:
        return chip(obj.get_state_display(), TONES[obj.state])

    @admin.display(description=_("kept until"))
    def kept_until(self, obj: EvidenceBundle) -> Any:
        return when(business_day(obj.expires_at)) if obj.expires_at is not None else self.empty_value_display

    @admin.display(description=_("size"))
    def size_text(self, obj: EvidenceBundle) -> Any:
        if obj.size is None:
            return self.empty_value_display
        return format_html('<span class="num">{} KB</span>', f"{max(1, obj.size // 1024):,}")


def _progress(obj: EvidenceBundle) -> dict[str, Any]:
    return {
        "step": str(STEPS.get(obj.progress_step, "")),
        "done": obj.progress_done,
        "total": obj.progress_total,
    }


registries.sidebar.register(
    "desk.audit_evidencebundle",
    SidebarItem(
        desk="record",
        title=_("Evidence bundles"),
        url=lambda: reverse("admin:audit_evidencebundle_changelist"),
        icon="folder_zip",
        permission="audit.view_evidencebundle",
        order=20,
    ),
)
