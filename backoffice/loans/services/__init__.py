"""Every change of the loan book. What is imported here is what other apps may call."""

from backoffice.loans.services.borrowers import (
    register_borrower,
    register_contact_person,
    register_phone_number,
)
from backoffice.loans.services.consents import (
    add_need,
    end_need,
    record_contact_consent,
    revoke_contact_consent,
)
from backoffice.loans.services.importing_loans import import_loans
from backoffice.loans.services.importing_people import import_borrowers
from backoffice.loans.services.importing_repayments import import_repayments
from backoffice.loans.services.lending import create_loan
from backoffice.loans.services.offers import change_product, create_product
from backoffice.loans.services.products import (
    create_terms_version,
    publish_terms_version,
    retire_terms_version,
)
from backoffice.loans.services.repayments import post_repayment, reverse_repayment

__all__ = [
    "add_need",
    "change_product",
    "create_loan",
    "create_product",
    "create_terms_version",
    "end_need",
    "import_borrowers",
    "import_loans",
    "import_repayments",
    "post_repayment",
    "publish_terms_version",
    "record_contact_consent",
    "register_borrower",
    "register_contact_person",
    "register_phone_number",
    "retire_terms_version",
    "reverse_repayment",
    "revoke_contact_consent",
]
