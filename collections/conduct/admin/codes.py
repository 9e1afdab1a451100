"""The conduct desk's codes in words: kinds of events that are not called like the act they belong to."""

from django.utils.translation import gettext_lazy as _

from backoffice.desk.codes import code_labels

code_labels.register(
    "conduct.conductevent.kind", {"alleged_contact_unmatched": _("Match of the alleged contact taken back")}
)
