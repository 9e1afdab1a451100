"""The demo holds referrals in every state there is, made by real steps."""

import random
from datetime import timedelta

import pytest

from backoffice.core import context
from backoffice.desk.seeding import Demo
from backoffice.staff.services import system_user
from complaints.mediation import seed, workflow
from complaints.mediation.choices import ReferralState
from complaints.mediation.models import MediationConsent, MediationOrganisation, Referral
from tests.factories import collections as collection
from tests.factories import complaints as complaint_factory
from tests.factories.mediation import NOW

pytestmark = pytest.mark.django_db


def test_every_state_that_exists_so_far() -> None:
    handler = complaint_factory.handler()
    for _number in range(len(seed.STORIES)):
        complaint_factory.investigated(by=handler, about=collection.case(), at=NOW - timedelta(days=10))
    demo = Demo(rng=random.Random(7), now=NOW, by=system_user("demo"), scale=1 / seed.EACH)
    with context.entering(context.EntryPoint.COMMAND), context.acting(by=demo.by, reason_code="demo.seeded"):
        seed.seed(demo)
    reachable = {row.target for row in workflow.referral if row.target is not None}
    assert set(Referral.objects.values_list("state", flat=True)) == reachable
    assert ReferralState.SETTLED not in reachable
    assert MediationOrganisation.objects.count() == 2
    assert MediationConsent.objects.filter(referrals__isnull=True).exists()
    assert set(demo.results["mediation"]["secrets"]) == {name for name, _days in seed.ORGANISATIONS}
    assert not Referral.objects.filter(updated_at__gt=NOW).exists()
