"""Agencies, collectors, and the authorisation that is asked as it was then."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from backoffice.core import context
from backoffice.core.errors import InputRefused, NotPermitted
from backoffice.core.time import start_of_day
from backoffice.staff.roles import Role
from debt_collections import services
from debt_collections.models import Authorisation, Collector
from tests.factories import collections as make
from tests.factories.staff import person

pytestmark = pytest.mark.django_db


def test_agencies_are_registered_by_right_and_once() -> None:
    with pytest.raises(NotPermitted):
        services.register_agency(code="HX", name="恒信", by=person(Role.HANDLER), at=make.NOW)
    agency = services.register_agency(code="HX", name="恒信", by=make.officer(), at=make.NOW)
    assert agency.dossier.kind == "agency"
    assert agency.history.get().history_change_reason == "agency.registered"
    for code, name in (("HX", "另一家"), ("ZC", "恒信")):
        with pytest.raises(InputRefused):
            services.register_agency(code=code, name=name, by=make.officer(), at=make.NOW)


def test_collectors_are_registered_by_right_and_once() -> None:
    agency = make.agency()
    given = {"agency": agency, "staff_number": "E1", "name": "陈立", "at": make.NOW}
    with pytest.raises(NotPermitted):
        services.register_collector(**given, by=person(Role.AUDITOR))
    collector = services.register_collector(**given, by=make.officer())
    assert not collector.authorisations.exists()
    with pytest.raises(InputRefused):
        services.register_collector(**given, by=make.officer())


def authorise(collector: Collector, by, **given):
    dates = {
        "background_checked_on": date(2026, 11, 1),
        "from_on": date(2026, 12, 1),
        "until": date(2027, 11, 30),
    }
    return services.authorise_collector(collector=collector, by=by, at=make.NOW, **{**dates, **given})


def test_authorising() -> None:
    collector = make.collector(until=None)
    with pytest.raises(NotPermitted):
        authorise(collector, person(Role.HANDLER))
    authorised = authorise(collector, make.officer())
    assert authorised.authorised_until == date(2027, 11, 30)
    period = collector.authorisations.get()
    assert period.starts_at == start_of_day(date(2026, 12, 1))
    assert period.ends_at == start_of_day(date(2027, 12, 1)), "the last day counts in full"


@pytest.mark.parametrize(
    "given",
    [
        {"until": date(2026, 11, 30)},
        {"background_checked_on": date(2026, 12, 2)},
        {"background_checked_on": date(2026, 11, 24), "from_on": date(2026, 11, 25)},
    ],
)
def test_dates_out_of_order_are_refused(given: dict[str, date]) -> None:
    with pytest.raises(InputRefused):
        authorise(make.collector(until=None), make.officer(), **given)
    assert not Authorisation.objects.exists()


def test_suspending_cuts_the_authorisation_at_that_moment() -> None:
    collector = make.collector()
    with pytest.raises(NotPermitted):
        services.suspend_collector(collector=collector, by=make.officer(), at=make.NOW, reason="查")
    supervisor = person(Role.CONDUCT_SUPERVISOR)
    suspended = services.suspend_collector(
        collector=collector, by=supervisor, at=make.NOW, reason="辱骂借款人"
    )
    assert suspended.state == "suspended"
    assert collector.authorisations.get().ends_at == make.NOW
    with pytest.raises(InputRefused):
        services.suspend_collector(collector=collector, by=supervisor, at=make.NOW, reason="再次")


def test_the_database_wants_a_check_before_an_authorisation() -> None:
    collector = make.collector(until=None)
    collector.authorised_until = date(2027, 1, 1)
    with (
        context.acting(by=make.system(), reason_code="test"),
        pytest.raises(IntegrityError),
        transaction.atomic(),
    ):
        collector.save()


def test_the_database_refuses_a_period_that_ends_before_it_begins() -> None:
    collector = make.collector(until=None)
    with (
        context.acting(by=make.system(), reason_code="test"),
        pytest.raises(IntegrityError),
        transaction.atomic(),
    ):
        Authorisation.objects.create(
            collector=collector, starts_at=make.NOW, ends_at=make.NOW - timedelta(seconds=1)
        )
