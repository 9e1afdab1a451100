"""Pages of the collections desk."""

from debt_collections.admin import (  # noqa: F401
    acts,
    agency,
    case,
    codes,
    entries,
    hold,
    incidents,
    timeline,
)
