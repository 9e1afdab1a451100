"""Which complaints a person may see: the one gate for lists, pages, search and tiles."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from backoffice.staff.models import User
from complaints.models import Complaint


def visible_to(user: User) -> QuerySet[Complaint]:
    """Handlers see their own complaints, their team's, and those nobody has; whoever decides or audits sees all."""
    if not user.has_perm("complaints.view_complaint"):
        return Complaint.objects.none()
    if user.has_perm("complaints.handle_complaint") and not user.has_perm("complaints.decide_complaint"):
        mine = Q(handler=user) | Q(handler__isnull=True)
        if user.team_id is not None:
            mine |= Q(team_id=user.team_id)
        return Complaint.objects.filter(mine)
    return Complaint.objects.all()
