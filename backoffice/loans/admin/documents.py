"""Papers of a loan: the form that takes one in, and the card that lists them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backoffice.desk import dossiers
from backoffice.desk.admin.attachment import download_url
from backoffice.desk.codes import label_of_code
from backoffice.desk.models import Attachment
from backoffice.desk.operations import Operation, OperationForm
from backoffice.loans import services
from backoffice.loans.choices import DocumentKind
from backoffice.loans.models import Loan
from backoffice.privacy.services import Erased
from backoffice.privacy.texts import text_for


class DocumentForm(OperationForm):
    kind = forms.ChoiceField(label=_("Kind"), choices=DocumentKind.choices)
    file = forms.FileField(
        label=_("File"), help_text=_("PDF, picture, audio, text or spreadsheet; at most 20 MB.")
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file = data.pop("file", None)
        return {**data, "name": file.name, "content": file.read()} if file else data


OPERATIONS = (
    Operation(
        "attach_document",
        lambda *, obj, by, at, **given: services.attach_document(loan=obj, by=by, at=at, **given),
        form=DocumentForm,
    ),
)


def documents_of(request: HttpRequest, loan: Loan) -> list[tuple[Attachment, str, str, str]]:
    """The files of the loan's folder, the newest first: kind, and name and address for those who may read them."""
    files = Attachment.objects.filter(dossier=loan.dossier_id).select_related("added_by").order_by("-pk")
    may_read = dossiers.may_read_files(request.user, loan.dossier)
    return [(one, *_described(request, one, may_read)) for one in files]


def _described(request: HttpRequest, file: Attachment, may_read: bool) -> tuple[str, str, str]:
    kind = label_of_code(Attachment._meta.get_field("kind"), file.kind) or file.kind
    if not may_read:
        return kind, "", ""
    try:
        return kind, text_for(request.user, file, "name_cipher"), download_url(file)
    except Erased:
        # Erasure removed the file and its name; that there was one stays.
        return kind, "", ""
