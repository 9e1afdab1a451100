"""Pages for what comes into being through a service, and for what is shown once and never again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from backoffice.desk.once import Once, answer_once
from backoffice.desk.operations import Operation, OperationForm

if TYPE_CHECKING:
    from backoffice.desk.base import BaseModelAdmin as _Base
else:
    _Base = object

#: A label and the value that is shown once.
Shown = Sequence[tuple[Any, str]]


class CreationMixin(_Base):
    """Stands before ``BaseModelAdmin``: an add page that makes one service call, and secrets shown once.

    ``creation_form`` asks; ``create`` calls the service and answers the new object and what to show once. The
    operations named in ``shows_once`` answer a value of which the same is true.
    """

    creation_form: type[OperationForm]
    #: The right to bring one into being, where it is not the framework's ``add_…``.
    creation_permission = ""
    shows_once: dict[str, Any] = {}

    def create(self, request: HttpRequest, at: Any, data: dict[str, Any]) -> tuple[Any, Shown]:
        """Call the service; answers the object and what to show once (nothing: go to its page)."""
        raise NotImplementedError

    def has_add_permission(self, request: HttpRequest) -> bool:
        opts = self.model._meta
        return bool(
            request.user.has_perm(self.creation_permission or f"{opts.app_label}.add_{opts.model_name}")
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask with the creation form, then make the service call."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        if request.method != "POST":
            return self._ask_creation(request, self.creation_form(obj=None, viewer=request.user))
        form = self.creation_form(request.POST, obj=None, viewer=request.user)

        def make(data: dict[str, Any]) -> HttpResponse:
            obj, shown = self.create(request, timezone.now(), data)
            if shown:
                return self.show_once(request, obj, _("Created"), shown)
            return HttpResponseRedirect(self.object_url(obj))

        opts = self.opts
        return answer_once(
            request,
            form,
            ask=lambda form, status: self._ask_creation(request, form, status=status),
            make=make,
            elsewhere=reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist"),
        )

    def _ask_creation(self, request: HttpRequest, form: Form, *, status: int = 200) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Add %(name)s") % {"name": self.opts.verbose_name},
            "opts": self.opts,
            "media": self.media + form.media,
            "form": form,
            "once": Once.fresh(),
        }
        return TemplateResponse(request, "desk/form_page.html", context, status=status)

    def show_once(self, request: HttpRequest, obj: Any, title: Any, shown: Shown) -> HttpResponse:
        """A page that nothing keeps: not the browser, not a cache, not we."""
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "original": obj,
            "object_url": self.object_url(obj),
            "shown_once": shown,
        }
        response = TemplateResponse(request, "desk/secret_page.html", context)
        response["Cache-Control"] = "no-store"
        return response

    def _run(self, request: HttpRequest, obj: Any, operation: Operation, form: Any, *, at: Any) -> None:
        if operation.name not in self.shows_once:
            super()._run(request, obj, operation, form, at=at)
            return
        data = form.cleaned_data if form is not None else {}
        request.shown_once = operation.run(obj=obj, by=request.user, at=at, **data)  # type: ignore[attr-defined]

    def _make(self, request: HttpRequest, obj: Any, operation: Operation, answer: Any) -> HttpResponse:
        response = super()._make(request, obj, operation, answer)
        secret = getattr(request, "shown_once", None)
        if secret is None:
            return response
        return self.show_once(
            request, obj, answer.transition.label, [(self.shows_once[operation.name], secret)]
        )
