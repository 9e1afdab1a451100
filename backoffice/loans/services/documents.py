"""Papers of a loan: the signed contract, an agreement, what proves a payment."""

from __future__ import annotations

from datetime import datetime

from backoffice.audit.services import act, lock
from backoffice.core.errors import InputRefused
from backoffice.desk.models import Attachment
from backoffice.desk.services.attachments import store_attachment
from backoffice.loans import workflow
from backoffice.loans.choices import DocumentKind
from backoffice.loans.models import Loan, LoanEvent
from backoffice.staff.models import User


def attach_document(
    *, loan: Loan, kind: str, name: str, content: bytes, by: User, at: datetime, reason: str = ""
) -> Attachment:
    """Put a file into the loan's folder. Raises ``NotPermitted``, ``InputRefused`` (see ``store_attachment``)."""
    if kind not in DocumentKind.values:
        raise InputRefused(field="kind")
    with act(by=by, at=at, code="loan.document_attached", reason=reason, dossier=loan.dossier) as frame:
        loan = lock(Loan, loan.pk)
        workflow.loan.check("attach_document", loan, by=by, at=at)
        stored = store_attachment(
            dossier=loan.dossier,
            kind=kind,
            name=name,
            content=content,
            origin=Attachment.Origin.UPLOAD,
            by=by,
            at=at,
        )
        frame.record(
            LoanEvent,
            "document_attached",
            dossier=loan.dossier,
            borrower_id=loan.borrower_id,
            loan=loan,
            data={"kind": kind, "attachment": stored.pk},
        )
    return stored
