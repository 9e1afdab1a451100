"""Money posted and taken back by hand, and the requests that wait for a second person."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.core.time import SHANGHAI, business_day
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.operations import Operation, OperationForm, ReasonForm
from backoffice.desk.templatetags.desk import amount, when
from backoffice.loans import workflow
from backoffice.loans.admin.ageing import today
from backoffice.loans.admin.asked import standing_of, words_of
from backoffice.loans.changed import pending_postings, reversible_repayments
from backoffice.loans.choices import PostingKind, PostingState, RepaymentChannel
from backoffice.loans.ledger import ledger_of
from backoffice.loans.models import PostingRequest, Repayment
from backoffice.loans.quotes import quote_of
from backoffice.loans.selectors import allocation_of
from backoffice.loans.selectors_several import owes_on_several, proposal
from backoffice.loans.services import postings

MOMENT = "%Y-%m-%dT%H:%M"


class RepaymentForm(OperationForm):
    """Money that came in."""

    class Media:
        js = ("loans/posting.js",)

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

    #: Asked where a posting on this loan awaits a second person.
    another = forms.BooleanField(
        label=_("This is another payment"),
        required=False,
        help_text=_("Only needed for the same amount as one that waits."),
    )
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
        pending = pending_postings(self.obj)
        self._say_what_settles()
        if pending:
            self.notices = [render_to_string("loans/parts/pending.html", {"pending": pending})]
        if not any(one.kind == PostingKind.REPAYMENT for one in pending):
            del self.fields["another"]

    def _say_what_settles(self) -> None:
        """Beside the amount, for the script to warn of more: a notice, for more may be paid than is owed."""
        if self.obj.disbursed_on > today():
            return
        settles = quote_of(ledger_of(self.obj), on=today()).total
        words = _("%(amount)s yuan settle the loan today.") % {"amount": f"{settles:,.2f}"}
        more = _(
            "This is more than settles the loan today. It pays the instalments to come, unless the loan is settled "
            "early; what is left over stays as the borrower's credit."
        )
        self.fields["amount"].help_text = words
        self.fields["amount"].widget.attrs |= {"data-settles": f"{settles:.2f}", "data-more": more}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data.setdefault("another", False)
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
        self.fields["repayment"].queryset = reversible_repayments(self.obj)  # type: ignore[attr-defined]


def _request_of(made: Repayment | PostingRequest) -> str:
    """Where what was entered waits; empty where it is posted."""
    if isinstance(made, PostingRequest):
        return reverse("admin:loans_postingrequest_change", args=(made.pk,))
    return ""


#: What a loan's page offers.
OPERATIONS = (
    Operation(
        "post_repayment",
        lambda *, obj, by, at, **given: postings.enter_repayment(loan=obj, by=by, at=at, **given),
        form=RepaymentForm,
        help=_("From the limit for one person on it waits for a second one."),
        awaits=_request_of,
    ),
    Operation(
        "reverse_repayment",
        lambda *, obj, by, at, **given: postings.enter_reversal(by=by, at=at, **given),
        form=ReversalForm,
        help=_("From the limit for one person on it waits for a second one."),
        awaits=_request_of,
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
    page_template = "loans/posting_request_page.html"
    logs_reads = True
    dossier_path = "loan.dossier"
    borrower_path = "loan__borrower"
    page_fields = ("kind", "state", "yuan", "external_id", "received", "channel", "result")
    list_display = ("requested", "loan", "kind", "yuan", "requested_by", "state")
    list_select_related = ("loan", "requested_by")
    list_filter = ("state", "kind")
    ordering = ("-pk",)

    def page_context(self, request: HttpRequest, obj: PostingRequest) -> dict[str, Any]:
        waits = obj.state == PostingState.REQUESTED
        return {
            "words": words_of(obj, request.user),
            "asked": (obj.requested_by, obj.requested_at),
            "loan_url": reverse("admin:loans_loan_change", args=(obj.loan_id,)),
            "standing": standing_of(obj.loan) if waits else None,
            "line": allocation_of(obj.repayment) if obj.repayment is not None else None,
        }

    @admin.display(description=_("amount (yuan)"))
    def yuan(self, obj: PostingRequest) -> str:
        return amount(obj.amount)

    @admin.display(description=_("paid in at"))
    def received(self, obj: PostingRequest) -> SafeString:
        return when(obj.received_at)

    @admin.display(description=_("requested at"))
    def requested(self, obj: PostingRequest) -> SafeString:
        return when(obj.requested_at)
