"""Every service of the record. ``acting`` is the frame of every service call in the house."""

from backoffice.audit.services.acting import Act, act, event_columns, lock, log_read, maintenance

__all__ = ["Act", "act", "event_columns", "lock", "log_read", "maintenance"]
