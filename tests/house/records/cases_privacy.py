"""People's data: shown in full, corrected, and two data subjects recorded as one person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from backoffice.audit.models import Purpose
from backoffice.audit.services import people, revealing
from backoffice.core import context
from backoffice.core.models import PolicyValue
from backoffice.staff.roles import Role
from backoffice.staff.services import system_user
from tests.factories.loans import NOW, a_borrower
from tests.factories.staff import person
from tests.house.records.case import Case

AT = NOW + timedelta(hours=1)


def to_reveal(**given: Any) -> dict[str, Any]:
    borrower = a_borrower()
    return {
        "values": [(borrower, "name"), (borrower, "mobile")],
        "purpose": Purpose.CALL_BACK,
        "path": "/x/",
        "by": person(Role.HANDLER),
        "at": AT,
        **given,
    }


def one_too_many() -> dict[str, Any]:
    """The first person seen is one more than raises the alarm."""
    with context.entering(context.EntryPoint.COMMAND, actor=system_user("tests")):
        for limit in PolicyValue.objects.filter(code=revealing.ALARM):
            limit.value = 0
            limit.save()
    return to_reveal()


def to_correct() -> dict[str, Any]:
    """The telephone number, because that one is kept twice: with the borrower, and among all numbers ever used."""
    return {
        "row": a_borrower(mobile="+8610012345678"),
        "values": {"mobile": "10088887777"},
        "by": person(Role.HANDLER),
        "at": AT,
    }


def two() -> dict[str, Any]:
    one, other = a_borrower(), a_borrower()
    return {
        "subject": one.subject,
        "same_as": other.subject,
        "dossier": one.dossier,
        "by": person(Role.PRIVACY_OFFICER),
        "at": AT,
    }


def one_with_an_alias() -> dict[str, Any]:
    """Whoever becomes an alias takes its own aliases along."""
    given = two()
    people.link_subjects(subject=a_borrower().subject, same_as=given["subject"], by=given["by"], at=NOW)
    return given


def linked() -> dict[str, Any]:
    given = two()
    subject = people.link_subjects(**given)
    return {"subject": subject, "dossier": given["dossier"], "by": given["by"], "at": AT}


CASES = [
    Case(
        service=revealing.reveal,
        world=to_reveal,
        events=("personal.revealed",),
        adds="one more look",
    ),
    Case(
        service=revealing.reveal,
        variant="one too many",
        world=one_too_many,
        events=("personal.revealed", "reveal.alarm"),
        adds="one more look",
    ),
    Case(service=people.correct_personal, world=to_correct, events=("personal.corrected",)),
    Case(service=people.link_subjects, world=two, events=("subject.linked",)),
    Case(
        service=people.link_subjects,
        variant="with an alias",
        world=one_with_an_alias,
        events=("subject.linked",),
    ),
    Case(service=people.unlink_subjects, world=linked, events=("subject.unlinked",)),
]
