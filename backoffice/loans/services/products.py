"""The standard terms that loans are made under."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import act, lock
from backoffice.core.errors import InputRefused
from backoffice.loans import workflow
from backoffice.loans.models import LoanProduct, TermsVersion
from backoffice.loans.services.rights import require
from backoffice.staff.models import User


def create_terms_version(*, product: LoanProduct, text: str, by: User, at: datetime) -> TermsVersion:
    """The next numbered draft of a product's terms. Raises ``NotPermitted`` and ``InputRefused``."""
    require(by, "loans.add_termsversion")
    if not text.strip():
        raise InputRefused(_("Terms without text are none."), field="text")
    with act(by=by, at=at, code="terms.drafted"):
        product = lock(LoanProduct, product.pk)
        last = product.terms_versions.aggregate(last=Max("number"))["last"] or 0
        return TermsVersion.objects.create(product=product, number=last + 1, text=text)


def publish_terms_version(
    *, terms: TermsVersion, effective_from: date, by: User, at: datetime
) -> TermsVersion:
    """Put a draft in force from ``effective_from`` on; its text is then fixed.

    Raises ``NotPermitted`` and ``TransitionRefused``.
    """
    with act(by=by, at=at, code="terms.published"):
        terms = lock(TermsVersion, terms.pk)
        workflow.terms.step("publish", terms, by=by, at=at)
        terms.effective_from = effective_from
        terms.save()
    return terms


def retire_terms_version(*, terms: TermsVersion, by: User, at: datetime) -> TermsVersion:
    """Take published terms out of use for new loans. Raises ``NotPermitted`` and ``TransitionRefused``."""
    with act(by=by, at=at, code="terms.retired"):
        terms = lock(TermsVersion, terms.pk)
        workflow.terms.step("retire", terms, by=by, at=at)
        terms.save()
    return terms
