from debt_collections.models.agency import Agency, Authorisation, Collector
from debt_collections.models.case import Case, CaseLoan, Placement
from debt_collections.models.contact import ContactAttempt, ContactAttemptLoan
from debt_collections.models.event import CollectionEvent
from debt_collections.models.hold import Hold, HoldLoan

__all__ = [
    "Agency",
    "Authorisation",
    "Case",
    "CaseLoan",
    "CollectionEvent",
    "Collector",
    "ContactAttempt",
    "ContactAttemptLoan",
    "Hold",
    "HoldLoan",
    "Placement",
]
