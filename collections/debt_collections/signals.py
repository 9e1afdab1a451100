"""What the collections desk tells those above it."""

from django.dispatch import Signal

#: Contacts were recorded. Arguments: ``contact_ids`` (tuple of primary keys), ``by``, ``at``. Sent in the
#: transaction that recorded them; one signal for a whole import batch.
contact_recorded = Signal()
