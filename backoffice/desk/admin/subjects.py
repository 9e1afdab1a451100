"""A data subject: everything the house holds about one person, under whatever name and in whatever role."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.audit.services.people import link_subjects, unlink_subjects
from backoffice.core.models import Dossier
from backoffice.desk import dossiers
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.operations import Operation, OperationForm
from backoffice.desk.paging import KeysetMixin
from backoffice.desk.registry import SidebarItem, registries
from backoffice.desk.templatetags.desk import chip
from backoffice.privacy import workflow
from backoffice.privacy.models import DataKey, DataSubject, SubjectState
from backoffice.privacy.people import rows_about, with_aliases
from backoffice.privacy.rights import Right, label_of_field, right, spec_of


class LinkForm(OperationForm):
    """Who it is, and how one knows."""

    same_as = forms.UUIDField(
        label=gettext_lazy("Same person as"),
        help_text=gettext_lazy("The identifier of the other data subject, as its page shows it."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), widget=forms.Textarea(attrs={"rows": 3}))

    def clean_same_as(self) -> DataSubject:
        found = DataSubject.objects.filter(uid=self.cleaned_data["same_as"]).first()
        if found is None:
            raise ValidationError(_("There is no data subject of this identifier."))
        return found


class UnlinkForm(OperationForm):
    reason = forms.CharField(label=gettext_lazy("Reason"), widget=forms.Textarea(attrs={"rows": 3}))


def _dossier_of(obj: DataSubject) -> Dossier | None:
    """A folder under whose key the reason is kept: the first that holds something about the person."""
    row = next(iter(rows_about([obj.pk])), None)
    return spec_of(row).dossier_of(row) if row is not None else None


def _link(*, obj: DataSubject, **given: Any) -> DataSubject:
    return link_subjects(subject=obj, dossier=_dossier_of(obj) or _dossier_of(given["same_as"]), **given)


def _unlink(*, obj: DataSubject, **given: Any) -> DataSubject:
    return unlink_subjects(subject=obj, dossier=_dossier_of(obj), **given)


@admin.register(DataSubject)
class DataSubjectAdmin(KeysetMixin, BaseModelAdmin):
    """Found by a full number, document, e-mail or name; answers a request to know what we hold (PIPL art. 45)."""

    workflow = workflow.subject
    operations = (Operation("link", _link, LinkForm), Operation("unlink", _unlink, UnlinkForm))
    page_template = "desk/subject_page.html"
    page_name = "privacy.subject"
    logs_reads = True
    list_display = ("uid", "state_chip")
    list_display_links = ("uid",)
    search_help_text = gettext_lazy("A whole telephone or document number, e-mail address or name")

    def subject_of(self, obj: DataSubject) -> int | None:
        return obj.pk

    def by_people(
        self, queryset: QuerySet[DataSubject], subject_ids: Collection[int]
    ) -> QuerySet[DataSubject]:
        return queryset.filter(pk__in=subject_ids)

    def personal_rows(self, request: HttpRequest, obj: DataSubject) -> list[Any]:
        """Every row about the person that the viewer may know of."""
        return [row for row in self._held(obj) if _visible(request.user, row)]

    def page_chips(self, request: HttpRequest, obj: DataSubject) -> list[tuple[Any, str]]:
        chips: list[tuple[Any, str]] = []
        if obj.same_as_id:
            chips.append((obj.get_state_display(), "info"))
        if not DataKey.objects.filter(subject=obj).exists():
            # No key: nothing was ever kept under it, or it was erased.
            chips.append((_("No key"), "neutral"))
        return chips

    def page_context(self, request: HttpRequest, obj: DataSubject) -> dict[str, Any]:
        rows = self._held(obj)
        family = sorted(with_aliases([obj.pk]))
        found = [pk for ask in registries.person_dossiers for pk in ask(family)]
        return {
            "held": [
                {
                    "row": row,
                    "what": capfirst(str(row._meta.verbose_name)),
                    "visible": _visible(request.user, row),
                    "fields": [
                        (label_of_field(row, name), name)
                        for name in spec_of(row).fields
                        if getattr(row, f"{name}_mask")
                    ],
                    "dossier": dossiers.link(spec_of(row).dossier_of(row)),
                    "own": spec_of(row).subject_id(row) == obj.pk,
                }
                for row in rows
            ],
            "dossiers": [
                (one.get_kind_display(), dossiers.link(one))
                for one in Dossier.objects.filter(pk__in=set(found)).order_by("-pk")[:50]
            ],
            "others": DataSubject.objects.filter(pk__in=family).exclude(pk=obj.pk).order_by("pk"),
        }

    def _held(self, obj: DataSubject) -> list[Any]:
        return rows_about(sorted(with_aliases([obj.pk])))

    @admin.display(description=gettext_lazy("state"))
    def state_chip(self, obj: DataSubject) -> Any:
        return chip(obj.get_state_display(), "info" if obj.state == SubjectState.ALIAS else "neutral")


def _visible(user: Any, row: Any) -> bool:
    return any(right(user, row, name) >= Right.MASKED for name in spec_of(row).fields)


registries.sidebar.register(
    "privacy.subjects",
    SidebarItem(
        desk="record",
        title=gettext_lazy("Data subjects"),
        url=lambda: reverse("admin:privacy_datasubject_changelist"),
        icon="badge",
        permission="privacy.view_datasubject",
        order=60,
    ),
)
