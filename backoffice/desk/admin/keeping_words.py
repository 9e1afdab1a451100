"""Words and tones for what keeping and erasing store as codes: states, hindrances, kinds of data."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import Erasure, LegalHold

ERASURE_TONES = {
    Erasure.State.REQUESTED: "warn",
    Erasure.State.DONE: "good",
    Erasure.State.REFUSED: "neutral",
}
HOLD_TONES = {LegalHold.State.STANDING: "bad", LegalHold.State.LIFTED: "neutral"}

#: Code of a blocker, as a preview or a run stores it → what it is called.
BLOCKERS: dict[str, Any] = {
    "active-loan": _("a loan is running"),
    "open-case": _("a collection case is open"),
    "live-hold": _("a hold on collection is in force"),
    "open-complaint": _("a complaint is open"),
    "live-referral": _("a mediation is under way"),
    "open-incident": _("an incident is open"),
    "legal-hold": _("a dossier is under a legal hold"),
    "legal-hold-elsewhere": _("a text in another dossier under a legal hold speaks of the person"),
    "retention": _("the time of keeping is not over"),
    "in-the-clear": _("rows that others rest on hold the person in the clear"),
    "not-sealed": _("rows that hold the person in the clear are not sealed yet"),
    "changed-meanwhile": _("something stood in the way when it came to it"),
}
#: Kind of datum (``privacy.kinds``) by which a text was found.
DATA: dict[str, Any] = {
    "name": _("a name"),
    "phone": _("a telephone number"),
    "id_number": _("a document number"),
    "email": _("an e-mail address"),
    "address": _("an address"),
}


def blocker_label(code: str) -> Any:
    """What a stored hindrance is called."""
    return BLOCKERS.get(code, code)


def data_label(kinds: Any) -> str:
    """The kinds of data by which a text was found, in one line."""
    return ", ".join(str(DATA.get(kind, kind)) for kind in kinds)
