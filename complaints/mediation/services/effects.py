"""What a mediation does to the complaint and to the debt: the deadline stands, collection is on hold, and back."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from backoffice.audit.services import act
from backoffice.staff.models import User
from complaints.choices import NoteKind
from complaints.mediation import workflow
from complaints.mediation.choices import EndReason
from complaints.mediation.models import Referral
from complaints.mediation.services.changes import end, finish, lock_referral
from complaints.services.changes import changing
from complaints.services.deadlines import pause_decision_deadline, resume_decision_deadline
from complaints.services.exchange import write_note
from debt_collections.choices import HoldReason, HoldScope
from debt_collections.services import lift_holds_of, place_hold

#: Names the pause of the decision deadline, so that it ends with mediation and not with another ground.
GROUND = "mediation"
#: The code of what lifts the hold.
HOLD_ENDS_WITH = "referral.ended"


def begin(*, referral: Referral, by: User, at: datetime) -> None:
    """The case is in the mediator's hands: the decision deadline stands, all collection is on hold."""
    complaint = referral.complaint
    paused = pause_decision_deadline(complaint=complaint, ground=GROUND, by=by, at=at)
    if paused is not None:
        with changing(complaint, by=by, at=at, code="complaint.told_of_pause") as change:
            write_note(change, kind=NoteKind.EXTERNAL, text=_told_of_pause(referral))
            change.record("note_added", data={"kind": NoteKind.EXTERNAL.value})
    if complaint.borrower is not None:
        place_hold(
            borrower=complaint.borrower,
            source=referral.dossier,
            scope=HoldScope.ALL,
            reason=HoldReason.MEDIATION,
            lifts_with=HOLD_ENDS_WITH,
            by=by,
            at=at,
        )


def _told_of_pause(referral: Referral) -> str:
    """What the complainant was told, and when: the text of the consent says that the period will stand still."""
    # What the person was told is in the house's language, whatever the partner's system asks for.
    with translation.override(settings.LANGUAGE_CODE):
        return gettext(
            "Mediation %(number)s by %(organisation)s has begun. From now on the time for the decision stands "
            "still, as the complainant was told with the consent (text %(version)s)."
        ) % {
            "number": referral.number,
            "organisation": referral.organisation.name,
            "version": referral.consent.text_version,
        }


def undo(*, referral: Referral, by: User, at: datetime) -> None:
    """The case has left the mediator's hands: the deadline runs on, the hold lifts."""
    if referral.accepted_at is None:
        return
    resume_decision_deadline(complaint=referral.complaint, ground=GROUND, by=by, at=at)
    lift_holds_of(source=referral.dossier, because=HOLD_ENDS_WITH, by=by, at=at)


def end_early(*, referral: Referral, because: EndReason, by: User, at: datetime) -> Referral:
    """End a running referral from our side: its consent was withdrawn, or its complaint is no more."""
    with act(by=by, at=at, code="mediation.ended", dossier=referral.dossier) as frame:
        referral = lock_referral(referral)
        workflow.referral.step("end", referral, by=by, at=at)
        end(referral, reason=because, at=at)
        undo(referral=referral, by=by, at=at)
        finish(referral, "ended", frame=frame, data={"reason_code": because.value})
    return referral
