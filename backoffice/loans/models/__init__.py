from backoffice.loans.models.borrower import (
    Borrower,
    BorrowerNeed,
    ContactConsent,
    ContactPerson,
    PhoneNumber,
)
from backoffice.loans.models.change import Charge, PaymentPause, ScheduleChange, Waiver
from backoffice.loans.models.client import CreditorClient
from backoffice.loans.models.closing import ClosedDay, CloseRun
from backoffice.loans.models.event import LoanEvent
from backoffice.loans.models.fee import ProductFee
from backoffice.loans.models.loan import Instalment, Loan
from backoffice.loans.models.posting import PostingRequest
from backoffice.loans.models.product import Creditor, LoanProduct, TermsVersion
from backoffice.loans.models.repayment import PostingRun, Repayment, RepaymentAllocation
from backoffice.loans.models.write_off import WriteOff

__all__ = [
    "Borrower",
    "BorrowerNeed",
    "Charge",
    "CloseRun",
    "ClosedDay",
    "ContactConsent",
    "ContactPerson",
    "Creditor",
    "CreditorClient",
    "Instalment",
    "Loan",
    "LoanEvent",
    "LoanProduct",
    "PaymentPause",
    "PhoneNumber",
    "PostingRequest",
    "PostingRun",
    "ProductFee",
    "Repayment",
    "RepaymentAllocation",
    "ScheduleChange",
    "TermsVersion",
    "Waiver",
    "WriteOff",
]
