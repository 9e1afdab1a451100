"""The people of the demo: one login per role, and the two teams they work in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backoffice.staff.models import Team, User
from backoffice.staff.roles import Role
from backoffice.staff.services import create_team, create_user


@dataclass(frozen=True, slots=True)
class DemoPerson:
    username: str
    full_name: str
    role: Role
    team: str = ""


COMPLAINTS_TEAM, COLLECTIONS_TEAM = "消保一组", "贷后一组"
PEOPLE = (
    DemoPerson("handler", "李敏", Role.HANDLER, COMPLAINTS_TEAM),
    DemoPerson("handler2", "王建国", Role.HANDLER, COMPLAINTS_TEAM),
    DemoPerson("supervisor", "陈雅琴", Role.COMPLAINT_SUPERVISOR, COMPLAINTS_TEAM),
    DemoPerson("collector", "赵磊", Role.COLLECTOR, COLLECTIONS_TEAM),
    DemoPerson("conduct", "周晓燕", Role.CONDUCT_SUPERVISOR, COLLECTIONS_TEAM),
    DemoPerson("officer", "孙志强", Role.LOAN_OFFICER),
    DemoPerson("officer2", "马丽娟", Role.LOAN_OFFICER),
    DemoPerson("manager", "刘建平", Role.LOAN_SUPERVISOR),
    DemoPerson("compliance", "吴慧", Role.COMPLIANCE),
    DemoPerson("privacy", "郑文静", Role.PRIVACY_OFFICER),
    DemoPerson("auditor", "冯海涛", Role.AUDITOR),
    DemoPerson("admin", "何秀英", Role.ADMINISTRATOR),
)


def password_of(person: DemoPerson) -> str:
    """Printed for everybody to read: the demo listens on this machine only."""
    return f"demo-{person.username}-2026"


def create_people(*, by: User, at: datetime) -> list[User]:
    """Create the teams and the people that are not there yet; answers those that were new."""
    teams = {
        name: Team.objects.filter(name=name).first() or create_team(name=name, by=by, at=at)
        for name in (COMPLAINTS_TEAM, COLLECTIONS_TEAM)
    }
    present = set(User.objects.values_list("username", flat=True))
    return [
        create_user(
            username=person.username,
            full_name=person.full_name,
            roles=[person.role],
            team=teams.get(person.team),
            password=password_of(person),
            by=by,
            at=at,
        )
        for person in PEOPLE
        if person.username not in present
    ]
