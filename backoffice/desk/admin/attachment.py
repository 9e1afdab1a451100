"""Files: listed by dossier, handed out one by one to those who may read them, each time on record."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import ReadEvent
from backoffice.desk import dossiers
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.models import Attachment
from backoffice.desk.readlog import log_once
from backoffice.desk.templatetags.desk import when
from backoffice.privacy.services import Erased
from backoffice.privacy.texts import text_for


def download_url(attachment: Attachment) -> str:
    """The address that hands out the file."""
    return reverse("admin:desk_attachment_download", args=(quote(attachment.pk),))


@admin.register(Attachment)
class AttachmentAdmin(BaseModelAdmin):
    """Files are never served from the media folder and never shown inside our own pages."""

    page_template = "desk/attachment_page.html"
    logs_reads = True
    page_fields = (
        "dossier_link",
        "kind",
        "origin",
        "content_type",
        "size_text",
        "sha256",
        "added_at",
        "added_by",
    )
    list_display = ("added", "dossier_number", "kind", "origin", "content_type", "size_text", "added_by")
    list_select_related = ("dossier", "added_by")
    list_filter = ("origin",)
    ordering = ("-pk",)

    def get_urls(self) -> list[URLPattern]:
        download = path(
            "<path:object_id>/download/",
            self.admin_site.admin_view(self.download_view),
            name="desk_attachment_download",
        )
        return [download, *super().get_urls()]

    def download_view(self, request: HttpRequest, object_id: str) -> HttpResponse | FileResponse:
        """The file as a download, never inline. 404 unknown, 403 without the right; writes one read row."""
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not dossiers.may_read_files(request.user, obj.dossier):
            raise PermissionDenied
        try:
            name = text_for(request.user, obj, "name_cipher")
            handle = obj.file.open("rb")
        except (Erased, FileNotFoundError) as error:
            # Erasure removes the file and its name; the hash stays.
            raise Http404 from error
        log_once(request, what=ReadEvent.What.FILE, dossier=obj.dossier, fields=["file"])
        response = FileResponse(handle, as_attachment=True, filename=name, content_type=obj.content_type)
        response["X-Content-Type-Options"] = "nosniff"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response["Cache-Control"] = "private, no-store"
        return response

    def page_context(self, request: HttpRequest, obj: Attachment) -> dict[str, Any]:
        allowed = dossiers.may_read_files(request.user, obj.dossier)
        return {"download_url": download_url(obj) if allowed else ""}

    @admin.display(description=_("added at"), ordering="pk")
    def added(self, obj: Attachment) -> Any:
        return when(obj.added_at)

    @admin.display(description=_("dossier"))
    def dossier_number(self, obj: Attachment) -> str:
        return obj.dossier.number

    @admin.display(description=_("dossier"))
    def dossier_link(self, obj: Attachment) -> Any:
        return dossiers.link(obj.dossier)

    @admin.display(description=_("size"))
    def size_text(self, obj: Attachment) -> Any:
        return format_html('<span class="num">{} KB</span>', f"{max(1, obj.size // 1024):,}")
