"""Money posted and taken back by hand, and the requests that wait for a second person."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.core.time import SHANGHAI, business_day
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.operations import Operation, OperationForm, ReasonForm
from backoffice.desk.templatetags.desk import amount, when
from backoffice.loans import workflow
from backoffice.loans.choices import RepaymentChannel
from backoffice.loans.models import PostingRequest, Repayment
from backoffice.loans.selectors_several import owes_on_several, proposal
from backoffice.loans.services import postings

MOMENT = "%Y-%m-%dT%H:%M"


class RepaymentForm(OperationForm):
    """Money that came in."""

    amount = forms.DecimalField(label=_("Amount (yuan)"), max_digits=12, decimal_places=2, min_value=0)
    received_at = forms.DateTimeField(
        label=_("Paid in at (Shanghai)"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENT),
    )
    channel = forms.ChoiceField(label=_("Channel"), choices=RepaymentChannel.choices)
    external_id = forms.CharField(
        label=_("The bank's reference"),
        max_length=64,
        required=False,
        help_text=_("Without one it gets a number of ours."),
    )
    reason = forms.CharField(label=_("Why by hand"), widget=forms.Textarea(attrs={"rows": 2}), max_length=500)

    #: Asked where the person owes the same creditor on other loans too.
    named = forms.BooleanField(
        label=_("The payer named this loan"),
        required=False,
        help_text=_("Unless the payer says which, the law does (Civil Code art. 560)."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["received_at"].initial = timezone.now().astimezone(SHANGHAI).strftime(MOMENT)
        self.several = owes_on_several(self.obj)
        if not self.several:
            del self.fields["named"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        named = data.pop("named", False)
        if named:
            # The designation is part of why it was posted here.
            data["reason"] = f"{data.get('reason', '')}\n{gettext('The payer named this loan')}"
        elif self.several and data.get("amount") and data.get("received_at"):
            self._ask_the_law(data["amount"], business_day(data["received_at"]))
        return data

    def _ask_the_law(self, amount: Decimal, on: date) -> None:
        """Refuse money for this loan that art. 560 gives to another one, and say to which, how much and why."""
        found = proposal(self.obj, amount=amount, on=on)
        elsewhere = [one for one in found.portions if one.key != self.obj.number]
        if not elsewhere:
            return
        lines = [
            gettext("%(loan)s: %(amount)s yuan. %(reason)s")
            % {"loan": one.key, "amount": f"{one.amount:,.2f}", "reason": one.reason.render(gettext)}
            for one in found.portions
        ]
        head = gettext("The payer named no loan, so by Civil Code art. 560 the money goes:")
        self.add_error(
            "amount", [head, *lines, gettext("Enter it there, or say that the payer named this loan.")]
        )


class RepaymentField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        day = obj.received_at.astimezone(SHANGHAI)
        return f"{day:%Y-%m-%d %H:%M} · {obj.amount:,.2f} · {obj.external_id}"


class ReversalForm(OperationForm):
    """A repayment of this loan that was not one."""

    repayment = RepaymentField(queryset=Repayment.objects.none(), label=_("Repayment"))
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=500)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["repayment"].queryset = Repayment.objects.filter(  # type: ignore[attr-defined]
            loan=self.obj, reverses=None, reversal=None
        ).order_by("-received_at", "-pk")


#: What a loan's page offers.
OPERATIONS = (
    Operation(
        "post_repayment",
        lambda *, obj, by, at, **given: postings.enter_repayment(loan=obj, by=by, at=at, **given),
        form=RepaymentForm,
        help=_("From the limit for one person on it waits for a second one."),
    ),
    Operation(
        "reverse_repayment",
        lambda *, obj, by, at, **given: postings.enter_reversal(by=by, at=at, **given),
        form=ReversalForm,
        help=_("From the limit for one person on it waits for a second one."),
    ),
)


@admin.register(PostingRequest)
class PostingRequestAdmin(BaseModelAdmin):
    """Decided by another person than the one who asked; nothing here is entered by form."""

    workflow = workflow.posting
    operations = (
        Operation(
            "approve",
            lambda *, obj, by, at, reason: postings.approve_posting(request=obj, by=by, at=at, reason=reason),
            form=ReasonForm,
        ),
        Operation(
            "refuse",
            lambda *, obj, by, at, reason: postings.refuse_posting(request=obj, by=by, at=at, reason=reason),
            form=ReasonForm,
        ),
        Operation(
            "withdraw",
            lambda *, obj, by, at, reason: postings.withdraw_posting(
                request=obj, by=by, at=at, reason=reason
            ),
            form=ReasonForm,
        ),
    )
    logs_reads = True
    dossier_path = "loan.dossier"
    borrower_path = "loan__borrower"
    page_fields = (
        *("loan", "kind", "state", "yuan", "external_id", "received", "channel", "repayment", "result"),
        *("requested_by", "requested", "decided_by", "decided"),
    )
    list_display = ("requested", "loan", "kind", "yuan", "requested_by", "state")
    list_select_related = ("loan", "requested_by")
    list_filter = ("state", "kind")
    ordering = ("-pk",)

    @admin.display(description=_("amount (yuan)"))
    def yuan(self, obj: PostingRequest) -> str:
        return amount(obj.amount)

    @admin.display(description=_("paid in at"))
    def received(self, obj: PostingRequest) -> SafeString:
        return when(obj.received_at)

    @admin.display(description=_("requested at"))
    def requested(self, obj: PostingRequest) -> SafeString:
        return when(obj.requested_at)

    @admin.display(description=_("decided at"))
    def decided(self, obj: PostingRequest) -> SafeString:
        return when(obj.decided_at)
