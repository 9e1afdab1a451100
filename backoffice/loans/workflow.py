"""What can be done with the loan book by hand, and by whom."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from backoffice.core.workflow import Workflow, transition
from backoffice.loans.choices import TermsState

terms = Workflow(
    "loans.TermsVersion",
    initial=TermsState.DRAFT,
    transitions=[
        transition(
            "publish",
            _("Publish"),
            [TermsState.DRAFT],
            TermsState.PUBLISHED,
            "loans.change_termsversion",
            effect=_("From that day on new loans are made under this text; it can no longer be changed."),
            style="primary",
        ),
        transition(
            "retire",
            _("Retire"),
            [TermsState.PUBLISHED],
            TermsState.RETIRED,
            "loans.change_termsversion",
            effect=_("No new loan is made under this text; the loans made under it keep it."),
            style="danger",
        ),
    ],
)
