"""What runs by itself at night: every entry of the schedule names a task that exists, once a day, and can run."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from oauth2_provider.models import get_access_token_model

from backoffice.api.models import IdempotentAnswer
from backoffice.celery import app
from tests.factories.api import api_client

NIGHTLY = {"mediation.expire_referrals", "api.purge_answers", "api.clear_tokens"}


def test_the_schedule_is_known() -> None:
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} == NIGHTLY


@pytest.mark.parametrize("name", sorted(settings.CELERY_BEAT_SCHEDULE))
def test_an_entry_runs_once_a_day_at_night(name: str) -> None:
    schedule = settings.CELERY_BEAT_SCHEDULE[name]["schedule"]
    assert (len(schedule.hour), len(schedule.minute)) == (1, 1)
    assert max(schedule.hour) < 6
    assert len(schedule.day_of_week) == 7
