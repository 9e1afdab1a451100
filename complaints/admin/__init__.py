"""The complaints desk. Django imports this package at start-up."""

from complaints.admin import complaints, entries  # noqa: F401
