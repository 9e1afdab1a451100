"""Which rows a person may see: the one gate that lists, pages, panels, search and API go through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Self

    from backoffice.staff.models import User

SEES_ALL = "collections.see_all_cases"


def works_on_own_cases(user: User) -> bool:
    """Whether this person sees the cases placed with them and no other ones."""
    return user.has_perm("collections.view_case") and not user.has_perm(SEES_ALL)


class CaseQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User) -> Self:
        """Every case for those who may see all; for a collector those placed with them now; else none."""
        if user.has_perm(SEES_ALL):
            return self
        if not user.has_perm("collections.view_case"):
            return self.none()
        return self.filter(placements__until__isnull=True, placements__collector__user_id=user.pk)


class ContactAttemptQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User) -> Self:
        """Every contact for those who may see all; for a collector their own; else none."""
        if user.has_perm(SEES_ALL):
            return self
        if not user.has_perm("collections.view_contactattempt"):
            return self.none()
        return self.filter(collector__user_id=user.pk)


class HoldQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User) -> Self:
        """Every hold for those who may see all; for a collector those on borrowers whose case they have now.

        A collector has to know every hold on their borrower, whichever collector it names.
        """
        if user.has_perm(SEES_ALL):
            return self
        if not user.has_perm("collections.view_hold"):
            return self.none()
        return self.filter(
            borrower__cases__state="open",
            borrower__cases__placements__until__isnull=True,
            borrower__cases__placements__collector__user_id=user.pk,
        )

    def live(self, at: datetime) -> Self:
        """In force at the moment ``at``: begun, not lifted by then, not run out."""
        return self.filter(
            Q(lifted_at__isnull=True) | Q(lifted_at__gt=at),
            Q(until__isnull=True) | Q(until__gt=at),
            starts_at__lte=at,
        )
