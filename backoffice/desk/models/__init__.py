from backoffice.desk.models.attachment import Attachment
from backoffice.desk.models.incident import (
    Incident,
    IncidentContact,
    IncidentDuty,
    IncidentEvent,
    IncidentNotification,
    IncidentSubject,
)
from backoffice.desk.models.sent_form import SentForm
from backoffice.desk.models.task import Task

__all__ = [
    "Attachment",
    "Incident",
    "IncidentContact",
    "IncidentDuty",
    "IncidentEvent",
    "IncidentNotification",
    "IncidentSubject",
    "SentForm",
    "Task",
]
