"""What the layers above hear of decisions about accounts."""

from django.dispatch import Signal

#: Something was decided about a person's account, within the deciding transaction and its context. Sent with
#: ``user``, ``code`` (the act) and ``at``; audit writes the event, since it stands above staff.
account_decided = Signal()
