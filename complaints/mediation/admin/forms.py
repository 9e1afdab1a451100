"""The forms of mediation's steps; each field is an argument of the service."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.desk.models import Attachment
from backoffice.desk.operations import OperationForm
from complaints.mediation.choices import ConsentCover
from complaints.mediation.models import MediationConsent, MediationOrganisation, Referral


class EvidenceField(forms.ModelChoiceField):
    """A file of the complaint, named by its kind and moment: file names are not shown in a list."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.kind} {timezone.localtime(obj.added_at):%Y-%m-%d %H:%M} {obj.content_type}"


class ConsentForm(OperationForm):
    """What the complainant agreed to, when, and how we know. ``obj`` is a consent that is not recorded yet."""

    organisation = forms.ModelChoiceField(
        label=_("Organisation"), queryset=MediationOrganisation.objects.none(), empty_label=None
    )
    covers = forms.MultipleChoiceField(
        label=_("The consent covers"),
        choices=ConsentCover.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Only what is ticked here reaches the organisation."),
    )
    text_version = forms.CharField(label=_("Version of the text"), max_length=20)
    given_at = forms.DateTimeField(label=_("Given at"))
    evidence_reference = forms.CharField(
        label=_("Evidence (recording or message number)"), max_length=100, required=False
    )
    evidence = EvidenceField(
        label=_("Evidence (file of the complaint)"), queryset=Attachment.objects.none(), required=False
    )

    def __init__(self, *args: Any, obj: MediationConsent, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, obj=obj, viewer=viewer, **kwargs)
        organisations = MediationOrganisation.objects.filter(active=True, client__isnull=False)
        self.fields["organisation"].queryset = organisations.exclude(  # type: ignore[attr-defined]
            consents__in=MediationConsent.objects.filter(complaint=obj.complaint, withdrawn_at__isnull=True)
        ).order_by("name")
        self.fields["evidence"].queryset = Attachment.objects.filter(  # type: ignore[attr-defined]
            dossier=obj.complaint.dossier_id
        ).order_by("-added_at")
        self.fields["given_at"].initial = timezone.now

    def clean(self) -> dict[str, Any]:
        """One piece of evidence at least."""
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if not data.get("evidence") and not data.get("evidence_reference"):
            self.add_error("evidence_reference", _("A consent needs evidence: a file or a number."))
        return data


class OfferForm(OperationForm):
    """To whom, and how far the mediator may go for us. ``obj`` is a referral that does not exist yet."""

    organisation = forms.ModelChoiceField(
        label=_("Organisation"),
        queryset=MediationOrganisation.objects.none(),
        empty_label=None,
        help_text=_("Organisations for which the complainant's consent is in force."),
    )
    mandate_amount = forms.DecimalField(
        label=_("Most we may waive (yuan)"), min_value=0, max_digits=12, decimal_places=2
    )
    mandate_months = forms.IntegerField(label=_("Longest plan in months"), min_value=1, max_value=60)
    reason = forms.CharField(label=_("Reason"), required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, obj: Referral, viewer: Any, **kwargs: Any) -> None:
        super().__init__(*args, obj=obj, viewer=viewer, **kwargs)
        self.fields["organisation"].queryset = (  # type: ignore[attr-defined]
            MediationOrganisation.objects.filter(
                active=True,
                client__isnull=False,
                consents__in=obj.complaint.mediation_consents.filter(withdrawn_at=None),
            )
            .distinct()
            .order_by("name")
        )


class OptionalReasonForm(OperationForm):
    """A reason in words, if there is one to give."""

    reason = forms.CharField(label=_("Reason"), required=False, widget=forms.Textarea(attrs={"rows": 3}))
