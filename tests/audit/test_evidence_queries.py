"""What an evidence bundle costs: statements, whatever the number of records in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice.audit.evidence import summary
from backoffice.audit.services import evidence, seal_record
from backoffice.audit.services.evidence import make_bundle
from backoffice.staff.roles import Role
from tests.factories import collections as collection
from tests.factories.collections import shanghai
from tests.factories.evidence import asked, story
from tests.factories.staff import person

pytestmark = pytest.mark.django_db


def test_the_number_of_queries_does_not_follow_the_number_of_records(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    monkeypatch.setattr(summary, "render", lambda data: repr(data).encode())
    told = story()
    by = person(Role.AUDITOR)
    sealing: list[int] = []

    def sealed(**kwargs: Any) -> object:
        with CaptureQueriesContext(connection) as captured:
            seal = seal_record(**kwargs)
        sealing.append(len(captured))
        return seal

    # What sealing costs goes by the tables that were written to, by other tests and on PostgreSQL whenever their
    # neighbours are done; it is measured elsewhere.
    monkeypatch.setattr(evidence, "seal_record", sealed)

    def queries() -> int:
        bundle = asked(told.collector.dossier, by)
        with CaptureQueriesContext(connection) as captured:
            make_bundle(bundle_id=bundle.pk, at=timezone.now())
        return len(captured) - sealing.pop()

    def contacts(first: int, last: int) -> None:
        for day in range(first, last + 1):
            collection.contact(told.case, told.collector, shanghai(f"2026-10-{day:02} 10:00"), note="无人")

    queries()
    none = queries()
    contacts(1, 1)
    one = queries()
    contacts(2, 13)
    thirteen = queries()
    # Each seal that rows lie in is read once per table; how many rows lie in it makes no difference.
    assert thirteen - one <= one - none + 2
