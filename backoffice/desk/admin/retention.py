"""How long things are kept: the rules, what follows from them today, and what was let go of."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from backoffice.audit.keeping import rules, seams
from backoffice.audit.models import RetentionRule, RetentionRun
from backoffice.audit.services.retention import APPLY
from backoffice.audit.tasks import apply_retention_task
from backoffice.core import background
from backoffice.core.time import business_day
from backoffice.desk.admin.keeping_words import blocker_label
from backoffice.desk.admin.logs import LogAdmin
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.guarded import GuardedForm
from backoffice.desk.operations import OperationForm
from backoffice.desk.registry import SidebarItem, registries
from backoffice.desk.step import StepMixin
from backoffice.desk.templatetags.desk import chip, when

#: How long the numbers of a preview may be acted upon.
PREVIEW_LASTS = timedelta(days=1)


def kind_label(code: str) -> str:
    """What a kind of record is called, or its code when no app declares it any more."""
    kind = seams.kinds.get(code)
    return str(kind.label) if kind is not None else code


def kind_choices() -> list[tuple[str, Any]]:
    return [(code, kind.label) for code, kind in seams.kinds.items()]


def time_kept(months: int) -> str:
    """Months, as years where they are whole ones."""
    if months and months % 12 == 0:
        return ngettext("%(years)s year", "%(years)s years", months // 12) % {"years": months // 12}
    return ngettext("%(months)s month", "%(months)s months", months) % {"months": months}


# --- rules -------------------------------------------------------------------------------------------------


class RuleForm(GuardedForm):
    """Two rules of one basis for one kind never hold on the same day; of several bases the longest wins."""

    kind = forms.ChoiceField(label=_("kind of record"), choices=kind_choices, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = RetentionRule
        fields = (
            "kind",
            "keep_months",
            "effective_from",
            "effective_to",
            "basis",
            "source",
            "legal_force",
            "confidence",
        )
        help_texts = {
            "keep_months": _("From the end of use. Of several rules in force for one kind the longest wins."),
            "effective_to": _(
                "The last day. A rule that changes is ended here and entered anew from the day after."
            ),
            "source": _("The instrument and its article."),
        }

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        kind, basis, start = data.get("kind"), data.get("basis"), data.get("effective_from")
        end = data.get("effective_to")
        # A period that ends before it begins is the model's to refuse.
        if kind and basis and start is not None and (end is None or start <= end):
            others = RetentionRule.objects.filter(kind=kind, basis=basis).exclude(pk=self.instance.pk)
            others = others.filter(Q(effective_to__isnull=True) | Q(effective_to__gte=start))
            if end is not None:
                others = others.filter(effective_from__lte=end)
            if others.exists():
                self.add_error(
                    "effective_from", _("A rule of this kind and basis is in force at that time already.")
                )
        return data


def today_rows(on: Any) -> list[dict[str, Any]]:
    """Per kind the rule that decides on ``on``, what it leads to, and the shorter ones beside it."""
    found = []
    for code, kind in seams.kinds.items():
        in_force = list(rules.in_force(code, on=on))
        winner = in_force[0] if in_force else None
        found.append(
            {
                "label": kind.label,
                "ends": kind.ends,
                "rule": winner,
                "kept": time_kept(winner.keep_months) if winner is not None else "",
                "basis": gettext(winner.basis) if winner is not None else "",
                "cut_off": rules.cut_off(on, winner.keep_months) if winner is not None else None,
                "others": [(gettext(one.basis), time_kept(one.keep_months)) for one in in_force[1:]],
            }
        )
    return found


@admin.register(RetentionRule)
class RetentionRuleAdmin(BaseModelAdmin):
    """Every rule with its time and where it stands; above them what applies today."""

    form = RuleForm
    list_before_template = "desk/retention_today.html"
    list_display = (
        "kind_text",
        "kept",
        "basis_text",
        "effective_from",
        "effective_to",
        "legal_force",
        "confidence",
        "source",
    )
    list_display_links = ("kind_text",)
    list_filter = ("legal_force", "confidence")
    page_fields = list_display
    ordering = ("kind", "-keep_months", "-effective_from")

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        today = business_day(timezone.now())
        more = {
            "today": today,
            "today_rows": today_rows(today),
            "may_apply": request.user.has_perm(APPLY),
            "may_see_runs": request.user.has_perm("audit.view_retentionrun"),
        }
        return super().changelist_view(request, {**(extra_context or {}), **more})

    @admin.display(description=_("kind of record"), ordering="kind")
    def kind_text(self, obj: RetentionRule) -> str:
        return kind_label(obj.kind)

    @admin.display(description=_("kept"), ordering="keep_months")
    def kept(self, obj: RetentionRule) -> str:
        return time_kept(obj.keep_months)

    @admin.display(description=_("legal basis"))
    def basis_text(self, obj: RetentionRule) -> str:
        # Stored as it stands in the source: our own rows in English, which the catalogue translates.
        return gettext(obj.basis)


# --- runs --------------------------------------------------------------------------------------------------


def usable_preview(at: datetime) -> RetentionRun | None:
    """The preview whose numbers may be acted upon: the newest row of all, and no older than a day."""
    newest = RetentionRun.objects.order_by("-pk").first()
    if newest is None or newest.mode != RetentionRun.Mode.PREVIEW or newest.finished_at < at - PREVIEW_LASTS:
        return None
    return newest


class RunForm(OperationForm):
    """Bound to the preview that was shown: nobody confirms numbers that have changed in the meantime."""

    preview = forms.IntegerField(widget=forms.HiddenInput, required=False)
    confirm = forms.BooleanField(label=_("I have looked at these numbers and let it go."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shown = usable_preview(timezone.now())
        self.initial["preview"] = self.shown.pk if self.shown is not None else None
        if self.shown is None:
            del self.fields["confirm"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self.shown is None:
            raise forms.ValidationError(_("Make a preview first, and look at its numbers."))
        if data.get("preview") != self.shown.pk:
            raise forms.ValidationError(_("There is a newer preview; look at its numbers first."))
        return {}


@admin.register(RetentionRun)
class RetentionRunAdmin(StepMixin, LogAdmin):
    """What a preview found and what a run took, kind by kind."""

    page_template = "desk/retention_run_page.html"
    list_before_template = "desk/retention_bar.html"
    list_display = ("at", "actor_name", "mode_chip", "found", "taken", "door")
    list_filter = ("mode",)
    page_fields = ("at", "finished", "actor_name", "mode", "door")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("preview/", view(self.preview_view), name="audit_retentionrun_preview"),
            path("run/", view(self.run_view), name="audit_retentionrun_run"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        may = {"may_apply": request.user.has_perm(APPLY)}
        return super().changelist_view(request, {**(extra_context or {}), **may})

    # --- preview and run ------------------------------------------------------------------------------

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """Find what is due and store the numbers; nothing is taken."""
        return self.step(
            request,
            permission=APPLY,
            title=gettext("Preview retention"),
            text=gettext("Finds what need not be kept any more, kind by kind. Nothing is taken away."),
            run=self._preview,
        )

    def _preview(self, request: HttpRequest, at: datetime) -> str:
        background.start(apply_retention_task, request.user.pk, RetentionRun.Mode.PREVIEW.value)
        messages.info(request, gettext("The preview has begun; its numbers will stand in this list."))
        return self.list_url()

    def run_view(self, request: HttpRequest) -> HttpResponse:
        """Let go of what the newest preview found. 422 without one, or when its numbers are not the newest."""
        return self.step(
            request,
            permission=APPLY,
            title=gettext("Run retention"),
            text=gettext(
                "Everything counted below that nothing stands in the way of is let go of for good: people are "
                "erased, texts and files of dossiers forgotten, rows of logs removed once they are sealed."
            ),
            run=self._run_now,
            form_class=RunForm,
        )

    def _run_now(self, request: HttpRequest, at: datetime) -> str:
        background.start(apply_retention_task, request.user.pk, RetentionRun.Mode.RUN.value)
        messages.info(request, gettext("The run has begun; its outcome will stand in this list."))
        return self.list_url()

    def _ask_step(
        self, request: HttpRequest, title: Any, text: Any, form: forms.Form, *, status: int = 200
    ) -> HttpResponse:
        response = super()._ask_step(request, title, text, form, status=status)
        if isinstance(form, RunForm) and isinstance(response, TemplateResponse):
            response.template_name = "desk/retention_run.html"
            response.context_data = {
                **(response.context_data or {}),
                "shown": form.shown,
                "lines": lines(form.shown) if form.shown is not None else [],
                "preview_url": reverse("admin:audit_retentionrun_preview"),
            }
        return response

    # --- the page and the list ------------------------------------------------------------------------

    def page_chips(self, request: HttpRequest, obj: RetentionRun) -> list[tuple[Any, str]]:
        return []

    def page_context(self, request: HttpRequest, obj: RetentionRun) -> dict[str, Any]:
        usable = request.user.has_perm(APPLY) and usable_preview(timezone.now())
        return {
            "lines": lines(obj),
            "run_url": reverse("admin:audit_retentionrun_run") if usable and usable.pk == obj.pk else "",
        }

    @admin.display(description=_("extent"))
    def mode_chip(self, obj: RetentionRun) -> Any:
        return chip(obj.get_mode_display(), "info" if obj.mode == RetentionRun.Mode.PREVIEW else "warn")

    @admin.display(description=_("due"))
    def found(self, obj: RetentionRun) -> str:
        return f"{sum(one['found'] for one in obj.result):,}"

    @admin.display(description=_("taken"))
    def taken(self, obj: RetentionRun) -> str:
        return f"{sum(one['taken'] for one in obj.result):,}"

    @admin.display(description=_("finished at"))
    def finished(self, obj: RetentionRun) -> Any:
        return when(obj.finished_at)


def lines(run: RetentionRun) -> list[dict[str, Any]]:
    """The outcome of a run, kind by kind, in words."""
    return [_line(one) for one in run.result]


def _line(one: dict[str, Any]) -> dict[str, Any]:
    rule = one["rule"] or {"months": None, "basis": ""}
    basis: str = rule["basis"]
    return {
        **one,
        "label": kind_label(one["kind"]),
        "kept": time_kept(rule["months"]) if one["rule"] else "",
        "basis": gettext(basis) if basis else "",
        "hindrances": [(blocker_label(code), count) for code, count in sorted(one["blocked"].items())],
    }


registries.sidebar.register(
    "desk.audit_retentionrule",
    SidebarItem(
        desk="house",
        title=_("Retention"),
        url=lambda: reverse("admin:audit_retentionrule_changelist"),
        icon="auto_delete",
        permission="audit.view_retentionrule",
        order=70,
    ),
)
registries.sidebar.register(
    "desk.audit_retentionrun",
    SidebarItem(
        desk="house",
        title=_("Retention runs"),
        url=lambda: reverse("admin:audit_retentionrun_changelist"),
        icon="history_toggle_off",
        permission="audit.view_retentionrun",
        order=71,
    ),
)
