"""What the desk tells those above it."""

from django.dispatch import Signal

#: Persons became part of an incident, by its report or later, or it turned out to be of another kind. Arguments:
#: ``incident``, ``subject_ids`` (tuple of primary keys of ``DataSubject``, aliases included), ``by``, ``at``. Sent in
#: the transaction that did it; receivers must bear to hear of the same person twice.
incident_persons_added = Signal()
