"""Pages of the conduct desk, and what it shows on the pages of those below."""

from conduct.admin import acts, alleged, codes, contact, entries, rules  # noqa: F401
