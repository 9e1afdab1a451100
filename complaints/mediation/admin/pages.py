"""The two pages that make something new from a complaint: record a consent, offer a referral.

They live here and not on the complaint's own page, which stands below mediation and cannot know of it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.audit.models import ReadEvent
from backoffice.core.errors import DomainError, NotPermitted
from backoffice.core.workflow import Availability, Workflow
from backoffice.desk import sidebar
from backoffice.desk.once import AlreadySent, Once, answer_already_sent
from backoffice.desk.operations import Operation, OperationForm
from backoffice.desk.readlog import log_once
from complaints.models import Complaint


def complaint_url(complaint: Complaint) -> str:
    """The complaint's own page."""
    return reverse("admin:complaints_complaint_change", args=[complaint.pk])


class FromComplaintMixin:
    """``from_complaint`` answers ``?complaint=<pk>``: GET asks, POST makes the one service call."""

    model: Any
    admin_site: Any
    media: Any
    transition_template: str
    refused_template: str

    def from_complaint(
        self,
        request: HttpRequest,
        *,
        workflow: Workflow,
        name: str,
        draft: Callable[[Complaint], Any],
        form_class: type[OperationForm],
        run: Callable[..., Any],
    ) -> HttpResponse:
        """404 for a complaint the person may not see, 403 without the right, 409 when the table refuses."""
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        complaint = self._complaint(request)
        obj = draft(complaint)
        answer = workflow.availability(name, obj, by=request.user, at=timezone.now())  # type: ignore[arg-type]
        if answer.code == NotPermitted.code:
            raise PermissionDenied
        once = Once(request)
        if request.method == "POST" and once.was_used():
            return answer_already_sent(request, complaint_url(complaint))
        if not answer.allowed:
            return self._refuse(request, complaint, answer)
        operation = Operation(name, run, form_class)
        if request.method != "POST":
            return self._show(request, complaint, operation, answer, form_class(obj=obj, viewer=request.user))
        form = form_class(request.POST, obj=obj, viewer=request.user)
        if not form.is_valid():
            return self._show(request, complaint, operation, answer, form, status=422)
        try:
            with once.making():
                run(complaint=complaint, by=request.user, at=timezone.now(), **form.cleaned_data)
        except AlreadySent:
            return answer_already_sent(request, complaint_url(complaint))
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
            return self._show(request, complaint, operation, answer, form, status=422)
        sidebar.forget(request.user)
        messages.success(request, _("%(step)s: done.") % {"step": answer.transition.label})
        return HttpResponseRedirect(complaint_url(complaint))

    def _complaint(self, request: HttpRequest) -> Complaint:
        """The complaint as its own page would give it to this person."""
        pk = request.GET.get("complaint", "")
        admin = self.admin_site.get_model_admin(Complaint)
        complaint = admin.get_queryset(request).filter(pk=pk).first() if pk.isdecimal() else None
        if complaint is None or not admin.has_view_permission(request, complaint):
            raise Http404
        return complaint

    def _show(
        self,
        request: HttpRequest,
        complaint: Complaint,
        operation: Operation,
        answer: Availability,
        form: OperationForm,
        *,
        status: int = 200,
    ) -> HttpResponse:
        context = {
            **self._common(request, complaint, answer),
            "media": self.media + form.media,
            "back_url": complaint_url(complaint),
            "operation": operation,
            "form": form,
            "once": Once.fresh(),
        }
        if request.method in {"GET", "HEAD"}:
            log_once(request, what=ReadEvent.What.PAGE, dossier=complaint.dossier)
        return TemplateResponse(request, self.transition_template, context, status=status)

    def _refuse(self, request: HttpRequest, complaint: Complaint, answer: Availability) -> HttpResponse:
        context = {**self._common(request, complaint, answer), "reason": answer.reason}
        return TemplateResponse(request, self.refused_template, context, status=409)

    def _common(self, request: HttpRequest, complaint: Complaint, answer: Availability) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": answer.transition.label,
            "opts": complaint._meta,
            "original": complaint,
            "object_url": complaint_url(complaint),
            "transition": answer.transition,
        }
