from backoffice.core.models.calendar import CalendarDay
from backoffice.core.models.deadline import Deadline, DeadlineAct
from backoffice.core.models.dossier import Dossier
from backoffice.core.models.imports import ImportRow, ImportRun
from backoffice.core.models.numbering import NumberSeries
from backoffice.core.models.policy import PolicyValue

__all__ = [
    "CalendarDay",
    "Deadline",
    "DeadlineAct",
    "Dossier",
    "ImportRow",
    "ImportRun",
    "NumberSeries",
    "PolicyValue",
]
