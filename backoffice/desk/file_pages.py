"""Small files in and out by hand: pages for what the import commands do, and for taking a list along.

The pages call the services of ``desk.file_import`` and nothing else. What was uploaded is tried at once, shown with
what it would do, and taken in when the person confirms. Until then it travels signed in the form itself: nothing
of it stays with us.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django import forms
from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export.formats.base_formats import CSV, XLSX

from backoffice.core.errors import DomainError
from backoffice.core.imports import FileError, load_mapping, open_table
from backoffice.core.models import ImportRun
from backoffice.core.registry import Registry
from backoffice.desk.file_import import FileImport
from backoffice.desk.file_kinds import FileKind
from backoffice.desk.once import Once, answer_once

if TYPE_CHECKING:
    from backoffice.desk.base import BaseModelAdmin as _Base
else:
    _Base = object

#: What the pages read and write; both by django-import-export.
FORMATS = {one.get_extension(): one for one in (CSV(), XLSX())}
#: What one request can carry: a page takes small files, the commands take the others.
MOST_ROWS, MOST_BYTES, MOST_UNPACKED = 5_000, 2 * 1024 * 1024, 100 * 1024 * 1024
#: How long a preview may wait for its confirmation.
PREVIEW_SECONDS = 3600
#: Lines of refusals and notices on a page; the report of the run keeps more, the command all.
SHOWN = 100
OWN = "own"

#: Code of a figure of an import → its label, and whether it is yuan.
figure_labels: Registry[tuple[Any, bool]] = Registry()


@dataclass(frozen=True, slots=True)
class ImportPage:
    """What one list takes in: the kind, its service, the right it takes, its command, its mappings with their names."""

    kind: type[FileKind[Any]]
    service: Callable[..., FileImport]
    permission: str
    command: str
    mappings: Sequence[tuple[Path, Any]]


@dataclass(frozen=True, slots=True)
class Upload:
    """A file with its mapping, as it came from the browser."""

    name: str
    content: bytes
    mapping_name: str
    mapping: bytes

    @property
    def hashes(self) -> dict[str, str]:
        return {
            "file_sha256": hashlib.sha256(self.content).hexdigest(),
            "mapping_sha256": hashlib.sha256(self.mapping).hexdigest(),
        }

    def signed(self, *, salt: str) -> str:
        """Everything of it in one text that only the same person can bring back."""
        parts = [self.name, _text(self.content), self.mapping_name, _text(self.mapping)]
        return signing.dumps(parts, salt=salt, compress=True)

    @classmethod
    def unsigned(cls, text: str, *, salt: str) -> Upload:
        """Raises ``signing.BadSignature``, also when too old."""
        name, content, mapping_name, mapping = signing.loads(text, salt=salt, max_age=PREVIEW_SECONDS)
        return cls(name, base64.b64decode(content), mapping_name, base64.b64decode(mapping))

    def take_in(self, page: ImportPage, *, by: Any, at: datetime, dry_run: bool) -> FileImport:
        """Hand it to the service as a file, which is gone afterwards. Raises what the service raises."""
        with tempfile.TemporaryDirectory(prefix="import-") as folder:
            file = Path(folder, f"in{Path(self.name).suffix.lower()}")
            mapping = Path(folder, "mapping.toml")
            file.write_bytes(self.content)
            mapping.write_bytes(self.mapping)
            _check_size(file, mapping, page)
            return page.service(
                path=file, mapping_path=mapping, by=by, at=at, name=self.name, dry_run=dry_run
            )


class ImportForm(forms.Form):
    """A file, and how its columns are to be read."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        widget=forms.FileInput(attrs={"accept": ",".join(f".{name}" for name in FORMATS)}),
    )
    mapping = forms.ChoiceField(label=gettext_lazy("How its columns are read"))
    own_mapping = forms.FileField(
        label=gettext_lazy("Your own mapping"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".toml"}),
        help_text=gettext_lazy("A TOML file; docs/imports.md explains every key."),
    )

    def __init__(self, *args: Any, page: ImportPage, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.page = page
        self.fields["file"].help_text = _(
            "CSV or XLSX, up to %(rows)s rows and 2 MB. Larger ones: manage.py %(command)s"
        ) % {"rows": f"{MOST_ROWS:,}", "command": page.command}
        self.fields["mapping"].choices = [  # type: ignore[attr-defined]
            *((one.name, f"{label} ({one.name})") for one, label in page.mappings),
            (OWN, _("My own mapping, below")),
        ]

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if Path(file.name).suffix.lower().removeprefix(".") not in FORMATS:
            raise forms.ValidationError(_("Choose a CSV or an XLSX file."))
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_too_large(self.page))
        return file

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        own = data.get("own_mapping")
        if data.get("mapping") == OWN and own is None and "own_mapping" not in self.errors:
            self.add_error("own_mapping", _("Choose the mapping file, or one of ours above."))
        if own is not None and own.size > MOST_BYTES // 10:
            self.add_error("own_mapping", _("This is too large for a mapping."))
        return data

    def upload(self) -> Upload:
        """What was chosen. Call it once: the files are read."""
        data = self.cleaned_data
        file, name = data["file"], data["mapping"]
        if name == OWN:
            mapping_name, mapping = data["own_mapping"].name, data["own_mapping"].read()
        else:
            (found,) = (one for one, _label in self.page.mappings if one.name == name)
            mapping_name, mapping = found.name, found.read_bytes()
        return Upload(Path(file.name).name[:255], file.read(), mapping_name[:255], mapping)


class ConfirmForm(forms.Form):
    """The upload that was shown, as it was shown."""

    upload = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, salt: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.salt = salt

    def clean_upload(self) -> Upload:
        try:
            return Upload.unsigned(self.cleaned_data["upload"], salt=self.salt)
        except (signing.BadSignature, binascii.Error, ValueError) as error:
            raise forms.ValidationError(_("The preview is too old; choose the file again.")) from error


class ImportPagesMixin(_Base):
    """Stands before ``BaseModelAdmin``: ``import/`` asks, tries, takes in; ``import/<run>/`` tells what came of it."""

    imports: ImportPage
    list_before_template = "desk/files_bar.html"

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        view = self.admin_site.admin_view
        return [
            path("import/", view(self.import_view), name=f"{name}_import"),
            path("import/<path:object_id>/", view(self.import_result_view), name=f"{name}_import_result"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra = {"import_url": self._import_url} if request.user.has_perm(self.imports.permission) else {}
        return super().changelist_view(request, {**(extra_context or {}), **extra})

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for a file; try it and show what it would do; import it once that is confirmed."""
        if not request.user.has_perm(self.imports.permission):
            raise PermissionDenied
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        if request.method != "POST":
            return self._ask_file(request, ImportForm(page=self.imports))
        if "upload" in request.POST:
            return self._confirmed(request)
        form = ImportForm(request.POST, request.FILES, page=self.imports)
        if not form.is_valid():
            return self._ask_file(request, form, status=422)
        upload = form.upload()
        try:
            result = upload.take_in(self.imports, by=request.user, at=timezone.now(), dry_run=True)
        except DomainError as error:
            form.add_error("file" if isinstance(error, FileError) else "mapping", str(error.message))
            return self._ask_file(request, form, status=422)
        return self._show(request, upload, result)

    def import_result_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What came of a file that was taken in."""
        if not request.user.has_perm(self.imports.permission):
            raise PermissionDenied
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        runs = ImportRun.objects.filter(kind=self.imports.kind.kind)
        run = runs.filter(pk=object_id).first() if object_id.isdecimal() else None
        if run is None:
            raise Http404
        report = {"errors": [], "notices": [], "figures": {}, **run.report}
        context = {
            **self._import_context(request, _("What came of the file")),
            "run": run,
            "errors": report["errors"][:SHOWN],
            "notices": report["notices"][:SHOWN],
            "more_errors": max(0, len(report["errors"]) - SHOWN),
            "more_notices": max(0, len(report["notices"]) - SHOWN),
            "figures": _figures(report["figures"]),
        }
        return TemplateResponse(request, "desk/import_result.html", context)

    @property
    def _import_url(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_import")

    def _salt(self, request: HttpRequest) -> str:
        return f"desk.import.{self.imports.kind.kind}.{request.user.pk}"

    def _confirmed(self, request: HttpRequest) -> HttpResponse:
        def make(data: dict[str, Any]) -> HttpResponse:
            upload: Upload = data["upload"]
            upload.take_in(self.imports, by=request.user, at=timezone.now(), dry_run=False)
            run = ImportRun.objects.get(kind=self.imports.kind.kind, **upload.hashes)
            return HttpResponseRedirect(f"{self._import_url}{run.pk}/")

        def refused(form: forms.Form, status: int) -> HttpResponse:
            blank = ImportForm(page=self.imports)
            said = [str(text) for found in form.errors.values() for text in found]
            return self._ask_file(request, blank, status=status, said=said)

        form = ConfirmForm(request.POST, salt=self._salt(request))
        # Batch by batch: what is in stays in.
        return answer_once(
            request, form, ask=refused, make=make, elsewhere=self._import_url, commits_itself=True
        )

    def _ask_file(
        self, request: HttpRequest, form: ImportForm, *, status: int = 200, said: Sequence[str] = ()
    ) -> HttpResponse:
        context = {
            **self._import_context(request, _("Import a file")),
            "form": form,
            "said": said,
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "desk/import_file.html", context, status=status)

    def _show(self, request: HttpRequest, upload: Upload, result: FileImport) -> HttpResponse:
        context = {
            **self._import_context(request, _("What the file would do")),
            "file_name": upload.name,
            "mapping_name": upload.mapping_name,
            "result": result,
            "errors": [(one.row, one.column, one.code, one.message) for one in result.errors[:SHOWN]],
            "notices": [(one.row, one.column, one.code, one.message) for one in result.notices[:SHOWN]],
            "more_errors": max(0, len(result.errors) - SHOWN),
            "more_notices": max(0, len(result.notices) - SHOWN),
            "figures": _figures(result.figures),
            "upload": upload.signed(salt=self._salt(request)) if result.created else "",
            "once": Once.fresh(),
        }
        response = TemplateResponse(request, "desk/import_preview.html", context)
        # The file is in the page.
        response["Cache-Control"] = "no-store"
        return response

    def _import_context(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "media": self.media,
            "import_url": self._import_url,
            "command": self.imports.command,
        }


def _check_size(file: Path, mapping_path: Path, page: ImportPage) -> None:
    """Refuse what is too much for a page. Raises ``FileError`` and ``MappingError``."""
    if file.suffix == ".xlsx" and zipfile.is_zipfile(file):
        with zipfile.ZipFile(file) as packed:
            if sum(one.file_size for one in packed.infolist()) > MOST_UNPACKED:
                raise FileError(_too_large(page))
    mapping = load_mapping(mapping_path, known=list(page.kind.fields), required=page.kind.required)
    table = open_table(file, encoding=mapping.encoding, delimiter=mapping.delimiter, sheet=mapping.sheet)
    if sum(1 for _row in islice(table.rows, MOST_ROWS + 1)) > MOST_ROWS:
        raise FileError(_too_large(page))


def _too_large(page: ImportPage) -> str:
    words = _(
        "This page takes up to %(rows)s rows and 2 MB. Import a larger file with “manage.py %(command)s FILE "
        "--mapping MAPPING”: it goes on where it was broken off."
    )
    return words % {"rows": f"{MOST_ROWS:,}", "command": page.command}


def _figures(figures: dict[str, Any]) -> list[tuple[Any, Any, bool]]:
    """Label, value, and whether it is yuan, of what is not nothing; what nobody has named is shown by its code."""
    found = []
    for code, value in figures.items():
        label, is_yuan = figure_labels.get(code) or (code, False)
        value = Decimal(value) if is_yuan else value
        if value:
            found.append((label, value, is_yuan))
    return found


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
