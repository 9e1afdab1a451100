"""Which creditor's loans a machine may see and report on."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from backoffice.api.models import Client
from backoffice.audit.models import RecordEvent
from backoffice.audit.services import act, lock
from backoffice.core.errors import InputRefused
from backoffice.loans import workflow
from backoffice.loans.models import Creditor, CreditorClient
from backoffice.loans.services.rights import require
from backoffice.staff.models import User


def open_creditor_to_client(
    *, creditor: Creditor, client: Client, by: User, at: datetime, reason: str
) -> CreditorClient:
    """Let ``client`` see the loans of ``creditor``, and report on them as far as its scopes go.

    Raises ``NotPermitted``, and ``InputRefused`` where it may already, or is a mediation organisation's client.
    """
    require(by, "api.change_client")
    with act(by=by, at=at, code="client.creditor_opened", reason=reason, dossier=client.dossier) as frame:
        client = lock(Client, client.pk)
        if client.for_mediation:
            raise InputRefused(
                _("A mediation organisation's client sees no creditor's loans."), field="client"
            )
        if CreditorClient.objects.filter(creditor=creditor, client=client, until=None).exists():
            raise InputRefused(_("This client sees the loans of this creditor already."), field="creditor")
        access = CreditorClient.objects.create(creditor=creditor, client=client, since=at)
        frame.record(
            RecordEvent,
            "client.creditor_opened",
            dossier=client.dossier,
            user=client.user,
            data={"creditor": creditor.pk},
        )
    return access


def end_creditor_access(*, access: CreditorClient, by: User, at: datetime, reason: str) -> CreditorClient:
    """From the next request on the client sees none of the creditor's loans.

    Raises ``NotPermitted``, and ``TransitionRefused`` where the access has ended before.
    """
    client = access.client
    with act(by=by, at=at, code="client.creditor_ended", reason=reason, dossier=client.dossier) as frame:
        lock(Client, client.pk)
        access = lock(CreditorClient, access.pk)
        workflow.creditor_client.step("end", access, by=by, at=at)
        access.until = max(at, access.since)
        access.save()
        frame.record(
            RecordEvent,
            "client.creditor_ended",
            dossier=client.dossier,
            user=client.user,
            data={"creditor": access.creditor_id},
        )
    return access
