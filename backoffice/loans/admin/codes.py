"""The loan book's codes in words: kinds of events that are not called like the act they belong to."""

from django.utils.translation import gettext_lazy as _

from backoffice.desk.codes import code_labels, import_kinds

code_labels.register(
    "loans.loanevent.kind",
    {
        "loan_settled": _("Loan settled"),
        "loan_reopened": _("Loan owed on again"),
        "posting_requested": _("Posting awaits a second person"),
        "posting_approved": _("Posting approved"),
        "posting_refused": _("Posting refused"),
        "posting_withdrawn": _("Posting withdrawn"),
        "settled_early": _("Settled early"),
        "loan_paused": _("Payment pause set"),
        "pause_ended": _("Payment pause ended"),
        "loan_written_off": _("Written off"),
    },
)
import_kinds.register_all({"loans": _("Loans"), "repayments": _("Repayments")})
