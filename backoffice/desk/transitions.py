"""The one way to change something from a page: ``<pk>/transition/<name>/``, drawn from the workflow table.

GET asks (a confirmation, or the operation's form), POST makes the operation's one service call. Django's and
the theme's own row, detail and submit-line actions run on GET or save the form first; none of ours does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.admin import helpers
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from backoffice.core.errors import DomainError, NotPermitted
from backoffice.core.workflow import Availability, Transition, Workflow
from backoffice.desk import sidebar
from backoffice.desk.once import AlreadySent, Once, answer_already_sent
from backoffice.desk.operations import Operation

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    _Base = ModelAdmin[Any]
else:
    _Base = object
#: The most rows one bulk action takes: each is a service call with its own transaction.
BULK_LIMIT = 200
BULK_PREFIX = "transition_"


class TransitionMixin(_Base):
    """Steps of the workflow as pages and bulk actions. ``workflow`` says which, ``operations`` what they do."""

    workflow: Workflow | None = None
    operations: Sequence[Operation] = ()
    transition_template = "desk/transition.html"
    refused_template = "desk/refused.html"

    def operation(self, name: str) -> Operation | None:
        """The operation of that name, if the page offers it."""
        return next((one for one in self.operations if one.name == name), None)

    def transition_url(self, obj: Any, name: str) -> str:
        """The address that asks for (GET) and makes (POST) the step ``name`` of ``obj``."""
        opts = self.model._meta
        view = f"{self.admin_site.name}:{opts.app_label}_{opts.model_name}_transition"
        return reverse(view, args=(quote(obj.pk), name))

    def object_url(self, obj: Any) -> str:
        """The address of the page of ``obj``."""
        opts = self.model._meta
        return reverse(
            f"{self.admin_site.name}:{opts.app_label}_{opts.model_name}_change", args=(quote(obj.pk),)
        )

    def get_urls(self) -> list[URLPattern]:
        opts = self.model._meta
        return [
            path(
                "<path:object_id>/transition/<slug:name>/",
                self.admin_site.admin_view(self.transition_view),
                name=f"{opts.app_label}_{opts.model_name}_transition",
            ),
            *super().get_urls(),
        ]

    def transition_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Ask for or make one step. 404 outside the person's queryset, 403 without the right, 409 when refused."""
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        obj = self.get_object(request, unquote(object_id))
        operation = self.operation(name)
        if obj is None or operation is None or self.workflow is None:
            raise Http404
        answer = self.workflow.availability(name, obj, by=request.user, at=timezone.now())  # type: ignore[arg-type]
        if answer.code == NotPermitted.code or not self.has_view_permission(request, obj):
            raise PermissionDenied
        if request.method == "POST":
            return self._make(request, obj, operation, answer)
        self.log_object_read(request, obj)  # type: ignore[attr-defined]
        if not answer.allowed:
            return self._refused(request, obj, answer.transition, answer.reason)
        form = None
        if operation.form is not None:
            # A link may bring along what it stands beside (the allegation, the demand).
            form = operation.form(obj=obj, viewer=request.user, initial=request.GET.dict())
        return self._ask(request, obj, operation, answer.transition, form)

    def _make(
        self, request: HttpRequest, obj: Any, operation: Operation, answer: Availability
    ) -> HttpResponse:
        # First, because after a first click that worked the step is no longer available to the second.
        once = Once(request)
        if once.was_used():
            return answer_already_sent(request, self._next(request, obj))
        if not answer.allowed:
            return self._refused(request, obj, answer.transition, answer.reason)
        form = None
        if operation.form is not None:
            form = operation.form(request.POST, request.FILES, obj=obj, viewer=request.user)
            if not form.is_valid():
                return self._ask(request, obj, operation, answer.transition, form, status=422)
        try:
            with once.making(commits_itself=operation.commits_itself):
                made = self._run(request, obj, operation, form, at=timezone.now())
        except AlreadySent:
            return answer_already_sent(request, self._next(request, obj))
        except DomainError as error:
            return self._failed(request, obj, operation, answer.transition, form, error)
        sidebar.forget(request.user)
        self._say(request, operation, answer.transition, made)
        return HttpResponseRedirect(self._next(request, obj))

    def _run(
        self, request: HttpRequest, obj: Any, operation: Operation, form: forms.Form | None, *, at: datetime
    ) -> Any:
        data = form.cleaned_data if form is not None else {}
        return operation.run(obj=obj, by=request.user, at=at, **data)

    def _say(self, request: HttpRequest, operation: Operation, row: Transition, made: Any) -> None:
        """Done; or submitted only, with the way to what awaits a second person."""
        url = operation.awaits(made) if operation.awaits is not None else ""
        if not url:
            messages.success(request, _("%(step)s: done.") % {"step": row.label})
            return
        words = _("%(step)s: submitted, awaits a second person.") % {"step": row.label}
        link = format_html('{} <a href="{}">{}</a>', words, url, _("Show the request"))
        messages.warning(request, link)

    def _failed(
        self,
        request: HttpRequest,
        obj: Any,
        operation: Operation,
        row: Transition,
        form: forms.Form | None,
        error: DomainError,
    ) -> HttpResponse:
        if isinstance(error, NotPermitted):
            raise PermissionDenied from error
        if form is None:
            return self._refused(request, obj, row, error.message)
        form.add_error(error.field if error.field in form.fields else None, str(error.message))
        return self._ask(request, obj, operation, row, form, status=422)

    def _ask(
        self,
        request: HttpRequest,
        obj: Any,
        operation: Operation,
        row: Transition,
        form: forms.Form | None,
        *,
        status: int = 200,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": row.label,
            "opts": self.model._meta,
            "media": self.media + form.media if form is not None else self.media,
            "original": obj,
            "object_url": self.object_url(obj),
            "back_url": self._next(request, obj),
            "next": request.POST.get("next") or request.GET.get("next") or "",
            "operation": operation,
            "transition": row,
            "form": form,
            "once": Once.fresh(),
        }
        return TemplateResponse(request, self.transition_template, context, status=status)

    def _refused(self, request: HttpRequest, obj: Any, row: Transition, reason: Any) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": row.label,
            "opts": self.model._meta,
            "original": obj,
            "object_url": self.object_url(obj),
            "transition": row,
            "reason": reason,
        }
        return TemplateResponse(request, self.refused_template, context, status=409)

    def _next(self, request: HttpRequest, obj: Any) -> str:
        wanted = request.POST.get("next") or request.GET.get("next") or ""
        if url_has_allowed_host_and_scheme(
            wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        ):
            return wanted
        return self.object_url(obj)

    # --- bulk: the same service, row by row ---------------------------------------------------------------

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """The list's actions: ours with their permissions, plus every bulk operation the person has the right to."""
        actions: dict[str, Any] = {
            name: entry
            for name, entry in super().get_actions(request).items()
            if entry and name != "delete_selected" and getattr(entry[0], "allowed_permissions", None)
        }
        if self.workflow is None:
            return actions
        for operation in self.operations:
            row = self.workflow[operation.name]
            if operation.bulk and request.user.has_perm(row.permission):
                name = f"{BULK_PREFIX}{operation.name}"
                actions[name] = (_bulk_action(operation), name, row.label)
        return actions

    def bulk_transition(
        self, request: HttpRequest, queryset: QuerySet[Any], operation: Operation
    ) -> HttpResponse | None:
        """Ask once for many rows, then call the operation's service for each; one message with the outcome."""
        if self.workflow is None or not request.user.has_perm(self.workflow[operation.name].permission):
            raise PermissionDenied
        row = self.workflow[operation.name]
        chosen = list(queryset[: BULK_LIMIT + 1])
        if len(chosen) > BULK_LIMIT:
            messages.error(request, _("Choose at most %(limit)s rows at a time.") % {"limit": BULK_LIMIT})
            return None
        confirmed = request.POST.get("confirmed") == "1"
        form = None
        if operation.form is not None:
            data = (request.POST, request.FILES) if confirmed else ()
            form = operation.form(*data, obj=None, viewer=request.user)
        if not confirmed or (form is not None and not form.is_valid()):
            return self._ask_bulk(request, chosen, operation, row, form)
        try:
            # Row by row, each with its own locks: two people with the same rows in another order stop nobody.
            with Once(request).making(commits_itself=True):
                done, refused = self._run_each(request, chosen, operation, form)
        except AlreadySent:
            messages.info(request, _("This was already done; the second click changed nothing."))
            return None
        sidebar.forget(request.user)
        self._report(request, row, done, refused)
        return None

    def _run_each(
        self, request: HttpRequest, chosen: list[Any], operation: Operation, form: forms.Form | None
    ) -> tuple[int, list[str]]:
        """How many were done, and what the others were refused for."""
        done, refused = 0, []
        for obj in chosen:
            try:
                self.workflow.check(operation.name, obj, by=request.user, at=timezone.now())  # type: ignore[arg-type,union-attr]
                self._run(request, obj, operation, form, at=timezone.now())
                done += 1
            except DomainError as error:
                refused.append(f"{obj}: {error.message}")
        return done, refused

    def _report(self, request: HttpRequest, row: Transition, done: int, refused: list[str]) -> None:
        numbers = {"step": row.label, "done": done, "refused": len(refused)}
        if not refused:
            messages.success(request, _("%(step)s: %(done)s done.") % numbers)
            return
        text = _("%(step)s: %(done)s done, %(refused)s refused.") % numbers
        shown = "; ".join(refused[:5]) + (" …" if len(refused) > 5 else "")
        messages.warning(request, f"{text} {shown}")

    def _ask_bulk(
        self,
        request: HttpRequest,
        chosen: list[Any],
        operation: Operation,
        row: Transition,
        form: forms.Form | None,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": row.label,
            "opts": self.model._meta,
            "media": self.media + form.media if form is not None else self.media,
            "chosen": chosen,
            "back_url": request.get_full_path(),
            "action_checkbox_name": helpers.ACTION_CHECKBOX_NAME,
            "action_name": f"{BULK_PREFIX}{operation.name}",
            "operation": operation,
            "transition": row,
            "form": form,
            "once": Once.fresh(),
        }
        return TemplateResponse(request, self.transition_template, context)


def _bulk_action(operation: Operation) -> Callable[..., HttpResponse | None]:
    def run(admin: TransitionMixin, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return admin.bulk_transition(request, queryset, operation)

    return run
