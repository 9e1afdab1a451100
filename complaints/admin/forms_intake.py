"""Forms of the steps from receipt to a running investigation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import InputRefused
from backoffice.desk.operations import OperationForm
from backoffice.loans.models import Borrower, Loan
from backoffice.loans.selectors import find_borrowers_by
from backoffice.staff.models import User
from complaints.choices import NotAdmittedReason, VerifiedHow
from complaints.models import Complaint
from complaints.querysets import visible_to

TEXT = forms.Textarea(attrs={"rows": 4})


class WhyForm(OperationForm):
    """The reason in words, which the record keeps; some steps can do without one."""

    reason = forms.CharField(label=_("Reason"), widget=TEXT)


class RemarkForm(OperationForm):
    reason = forms.CharField(label=_("Remark"), widget=TEXT, required=False)


class NotAdmitForm(OperationForm):
    reason_code = forms.ChoiceField(label=_("Ground"), choices=NotAdmittedReason.choices)
    reason = forms.CharField(label=_("What the complainant is told"), widget=TEXT)


class AssignForm(OperationForm):
    """People who may handle complaints, with their team; the list is short because roles are."""

    handler = forms.ModelChoiceField(label=_("Handler"), queryset=User.objects.none())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["handler"]
        field.queryset = (  # type: ignore[attr-defined]
            User.objects.filter(is_active=True, groups__permissions__codename="handle_complaint")
            .select_related("team")
            .distinct()
            .order_by("team__name", "full_name")
        )
        field.label_from_instance = lambda user: f"{user.display_name} · {user.team or '—'}"  # type: ignore[attr-defined]


class VerifyIdentityForm(OperationForm):
    how = forms.ChoiceField(label=_("How we know"), choices=VerifiedHow.choices, widget=forms.RadioSelect)
    reason = forms.CharField(label=_("Remark"), widget=TEXT, required=False)


class ExtendForm(OperationForm):
    """Both go on record: why more time is needed, and how the complainant was told."""

    reason = forms.CharField(label=_("Why more time is needed"), widget=TEXT)
    told = forms.CharField(
        label=_("How and when the complainant was told"),
        widget=TEXT,
        help_text=_("The complainant must know before the present last day ends."),
    )


class MatchBorrowerForm(OperationForm):
    """Finds by what a caller can say: number, mobile or document number, in full."""

    found_by = forms.CharField(
        label=_("Customer number, loan number, mobile or document number"),
        help_text=_("In full: personal data can only be searched exactly."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        typed = data.pop("found_by", "").strip()
        if not typed:
            return data
        loan = Loan.objects.select_related("borrower").filter(number__iexact=typed).first()
        borrower = loan.borrower if loan else self._borrower(typed)
        return {**data, "borrower": borrower, "loan": loan}

    def _borrower(self, typed: str) -> Borrower | None:
        try:
            found = list(find_borrowers_by(typed, viewer=self.viewer)[:2])
        except InputRefused:
            found = []
        if len(found) != 1:
            text = (
                _("Nobody has this number.")
                if not found
                else _("Several people have this number; use another.")
            )
            self.add_error("found_by", text)
            return None
        return found[0]


class MergeForm(OperationForm):
    into = forms.CharField(label=_("Number of the complaint that goes on"))
    reason = forms.CharField(label=_("Reason"), widget=TEXT)

    def clean_into(self) -> Complaint:
        found = visible_to(self.viewer).filter(number__iexact=self.cleaned_data["into"].strip()).first()
        if found is None or found.pk == self.obj.pk:
            raise forms.ValidationError(_("There is no other complaint with this number."))
        return found
