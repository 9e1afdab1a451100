"""Who sees which complaints, what the page shows to whom, and what it costs."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice.core import context
from backoffice.staff.models import Team
from backoffice.staff.roles import Role
from backoffice.staff.services import system_user
from complaints import selectors, services
from complaints.querysets import visible_to
from complaints.services import NewAllegation
from tests.factories import collections as floor
from tests.factories import complaints as make
from tests.factories.staff import person

pytestmark = pytest.mark.django_db
NOW = make.NOW


def test_who_sees_which() -> None:
    with context.acting(by=system_user("tests"), reason_code="test"):
        ours, theirs = Team.objects.create(name="消保一组"), Team.objects.create(name="消保二组")
    me, colleague, stranger = make.handler(team=ours), make.handler(team=ours), make.handler(team=theirs)
    supervisor = make.supervisor()
    mine, team_s, other, free = [make.filed() for _ in range(4)]
    for complaint, handler in ((mine, me), (team_s, colleague), (other, stranger)):
        services.assign(complaint=complaint, handler=handler, by=supervisor, at=NOW)
    assert set(visible_to(me)) == {mine, team_s, free}
    assert set(visible_to(stranger)) == {other, free}
    for role in (Role.AUDITOR, Role.COMPLIANCE, Role.CONDUCT_SUPERVISOR):
        assert visible_to(person(role)).count() == 4
    for role in (Role.COLLECTOR, Role.LOAN_OFFICER, Role.ADMINISTRATOR):
        assert not visible_to(person(role)).exists()


def test_words_are_read_by_those_with_the_right_alone() -> None:
    handler = make.handler()
    complaint = make.answered(by=handler)
    page = selectors.for_page(complaint, viewer=handler, at=NOW)
    assert page.words == make.WORDS
    assert page.allegations[0].finding_reason == "录音显示确有夜间来电"
    assert page.letter is not None
    assert (page.letter.gaps, 0 < page.letter.percent < 100) == (1, True)
    blind = selectors.for_page(complaint, viewer=person(Role.CONDUCT_SUPERVISOR), at=NOW)
    assert (blind.words, blind.letter, blind.demands[0].text, blind.allegations[0].text) == (
        None,
        None,
        None,
        None,
    )
    assert not any(step.allowed for step in blind.steps + blind.acts)


def test_contacts_stand_with_their_verdicts() -> None:
    handler, collector = make.handler(), floor.collector()
    case = floor.case(collector)
    call = floor.contact(case, collector, floor.shanghai("2026-11-19 23:10"))
    complaint = make.investigated(by=handler, about=case)
    services.link_contact(allegation=complaint.allegations.get(), contact=call, by=handler, at=NOW)
    services.report_alleged_contact(
        allegation=complaint.allegations.get(),
        alleged_at=NOW - timedelta(days=3),
        number="17600008810",
        by=handler,
        at=NOW,
    )
    [known, unknown] = selectors.for_page(complaint, viewer=handler, at=NOW).allegations[0].contacts
    assert [verdict.code for verdict in known.broken] == ["QUIET_HOURS"]
    assert (known.unknown_to_us, unknown.unknown_to_us) == (False, True)


def test_a_full_page_costs_as_much_as_a_short_one() -> None:
    handler = make.handler()
    collector = floor.collector()
    case = floor.case(collector)

    def cost(size: int) -> int:
        complaint = make.investigated(
            by=handler, about=case, allegations=[NewAllegation(category="collection.threat", text="a")] * size
        )
        for number, allegation in enumerate(complaint.allegations.all()):
            at = floor.shanghai("2026-11-10 10:00") + timedelta(days=size, minutes=number)
            services.link_contact(
                allegation=allegation, contact=floor.contact(case, collector, at), by=handler, at=NOW
            )
            services.add_note(complaint=complaint, text="x", by=handler, at=NOW)
            services.add_demand(complaint=complaint, text="y", by=handler, at=NOW)
        viewer = type(handler).objects.get(pk=handler.pk)
        page_of = selectors.for_list(viewer=handler).get(pk=complaint.pk)
        with CaptureQueriesContext(connection) as queries:
            selectors.for_page(page_of, viewer=viewer, at=NOW)
        return len(queries)

    short, long = cost(1), cost(6)
    assert short == long
    # Rights 2, words' key and text 3, people 2, allegations and links 2, verdicts 10, workflow facts 9,
    # loan 5, and one for each list of the page, the letter's draft among them.
    assert long <= 56


def test_lists_cost_the_same_for_three_and_thirty() -> None:
    handler = make.handler()
    assert handler.has_perm("complaints.view_complaint"), "asked once before: rights are remembered"
    costs = []
    for count in (3, 27):
        for _ in range(count):
            make.filed()
        with CaptureQueriesContext(connection) as queries:
            rows = [
                (row.number, row.due_on, row.handler, row.borrower)
                for row in selectors.for_list(viewer=handler)
            ]
        costs.append(len(queries))
    assert len(rows) == 30
    assert costs == [1, 1]
