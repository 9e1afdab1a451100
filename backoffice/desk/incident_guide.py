"""What to do in the first minutes, and the first sentences to say. Words only, for the page after the red button.

The sentences for a threat of self-harm follow what crisis lines teach: take it seriously, ask directly, stay on the
line, do not argue, bring in help. Debt is not spoken of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.desk.choices import IncidentKind


@dataclass(frozen=True, slots=True)
class Guide:
    """Steps in their order, sentences to say word for word, and what not to do."""

    steps: tuple[Any, ...]
    sentences: tuple[Any, ...] = ()
    never: tuple[Any, ...] = ()


GUIDES: dict[str, Guide] = {
    IncidentKind.SELF_HARM.value: Guide(
        steps=(
            _("Stay on the line. Wave to a colleague; the colleague makes the calls below while you speak."),
            _("Ask where the person is and who is with them; write it down at once."),
            _("In danger now: 110 and 120, with place, name and what was said."),
            _("Offer the aid line 12356 and stay until somebody has taken over."),
            _("Collection stops: a hold on everything is placed when the borrower is known here."),
        ),
        sentences=(
            _("“I hear how much you are going through. I am here and I have time for you.”"),
            _("“Are you thinking of taking your life?”"),
            _("“Where are you now? Is somebody with you?”"),
            _("“The money is not what matters now. Nobody will call you about it.”"),
            _("“I would like somebody who can help to come to you. Please stay on the line with me.”"),
        ),
        never=(
            _("Do not speak of the debt, of consequences, or of anybody's duty."),
            _("Do not doubt it, do not dare them, do not promise to keep it secret."),
            _("Do not hang up first."),
        ),
    ),
    IncidentKind.VIOLENCE.value: Guide(
        steps=(
            _("Get yourself and others to safety; evidence comes later."),
            _("Call 110; with injured persons 120."),
            _("Tell the management on duty; nobody goes there alone."),
            _("Keep recordings, messages and pictures as they are."),
        ),
        never=(_("Do not threaten back, do not touch anybody."),),
    ),
    IncidentKind.CROWD.value: Guide(
        steps=(
            _("Tell the management on duty; one person speaks, everybody else steps back."),
            _("Call the police before it grows; keep doors and ways out free."),
            _("Offer a room and a conversation with two or three spokespersons; note what they ask for."),
            _("Keep recordings and pictures as they are."),
        ),
        never=(_("Do not film faces with private telephones, do not promise money."),),
    ),
    IncidentKind.MEDIA.value: Guide(
        steps=(
            _("Give every question to the press office; note medium, name, time and what was asked."),
            _("Keep a copy of what was published: address, time, picture of the screen."),
            _("Look up whether a complaint or a case stands behind it and link it here."),
        ),
        sentences=(_("“Our press office will answer you today. May I note your number?”"),),
        never=(_("Do not confirm that anybody is or was a customer."),),
    ),
    IncidentKind.LEAK.value: Guide(
        steps=(
            _("Stop it: close the access, recall the message, take the page down."),
            _("Keep everything as it is: logs, messages, devices. Delete nothing."),
            _("Write down when it was noticed; the clocks run from that minute."),
            _("The privacy officer takes over; do not tell the persons concerned yourself."),
        ),
        never=(_("Do not look at the leaked data more than needed, do not pass it on."),),
    ),
}


def guide_for(kind: str) -> Guide:
    """What to do first for an incident of ``kind``."""
    return GUIDES[kind]
