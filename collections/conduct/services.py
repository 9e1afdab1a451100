"""Every change of state of the conduct desk."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import act, lock
from backoffice.core.choices import DossierKind
from backoffice.core.errors import InputRefused, NotPermitted
from backoffice.core.history import bulk_create_with_history
from backoffice.core.models import Dossier
from backoffice.loans.models import Borrower
from backoffice.privacy.models import DataSubject
from backoffice.privacy.services import set_personal, set_text
from backoffice.staff.models import User
from conduct import reference, workflow
from conduct.models import AllegedContact, ConductEvent, Rule, RuleSet
from debt_collections.models import ContactAttempt


def register_alleged_contact(
    *,
    dossier: Dossier,
    subject: DataSubject,
    borrower: Borrower | None = None,
    number: str = "",
    alleged_at: datetime | None = None,
    text: str = "",
    by: User,
    at: datetime,
) -> AllegedContact:
    """Put on record a contact that somebody says happened; ``dossier`` is the complaint's, whose key keeps ``text``.

    Reported in a complaint, the right came with filing or handling that; otherwise it takes
    ``conduct.register_alleged_contact``. Raises ``NotPermitted``, ``InputRefused`` (no number; a time to come;
    neither number nor time nor words).
    """
    if dossier.kind != DossierKind.COMPLAINT and not by.has_perm("conduct.register_alleged_contact"):
        raise NotPermitted()
    if alleged_at is not None and alleged_at > at:
        raise InputRefused(_("This moment is still to come."), field="alleged_at")
    if not (number or alleged_at or text):
        raise InputRefused(_("Give at least the number, the time or what was said."), field="text")
    with act(by=by, at=at, code="alleged_contact.registered", dossier=dossier) as frame:
        alleged = AllegedContact(dossier=dossier, subject=subject, borrower=borrower, alleged_at=alleged_at)
        set_personal(alleged, number=number)
        set_text(alleged, "text_cipher", text, dossier_id=dossier.pk)
        alleged.save()
        frame.record(ConductEvent, "alleged_contact_registered", dossier=dossier, alleged_contact=alleged)
    return alleged


def match_alleged_contact(
    *, alleged: AllegedContact, contact: ContactAttempt | None, by: User, at: datetime, reason: str = ""
) -> AllegedContact:
    """Say which of our contacts was meant, or (``contact`` None) that the match was a mistake.

    Raises ``NotPermitted``; ``InputRefused`` when the contact was with another borrower.
    """
    with act(by=by, at=at, code="alleged_contact.matched", reason=reason, dossier=alleged.dossier) as frame:
        alleged = lock(AllegedContact, alleged.pk)
        workflow.alleged_contact.check("match", alleged, by=by, at=at)
        if contact is not None and alleged.borrower_id not in (None, contact.borrower_id):
            raise InputRefused(_("This contact was with another borrower."), field="contact")
        alleged.matched = contact
        alleged.save()
        frame.record(
            ConductEvent,
            "alleged_contact_matched" if contact is not None else "alleged_contact_unmatched",
            dossier=alleged.dossier,
            alleged_contact=alleged,
            data={"contact": contact.dossier.number} if contact is not None else {},
        )
    return alleged


def fill_rule_sets() -> int:
    """Enter the published rule sets that are not there yet; what compliance has made is never touched."""
    known = set(RuleSet.objects.values_list("number", flat=True))
    new = [one for one in reference.RULE_SETS if one.number not in known]
    sets = bulk_create_with_history(
        RuleSet,
        [
            RuleSet(
                number=one.number,
                state=one.state,
                effective_from=one.effective_from,
                effective_to=one.effective_to,
                note=one.note,
            )
            for one in new
        ],
    )
    bulk_create_with_history(
        Rule,
        [
            Rule(rule_set=rule_set, **rule)
            for rule_set, one in zip(sets, new, strict=True)
            for rule in one.rules
        ],
    )
    return len(new)
