from complaints.models.allegation import Allegation, AllegationContact, Demand
from complaints.models.category import Category, CategoryVersion
from complaints.models.complaint import Complainant, ComplainantPhone, Complaint
from complaints.models.deadline import ComplaintDeadline, ComplaintDeadlineAct
from complaints.models.decision import Decision, DecisionNotice, Remedy
from complaints.models.event import ComplaintEvent
from complaints.models.exchange import Conversation, Note

__all__ = [
    "Allegation",
    "AllegationContact",
    "Category",
    "CategoryVersion",
    "Complainant",
    "ComplainantPhone",
    "Complaint",
    "ComplaintDeadline",
    "ComplaintDeadlineAct",
    "ComplaintEvent",
    "Conversation",
    "Decision",
    "DecisionNotice",
    "Demand",
    "Note",
    "Remedy",
]
