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
        "product.created": _("Product created"),
        "product.changed": _("Product changed"),
        "loan.created": _("Loan created"),
        "loan.imported": _("Loan imported"),
        "loan.import_started": _("Import of loans started"),
        "loan.import_finished": _("Import of loans finished"),
        "repayment.posted": _("Repayment posted"),
        "repayment.entered": _("Repayment entered by hand"),
        "repayment.reversal_entered": _("Reversal entered by hand"),
        "posting.approved": _("Posting approved"),
        "posting.refused": _("Posting refused"),
        "posting.withdrawn": _("Posting withdrawn"),
        "repayment.reversed": _("Repayment reversed"),
        "repayment.imported": _("Repayment imported"),
        "repayment.import_started": _("Import of repayments started"),
        "repayment.import_finished": _("Import of repayments finished"),
    }
)
