"""``<pk>/reveal/`` and ``<pk>/correct/``: seeing a masked value in full for a purpose, and putting a wrong one right.

Pages show masks. Beside each stands a control for those who may see more; it asks for the purpose, makes one
service call and shows the value for a minute. With the script the page itself does that (JSON), without it two
plain pages do: the same address, the same form, the same record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.audit.models import Purpose
from backoffice.audit.services import revealing
from backoffice.audit.services.people import correct_personal
from backoffice.core.errors import DomainError, NotPermitted
from backoffice.desk.registry import registries
from backoffice.privacy.rights import CLASSES, Right, key_of, label_of_field, right, spec_of

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    _Base = ModelAdmin[Any]
else:
    _Base = object

#: How long a value stays on the screen.
SHOWN_SECONDS = 60
REVEAL_RIGHTS = tuple(f"privacy.reveal_{group}" for group in sorted(set(CLASSES.values())))
CORRECT_RIGHTS = tuple(f"privacy.correct_{group}" for group in sorted(set(CLASSES.values())))
EVERY_FIELD = "*"


class PurposeForm(forms.Form):
    """What for, as a kind and in words."""

    purpose = forms.ChoiceField(label=gettext_lazy("Purpose"), choices=[("", "—"), *Purpose.choices])
    reason = forms.CharField(
        label=gettext_lazy("What for, in words"),
        min_length=revealing.WORDS_MIN,
        max_length=revealing.WORDS_MAX,
        help_text=gettext_lazy("It is kept in the read log. No numbers of people."),
    )


class CorrectionForm(forms.Form):
    """One empty box per field that the person may correct; what stays empty stays as it is."""

    reason = forms.CharField(label=gettext_lazy("Reason"), widget=forms.Textarea(attrs={"rows": 2}))

    def __init__(self, *args: Any, row: Any, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = [name for name in spec_of(row).fields if right(viewer, row, name) == Right.CHANGE]
        for name in self.names:
            self.fields[name] = forms.CharField(
                label=label_of_field(row, name),
                required=False,
                max_length=300,
                help_text=_("Now: %(mask)s") % {"mask": getattr(row, f"{name}_mask") or "—"},
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
            )
        self.order_fields([*self.names, "reason"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not any(data.get(name) for name in self.names):
            raise forms.ValidationError(_("Enter at least one new value."))
        return data

    @property
    def corrections(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in self.names if self.cleaned_data[name]}


def may_reveal(user: Any, row: Any, field: str) -> bool:
    """Whether ``user`` may see the value in full: the right to the field, and the word of every desk."""
    return right(user, row, field) >= Right.FULL and all(ask(user, row) for ask in registries.reveal_guards)


def may_correct(user: Any, row: Any) -> bool:
    """Whether there is a field of ``row`` that ``user`` may correct."""
    return any(right(user, row, name) == Right.CHANGE for name in spec_of(row).fields) and all(
        ask(user, row) for ask in registries.reveal_guards
    )


def watermark_of(request: HttpRequest) -> str:
    """Who looks, and when: across the page for as long as a value is shown."""
    user: Any = request.user
    return f"{user.display_name} {user.get_username()} {timezone.localtime():%Y-%m-%d %H:%M}"


class RevealMixin(_Base):
    """``personal_rows`` says whose masks the page of an object shows; overriding it opens the two addresses."""

    reveal_template = "desk/reveal_page.html"
    revealed_template = "desk/revealed_page.html"
    correct_template = "desk/correct_page.html"

    def personal_rows(self, request: HttpRequest, obj: Any) -> Iterable[Any]:
        """The rows with personal fields on the page of ``obj``. Override."""
        return ()

    @property
    def shows_people(self) -> bool:
        """Whether the pages of this class show masks that may be revealed."""
        return type(self).personal_rows is not RevealMixin.personal_rows

    def get_urls(self) -> list[URLPattern]:
        if not self.shows_people:
            return super().get_urls()
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        view = self.admin_site.admin_view
        return [
            path("<path:object_id>/reveal/", view(self.reveal_view), name=f"{name}_reveal"),
            path("<path:object_id>/correct/", view(self.correct_view), name=f"{name}_correct"),
            *super().get_urls(),
        ]

    def reveal_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """What the page needs to draw the controls; nothing for those who may reveal nothing."""
        context: dict[str, Any] = {"reveal_url": "", "correct_url": ""}
        if not self.shows_people:
            return context
        context["people_rows"] = lambda: self.personal_rows(request, obj)
        if _any(request.user, REVEAL_RIGHTS):
            context |= {
                "reveal_url": self._people_url(obj, "reveal"),
                "reveal_form": PurposeForm(auto_id="reveal-%s"),
            }
        if _any(request.user, CORRECT_RIGHTS):
            context["correct_url"] = self._people_url(obj, "correct")
        return context

    def _people_url(self, obj: Any, name: str) -> str:
        view = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{name}"
        return reverse(view, args=(quote(obj.pk),))

    # --- reveal ---------------------------------------------------------------------------------------

    def reveal_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET asks for the purpose, POST shows. 404 outside the person's rows, 403 without the right, 422 with a
        purpose that will not do, 429 above the limit of persons an hour."""
        obj = self._object_for(request, object_id, REVEAL_RIGHTS)
        if isinstance(obj, HttpResponse):
            return obj
        values = self._wanted(request, obj)
        if request.method != "POST":
            self.log_object_read(request, obj)  # type: ignore[attr-defined]
            return self._ask_purpose(request, obj, values, PurposeForm())
        wants_json = request.accepts("application/json") and not request.accepts("text/html")
        form = PurposeForm(request.POST)
        if not form.is_valid():
            if wants_json:
                field, errors = next(iter(form.errors.items()))
                return _json({"field": field, "message": str(errors[0])}, status=422)
            return self._ask_purpose(request, obj, values, form, status=422)
        try:
            shown = revealing.reveal(
                values=values,
                **form.cleaned_data,
                path=request.path,
                dossier=self.dossier_of(obj),  # type: ignore[attr-defined]
                by=request.user,  # type: ignore[arg-type]
                at=timezone.now(),
            )
        except NotPermitted as error:
            raise PermissionDenied from error
        except DomainError as error:
            status = 429 if isinstance(error, revealing.TooManyRevealed) else 422
            if wants_json:
                return _json({"field": error.field or "", "message": str(error.message)}, status=status)
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
            return self._ask_purpose(request, obj, values, form, status=status)
        if wants_json:
            return _json(
                {
                    "values": {one.key: one.value if not one.erased else _("Erased") for one in shown},
                    "seconds": SHOWN_SECONDS,
                    "watermark": watermark_of(request),
                }
            )
        return self._show_values(request, obj, values, shown)

    def _wanted(self, request: HttpRequest, obj: Any) -> list[tuple[Any, str]]:
        """The rows and fields named by ``value``, all of them on the page of ``obj``. Raises ``Http404`` for others,
        ``PermissionDenied`` for those the person may not see in full."""
        asked = [*request.GET.getlist("value"), *request.POST.getlist("value")]
        if not asked:
            raise Http404
        known: dict[str, tuple[Any, str]] = {}
        rows: dict[str, list[str]] = {}
        for row in self.personal_rows(request, obj):
            for name in spec_of(row).fields:
                if getattr(row, f"{name}_mask"):
                    known[key_of(row, name)] = (row, name)
                    rows.setdefault(key_of(row, EVERY_FIELD), []).append(key_of(row, name))
        wanted: dict[str, tuple[Any, str]] = {}
        for key in asked:
            if key in rows:
                wanted |= {one: known[one] for one in rows[key] if may_reveal(request.user, *known[one])}
            elif key in known:
                wanted[key] = known[key]
            else:
                raise Http404
        # An empty list may be a row with nothing in it for this person: no more theirs than a single value is.
        if not wanted or not all(may_reveal(request.user, row, field) for row, field in wanted.values()):
            raise PermissionDenied
        return list(wanted.values())

    def _ask_purpose(
        self,
        request: HttpRequest,
        obj: Any,
        values: Sequence[tuple[Any, str]],
        form: Any,
        *,
        status: int = 200,
    ) -> HttpResponse:
        context = {
            **self._frame(request, obj, _("Show in full")),
            "form": form,
            "wanted": [
                (key_of(row, field), label_of_field(row, field), getattr(row, f"{field}_mask"))
                for row, field in values
            ],
        }
        return _unkept(TemplateResponse(request, self.reveal_template, context, status=status))

    def _show_values(
        self,
        request: HttpRequest,
        obj: Any,
        values: Sequence[tuple[Any, str]],
        shown: Sequence[revealing.Revealed],
    ) -> HttpResponse:
        labels = {key_of(row, field): label_of_field(row, field) for row, field in values}
        context = {
            **self._frame(request, obj, _("Shown in full")),
            "shown": [(labels[one.key], one) for one in shown],
            "seconds": SHOWN_SECONDS,
            "watermark": watermark_of(request),
        }
        return _unkept(TemplateResponse(request, self.revealed_template, context))

    # --- correct --------------------------------------------------------------------------------------

    def correct_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """GET asks for new values of the row named by ``row``, POST corrects. Answers as ``reveal_view``."""
        obj = self._object_for(request, object_id, CORRECT_RIGHTS)
        if isinstance(obj, HttpResponse):
            return obj
        key = request.GET.get("row", "")
        row = next((one for one in self.personal_rows(request, obj) if key_of(one, EVERY_FIELD) == key), None)
        if row is None:
            raise Http404
        if not may_correct(request.user, row):
            raise PermissionDenied
        form = CorrectionForm(request.POST or None, row=row, viewer=request.user)
        if request.method != "POST":
            self.log_object_read(request, obj)  # type: ignore[attr-defined]
            return self._ask_correction(request, obj, row, form)
        if not form.is_valid():
            return self._ask_correction(request, obj, row, form, status=422)
        try:
            correct_personal(
                row=row,
                values=form.corrections,
                reason=form.cleaned_data["reason"],
                by=request.user,  # type: ignore[arg-type]
                at=timezone.now(),
            )
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
            return self._ask_correction(request, obj, row, form, status=422)
        messages.success(request, _("Corrected, and on record."))
        return HttpResponseRedirect(self.object_url(obj))  # type: ignore[attr-defined]

    def _ask_correction(
        self, request: HttpRequest, obj: Any, row: Any, form: Any, *, status: int = 200
    ) -> HttpResponse:
        context = {
            **self._frame(request, obj, _("Correct")),
            "form": form,
            "row_name": row._meta.verbose_name,
        }
        return _unkept(TemplateResponse(request, self.correct_template, context, status=status))

    # --- both -----------------------------------------------------------------------------------------

    def _object_for(self, request: HttpRequest, object_id: str, rights: Sequence[str]) -> Any:
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.has_view_permission(request, obj) or not _any(request.user, rights):
            raise PermissionDenied
        return obj

    def _frame(self, request: HttpRequest, obj: Any, title: str) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "media": self.media,
            "original": obj,
            "object_url": self.object_url(obj),  # type: ignore[attr-defined]
        }


def _any(user: Any, rights: Sequence[str]) -> bool:
    return any(user.has_perm(one) for one in rights)


def _json(data: dict[str, Any], *, status: int = 200) -> JsonResponse:
    return _unkept(JsonResponse(data, status=status))


def _unkept(response: Any) -> Any:
    response["Cache-Control"] = "no-store"
    return response
