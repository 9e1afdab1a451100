"""Proposing a change from the loan's page: first the terms, then the difference they make, then the proposal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import DomainError
from backoffice.core.time import business_day
from backoffice.core.workflow import Availability
from backoffice.desk.operations import Operation, OperationForm
from backoffice.desk.transitions import TransitionMixin
from backoffice.loans.account import derive
from backoffice.loans.admin.difference import difference_context
from backoffice.loans.admin.percent_field import PercentField
from backoffice.loans.change_terms import fingerprint, terms_as_data
from backoffice.loans.changes import Deferral, ExtraInstalments, RateCut, Reschedule, Terms, WaiverOf
from backoffice.loans.choices import ChangeKind, Component
from backoffice.loans.ledger import ledger_of
from backoffice.loans.models import Loan
from backoffice.loans.services import propose_change
from backoffice.loans.services.changes import simulated

#: More instalments than this are nobody's plan: five years of months, or a typing error.
_MOST = 60
_DATE = forms.DateInput(attrs={"type": "date"})


def _fingerprint_field() -> forms.CharField:
    return forms.CharField(required=False, widget=forms.HiddenInput)


class ChangeForm(OperationForm):
    """What every proposal asks for. A form names its own fields and makes ``terms`` of them.

    ``shown`` says what was simulated and what came of it, so that each can turn out to be another one by now.
    """

    terms: Callable[[dict[str, Any]], Terms]
    entered: str
    restructuring = forms.BooleanField(
        label=_("A concession because of financial difficulty"),
        required=False,
        help_text=_("The loan is then watched as restructured. For an overdue or watched loan it always is."),
    )
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=500)
    shown = _fingerprint_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # One's own fields first.
        own = [name for name in self.fields if name not in ChangeForm.base_fields]
        self.order_fields([*own, *ChangeForm.base_fields])

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if self.errors:
            return given
        general = {name: given.get(name) for name in ChangeForm.base_fields}
        own = {name: value for name, value in given.items() if name not in general}
        terms, restructuring = type(self).terms(own), bool(general["restructuring"])
        self.entered = fingerprint({"terms": terms_as_data(terms), "restructuring": restructuring})
        simulated, _separator, difference = str(general["shown"]).partition("_")
        if "propose" in self.data and simulated and simulated != self.entered:
            raise forms.ValidationError(
                _("The form is no longer what was simulated: simulate it again."), code="form-changed"
            )
        return {**general, "restructuring": restructuring, "terms": terms, "shown": difference}


class DeferralForm(ChangeForm):
    periods = forms.IntegerField(
        label=_("Put off by periods"),
        min_value=1,
        max_value=_MOST,
        initial=1,
        help_text=_(
            "By the contract's periods, months as a rule. What is overdue is put off along with the rest."
        ),
    )
    terms = staticmethod(lambda own: Deferral(**own))


class ExtraInstalmentsForm(ChangeForm):
    extra = forms.IntegerField(
        label=_("More instalments"),
        min_value=1,
        max_value=_MOST,
        initial=6,
        help_text=_("So many more than are left. What is overdue is spread along with the rest."),
    )
    terms = staticmethod(lambda own: ExtraInstalments(**own))


class RescheduleForm(ChangeForm):
    periods = forms.IntegerField(label=_("Instalments"), min_value=1, max_value=_MOST, initial=12)
    first_due_on = forms.DateField(label=_("First due on"), widget=_DATE)
    annual_rate = PercentField(
        label=_("New annual rate in per cent"), required=False, help_text=_("Empty: as now. Never higher.")
    )
    terms = staticmethod(lambda own: Reschedule(**own))


class RateCutForm(ChangeForm):
    annual_rate = PercentField(label=_("New annual rate in per cent"))
    terms = staticmethod(lambda own: RateCut(**own))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.obj is not None and self.obj.annual_rate is not None:
            now = _("Now it is %(rate)s per cent. The default rate falls in proportion.")
            self.fields["annual_rate"].help_text = now % {"rate": f"{self.obj.annual_rate * 100:.2f}"}


class WaiverForm(ChangeForm):
    interest, fee, penalty, cost = (
        forms.DecimalField(label=label, required=False, max_digits=12, decimal_places=2, min_value=0)
        for label in (
            Component.INTEREST.label,
            Component.FEE.label,
            Component.PENALTY.label,
            Component.COST.label,
        )
    )
    terms = staticmethod(
        lambda own: WaiverOf(tuple((name, amount) for name, amount in sorted(own.items()) if amount))
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        on = business_day(timezone.now())
        account = derive(ledger_of(self.obj).facts(), on=max(on, self.obj.disbursed_on))
        for name in ("interest", "fee", "penalty", "cost"):
            owed = account.owed(name, due_by=on if name in {"interest", "fee"} else None)
            if owed > 0:
                self.fields[name].help_text = _("%(amount)s yuan are due.") % {"amount": f"{owed:,.2f}"}
            else:
                del self.fields[name]
        self.fields["restructuring"].help_text = _("The loan is then watched as restructured.")


def _propose(*, obj: Loan, by: Any, at: Any, **given: Any) -> Any:
    return propose_change(loan=obj, by=by, at=at, **given)


FORMS: dict[str, type[ChangeForm]] = {
    ChangeKind.DEFERRAL.value: DeferralForm,
    ChangeKind.EXTRA_INSTALMENTS.value: ExtraInstalmentsForm,
    ChangeKind.RESCHEDULE.value: RescheduleForm,
    ChangeKind.RATE_CUT.value: RateCutForm,
    ChangeKind.WAIVER.value: WaiverForm,
}
OPERATIONS = tuple(
    Operation(
        name,
        _propose,
        form=form,
        help=_("A second person decides. What comes in meanwhile makes it void."),
        awaits=lambda made: reverse("admin:loans_schedulechange_change", args=(made.pk,)),
    )
    for name, form in FORMS.items()
)

if TYPE_CHECKING:
    from backoffice.desk.base import BaseModelAdmin

    _Base = BaseModelAdmin
else:
    _Base = TransitionMixin


class ProposingMixin(_Base):
    """A change is proposed in two steps: the form shows what it would do, and only then offers to propose it."""

    change_form_template = "loans/change_form.html"

    def _make(
        self, request: HttpRequest, obj: Any, operation: Operation, answer: Availability
    ) -> HttpResponse:
        proposes = "propose" in request.POST and bool(request.POST.get("shown"))
        if operation.name not in FORMS or proposes or not answer.allowed:
            return super()._make(request, obj, operation, answer)
        form = FORMS[operation.name](request.POST, obj=obj, viewer=request.user)
        self.log_object_read(request, obj)
        if not form.is_valid():
            return self._ask(request, obj, operation, answer.transition, form, status=422)
        given = form.cleaned_data
        try:
            _planned, difference, eases = simulated(
                ledger_of(obj),
                given["terms"],
                on=business_day(timezone.now()),
                restructuring=given["restructuring"],
            )
        except DomainError as error:
            return self._failed(request, obj, operation, answer.transition, form, error)
        data = difference.as_data()
        form.data = form.data.copy()  # type: ignore[attr-defined]
        form.data["shown"] = f"{form.entered}_{fingerprint(data)}"  # type: ignore[index]
        page = self._ask(request, obj, operation, answer.transition, form)
        page.context_data |= {"difference": difference_context(data), "restructuring": eases}  # type: ignore[attr-defined]
        return page

    def _ask(
        self, request: HttpRequest, obj: Any, operation: Operation, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        page = super()._ask(request, obj, operation, *args, **kwargs)
        if operation.name in FORMS and isinstance(page, TemplateResponse):
            page.template_name = self.change_form_template
        return page
