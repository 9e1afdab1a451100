"""Files of the loan book: what its lists take in, and what they give out."""

from __future__ import annotations

from pathlib import Path

from django.utils.translation import gettext_lazy as _

from backoffice.desk.file_pages import ImportPage
from backoffice.loans.services.file_imports import (
    Loans,
    Repayments,
    import_loans_file,
    import_repayments_file,
)

IMPORT, EXPORT = "loans.import_loanbook", "loans.export_loanbook"
_MAPPINGS = Path(__file__).parent.parent / "mappings"
_CHINESE = _("Columns in Chinese, as core banking writes them")
_FIXED_DAY = _("Columns in Chinese, with the first due date of each loan")
_PLAIN = _("Columns named like our fields")

LOAN_FILES = ImportPage(
    kind=Loans,
    service=import_loans_file,
    permission=IMPORT,
    command="import_loans",
    mappings=(
        (_MAPPINGS / "loans.toml", _CHINESE),
        (_MAPPINGS / "loans-fixed-day.toml", _FIXED_DAY),
        (_MAPPINGS / "loans-plain.toml", _PLAIN),
    ),
)
REPAYMENT_FILES = ImportPage(
    kind=Repayments,
    service=import_repayments_file,
    permission=IMPORT,
    command="import_repayments",
    mappings=((_MAPPINGS / "repayments.toml", _CHINESE), (_MAPPINGS / "repayments-plain.toml", _PLAIN)),
)
