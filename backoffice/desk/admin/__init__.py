"""The pages of the ground. Django imports this package at start-up."""

from backoffice.desk.admin import (  # noqa: F401
    acts,
    attachment,
    entries,
    erasure,
    evidence,
    explorer,
    holds,
    incident,
    incident_contact,
    incident_entries,
    logs,
    people,
    reference,
    retention,
    seals,
    subjects,
    task,
)
