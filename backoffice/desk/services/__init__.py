"""Tasks, attachments and incidents: one mechanism each, for every desk."""

from backoffice.desk.services.attachments import store_attachment
from backoffice.desk.services.incident_duties import notify, waive_duty
from backoffice.desk.services.incident_persons import (
    add_persons,
    add_seen,
    leave_out,
    tell_persons,
)
from backoffice.desk.services.incident_reference import fill_contacts
from backoffice.desk.services.incidents import (
    INCIDENT_TASK,
    assess_incident,
    attach_to_incident,
    close_incident,
    contain_incident,
    mark_reported,
    reopen_incident,
    report_incident,
    responsible_for,
    take_incident,
)
from backoffice.desk.services.tasks import (
    cancel_task,
    complete_task,
    open_task,
    reassign_task,
)

__all__ = [
    "INCIDENT_TASK",
    "add_persons",
    "add_seen",
    "assess_incident",
    "attach_to_incident",
    "cancel_task",
    "close_incident",
    "complete_task",
    "contain_incident",
    "fill_contacts",
    "leave_out",
    "mark_reported",
    "notify",
    "open_task",
    "reassign_task",
    "reopen_incident",
    "report_incident",
    "responsible_for",
    "store_attachment",
    "take_incident",
    "tell_persons",
    "waive_duty",
]
