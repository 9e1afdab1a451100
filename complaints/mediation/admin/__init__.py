"""Pages of mediation, and what it shows on the pages below it."""

from complaints.mediation.admin import acts, codes, consents, organisations, referrals, registrations

__all__ = ["acts", "codes", "consents", "organisations", "referrals", "registrations"]
