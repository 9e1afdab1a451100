"""What the record calls the acts of the complaints desk."""

from django.utils.translation import gettext_lazy as _

from backoffice.desk.registry import registries

registries.act_labels.register_all(
    {
        "complaint.filed": _("Complaint filed"),
        "complaint.registered": _("Complaint registered"),
        "complaint.accepted": _("Complaint accepted"),
        "complaint.not_admitted": _("Complaint not admitted"),
        "complaint.assigned": _("Complaint assigned"),
        "complaint.identity_verified": _("Identity verified"),
        "complaint.borrower_matched": _("Borrower matched"),
        "complaint.investigation_begun": _("Investigation begun"),
        "complaint.awaiting": _("Waiting for the complainant"),
        "complaint.resumed": _("Investigation resumed"),
        "complaint.allegation_added": _("Allegation added"),
        "complaint.contact_linked": _("Contact linked"),
        "complaint.contact_unlinked": _("Contact unlinked"),
        "complaint.alleged_contact_reported": _("Contact outside our systems reported"),
        "complaint.finding_set": _("Finding entered"),
        "complaint.demand_added": _("Demand added"),
        "complaint.demand_answered": _("Demand answered"),
        "complaint.remedy_added": _("Remedy proposed"),
        "complaint.remedy_removed": _("Remedy taken back"),
        "complaint.remedy_executed": _("Remedy carried out"),
        "complaint.note_added": _("Note added"),
        "complaint.conversation_logged": _("Call logged"),
        "complaint.file_attached": _("File attached"),
        "complaint.extended": _("Deadline extended"),
        "complaint.extended_far": _("Deadline extended far"),
        "complaint.deadline_paused": _("Deadline paused"),
        "complaint.deadline_resumed": _("Deadline runs on"),
        "complaint.decision_proposed": _("Decision proposed"),
        "complaint.decision_sent_back": _("Decision sent back"),
        "complaint.decision_approved": _("Decision approved"),
        "complaint.notice_sent": _("Decision sent"),
        "complaint.notice_failed": _("Delivery failed"),
        "complaint.notice_delivered": _("Decision delivered"),
        "complaint.closed": _("Complaint closed"),
        "complaint.withdrawn": _("Complaint withdrawn"),
        "complaint.merged": _("Complaint merged"),
        "complaint.reopened": _("Complaint reopened"),
        "complaint.imported": _("Complaint imported"),
        "complaint.import_started": _("Import of complaints started"),
        "complaint.import_finished": _("Import of complaints finished"),
    }
)
