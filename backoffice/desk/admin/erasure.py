"""Erasing a person: asked for with a preview, carried out by another person, proven by a file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.audit import workflow
from backoffice.audit.keeping import people
from backoffice.audit.keeping.seams import Blocker
from backoffice.audit.models import Erasure, ReadEvent
from backoffice.audit.services import erasure as services
from backoffice.core.errors import DomainError, NotPermitted
from backoffice.desk import dossiers
from backoffice.desk.admin.erasure_words import confirm_word, counts_of, places_of, proof_counts
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.operations import Operation, OperationForm, ReasonForm
from backoffice.desk.readlog import log_once
from backoffice.desk.registry import SidebarItem, registries
from backoffice.desk.templatetags.desk import chip, when
from backoffice.desk.transitions import Once
from backoffice.privacy.models import DataSubject

TONES = {"requested": "warn", "done": "neutral", "refused": "neutral"}


class RequestForm(OperationForm):
    """On what ground, and which names are somebody else's. ``obj`` is the preview."""

    basis = forms.ChoiceField(label=_("Ground"), choices=Erasure.Basis.choices, widget=forms.RadioSelect)
    reference = forms.CharField(
        label=_("Reference"),
        max_length=60,
        required=False,
        help_text=_("The number of the person's request. No name."),
    )
    spared = forms.MultipleChoiceField(required=False, widget=forms.MultipleHiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unsure = {one["place"] for one in self.obj["places"] if not one["sure"]}
        self.fields["spared"].choices = [(one, one) for one in sorted(unsure)]  # type: ignore[attr-defined]


class CarryOutForm(OperationForm):
    """Typed, not clicked: there is no way back."""

    confirm = forms.CharField(label=_("Type it to confirm"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.word = confirm_word(self.obj)
        self.fields["confirm"].label = gettext("Type %(word)s to confirm") % {"word": self.word}

    def clean_confirm(self) -> str:
        if self.cleaned_data["confirm"].strip() != self.word:
            raise forms.ValidationError(gettext("This is not what was asked for."))
        return self.word


def _carry_out(*, obj: Erasure, confirm: str, **given: Any) -> Erasure:
    return services.carry_out_erasure(erasure=obj, **given)


def _refuse(*, obj: Erasure, **given: Any) -> Erasure:
    return services.refuse_erasure(erasure=obj, **given)


@admin.register(Erasure)
class ErasureAdmin(BaseModelAdmin):
    """What was asked for and what became of it. A done one shows its proof."""

    workflow = workflow.erasure
    operations = (Operation("carry_out", _carry_out, CarryOutForm), Operation("refuse", _refuse, ReasonForm))
    creation_permission = workflow.REQUEST
    page_template = "desk/erasure_page.html"
    page_name = "audit.erasure"
    page_fields = (
        *("subject_link", "dossier_link", "basis", "reference", "requested_at", "requested_by"),
        *("decided_at", "decided_by"),
    )
    logs_reads = True
    list_display = ("asked", "short", "basis", "reference", "requested_by", "decided_by", "state_chip")
    list_display_links = ("asked",)
    list_select_related = ("subject", "requested_by", "decided_by")
    list_filter = ("state", "basis")
    ordering = ("-pk",)

    def get_urls(self) -> list[URLPattern]:
        proof = path(
            "<path:object_id>/proof/", self.admin_site.admin_view(self.proof_view), name="audit_erasure_proof"
        )
        return [proof, *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(self.creation_permission))

    # --- asking -------------------------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """``?person=<uid or number>``: GET searches and shows what would go, POST asks for it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        typed = request.GET.get("person", "").strip()
        subject = people.find(typed) if typed else None
        if subject is None:
            return self._ask_whom(request, typed)
        plan = services.plan_erasure(subject=subject, at=timezone.now())
        preview = services.preview_of(plan)
        if request.method != "POST":
            return self._ask_request(request, plan, preview, RequestForm(obj=preview, viewer=request.user))
        form = RequestForm(request.POST, obj=preview, viewer=request.user)
        if not form.is_valid():
            return self._ask_request(request, plan, preview, form, status=422)
        once = Once(request)
        if not once.take():
            return HttpResponseRedirect(reverse("admin:audit_erasure_changelist"))
        try:
            erasure = services.request_erasure(
                subject=subject,
                by=request.user,  # type: ignore[arg-type]
                at=timezone.now(),
                **form.cleaned_data,
            )
        except NotPermitted as error:
            raise PermissionDenied from error
        except DomainError as error:
            once.give_back()
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
            return self._ask_request(request, plan, preview, form, status=422)
        return HttpResponseRedirect(self.object_url(erasure))

    def _ask_whom(self, request: HttpRequest, typed: str) -> HttpResponse:
        context = {**self._frame(request), "typed": typed}
        return TemplateResponse(request, "desk/erasure_whom.html", context, status=404 if typed else 200)

    def _ask_request(
        self, request: HttpRequest, plan: services.Plan, preview: dict[str, Any], form: forms.Form, *, status: int = 200
    ) -> HttpResponse:
        places = places_of(preview, plan.needles)
        listed = {one["dossier"] for one in preview["places"]}
        log_once(request, what=ReadEvent.What.SEARCH, subject_id=plan.subject.pk, count=len(places), listed=listed)
        home = services.home_of(plan.whose)
        context = {
            **self._frame(request),
            "subject": plan.subject,
            "subject_url": _subject_url(request, plan.subject),
            "home": dossiers.link(home) if home is not None else "",
            "preview": preview,
            "counts": counts_of(preview),
            "places": places,
            "blockers": plan.blockers,
            "chosen": set(form["spared"].value() or ()),
            "form": form,
            "once": Once.fresh(),
        }
        return TemplateResponse(request, "desk/erasure_add.html", context, status=status)

    def _frame(self, request: HttpRequest) -> dict[str, Any]:
        title = gettext("Erase a person")
        return {**self.admin_site.each_context(request), "title": title, "opts": self.opts, "media": self.media}

    # --- one erasure --------------------------------------------------------------------------------------

    def page_context(self, request: HttpRequest, obj: Erasure) -> dict[str, Any]:
        if obj.state == Erasure.State.DONE:
            return {
                "proof": obj.proof,
                "proof_counts": proof_counts(obj.proof),
                "proof_url": reverse("admin:audit_erasure_proof", args=(quote(obj.pk),)),
            }
        if obj.state != Erasure.State.REQUESTED:
            return {}
        whose = people.theirs(obj.subject_id)
        judges = any(request.user.has_perm(right) for right in (workflow.REQUEST, workflow.CARRY_OUT))
        needles = people.needles(whose.subjects) if judges else None
        return {
            "preview": obj.preview,
            "counts": counts_of(obj.preview),
            "places": places_of(obj.preview, needles),
            "blockers": self._blockers(obj, whose),
        }

    def _blockers(self, obj: Erasure, whose: people.Theirs) -> list[Blocker]:
        """What is open now, and what the search found when it was asked for: it is made again in carrying out."""
        now = people.blockers(whose, at=timezone.now())
        found = [one["code"] for one in obj.preview.get("blockers", ())]
        return [*now, *(Blocker(code, words) for code, words in FOUND_BY_SEARCH.items() if code in found)]

    def proof_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The proof as the very bytes its hash is over; holds no personal data."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        obj = self.get_object(request, unquote(object_id))
        if obj is None or obj.state != Erasure.State.DONE:
            raise Http404
        log_once(request, what=ReadEvent.What.EXPORT, subject_id=obj.subject_id)
        response = HttpResponse(services.canonical_proof(obj.proof), content_type="application/json")
        response["Content-Disposition"] = f'attachment; filename="erasure-{obj.uid}.json"'
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "private, no-store"
        return response

    def page_chips(self, request: HttpRequest, obj: Erasure) -> list[tuple[Any, str]]:
        return [(obj.get_state_display(), TONES[obj.state])]

    @admin.display(description=_("requested at"), ordering="pk")
    def asked(self, obj: Erasure) -> Any:
        return when(obj.requested_at)

    @admin.display(description=_("data subject"))
    def short(self, obj: Erasure) -> str:
        return str(obj.subject.uid)

    @admin.display(description=_("data subject"))
    def subject_link(self, obj: Erasure) -> Any:
        return obj.subject.uid

    @admin.display(description=_("dossier"))
    def dossier_link(self, obj: Erasure) -> Any:
        home = services.home_of(people.theirs(obj.subject_id))
        return dossiers.link(home) if home is not None else self.empty_value_display

    @admin.display(description=_("state"))
    def state_chip(self, obj: Erasure) -> Any:
        return chip(obj.get_state_display(), TONES[obj.state])


#: Hindrances that only a search through all texts can find.
FOUND_BY_SEARCH: dict[str, Any] = {
    "legal-hold-elsewhere": _("A text in a dossier under a legal hold speaks of the person."),
    "in-the-clear": _("Rows that other rows rest on hold the person in the clear."),
    "not-sealed": _("Rows that hold the person in the clear were not sealed yet."),
}


def _subject_url(request: HttpRequest, subject: DataSubject) -> str:
    if not request.user.has_perm("privacy.view_datasubject"):
        return ""
    return reverse("admin:privacy_datasubject_change", args=(subject.pk,))


def _waiting(user: Any) -> int:
    if not user.has_perm(workflow.CARRY_OUT):
        return 0
    return Erasure.objects.filter(state=Erasure.State.REQUESTED).exclude(requested_by=user).count()


registries.sidebar.register(
    "desk.audit_erasure",
    SidebarItem(
        desk="record",
        title=_("Erasures"),
        url=lambda: reverse("admin:audit_erasure_changelist"),
        icon="person_remove",
        permission="audit.view_erasure",
        order=71,
        count=_waiting,
    ),
)
