"""A step that belongs to no row of a list: a button above it, a page that asks, one service call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from backoffice.desk.once import Once, answer_once
from backoffice.desk.operations import OperationForm


class StepMixin:
    """GET asks, POST makes the one service call: a run over the whole house, which commits part by part."""

    model: Any
    admin_site: Any
    media: Any

    def step(
        self,
        request: HttpRequest,
        *,
        permission: str,
        title: Any,
        text: Any,
        run: Callable[..., str],
        form_class: type[OperationForm] | None = None,
    ) -> HttpResponse:
        """403 without the right, 422 when the service refuses. ``run`` answers where to go."""
        if not request.user.has_perm(permission):
            raise PermissionDenied
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        form_class = form_class or OperationForm
        if request.method != "POST":
            return self._ask_step(request, title, text, form_class(obj=None, viewer=request.user))
        form = form_class(request.POST, obj=None, viewer=request.user)
        return answer_once(
            request,
            form,
            ask=lambda form, status: self._ask_step(request, title, text, form, status=status),
            make=lambda data: HttpResponseRedirect(run(request, timezone.now(), **data)),
            elsewhere=self.list_url(),
            commits_itself=True,
        )

    def list_url(self) -> str:
        return reverse(f"admin:{self.model._meta.app_label}_{self.model._meta.model_name}_changelist")

    def _ask_step(
        self, request: HttpRequest, title: Any, text: Any, form: forms.Form, *, status: int = 200
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "text": text,
            "opts": self.model._meta,
            "media": self.media + form.media,
            "form": form,
            "once": Once.fresh(),
            "back_url": self.list_url(),
        }
        return TemplateResponse(request, "desk/step.html", context, status=status)
