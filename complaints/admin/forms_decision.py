"""Forms of the decision, its delivery, and what is said and handed over on the way."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.desk.operations import OperationForm
from complaints.choices import ConversationDirection, DecisionOutcome, NoteKind, NoticeMode, NoticeStep
from complaints.services.notices import NewProof

TEXT = forms.Textarea(attrs={"rows": 4})
# With seconds: “now”, cut to the minute, would lie before what was done a moment ago.
MOMENT = "%Y-%m-%dT%H:%M:%S"


def moment_field(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateTimeField:
    """A moment in Shanghai, typed or picked."""
    return forms.DateTimeField(
        label=label,
        required=required,
        help_text=help_text,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": 1}, format=MOMENT),
    )


def _now() -> str:
    return timezone.localtime().strftime(MOMENT)


class ProposeDecisionForm(OperationForm):
    outcome = forms.ChoiceField(label=_("Outcome"), choices=DecisionOutcome.choices, widget=forms.RadioSelect)
    basis = forms.CharField(
        label=_("Basis in law, contract and policy"),
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Goes into the letter after the findings."),
    )


class SendBackForm(OperationForm):
    reason = forms.CharField(label=_("What must be mended"), widget=TEXT)


class NoticeForm(OperationForm):
    """How the decision went out. A proof is a receipt number, a message number, or a file."""

    mode = forms.ChoiceField(label=_("Mode"), choices=NoticeMode.choices)
    proof_reference = forms.CharField(
        label=_("Proof: receipt or message number"), max_length=100, required=False
    )
    proof = forms.FileField(label=_("Proof: file"), required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file = data.get("proof")
        data["proof"] = NewProof(name=file.name, content=file.read()) if file else None
        return data


class DeliverForm(NoticeForm):
    delivered_at = moment_field(_("Delivered at (Shanghai)"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["delivered_at"].initial = _now

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not data.get("proof_reference") and not data.get("proof"):
            raise forms.ValidationError(_("Delivery needs proof: a number or a file."))
        return data


class RecordNoticeForm(NoticeForm):
    step = forms.ChoiceField(
        label=_("What happened"), choices=[(s.value, s.label) for s in (NoticeStep.SENT, NoticeStep.FAILED)]
    )


class NoteForm(OperationForm):
    kind = forms.ChoiceField(
        label=_("Kind"), choices=NoteKind.choices, widget=forms.RadioSelect, initial=NoteKind.INTERNAL
    )
    text = forms.CharField(label=_("Text"), widget=forms.Textarea(attrs={"rows": 5}))


class ConversationForm(OperationForm):
    direction = forms.ChoiceField(
        label=_("Direction"), choices=ConversationDirection.choices, widget=forms.RadioSelect, initial="out"
    )
    connected = forms.BooleanField(label=_("Reached"), required=False)
    started_at = moment_field(_("Started at (Shanghai)"))
    summary = forms.CharField(label=_("What was said"), widget=TEXT, required=False)
    agreed = forms.CharField(label=_("What was agreed"), widget=TEXT, required=False)
    next_call_at = moment_field(_("Call again at"), required=False, help_text=_("Puts a task in your queue."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["started_at"].initial = _now


class AttachForm(OperationForm):
    file = forms.FileField(
        label=_("File"), help_text=_("PDF, picture, audio, text or spreadsheet; at most 20 MB.")
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file = data.pop("file", None)
        return {**data, "name": file.name, "content": file.read()} if file else data
