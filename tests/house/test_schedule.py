"""What runs by itself at night: every entry of the schedule names a task that exists, once a day, and can run."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone
from oauth2_provider.models import get_access_token_model

from backoffice.celery import app
from tests.factories.api import api_client, ask_token

NIGHTLY = {"mediation.expire_referrals", "api.purge_answers", "api.clear_tokens", "audit.expire_bundles"} | {
    "audit.verify_record",
    "desk.forget_sent_forms",
    "audit.preview_retention",
    "loans.close_day",
}

#: What cannot wait for the night, each with its reason.
ALL_DAY = {
    "audit.seal_record": "what is not sealed yet could still be altered unnoticed",
    "audit.detect_unusual_reads": "an alert is worth most while it goes on",
}


def test_the_schedule_is_known() -> None:
    assert {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()} == NIGHTLY | ALL_DAY.keys()


@pytest.mark.parametrize(
    "name",
    sorted(name for name, entry in settings.CELERY_BEAT_SCHEDULE.items() if entry["task"] in NIGHTLY),
)
def test_an_entry_runs_once_a_day_at_night(name: str) -> None:
    schedule = settings.CELERY_BEAT_SCHEDULE[name]["schedule"]
    assert (len(schedule.hour), len(schedule.minute)) == (1, 1)
    assert max(schedule.hour) < 6
    assert len(schedule.day_of_week) == 7


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(NIGHTLY | ALL_DAY.keys()))
def test_a_worker_finds_the_task_and_it_runs_on_an_empty_house(name: str) -> None:
    app.loader.import_default_modules()
    assert not app.tasks[name].delay().get()


@pytest.mark.django_db
def test_tokens_go_when_their_time_is_over() -> None:
    client, secret = api_client("loans:read")
    assert ask_token(client, secret, ["loans:read"]).status_code == 200
    tokens = get_access_token_model().objects.all()
    app.loader.import_default_modules()
    app.tasks["api.clear_tokens"].delay()
    assert tokens.count() == 1
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=False):
        app.tasks["api.clear_tokens"].delay()
    assert tokens.count() == 0
