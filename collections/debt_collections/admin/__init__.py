"""Pages of the collections desk."""

from debt_collections.admin import acts, agency, case, entries, hold  # noqa: F401
