"""Pages of mediation, and what it shows on the pages below it."""

from complaints.mediation.admin import consents, organisations, referrals, registrations

__all__ = ["consents", "organisations", "referrals", "registrations"]
