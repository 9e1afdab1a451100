"""The complaints desk's codes in words."""

from django.utils.translation import gettext_lazy as _

from backoffice.desk.codes import attachment_kinds, code_labels, import_kinds
from complaints import timing
from complaints.selectors.timeline import TITLES
from complaints.services.decisions import LETTER_KIND
from complaints.services.effects import LIFTS_WITH, REMEDY_LIFTS_WITH
from complaints.services.file_import import KIND
from debt_collections.admin.codes import hold_ends

code_labels.register_all(
    {
        "complaints.complaintdeadline.kind": {timing.DECISION: _("Decide and tell the complainant")},
        "complaints.complaintdeadline.basis": {timing.DECISION_DAYS: _("Complaint: time to decide and tell")},
        "complaints.complaintdeadline.met_by": {"decision_delivered": _("Decision delivered")},
        "complaints.complaintevent.kind": {kind: title for kind, (title, _tone) in TITLES.items()},
    }
)
import_kinds.register(KIND, _("Complaints"))
attachment_kinds.register(LETTER_KIND, _("Decision letter"))
hold_ends.register_all(
    {
        LIFTS_WITH: _("End of the complaint"),
        REMEDY_LIFTS_WITH: _("Remedy reversed"),
        "complaint.changed": _("Allegations changed"),
        "complaint.not_admitted": _("Complaint not admitted"),
        "complaint.closed": _("Complaint closed"),
        "complaint.withdrawn": _("Complaint withdrawn"),
        "complaint.merged": _("Complaint merged"),
    }
)
