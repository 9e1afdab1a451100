"""What the loan book does when something changes below it. Receivers run in the sender's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from backoffice.loans.choices import NumberOwner
from backoffice.loans.models import Borrower
from backoffice.loans.services.borrowers import AlreadyRegistered, keep_number
from backoffice.privacy.services import read_personal
from backoffice.privacy.signals import personal_corrected
from backoffice.staff.models import User


@receiver(personal_corrected, sender=Borrower)
def borrower_corrected(
    *, row: Borrower, fields: Sequence[str], by: User, at: datetime, **kwargs: Any
) -> None:
    """One person stays one borrower, and a new mobile number joins every number ever used. Raises
    ``AlreadyRegistered``."""
    if "id_number" in fields:
        same = Borrower.objects.filter(id_type=row.id_type, id_number_index=row.id_number_index)
        if same.exclude(pk=row.pk).exists():
            raise AlreadyRegistered(field="id_number")
    if "mobile" in fields:
        keep_number(row, read_personal(row, "mobile"), owner=NumberOwner.OWN)
