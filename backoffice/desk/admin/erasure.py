"""Erasing a person: what would go is looked at first, one asks, another carries it out, and a proof stays."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.audit import workflow
from backoffice.audit.keeping import people
from backoffice.audit.models import Erasure, ReadEvent, RecordEvent
from backoffice.audit.services.erasure import canonical_proof, plan_erasure, request_erasure
from backoffice.desk.admin import erasure_preview
from backoffice.desk.admin.erasure_forms import OPERATIONS, RequestForm
from backoffice.desk.admin.keeping_words import ERASURE_TONES, blocker_label
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.keeping_cards import offer_erasure, subject_card
from backoffice.desk.once import Once, answer_once
from backoffice.desk.paging import COUNT_LIMIT, DeskChangeList, bounded_count
from backoffice.desk.people import dossiers_of, names_of
from backoffice.desk.readlog import log_once
from backoffice.desk.registry import SidebarItem, registries
from backoffice.desk.tables import column_name, table_name
from backoffice.desk.templatetags.desk import chip, when
from backoffice.privacy.models import DataSubject
from backoffice.privacy.services import Erased
from backoffice.privacy.texts import reason_for
from backoffice.staff.models import User

#: Lines of a proof drawn on the page; the file has them all.
PROOF_LINES = 100
#: Hindrances that only a search through all texts finds: shown as they were when it was asked for.
FOUND_BY_SEARCH = frozenset({"legal-hold-elsewhere", "in-the-clear", "not-sealed"})


class ErasureChangeList(DeskChangeList):
    """Each line says whom it is about, by mask and number."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        known = names_of({row.subject_id for row in self.result_list}, viewer=request.user)
        for row in self.result_list:
            row.known = known[row.subject_id]


@admin.register(Erasure)
class ErasureAdmin(BaseModelAdmin):
    """What was asked for, decided and proven."""

    workflow = workflow.erasure
    operations = OPERATIONS
    page_template = "desk/erasure_page.html"
    page_name = "audit.erasure"
    page_fields = ("basis", "reference", "requested_by", "requested_at", "decided_by", "decided_at")
    logs_reads = True
    list_display = ("asked", "person", "basis", "requested_by", "state_chip", "decided_by", "decided")
    list_display_links = ("asked",)
    list_select_related = ("requested_by", "decided_by")
    list_filter = ("state", "basis")
    ordering = ("-pk",)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("request/", view(self.request_view), name="audit_erasure_request"),
            path("<path:object_id>/proof/", view(self.proof_view), name="audit_erasure_proof"),
            *super().get_urls(),
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[DeskChangeList]:
        return ErasureChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Erasure]:
        return super().get_queryset(request).select_related("requested_by", "decided_by", "subject")

    # --- the log of reads -----------------------------------------------------------------------------

    def log_object_read(self, request: HttpRequest, obj: Erasure, what: str = ReadEvent.What.PAGE) -> None:
        """The page names other people's dossiers as well: those in which a text speaks of the person."""
        listed = [one["dossier"] for one in obj.preview.get("places", ())]
        log_once(request, what=what, subject_id=obj.subject_id, listed=listed)

    def log_list_read(self, request: HttpRequest, *, rows: Sequence[Any], searched: bool) -> None:
        what = ReadEvent.What.SEARCH if searched else ReadEvent.What.LIST
        listed = dossiers_of({row.subject_id for row in rows})
        log_once(request, what=what, count=len(rows), listed=listed)

    # --- asking for one -------------------------------------------------------------------------------

    def request_view(self, request: HttpRequest) -> HttpResponse:
        """``?subject=<uid>``: GET shows what would go and what stands in the way, POST asks for the erasure."""
        if not request.user.has_perm(workflow.REQUEST):
            raise PermissionDenied
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        subject = _subject(request)
        group = people.alias_group({subject.pk})
        asked = Erasure.objects.filter(subject__in=group, state=Erasure.State.REQUESTED).first()
        if asked is not None:
            messages.info(request, _("The erasure of this person has been asked for already."))
            return HttpResponseRedirect(self.object_url(asked))
        if request.method != "POST":
            return self._ask_request(request, subject, RequestForm(obj=subject, viewer=request.user))
        form = RequestForm(request.POST, obj=subject, viewer=request.user)

        def make(data: dict[str, Any]) -> HttpResponse:
            erasure = request_erasure(subject=subject, by=request.user, at=timezone.now(), **data)  # type: ignore[arg-type]
            messages.success(request, _("Asked for. Another person has to carry it out."))
            return HttpResponseRedirect(self.object_url(erasure))

        return answer_once(
            request,
            form,
            ask=lambda form, status: self._ask_request(request, subject, form, status=status),
            make=make,
            elsewhere=reverse("admin:audit_erasure_changelist"),
        )

    def _ask_request(
        self, request: HttpRequest, subject: DataSubject, form: Form, *, status: int = 200
    ) -> HttpResponse:
        spared = set(request.POST.getlist("spared"))
        plan = plan_erasure(subject=subject, at=timezone.now(), spared=spared)
        log_once(
            request,
            what=ReadEvent.What.PAGE,
            subject_id=subject.pk,
            listed=erasure_preview.listed(plan),
        )
        del form.fields["spared"]
        places, more = erasure_preview.places(plan, spared=spared)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Erase this person"),
            "opts": self.opts,
            "media": self.media + form.media,
            "form": form,
            "once": Once.fresh(),
            "subject": subject,
            "known": names_of({subject.pk}, viewer=request.user)[subject.pk],
            "blockers": erasure_preview.drawn_blockers(plan.blockers),
            "goes": erasure_preview.what_goes(plan.whose),
            "places": places,
            "more_places": more,
            "texts": f"{plan.found.texts:,}",
            "unreadable": plan.found.unreadable,
            "back_url": reverse("admin:audit_erasure_changelist"),
        }
        return TemplateResponse(request, "desk/erasure_request.html", context, status=status)

    # --- the page -------------------------------------------------------------------------------------

    def page_chips(self, request: HttpRequest, obj: Erasure) -> list[tuple[Any, str]]:
        return [(obj.get_state_display(), ERASURE_TONES[Erasure.State(obj.state)])]

    def page_context(self, request: HttpRequest, obj: Erasure) -> dict[str, Any]:
        context: dict[str, Any] = {
            "known": names_of({obj.subject_id}, viewer=request.user)[obj.subject_id],
            "subject_url": reverse("admin:privacy_datasubject_change", args=(obj.subject_id,))
            if request.user.has_perm("privacy.view_datasubject")
            else "",
        }
        if obj.state == Erasure.State.DONE:
            return {**context, **_proof_context(obj)}
        if obj.state == Erasure.State.REFUSED:
            return {**context, "refusal": _refusal(request.user, obj)}
        return {**context, **_open_context(request.user, obj)}

    def proof_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The proof as the very bytes whose hash is kept; holds no personal data, and is noted as an export."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        obj = self.get_object(request, unquote(object_id))
        if obj is None or obj.state != Erasure.State.DONE:
            raise Http404
        log_once(request, what=ReadEvent.What.EXPORT, subject_id=obj.subject_id)
        response = HttpResponse(canonical_proof(obj.proof), content_type="application/json")
        response["Content-Disposition"] = f'attachment; filename="erasure-{obj.uid}.json"'
        response["X-Content-Type-Options"] = "nosniff"
        response["Cache-Control"] = "private, no-store"
        return response

    # --- the list -------------------------------------------------------------------------------------

    @admin.display(description=_("requested at"), ordering="pk")
    def asked(self, obj: Erasure) -> Any:
        return when(obj.requested_at)

    @admin.display(description=_("person"))
    def person(self, obj: Any) -> str:
        return f"{obj.known.mask} {obj.known.number}".strip()

    @admin.display(description=_("state"), ordering="state")
    def state_chip(self, obj: Erasure) -> Any:
        return chip(obj.get_state_display(), ERASURE_TONES[Erasure.State(obj.state)])

    @admin.display(description=_("decided at"))
    def decided(self, obj: Erasure) -> Any:
        return when(obj.decided_at)


def _subject(request: HttpRequest) -> DataSubject:
    try:
        uid = uuid.UUID(request.GET.get("subject", ""))
    except ValueError as error:
        raise Http404 from error
    subject = DataSubject.objects.filter(uid=uid).first()
    if subject is None:
        raise Http404
    return subject


def _open_context(user: Any, obj: Erasure) -> dict[str, Any]:
    """What stands in the way now, and the preview as it was stored; its passages for those who have to judge."""
    whose = people.theirs(obj.subject_id)
    judges = user.has_perm(workflow.REQUEST) or user.has_perm(workflow.CARRY_OUT)
    needles = people.needles(whose.subjects) if judges else None
    codes = [one["code"] for one in obj.preview.get("blockers", ())]
    return {
        "blockers": erasure_preview.drawn_blockers(people.blockers(whose, at=timezone.now())),
        "blockers_then": [blocker_label(code) for code in codes if code in FOUND_BY_SEARCH],
        "preview": obj.preview,
        "goes_dossiers": erasure_preview.dossier_kinds(obj.preview.get("dossiers", {})),
        "places": erasure_preview.stored_places(obj.preview, needles),
    }


def _proof_context(obj: Erasure) -> dict[str, Any]:
    proof = obj.proof
    counts = {
        name: [(table_name(table), count) for table, count in proof.get(name, {}).items()]
        for name in ("masks_and_indexes", "texts_rewritten", "copies_deleted", "rows_removed")
    }
    redactions = [
        {**one, "label": table_name(one["table"]), "column_label": column_name(one["table"], one["column"])}
        for one in proof.get("redactions", [])[:PROOF_LINES]
    ]
    files = [{**one, "label": table_name(one["table"])} for one in proof.get("files", [])[:PROOF_LINES]]
    return {
        "proof": proof,
        "counts": counts,
        "keys": proof.get("keys", [])[:PROOF_LINES],
        "redactions": redactions,
        "files": files,
        "proof_url": reverse("admin:audit_erasure_proof", args=(quote(obj.pk),)),
    }


def _refusal(user: Any, obj: Erasure) -> str:
    event = RecordEvent.objects.filter(erasure=obj, kind="erasure.refused").order_by("-pk").first()
    try:
        return reason_for(user, bytes(event.reason_cipher or b"")) if event is not None else ""
    except Erased:
        return ""


def waiting(user: User) -> int:
    """Requests that this person can decide."""
    if not user.has_perm(workflow.CARRY_OUT):
        return 0
    rows = Erasure.objects.filter(state=Erasure.State.REQUESTED).exclude(requested_by=user)
    return bounded_count(rows, limit=COUNT_LIMIT)


offer_erasure("privacy.subject", subject_card)
registries.sidebar.register(
    "desk.audit_erasure",
    SidebarItem(
        desk="record",
        title=_("Erasures"),
        url=lambda: reverse("admin:audit_erasure_changelist"),
        icon="person_off",
        permission="audit.view_erasure",
        order=70,
        count=waiting,
    ),
)
