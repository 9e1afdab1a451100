"""Pages of the collections desk."""

from debt_collections.admin import agency, case, entries, hold  # noqa: F401
