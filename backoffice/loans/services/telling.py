"""What happens on a loan, told in its dossier."""

from __future__ import annotations

from typing import Any

from backoffice.audit.services import Act
from backoffice.loans.models import Loan, LoanEvent


def tell(frame: Act, kind: str, loan: Loan, data: dict[str, Any]) -> None:
    """Write an event of this kind about the loan and its borrower; ``data`` is codes, ids and amounts as text."""
    frame.record(LoanEvent, kind, dossier=loan.dossier, borrower_id=loan.borrower_id, loan=loan, data=data)
