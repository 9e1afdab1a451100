"""Every change of state of the collections desk."""

from debt_collections.services.ageing_cases import close_cured_cases, collect_overdue
from debt_collections.services.agencies import (
    authorise_collector,
    register_agency,
    register_collector,
    suspend_collector,
)
from debt_collections.services.cases import add_loan_to_case, close_case, open_case, place_case
from debt_collections.services.contacts import log_contact
from debt_collections.services.holds import lift_hold, lift_holds_of, place_hold
from debt_collections.services.imports import (
    CaseRow,
    ContactRow,
    ImportedContacts,
    PlacementRow,
    import_cases_bulk,
    import_contacts_bulk,
)

__all__ = [
    "CaseRow",
    "ContactRow",
    "ImportedContacts",
    "PlacementRow",
    "add_loan_to_case",
    "authorise_collector",
    "close_case",
    "close_cured_cases",
    "collect_overdue",
    "import_cases_bulk",
    "import_contacts_bulk",
    "lift_hold",
    "lift_holds_of",
    "log_contact",
    "open_case",
    "place_case",
    "place_hold",
    "register_agency",
    "register_collector",
    "suspend_collector",
]
