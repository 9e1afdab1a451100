"""What the record calls the acts of the loan book."""

from django.utils.translation import gettext_lazy as _

from backoffice.desk.registry import registries

registries.act_labels.register_all(
    {
        "borrower.registered": _("Borrower registered"),
        "borrower.imported": _("Borrower imported"),
        "contact_person.registered": _("Contact person registered"),
        "phone_number.registered": _("Telephone number registered"),
        "contact_consent.given": _("Contact consent given"),
        "contact_consent.revoked": _("Contact consent revoked"),
        "need.added": _("Need added"),
        "need.ended": _("Need ended"),
        "terms.drafted": _("Terms drafted"),
        "terms.published": _("Terms published"),
        "terms.retired": _("Terms retired"),
        "loan.created": _("Loan created"),
        "loan.imported": _("Loan imported"),
        "loan.import_started": _("Import of loans started"),
        "loan.import_finished": _("Import of loans finished"),
        "loan.day_closed": _("Day closed"),
        "repayment.posted": _("Repayment posted"),
        "repayment.entered": _("Repayment entered by hand"),
        "repayment.reversal_entered": _("Reversal entered by hand"),
        "change.proposed": _("Change proposed"),
        "change.applied": _("Change applied"),
        "change.refused": _("Change refused"),
        "change.withdrawn": _("Change withdrawn"),
        "loan.settled_early": _("Settled early"),
        "loan.paused": _("Payment pause set"),
        "loan.pause_ended": _("Payment pause ended"),
        "cost.charged": _("Cost charged"),
        "cost.reversed": _("Cost taken back"),
        "write_off.requested": _("Write-off asked for"),
        "write_off.approved": _("Written off"),
        "write_off.refused": _("Write-off refused"),
        "write_off.withdrawn": _("Write-off withdrawn"),
        "posting.approved": _("Posting approved"),
        "posting.refused": _("Posting refused"),
        "posting.withdrawn": _("Posting withdrawn"),
        "repayment.reversed": _("Repayment reversed"),
        "repayment.reported": _("Repayment reported by a system"),
        "repayment.reversal_reported": _("Reversal reported by a system"),
        "client.creditor_opened": _("Access to a creditor's loans opened"),
        "client.creditor_ended": _("Access to a creditor's loans ended"),
        "loan_book.exported": _("List of the loan book exported"),
        "repayment.imported": _("Repayment imported"),
        "repayment.import_started": _("Import of repayments started"),
        "repayment.import_finished": _("Import of repayments finished"),
    }
)
