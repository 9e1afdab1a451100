"""Seals and verifications: how the record stands, what each seal says, and what a check of it found."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    StreamingHttpResponse,
)
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from backoffice.audit import anchors, selectors, workflow
from backoffice.audit.checking.findings import SENTENCES
from backoffice.audit.models import ReadEvent, Seal, SealPart, Verification
from backoffice.audit.services import seal_record, verify_record
from backoffice.audit.tasks import verify_in_full_task
from backoffice.core import background
from backoffice.core.errors import DomainError, InputRefused
from backoffice.desk.admin.logs import LogAdmin
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.operations import Operation, OperationForm
from backoffice.desk.paging import KeysetChangeList, KeysetMixin
from backoffice.desk.readlog import log_once
from backoffice.desk.registry import SidebarItem, registries
from backoffice.desk.step import StepMixin
from backoffice.desk.tables import table_name
from backoffice.desk.templatetags.desk import chip, when

#: Trees that one click seals; what is more goes to ``manage.py seal_audit``.
TREES_AT_ONCE = 8


class NothingToSeal(DomainError):
    """Every finished row is in a seal already."""

    code = "nothing-to-seal"
    default_message = _("Everything that is finished is sealed already.")


class ExtentForm(OperationForm):
    """How much to check."""

    extent = forms.ChoiceField(
        label=_("Extent"),
        choices=[
            (Verification.Mode.RECENT, _("The whole chain, the newest seals, and some older ones by lot")),
            (Verification.Mode.FULL, _("Every sealed row (takes some minutes per ten million rows)")),
        ],
        initial=Verification.Mode.RECENT,
        widget=forms.RadioSelect,
    )


class SealChangeList(KeysetChangeList):
    """Each line says what the newest verification found in its seal."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        newest = Verification.objects.order_by("-pk").first()
        faults = selectors.faults_by_seal(newest)
        for row in self.result_list:
            row.checked = _checked(row, newest, faults)


def _checked(seal: Seal, newest: Verification | None, faults: dict[int, int]) -> Any:
    if newest is None or seal.made_at > newest.occurred_at:
        return chip(_("Not verified yet"))
    if seal.number in faults:
        return chip(_("Findings: %(count)s") % {"count": faults[seal.number]}, "bad")
    if newest.mode == Verification.Mode.FULL:
        return chip(_("No findings"), "good", _("Every row of this seal was checked."))
    return chip(_("Chain and signature in order"), "good")


def _verify(*, obj: Seal, by: Any, at: datetime) -> None:
    report = verify_record(by=by, at=at, seals=[obj.number])
    if not report.is_clean:
        raise InputRefused(
            ngettext(
                "%(count)s finding. The verification is kept in the list of verifications.",
                "%(count)s findings. The verification is kept in the list of verifications.",
                report.finding_count,
            )
            % {"count": report.finding_count}
        )


@admin.register(Seal)
class SealAdmin(KeysetMixin, StepMixin, BaseModelAdmin):
    """The chain, newest first."""

    workflow = workflow.seal
    # Findings are a refusal to the person, and the verification that found them stays.
    operations = (Operation("verify", _verify, commits_itself=True),)
    page_template = "desk/seal_page.html"
    page_name = "audit.seal"
    list_before_template = "desk/seals_standing.html"
    list_display = ("number", "made", "row_count", "key", "epoch", "checked_chip")
    list_select_related = ("key",)
    list_display_links = ("number",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return SealChangeList

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("key")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("now/", view(self.seal_now_view), name="audit_seal_now"),
            path("anchor/", view(self.anchor_view), name="audit_seal_anchor"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(
            request,
            {
                **(extra_context or {}),
                "standing": selectors.standing(),
                "may_seal": request.user.has_perm("audit.seal_record"),
                "may_verify": request.user.has_perm("audit.verify_record"),
            },
        )

    def seal_now_view(self, request: HttpRequest) -> HttpResponse:
        """Seal what is finished; at most some hundred thousand rows per click."""
        return self.step(
            request,
            permission="audit.seal_record",
            title=gettext("Seal now"),
            text=gettext("Puts every finished row that is not sealed yet into a signed tree."),
            run=self._seal_now,
        )

    def _seal_now(self, request: HttpRequest, at: datetime) -> str:
        try:
            done = seal_record(by=request.user, at=at, limit=TREES_AT_ONCE)  # type: ignore[arg-type]
        except ImproperlyConfigured as error:
            raise InputRefused(_("The signing key of this installation is not set up.")) from error
        if done.last is None:
            raise NothingToSeal()
        messages.success(
            request,
            gettext("Sealed: %(rows)s rows in %(seals)s seals.")
            % {"rows": f"{done.rows:,}", "seals": done.seals},
        )
        if not done.complete:
            messages.warning(
                request, gettext("There is more to seal: click again, or run “manage.py seal_audit”.")
            )
        return self.object_url(done.last)

    def anchor_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        """All seals and keys as a file for a third party; holds no personal data, and is noted as an export."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        at = timezone.now()
        log_once(request, what=ReadEvent.What.EXPORT)
        response = StreamingHttpResponse(anchors.anchor(at=at), content_type="application/json")
        name = f"seals-{timezone.localtime(at):%Y%m%d-%H%M}.json"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "no-store"
        return response

    def page_chips(self, request: HttpRequest, obj: Seal) -> list[tuple[Any, str]]:
        return []

    def page_context(self, request: HttpRequest, obj: Seal) -> dict[str, Any]:
        newest = Verification.objects.order_by("-pk").first()
        parts = SealPart.objects.filter(seal=obj).order_by("position").defer("row_ids", "leaf_hashes")
        beside = dict(
            Seal.objects.filter(number__in=(obj.number - 1, obj.number + 1)).values_list("number", "pk")
        )
        url = "admin:audit_seal_change"
        return {
            "parts": [(table_name(part.table), part, f"{part.count:,}") for part in parts],
            "row_count": f"{obj.leaves:,}",
            "checked": _checked(obj, newest, selectors.faults_by_seal(newest)),
            "newest": newest,
            "before_url": reverse(url, args=(beside[obj.number - 1],)) if obj.number - 1 in beside else "",
            "after_url": reverse(url, args=(beside[obj.number + 1],)) if obj.number + 1 in beside else "",
        }

    @admin.display(description=_("made at"))
    def made(self, obj: Seal) -> Any:
        return when(obj.made_at)

    @admin.display(description=_("rows"))
    def row_count(self, obj: Seal) -> str:
        return f"{obj.leaves:,}"

    @admin.display(description=_("last verification"))
    def checked_chip(self, obj: Any) -> Any:
        return obj.checked


@admin.register(Verification)
class VerificationAdmin(StepMixin, LogAdmin):
    """What was checked, by whom, and what was found."""

    page_template = "desk/verification_page.html"
    list_before_template = "desk/verifications_bar.html"
    list_display = ("at", "actor_name", "mode", "seals", "row_count", "result", "door")
    list_filter = ("mode",)
    page_fields = ("at", "finished", "actor_name", "mode", "seals", "row_count", "door")

    def get_urls(self) -> list[URLPattern]:
        run = path("run/", self.admin_site.admin_view(self.run_view), name="audit_verification_run")
        return [run, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may = {"may_verify": request.user.has_perm("audit.verify_record")}
        return super().changelist_view(request, {**(extra_context or {}), **may})

    def run_view(self, request: HttpRequest) -> HttpResponse:
        """Check the record now. In full it goes to the queue, where there is one."""
        return self.step(
            request,
            permission="audit.verify_record",
            title=gettext("Verify the record"),
            text=gettext("Compares the record with its seals. Nothing is changed; the result is kept."),
            run=self._verify_now,
            form_class=ExtentForm,
        )

    def _verify_now(self, request: HttpRequest, at: datetime, extent: str) -> str:
        if extent == Verification.Mode.FULL:
            # Minutes at ten million rows: nobody waits for it before an open page.
            background.start(verify_in_full_task, request.user.pk)
            messages.info(request, gettext("The verification has begun; its result will stand in this list."))
            return self.list_url()
        report = verify_record(by=request.user, at=at)  # type: ignore[arg-type]
        return self.object_url(report.verification)

    def page_chips(self, request: HttpRequest, obj: Verification) -> list[tuple[Any, str]]:
        return [_outcome(obj)]

    def page_context(self, request: HttpRequest, obj: Verification) -> dict[str, Any]:
        numbers = {finding["seal"] for finding in obj.findings if finding["seal"] is not None}
        seals = dict(Seal.objects.filter(number__in=numbers).values_list("number", "pk"))
        rows = []
        for finding in obj.findings:
            pk = seals.get(finding["seal"])
            url = reverse("admin:audit_seal_change", args=(pk,)) if pk is not None else ""
            name = table_name(finding["table"]) if finding["table"] else ""
            rows.append(
                {
                    **finding,
                    "sentence": SENTENCES.get(finding["kind"], finding["kind"]),
                    "url": url,
                    "name": name,
                }
            )
        return {"finding_rows": rows, "more": max(0, obj.finding_count - len(rows))}

    @admin.display(description=_("finished at"))
    def finished(self, obj: Verification) -> Any:
        return when(obj.finished_at)

    @admin.display(description=_("rows checked"))
    def row_count(self, obj: Verification) -> str:
        return f"{obj.rows:,}"

    @admin.display(description=_("result"))
    def result(self, obj: Verification) -> Any:
        return chip(*_outcome(obj))


def _outcome(obj: Verification) -> tuple[Any, str]:
    if obj.finding_count == 0:
        return _("No findings"), "good"
    return _("Findings: %(count)s") % {"count": f"{obj.finding_count:,}"}, "bad"


for _order, (_name, _title, _icon) in enumerate(
    (("audit_seal", _("Seals"), "verified"), ("audit_verification", _("Verifications"), "fact_check"))
):
    registries.sidebar.register(
        f"desk.{_name}",
        SidebarItem(
            desk="record",
            title=_title,
            url=lambda name=_name: reverse(f"admin:{name}_changelist"),  # type: ignore[misc]
            icon=_icon,
            permission="audit.view_" + _name.removeprefix("audit_"),
            order=30 + _order,
        ),
    )
