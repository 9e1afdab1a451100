"""The pages of the ground. Django imports this package at start-up."""

from backoffice.desk.admin import acts, attachment, entries, logs, people, reference, task  # noqa: F401
