"""The loan book's codes in words: kinds of events that are not called like the act they belong to."""

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from backoffice.desk.codes import attachment_kinds, code_labels, import_kinds
from backoffice.desk.file_pages import figure_labels
from backoffice.loans.choices import Component, DocumentKind

code_labels.register(
    "loans.loanevent.kind",
    {
        "loan_settled": _("Loan settled"),
        "loan_reopened": _("Loan owed on again"),
        "document_attached": _("Document added"),
        "loan_fell_overdue": _("Fell overdue"),
        "loan_overdue_ended": _("Not overdue any more"),
        "loan_class_changed": _("Class changed"),
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
figure_labels.register_all(
    {
        "principal_lent": (_("Principal of these loans"), True),
        "borrowers": (_("Borrowers"), False),
        "received": (_("Money received"), True),
        "loans_touched": (_("Loans touched"), False),
        "loans_settled": (_("Loans settled by it"), False),
        "loans_derived_anew": (_("Loans derived anew, since money came late"), False),
        **{
            f"allocated_to_{code}": (format_lazy(_("Goes to: {part}"), part=label), True)
            for code, label in Component.choices
        },
        "kept_as_credit": (_("Stays the borrowers' credit"), True),
    }
)
attachment_kinds.register_all({kind.value: kind.label for kind in DocumentKind})
