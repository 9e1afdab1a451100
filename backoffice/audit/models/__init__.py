from backoffice.audit.models.event import Event, EventRow, Purpose, ReadEvent
from backoffice.audit.models.evidence import EvidenceBundle
from backoffice.audit.models.keeping import Erasure, LegalHold, RetentionRule, RetentionRun
from backoffice.audit.models.maintenance import Maintenance, Redaction, Removal
from backoffice.audit.models.record import RecordEvent
from backoffice.audit.models.seal import Seal, SealKey, SealPart, Verification

__all__ = [
    "Erasure",
    "Event",
    "EventRow",
    "EvidenceBundle",
    "LegalHold",
    "Maintenance",
    "Purpose",
    "ReadEvent",
    "RecordEvent",
    "Redaction",
    "Removal",
    "RetentionRule",
    "RetentionRun",
    "Seal",
    "SealKey",
    "SealPart",
    "Verification",
]
