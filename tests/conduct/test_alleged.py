"""Contacts that somebody says happened: on record, and matched with ours or not."""

from datetime import timedelta

import pytest

from backoffice.core.errors import InputRefused, NotPermitted
from backoffice.core.services import open_dossier
from backoffice.privacy.services import read_personal, read_text
from backoffice.staff.roles import Role
from conduct import services
from conduct.models import AllegedContact, ConductEvent
from tests.factories import collections as make
from tests.factories.staff import person

pytestmark = pytest.mark.django_db


def register(borrower, **given) -> AllegedContact:
    facts = {
        "dossier": given.get("dossier") or open_dossier(kind="complaint", number="TS9", at=make.NOW),
        "subject": borrower.subject,
        "borrower": borrower,
        "number": "176 1234 8810",
        "alleged_at": make.NOW - timedelta(days=3),
        "text": "打到我单位前台",
        "by": person(Role.COLLECTOR),
        "at": make.NOW,
    }
    return services.register_alleged_contact(**{**facts, **given})


def test_outside_a_complaint_it_takes_the_right() -> None:
    borrower = make.borrower()
    with pytest.raises(NotPermitted):
        register(borrower, dossier=borrower.dossier)
    register(borrower, dossier=borrower.dossier, by=person(Role.HANDLER))
    assert AllegedContact.objects.count() == 1


def test_number_and_words_are_kept_encrypted() -> None:
    alleged = AllegedContact.objects.get(pk=register(make.borrower()).pk)
    assert alleged.number_mask == "176****8810"
    assert read_personal(alleged, "number") == "+8617612348810"
    assert read_text(alleged, "text_cipher") == "打到我单位前台"
    assert ConductEvent.objects.get(alleged_contact=alleged).kind == "alleged_contact_registered"


def test_nothing_said_or_a_time_to_come_is_refused() -> None:
    for given in (
        {"number": "", "alleged_at": None, "text": ""},
        {"alleged_at": make.NOW + timedelta(seconds=1)},
        {"number": "12"},
    ):
        with pytest.raises(InputRefused):
            register(
                make.borrower(), **{"dossier": make.borrower().dossier, "by": person(Role.HANDLER), **given}
            )


def test_matching() -> None:
    collector = make.collector()
    case = make.case(collector)
    alleged = register(case.borrower)
    contact = make.contact(case, collector, make.NOW - timedelta(days=3))
    with pytest.raises(NotPermitted):
        services.match_alleged_contact(alleged=alleged, contact=contact, by=make.officer(), at=make.NOW)
    handler = person(Role.HANDLER)
    matched = services.match_alleged_contact(alleged=alleged, contact=contact, by=handler, at=make.NOW)
    assert matched.matched == contact
    undone = services.match_alleged_contact(
        alleged=matched, contact=None, by=handler, at=make.NOW, reason="号码不符"
    )
    assert undone.matched is None
    assert undone.history.count() == 3


def test_a_contact_with_somebody_else_is_no_match() -> None:
    collector = make.collector()
    alleged = register(make.borrower())
    contact = make.contact(make.case(collector), collector, make.NOW - timedelta(days=3))
    with pytest.raises(InputRefused):
        services.match_alleged_contact(alleged=alleged, contact=contact, by=person(Role.HANDLER), at=make.NOW)
