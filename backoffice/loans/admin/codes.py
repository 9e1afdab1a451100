"""The loan book's codes in words: kinds of events that are not called like the act they belong to."""

from django.utils.translation import gettext_lazy as _

from backoffice.desk.codes import code_labels, import_kinds

code_labels.register(
    "loans.loanevent.kind",
    {
        "loan_settled": _("Loan settled"),
        "loan_reopened": _("Loan owed on again"),
        "loan_fell_overdue": _("Fell overdue"),
        "loan_overdue_ended": _("Not overdue any more"),
        "loan_class_changed": _("Class changed"),
        "posting_requested": _("Posting awaits a second person"),
        "posting_approved": _("Posting approved"),
        "posting_refused": _("Posting refused"),
        "posting_withdrawn": _("Posting withdrawn"),
    },
)
import_kinds.register_all({"loans": _("Loans"), "repayments": _("Repayments")})
