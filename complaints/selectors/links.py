"""The contacts complained of: linked ones, and those of ours that an alleged one turned out to be."""

from __future__ import annotations

from complaints.models import AllegationContact, Complaint
from debt_collections.models import ContactAttempt


def links_of(complaint: Complaint) -> list[AllegationContact]:
    """Every link that stands, in one query, with all that the page shows of it."""
    return list(
        AllegationContact.objects.filter(allegation__complaint=complaint, removed_at__isnull=True)
        .select_related(
            "contact__collector__agency",
            "contact__phone_number",
            "alleged__matched__collector__agency",
            "alleged__matched__phone_number",
            "alleged__screenshot",
        )
        .order_by("id")
    )


def contact_of(link: AllegationContact) -> ContactAttempt | None:
    """Our record of the contact meant, if we hold one."""
    if link.contact is not None:
        return link.contact
    return link.alleged.matched if link.alleged is not None else None


def linked_contacts(complaint: Complaint) -> list[tuple[int, ContactAttempt]]:
    """(allegation id, our record) for every contact complained of that we hold."""
    found = [(link.allegation_id, contact_of(link)) for link in links_of(complaint)]
    return [(allegation_id, contact) for allegation_id, contact in found if contact is not None]
