"""Two requests at once: locks decide, which only PostgreSQL has."""

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, connections
from django.test import Client as HttpClient

from complaints.mediation.models import MediationEvent
from debt_collections.models import Hold
from tests.factories import complaints as complaint_factory
from tests.factories import mediation
from tests.factories.mediation import ACCEPTED

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def at_once(calls: list[Any]) -> list[Any]:
    """Run the calls in threads that start together; answers what each returned."""
    gate, found = threading.Barrier(len(calls)), []

    def run(call: Any) -> None:
        gate.wait()
        try:
            found.append(call())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(calls)
    return found


def test_of_two_answers_to_an_offer_one_wins() -> None:
    partner = mediation.partner()
    with time_machine.travel(ACCEPTED + timedelta(hours=1)):
        referral = mediation.offered(to=partner, by=complaint_factory.handler())
        headers = partner.headers()

        def post(step: str, body: dict[str, Any], key: str) -> Any:
            return HttpClient().post(
                f"/api/partner/v1/referrals/{referral.dossier.uid}/{step}",
                body,
                content_type="application/json",
                headers={**headers, "If-Match": '"v1"', "Idempotency-Key": key},
            )

        mediator = {"mediator": {"name": "赵清", "licence": "TJ-2041"}}
        answers = at_once(
            [lambda key=f"k{number}": post("acceptance", mediator, key) for number in range(3)]
            + [lambda: post("rejection", {"reason_code": "other"}, "r")]
        )
    assert connection.vendor == "postgresql"
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    referral.refresh_from_db()
    assert referral.version == 2
    assert list(MediationEvent.objects.order_by("sequence").values_list("sequence", flat=True)) == [1, 2]
    assert Hold.objects.filter(source=referral.dossier).count() == (referral.state == "accepted")


def test_the_same_key_many_times_is_one_acceptance() -> None:
    partner = mediation.partner()
    with time_machine.travel(ACCEPTED + timedelta(hours=1)):
        referral = mediation.offered(to=partner, by=complaint_factory.handler())
        headers = {**partner.headers(), "If-Match": '"v1"', "Idempotency-Key": "same"}

        def post() -> Any:
            return HttpClient().post(
                f"/api/partner/v1/referrals/{referral.dossier.uid}/acceptance",
                {"mediator": {"name": "赵清", "licence": "TJ-2041"}},
                content_type="application/json",
                headers=headers,
            )

        codes = {answer.status_code for answer in at_once([post] * 8)}
    assert 200 in codes
    assert codes <= {200, 409}
    assert MediationEvent.objects.filter(kind="accepted").count() == 1
