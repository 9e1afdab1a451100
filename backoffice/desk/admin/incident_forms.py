"""The forms of an incident: the red button's, and one for each step that asks something."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from backoffice.core.models import Dossier
from backoffice.desk import people, services
from backoffice.desk.choices import IncidentKind, IncidentLevel, LeakedData, NotTold, Party, Way
from backoffice.desk.incident_texts import duty_title
from backoffice.desk.models import Incident, IncidentDuty, IncidentSubject
from backoffice.desk.operations import Operation, OperationForm, ReasonForm
from backoffice.staff.models import User

MOMENT = "%Y-%m-%dT%H:%M"
#: Persons offered one by one in a form; the rest are for the next round.
PERSONS = 200


def moment(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateTimeField:
    """A moment in Shanghai, typed or picked, to the minute."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT)
    return forms.DateTimeField(label=label, required=required, help_text=help_text, widget=widget)


def now() -> str:
    """The present minute as the field shows it."""
    return timezone.localtime().strftime(MOMENT)


def words(label: Any, *, rows: int = 3, required: bool = True, help_text: Any = "") -> forms.CharField:
    """A text of several lines."""
    return forms.CharField(
        label=label, required=required, help_text=help_text, widget=forms.Textarea(attrs={"rows": rows})
    )


class ReportForm(OperationForm):
    """The red button: as little as possible, because there is no time. The rest is entered by those who handle it."""

    kind = forms.ChoiceField(label=_("What is it?"), choices=IncidentKind.choices, widget=forms.RadioSelect)
    description = words(_("What happened?"), help_text=_("What you saw or heard, where, and what you did."))
    noticed_at = moment(
        _("When was it noticed?"),
        help_text=_("When somebody here first knew. The clocks run from this minute."),
    )
    about = forms.CharField(
        label=_("About which file?"),
        required=False,
        max_length=40,
        help_text=_("Number of the complaint, loan, case or customer."),
    )
    persons = forms.IntegerField(
        label=_("How many persons, about?"), required=False, min_value=0, help_text=_("For a leak.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["noticed_at"].initial = now

    def clean_about(self) -> Dossier | None:
        """The dossier of that number. One number may belong to several kinds; the oldest is taken."""
        number = self.cleaned_data["about"].strip()
        if not number:
            return None
        dossier = Dossier.objects.filter(number=number).order_by("pk").first()
        if dossier is None:
            raise forms.ValidationError(_("No file has this number."))
        return dossier


class DutyChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        due = timezone.localtime(obj.due_at).strftime("%m-%d %H:%M")
        return f"{duty_title(obj.code)} ({due})"


class PersonsChoice(forms.ModelMultipleChoiceField):
    """Persons by the mask of their name and a number."""

    names: dict[int, people.Known] = {}

    def label_from_instance(self, obj: Any) -> str:
        known = self.names.get(obj.subject_id)
        return f"{known.mask} {known.number}".strip() if known is not None else str(obj.pk)


class NotifyForm(OperationForm):
    """Whom, when, how. With a duty its clock is met."""

    duty = DutyChoice(
        label=_("Report duty"),
        queryset=IncidentDuty.objects.none(),
        required=False,
        empty_label=pgettext_lazy("report duty", "none of them"),
    )
    party = forms.ChoiceField(
        label=_("Who was told"),
        required=False,
        choices=[("", "—"), *Party.choices],
        help_text=_("Follows from the duty, if there is one."),
    )
    office = forms.CharField(
        label=_("Office"), required=False, max_length=120, help_text=_("The office, not the person's name.")
    )
    way = forms.ChoiceField(label=_("How"), choices=Way.choices)
    told_at = moment(_("When"))
    note = words(_("What was said, receipt number"), rows=2, required=False)
    proof = forms.FileField(
        label=_("File as proof"),
        required=False,
        help_text=_("PDF, picture, audio, text or spreadsheet; at most 20 MB."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["told_at"].initial = now
        self.fields["duty"].queryset = self.obj.duties.filter(  # type: ignore[attr-defined]
            met_at__isnull=True, waived_at__isnull=True
        ).order_by("due_at")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file = data.get("proof")
        return {**data, "proof": (file.name, file.read()) if file else None}


class ContainForm(OperationForm):
    contained_at = moment(_("Since when"))
    measures = words(_("What was done"), rows=4, help_text=_("It goes into the reports."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["contained_at"].initial = now


class CloseForm(OperationForm):
    report = words(
        _("Closing report"),
        rows=8,
        help_text=_(
            "Cause, course and damage; what was done; what changes so that it does not happen again."
        ),
    )


class AssessForm(OperationForm):
    """What is known by now. For anything but a leak there is less to ask."""

    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=IncidentKind.choices,
        help_text=_("Another kind may be somebody else's to handle; they are called then."),
    )
    level = forms.ChoiceField(
        label=_("Level"),
        choices=IncidentLevel.choices,
        help_text=_("A number of persons that asks for a higher one raises it."),
    )
    occurred_at = moment(_("Happened at"), required=False)
    persons = forms.IntegerField(label=_("Persons concerned, estimated"), required=False, min_value=0)
    data_kinds = forms.MultipleChoiceField(
        label=_("Kinds of data concerned"),
        choices=LeakedData.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    harm_avoided = forms.BooleanField(
        label=_("Harm is effectively avoided"),
        required=False,
        help_text=_(
            "Then the persons need not be told (PIPL art. 57). Only with a reason that can be shown."
        ),
    )
    harm_reason = words(_("What keeps the persons from harm"), rows=2, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        incident: Incident = self.obj
        self.initial = {
            "kind": incident.kind,
            "level": incident.level,
            "occurred_at": incident.occurred_at,
            "persons": incident.persons_estimated,
            "data_kinds": incident.data_kinds,
            "harm_avoided": incident.harm_avoided,
            **self.initial,
        }
        if incident.kind != IncidentKind.LEAK:
            for name in ("data_kinds", "harm_avoided", "harm_reason"):
                del self.fields[name]


class AddPersonsForm(OperationForm):
    numbers = words(
        _("Numbers"),
        rows=5,
        help_text=_("Customer, loan, case or complaint numbers, one a line or separated by commas."),
    )

    def clean_numbers(self) -> list[str]:
        typed = self.cleaned_data["numbers"].replace(",", " ").replace("，", " ").replace("、", " ")
        return list(dict.fromkeys(typed.split()))


class AddSeenForm(OperationForm):
    reader = forms.ModelChoiceField(
        label=_("Who looked"),
        queryset=User.objects.filter(kind__in=[User.Kind.PERSON, User.Kind.MACHINE]).order_by(
            "full_name", "pk"
        ),
    )
    since = moment(_("From"))
    until = moment(_("To"))


class _PersonsForm(OperationForm):
    persons = PersonsChoice(
        label=_("Persons"), queryset=IncidentSubject.objects.none(), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        untold = self.obj.subjects.filter(told_at__isnull=True, not_told_because="").order_by("pk")
        first = list(untold[:PERSONS])
        field: Any = self.fields["persons"]
        field.names = people.names_of({one.subject_id for one in first}, viewer=self.viewer)
        field.queryset = untold.filter(pk__lte=first[-1].pk) if first else untold
        field.initial = first

    def clean_persons(self) -> list[IncidentSubject]:
        return list(self.cleaned_data["persons"])


class TellPersonsForm(_PersonsForm):
    way = forms.ChoiceField(label=_("How"), choices=Way.choices, initial=Way.SMS)
    told_at = moment(_("When"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["told_at"].initial = now


class LeaveOutForm(_PersonsForm):
    because = forms.ChoiceField(label=_("Why not"), choices=NotTold.choices)
    reason = words(_("Reason"), rows=2)


class AttachForm(OperationForm):
    file = forms.FileField(
        label=_("File"), help_text=_("PDF, picture, audio, text or spreadsheet; at most 20 MB.")
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file = data.pop("file", None)
        return {**data, "name": file.name, "content": file.read()} if file else data


class WaiveForm(OperationForm):
    duty = DutyChoice(label=_("Report duty"), queryset=IncidentDuty.objects.none())
    reason = words(_("Why it need not be done"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["duty"].queryset = self.obj.duties.filter(  # type: ignore[attr-defined]
            met_at__isnull=True, waived_at__isnull=True
        ).order_by("due_at")


def _calls(service: Any) -> Any:
    def run(*, obj: Incident, **given: Any) -> Any:
        return service(incident=obj, **given)

    return run


OPERATIONS = (
    Operation("take", _calls(services.take_incident)),
    Operation("notify", _calls(services.notify), NotifyForm),
    Operation("contain", _calls(services.contain_incident), ContainForm),
    Operation("mark_reported", _calls(services.mark_reported)),
    Operation("close", _calls(services.close_incident), CloseForm),
    Operation("assess", _calls(services.assess_incident), AssessForm),
    Operation("add_persons", _calls(services.add_persons), AddPersonsForm),
    Operation("add_seen", _calls(services.add_seen), AddSeenForm),
    Operation("tell_persons", _calls(services.tell_persons), TellPersonsForm),
    Operation("leave_out", _calls(services.leave_out), LeaveOutForm),
    Operation("attach", _calls(services.attach_to_incident), AttachForm),
    Operation("waive", _calls(services.waive_duty), WaiveForm),
    Operation("reopen", _calls(services.reopen_incident), ReasonForm),
)
