"""The collections desk's codes in words."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.core.registry import Registry
from backoffice.desk.codes import code_labels

#: What ends a hold → its label. The desks above, whose acts place and lift holds, add theirs.
hold_ends: Registry[Any] = Registry()
hold_ends.register_all(
    {"by_hand": _("By hand"), "hardship.decided": _("Hardship request decided")},
)

code_labels.register_all(
    {
        "collections.hold.lifts_with": hold_ends,
        "collections.hold.lifted_because": hold_ends,
        "collections.collectionevent.kind": {"loan_added": _("Loan added to the case")},
    }
)
