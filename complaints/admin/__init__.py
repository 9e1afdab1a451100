"""The complaints desk. Django imports this package at start-up."""

from complaints.admin import (  # noqa: F401
    acts,
    codes,
    complaints,
    entries,
    people,
)
