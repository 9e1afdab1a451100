"""Refusals of mediation that a partner's system has to tell apart by code."""

from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import DomainError


class DeadlinePassed(DomainError):
    """The time for this step has run out."""

    code = "deadline-passed"
    default_message = _("The time for this step has run out.")


class ExtensionWithoutConsent(DomainError):
    """The period may grow longer only with the consent of both sides."""

    code = "extension-without-consent"
    default_message = _("The period can be extended only with the consent of the creditor and the consumer.")


class ConsentMissing(DomainError):
    """The person's consent is not in force, or does not cover what was asked for."""

    code = "consent-missing"
    default_message = _("The complainant's consent does not cover this.")
