"""What the conduct desk adds to an evidence bundle: contacts that somebody says happened."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.audit.evidence.scope import Scope
from backoffice.audit.evidence.seams import Part, seams, titles
from backoffice.loans.evidence import BORROWER
from conduct.models import AllegedContact, ConductEvent
from debt_collections.evidence import contacts_of
from debt_collections.models import ContactAttempt

ALLEGED = "conduct.allegedcontact"

EVENT_TITLES = {
    "alleged_contact_registered": _("Contact outside our systems reported"),
    "alleged_contact_matched": _("Alleged contact matched with our record"),
    "alleged_contact_unmatched": _("Match with our record taken back"),
}


def parts(scope: Scope) -> Iterator[Part]:
    """Those reported in the dossier or about the borrower, and those matched with a contact in the bundle."""
    contacts = ContactAttempt.objects.visible_to(scope.viewer).filter(contacts_of(scope))
    yield Part(
        AllegedContact.objects.filter(
            Q(pk__in=scope.all_of(ALLEGED))
            | Q(dossier=scope.root)
            | Q(borrower__in=scope.all_of(BORROWER))
            | Q(matched__in=contacts.values("pk"))
        ),
        follow=True,
        texts="complaints.read_words",
    )


seams.sources.register("conduct", parts)
seams.events.register(ConductEvent._meta.label_lower, titles(EVENT_TITLES))
