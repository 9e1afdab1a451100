"""Who lends, what is lent, and under which words."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.operations import Operation, OperationForm
from backoffice.loans import workflow
from backoffice.loans.models import Creditor, TermsVersion
from backoffice.loans.services import create_terms_version, publish_terms_version, retire_terms_version


@admin.register(Creditor)
class CreditorAdmin(BaseModelAdmin):
    list_display = ("name", "group")
    search_fields = ("=name",)
    ordering = ("name",)


class PublishForm(OperationForm):
    """Asks for the day from which the text is in force."""

    effective_from = forms.DateField(
        label=_("Effective from"), widget=forms.DateInput(attrs={"type": "date"})
    )


@admin.register(TermsVersion)
class TermsVersionAdmin(BaseModelAdmin):
    """A draft is entered by form, published by a step, and never changed."""

    workflow = workflow.terms
    operations = (
        Operation(
            "publish",
            lambda *, obj, by, at, effective_from: publish_terms_version(
                terms=obj, effective_from=effective_from, by=by, at=at
            ),
            form=PublishForm,
        ),
        Operation("retire", lambda *, obj, by, at: retire_terms_version(terms=obj, by=by, at=at)),
    )
    fields = ("product", "text")
    autocomplete_fields = ("product",)
    page_fields = ("product", "number", "state", "effective_from", "text")
    list_display = ("product", "number", "state", "effective_from")
    list_select_related = ("product",)
    list_filter = ("state",)
    ordering = ("-pk",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A draft may be entered by hand; the service numbers it."""
        return request.user.has_perm("loans.add_termsversion")

    def save_model(self, request: HttpRequest, obj: TermsVersion, form: Any, change: bool) -> None:
        draft = create_terms_version(
            product=obj.product,
            text=obj.text,
            by=request.user,  # type: ignore[arg-type]
            at=timezone.now(),
        )
        obj.pk, obj.number = draft.pk, draft.number
