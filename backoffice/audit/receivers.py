"""Events of decisions that are taken below audit: about accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from backoffice.audit.models import RecordEvent
from backoffice.audit.services.acting import event_columns
from backoffice.staff.models import User
from backoffice.staff.signals import account_decided


@receiver(account_decided, dispatch_uid="audit.account_decided")
def record_account_decision(*, user: User, code: str, at: datetime, **given: Any) -> None:
    """One event per decision about a person's account; a refusal to write it takes the decision back."""
    RecordEvent.objects.create(kind=code, user=user, data={"roles": user.roles}, **event_columns(at=at))
