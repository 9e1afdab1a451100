"""The complaints desk. Django imports this package at start-up."""

from complaints.admin import acts, complaints, entries  # noqa: F401
