"""Mediation's codes in words."""

from django.utils.translation import gettext_lazy as _

from backoffice.desk.codes import code_labels
from complaints.mediation.admin.words import DEADLINES, EVENT_TITLES
from complaints.mediation.services.effects import HOLD_ENDS_WITH
from complaints.mediation.services.referrals import CONFIRM_WORKING_DAYS
from debt_collections.admin.codes import hold_ends

code_labels.register_all(
    {
        "mediation.mediationevent.kind": EVENT_TITLES,
        "mediation.referraldeadline.kind": DEADLINES,
        "mediation.referraldeadline.basis": {
            CONFIRM_WORKING_DAYS: _("Mediation: time to confirm"),
            "mediation.organisation.period_days": _("The organisation's mediation period"),
        },
        "mediation.referraldeadline.met_by": {
            "accepted": _("Accepted by the organisation"),
            "declined": _("Declined by the organisation"),
        },
    }
)
hold_ends.register(HOLD_ENDS_WITH, _("End of the mediation"))
