"""What the API knows about people: the answers it keeps for repeated requests may speak of one."""

from backoffice.api.models import IdempotentAnswer
from backoffice.api.services import forget_answers
from backoffice.audit.keeping import seams
from backoffice.audit.keeping.seams import PersonSource

seams.people.register(
    "api", PersonSource(drop=forget_answers, dropped_tables=frozenset({IdempotentAnswer._meta.db_table}))
)
