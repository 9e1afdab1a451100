"""The pages of the loan book. Django imports this package at start-up."""

from backoffice.loans.admin import acts, borrower, entries, loan, reference, repayment  # noqa: F401
