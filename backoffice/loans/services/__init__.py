"""Every change of the loan book. What is imported here is what other apps may call."""

from backoffice.loans.services.borrowers import (
    register_borrower,
    register_contact_person,
    register_phone_number,
)
from backoffice.loans.services.changes import (
    apply_change,
    propose_change,
    refuse_change,
    settle_early,
    withdraw_change,
)
from backoffice.loans.services.charges import charge_cost, reverse_charge
from backoffice.loans.services.consents import (
    add_need,
    end_need,
    record_contact_consent,
    revoke_contact_consent,
)
from backoffice.loans.services.documents import attach_document
from backoffice.loans.services.importing_loans import import_loans
from backoffice.loans.services.importing_people import import_borrowers
from backoffice.loans.services.importing_repayments import import_repayments
from backoffice.loans.services.lending import create_loan
from backoffice.loans.services.offers import change_product, create_product
from backoffice.loans.services.pauses import end_pause, pause_loan
from backoffice.loans.services.pricing_stored import price_stored_loans
from backoffice.loans.services.products import (
    create_terms_version,
    publish_terms_version,
    retire_terms_version,
)
from backoffice.loans.services.repayments import post_repayment, reverse_repayment
from backoffice.loans.services.write_offs import (
    approve_write_off,
    refuse_write_off,
    request_write_off,
    withdraw_write_off,
)

__all__ = [
    "add_need",
    "apply_change",
    "approve_write_off",
    "attach_document",
    "change_product",
    "charge_cost",
    "create_loan",
    "create_product",
    "create_terms_version",
    "end_need",
    "end_pause",
    "import_borrowers",
    "import_loans",
    "import_repayments",
    "pause_loan",
    "post_repayment",
    "price_stored_loans",
    "propose_change",
    "publish_terms_version",
    "record_contact_consent",
    "refuse_change",
    "refuse_write_off",
    "register_borrower",
    "register_contact_person",
    "register_phone_number",
    "request_write_off",
    "retire_terms_version",
    "reverse_charge",
    "reverse_repayment",
    "revoke_contact_consent",
    "settle_early",
    "withdraw_change",
    "withdraw_write_off",
]
