"""The explorer of the record: changes, requests, moments, events, reads and alerts, over all tables at once."""
