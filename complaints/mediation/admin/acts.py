"""What the record calls the acts of mediation."""

from django.utils.translation import gettext_lazy as _

from backoffice.desk.registry import registries

registries.act_labels.register_all(
    {
        "mediation.organisation_registered": _("Mediation organisation registered"),
        "mediation.consent_recorded": _("Mediation consent recorded"),
        "mediation.consent_withdrawn": _("Mediation consent withdrawn"),
        "mediation.offered": _("Offered to the organisation"),
        "mediation.recalled": _("Offer recalled"),
        "mediation.expired": _("Offer expired unanswered"),
        "mediation.accepted": _("Accepted by the organisation"),
        "mediation.declined": _("Declined by the organisation"),
        "mediation.suspended": _("Mediation suspended"),
        "mediation.resumed": _("Mediation resumed"),
        "mediation.extended": _("Mediation period extended"),
        "mediation.closed": _("Closed by the organisation"),
        "mediation.ended": _("Ended from our side"),
        "complaint.told_of_pause": _("Told of the pause"),
    }
)
