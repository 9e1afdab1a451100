"""Rotating the keys above the data keys: nothing encrypted changes, and nobody has to stop working."""

from __future__ import annotations

import base64
import json
import threading
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from backoffice.audit.models import RecordEvent
from backoffice.audit.services import rotation
from backoffice.privacy import crypto, kinds
from backoffice.privacy.models import DataKey
from backoffice.privacy.services import forget_keys, index_of, read_personal
from backoffice.staff.services import system_user
from tests.factories import loans as book
from tests.factories.complaints import NOW

OLD = "test-1:" + base64.b64encode(b"1" * 32).decode()
NEW = "test-2:" + base64.b64encode(b"3" * 32).decode()


@pytest.fixture(autouse=True)
def _no_cached_keys() -> Any:
    forget_keys()
    yield
    forget_keys()


def rotate(**given: Any) -> rotation.Rotation:
    return rotation.rotate_keys(by=system_user("keys"), at=NOW, **given)


@pytest.mark.django_db
def test_rewraps_data_keys_and_changes_no_other_byte(settings: Any) -> None:
    borrowers = [book.a_borrower(name=name) for name in ("王小明", "李小红", "赵小刚")]
    live = {one.pk: bytes(one.name_cipher) for one in borrowers}
    history = list(borrowers[0].history.values_list("name_cipher", flat=True))
    settings.PRIVACY_MASTER_KEYS = f"{NEW},{OLD}"
    number = DataKey.objects.count()
    done = rotate(batch=2)
    assert (done.rewrapped, done.left, done.of) == (number, 0, {"test-1": number})
    settings.PRIVACY_MASTER_KEYS = NEW
    forget_keys()
    for one in borrowers:
        one.refresh_from_db()
        assert bytes(one.name_cipher) == live[one.pk]
    assert [bytes(one) for one in borrowers[0].history.values_list("name_cipher", flat=True)] == [
        bytes(one) for one in history
    ]
    assert read_personal(borrowers[1], "name") == "李小红"
    assert RecordEvent.objects.get(kind="keys.rotated").data["rewrapped"] == number
    assert rotate().rewrapped == 0
    assert RecordEvent.objects.filter(kind="keys.rotated").count() == 1, "nothing done, nothing to tell"


@pytest.mark.django_db
def test_a_run_broken_off_goes_on_and_both_keys_read_meanwhile(settings: Any) -> None:
    borrowers = [book.a_borrower(name=f"王小{name}") for name in "一二三四五"]
    settings.PRIVACY_MASTER_KEYS = f"{NEW},{OLD}"

    def stop(done: int, total: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rotate(batch=2, progress=stop)
    wrapped = sorted(DataKey.objects.values_list("master_key_id", flat=True))
    assert wrapped.count("test-2") == 4
    assert "test-1" in wrapped
    forget_keys()
    assert [read_personal(one, "name")[-1] for one in borrowers] == list("一二三四五")
    rotate(batch=2)
    assert set(DataKey.objects.values_list("master_key_id", flat=True)) == {"test-2"}


@pytest.mark.django_db
def test_refuses_before_anything_changes_when_an_old_key_is_missing(settings: Any) -> None:
    book.a_borrower()
    before = list(DataKey.objects.order_by("pk").values_list("pk", "wrapped"))
    settings.PRIVACY_MASTER_KEYS = NEW
    with pytest.raises(CommandError, match="test-1"):
        call_command("rotate_keys", stdout=StringIO())
    assert list(DataKey.objects.order_by("pk").values_list("pk", "wrapped")) == before
    settings.PRIVACY_MASTER_KEYS = f"{NEW},{OLD}"
    out = StringIO()
    call_command("rotate_keys", "--batch", "1", "--json", stdout=out)
    assert json.loads(out.getvalue())["left"] == 0


@pytest.mark.django_db
def test_a_new_index_key_finds_people_again_after_reindexing(settings: Any) -> None:
    borrower = book.a_borrower(name="王小明", mobile="13911112222")
    rows = borrower.history.count()
    settings.PRIVACY_INDEX_KEY = base64.b64encode(b"9" * 32).decode()
    wanted = index_of(kinds.PHONE, "139 1111 2222")
    assert not type(borrower).objects.filter(mobile_index=wanted).exists()
    changed = rotation.reindex_personal(by=system_user("keys"), at=NOW, batch=1)
    assert changed["loans_borrower"] == 1
    assert type(borrower).objects.get(mobile_index=wanted) == borrower
    assert borrower.phone_numbers.get().number_index == wanted
    assert borrower.history.count() == rows
    assert not any(rotation.reindex_personal(by=system_user("keys"), at=NOW).values()), (
        "the second finds nothing"
    )


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_rows_somebody_works_on_are_skipped_and_readers_never_wait(settings: Any) -> None:
    held, free = book.a_borrower(name="王小明"), book.a_borrower(name="李小红")
    settings.PRIVACY_MASTER_KEYS = f"{NEW},{OLD}"
    taken, finish, read = threading.Event(), threading.Event(), []

    def hold() -> None:
        with transaction.atomic():
            DataKey.objects.select_for_update().get(subject=held.subject)
            taken.set()
            finish.wait(10)
        connection.close()

    other = threading.Thread(target=hold)
    other.start()
    assert taken.wait(10)
    done = rotate()
    read.append(read_personal(held, "name"))
    finish.set()
    other.join()
    assert done.left == 1
    assert read == ["王小明"]
    assert DataKey.objects.get(subject=free.subject).master_key_id == "test-2"
    assert rotate().left == 0
    assert crypto.current_master_key_id() == "test-2"
