"""The pages of the loan book. Django imports this package at start-up."""

from backoffice.loans.admin import (  # noqa: F401
    acts,
    borrower,
    changes,
    clients,
    closing,
    codes,
    entries,
    loan,
    people,
    postings,
    product,
    reference,
    repayment,
)
