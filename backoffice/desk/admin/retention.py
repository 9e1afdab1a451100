"""How long things are kept: the rules, and each preview and run of letting them go."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.audit.keeping import seams
from backoffice.audit.models import RetentionRule, RetentionRun
from backoffice.audit.services.retention import APPLY, apply_retention
from backoffice.audit.tasks import apply_retention_task
from backoffice.core import background
from backoffice.desk.admin.logs import LogAdmin
from backoffice.desk.admin.seals import StepMixin
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.operations import OperationForm
from backoffice.desk.registry import SidebarItem, registries
from backoffice.desk.templatetags.desk import chip


def kind_label(code: str) -> Any:
    """The words for a kind of record; the code itself while no app declares it."""
    kind = seams.kinds.get(code)
    return kind.label if kind is not None else code


def _kind_choices() -> list[tuple[str, Any]]:
    return [(code, kind.label) for code, kind in seams.kinds.items()]


# --- rules -----------------------------------------------------------------------------------------------


class RuleForm(forms.ModelForm):
    """A rule with its time. Two rules of one basis never hold on the same day."""

    class Meta:
        model = RetentionRule
        fields = (
            *("kind", "keep_months", "effective_from", "effective_to"),
            *("basis", "source", "legal_force", "confidence"),
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            label = self.fields["kind"].label
            self.fields["kind"] = forms.ChoiceField(label=label, choices=_kind_choices())

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        begins, ends = data.get("effective_from"), data.get("effective_to")
        if not begins or (ends is not None and ends < begins):
            return data
        others = RetentionRule.objects.filter(kind=data.get("kind"), basis=data.get("basis"))
        others = others.exclude(pk=self.instance.pk).filter(
            Q(effective_to__isnull=True) | Q(effective_to__gte=begins)
        )
        if ends is not None:
            others = others.filter(effective_from__lte=ends)
        if others.exists():
            self.add_error("effective_from", gettext("Another row of this basis is in force then."))
        return data


@admin.register(RetentionRule)
class RetentionRuleAdmin(BaseModelAdmin):
    """Of several rules in force for one kind the longest decides."""

    form = RuleForm
    list_display = (
        *("kind_words", "months", "effective_from", "effective_to", "basis_text"),
        *("legal_force", "confidence", "source"),
    )
    list_filter = ("legal_force", "confidence")
    page_fields = list_display
    ordering = ("kind", "-keep_months", "-effective_from")

    @admin.display(description=_("kind of record"), ordering="kind")
    def kind_words(self, obj: RetentionRule) -> Any:
        return kind_label(obj.kind)

    @admin.display(description=_("months kept"), ordering="keep_months")
    def months(self, obj: RetentionRule) -> int:
        return obj.keep_months

    @admin.display(description=_("legal basis"), ordering="basis")
    def basis_text(self, obj: RetentionRule) -> str:
        # Our own rows are stored in English, which the catalogue translates.
        return gettext(obj.basis)


# --- runs ------------------------------------------------------------------------------------------------


class ApplyForm(OperationForm):
    """Look first; then, with a tick, let go."""

    mode = forms.ChoiceField(
        label=_("Extent"),
        choices=[
            (RetentionRun.Mode.PREVIEW, _("Preview: only count what need not be kept any more")),
            (RetentionRun.Mode.RUN, _("Run: let it go for good")),
        ],
        initial=RetentionRun.Mode.PREVIEW,
        widget=forms.RadioSelect,
    )
    kinds = forms.MultipleChoiceField(
        label=_("Kinds of record"), choices=_kind_choices, widget=forms.CheckboxSelectMultiple
    )
    sure = forms.BooleanField(
        label=_("I have looked at a preview and want it to go; nobody can bring it back"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("kinds", [code for code, _kind in seams.kinds.items()])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("mode") == RetentionRun.Mode.RUN and not data.get("sure"):
            self.add_error("sure", gettext("Tick this to run."))
        return data


@admin.register(RetentionRun)
class RetentionRunAdmin(StepMixin, LogAdmin):
    """Previews and runs, newest first."""

    list_before_template = "desk/retention_before.html"
    list_display = ("at", "mode_chip", "actor_name", "sums", "door")
    list_filter = ("mode",)
    page_template = "desk/retention_page.html"
    page_fields = ("at", "mode", "actor_name", "door", "finished_at")

    def get_urls(self) -> list[URLPattern]:
        apply = path("apply/", self.admin_site.admin_view(self.apply_view), name="audit_retentionrun_apply")
        return [apply, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(
            request, {**(extra_context or {}), "may_apply": request.user.has_perm(APPLY)}
        )

    def apply_view(self, request: HttpRequest) -> HttpResponse:
        """A preview is made at once; a run in the background, since it may take long."""
        return self.step(
            request,
            permission=APPLY,
            title=gettext("Preview or run retention"),
            text=gettext(
                "Legal holds and whatever is still open are always left alone. Rows of the record go only once "
                "they are sealed, and every seal stays valid."
            ),
            run=self._apply,
            form_class=ApplyForm,
        )

    def _apply(self, request: HttpRequest, at: datetime, *, mode: str, kinds: list[str], sure: bool) -> str:
        if mode == RetentionRun.Mode.RUN:
            background.start(apply_retention_task, request.user.pk, kinds)
            messages.success(request, gettext("The run has begun. What it took will stand here."))
            return self._list_url()
        run = apply_retention(mode=mode, kinds=kinds, by=request.user, at=at)  # type: ignore[arg-type]
        return self.object_url(run)

    def page_context(self, request: HttpRequest, obj: RetentionRun) -> dict[str, Any]:
        return {
            "rows": [
                {
                    **row,
                    "label": kind_label(row["kind"]),
                    "ends": getattr(seams.kinds.get(row["kind"]), "ends", ""),
                    "basis": gettext(row["rule"]["basis"]) if row["rule"] else "",
                    "hindrances": sum(row["blocked"].values()),
                }
                for row in obj.result
            ]
        }

    def page_chips(self, request: HttpRequest, obj: RetentionRun) -> list[tuple[Any, str]]:
        return [(obj.get_mode_display(), _tone(obj))]

    @admin.display(description=_("extent"))
    def mode_chip(self, obj: RetentionRun) -> Any:
        return chip(obj.get_mode_display(), _tone(obj))

    @admin.display(description=_("result"))
    def sums(self, obj: RetentionRun) -> str:
        found, taken = (sum(row[name] for row in obj.result) for name in ("found", "taken"))
        return gettext("%(found)s found, %(taken)s taken") % {"found": f"{found:,}", "taken": f"{taken:,}"}


def _tone(run: RetentionRun) -> str:
    return "warn" if run.mode == RetentionRun.Mode.RUN else "info"


for _order, (_name, _title, _icon, _permission) in enumerate(
    (
        ("audit_retentionrun", _("Retention"), "auto_delete", "audit.view_retentionrun"),
        ("audit_retentionrule", _("Retention rules"), "schedule", "audit.view_retentionrule"),
    )
):
    registries.sidebar.register(
        f"desk.{_name}",
        SidebarItem(
            desk="record" if _name == "audit_retentionrun" else "house",
            title=_title,
            url=lambda name=_name: reverse(f"admin:{name}_changelist"),  # type: ignore[misc]
            icon=_icon,
            permission=_permission,
            order=72 + _order,
        ),
    )
