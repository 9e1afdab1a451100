"""Every service of the record. ``acting`` is the frame of every service call in the house."""

from backoffice.audit.services.acting import Act, act, event_columns, lock, log_read, maintenance
from backoffice.audit.services.sealing import seal_record
from backoffice.audit.services.verifying import verify_record

__all__ = ["Act", "act", "event_columns", "lock", "log_read", "maintenance", "seal_record", "verify_record"]
