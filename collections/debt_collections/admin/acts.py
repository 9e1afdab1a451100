"""What the record calls the acts of the collections desk."""

from django.utils.translation import gettext_lazy as _

from backoffice.desk.registry import registries

registries.act_labels.register_all(
    {
        "agency.registered": _("Agency registered"),
        "collector.registered": _("Collector registered"),
        "collector.authorised": _("Collector authorised"),
        "collector.suspended": _("Collector suspended"),
        "case.opened": _("Collection case opened"),
        "case.loan_added": _("Loan added to the case"),
        "case.placed": _("Case placed"),
        "case.closed": _("Collection case closed"),
        "case.imported": _("Collection case imported"),
        "contact.logged": _("Collection contact logged"),
        "contact.imported": _("Collection contact imported"),
        "hold.placed": _("Hold placed"),
        "hold.lifted": _("Hold lifted"),
    }
)
