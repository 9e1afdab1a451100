"""What the record itself adds to a bundle: legal holds on its dossiers, and the words for its own events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backoffice.audit.evidence.scope import Scope
from backoffice.audit.evidence.seams import Part, say, seams
from backoffice.audit.models import LegalHold, RecordEvent


def parts(scope: Scope, dossiers: Sequence[int]) -> Iterator[Part]:
    """Why something had to be kept."""
    yield Part(LegalHold.objects.filter(dossier__in=list(dossiers)), moments=("placed_at", "lifted_at"))


def event_words(event: RecordEvent) -> str:
    """These events are called as the acts that wrote them."""
    return say("act", event.kind)


def register() -> None:
    """Called once at start-up."""
    seams.dossiers.register("audit", parts)
    seams.events.register(RecordEvent._meta.label_lower, event_words)
