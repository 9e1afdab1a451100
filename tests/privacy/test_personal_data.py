"""Personal data exists only as ciphertext; screens get masks; searching goes by blind index."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from backoffice.core import context
from backoffice.core.choices import DossierKind
from backoffice.core.errors import InputRefused
from backoffice.core.services import open_dossier
from backoffice.desk.models import Task
from backoffice.loans.models import Borrower
from backoffice.privacy import crypto, kinds
from backoffice.privacy.models import DataKey
from backoffice.privacy.services import (
    Erased,
    create_subjects,
    forget_keys,
    index_of,
    read_personal,
    read_text,
    set_personal,
    set_text,
)
from backoffice.staff.services import system_user

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _actor():
    with context.acting(by=system_user("tests"), reason_code="test"):
        yield


def a_borrower(number: str = "C1", **personal: str) -> Borrower:
    (subject,) = create_subjects(1)
    dossier = open_dossier(kind=DossierKind.BORROWER, number=number, at=NOW)
    borrower = Borrower(dossier=dossier, subject=subject, customer_number=number, registered_at=NOW)
    set_personal(borrower, **personal)
    borrower.save()
    return borrower


def test_three_columns_are_written_together_and_read_back() -> None:
    borrower = a_borrower(name="王小明", mobile="138 0013 8000")
    borrower = Borrower.objects.get(pk=borrower.pk)
    assert borrower.name_mask == "王**"
    assert borrower.mobile_mask == "138****8000"
    assert read_personal(borrower, "name") == "王小明"
    assert read_personal(borrower, "mobile") == "+8613800138000"
    assert "王小明".encode() not in bytes(borrower.name_cipher)


def test_a_full_number_finds_the_person_however_it_is_typed() -> None:
    borrower = a_borrower(mobile="13800138000")
    for typed in ("+86 138-0013-8000", "１３８００１３８０００", " 13800138000 "):
        assert Borrower.objects.get(mobile_index=index_of(kinds.PHONE, typed)) == borrower


def test_history_holds_ciphertext_that_can_still_be_read_and_unchanged_values_keep_their_bytes() -> None:
    borrower = a_borrower(name="王小明")
    set_personal(borrower, name="王小明")
    borrower.customer_number = "C2"
    borrower.save()
    newest, oldest = borrower.history.all()
    assert bytes(newest.name_cipher) == bytes(oldest.name_cipher)
    assert read_personal(newest, "name") == "王小明"
    set_personal(borrower, name="王大明")
    assert bytes(borrower.name_cipher) != bytes(oldest.name_cipher)


def test_a_ciphertext_cannot_be_moved_to_another_column_or_person() -> None:
    one, other = a_borrower("C1", name="王小明"), a_borrower("C2", name="李敏")
    one.address_cipher = one.name_cipher
    with pytest.raises(crypto.Undecipherable):
        read_personal(one, "address")
    swapped = bytes(other.name_cipher)[:17] + bytes(one.name_cipher)[17:]
    other.name_cipher = swapped
    with pytest.raises(crypto.Undecipherable):
        read_personal(other, "name")


def test_deleting_the_key_erases_live_row_and_history() -> None:
    borrower = a_borrower(name="王小明")
    DataKey.objects.filter(subject=borrower.subject).delete()
    forget_keys()
    with pytest.raises(Erased):
        read_personal(borrower, "name")
    with pytest.raises(Erased):
        read_personal(borrower.history.first(), "name")


def test_free_text_uses_the_dossiers_key() -> None:
    borrower = a_borrower()
    task = Task(dossier=borrower.dossier, kind="call", due_at=NOW, opened_at=NOW)
    set_text(task, "detail_cipher", "请回电", dossier_id=borrower.dossier_id)
    task.save()
    before = bytes(task.detail_cipher)
    set_text(task, "detail_cipher", "请回电", dossier_id=borrower.dossier_id)
    assert bytes(task.detail_cipher) == before
    assert read_text(Task.objects.get(pk=task.pk), "detail_cipher") == "请回电"
    assert DataKey.objects.get(dossier=borrower.dossier)


def test_a_key_has_exactly_one_owner() -> None:
    borrower = a_borrower(name="王小明")
    for owner in ({}, {"subject_id": borrower.subject_id, "dossier_id": borrower.dossier_id}):
        with pytest.raises(IntegrityError), transaction.atomic():
            DataKey.objects.create(master_key_id="test-1", wrapped=b"x", **owner)


@pytest.mark.parametrize(
    ("kind", "typed", "normal", "mask"),
    [
        (kinds.NAME, "  欧阳 娜娜 ", "欧阳 娜娜", None),
        (kinds.NAME, "欧阳娜娜", "欧阳娜娜", "欧阳**"),
        (kinds.NAME, "李敏", "李敏", "李*"),
        (kinds.RESIDENT_ID, "11010519491231002x", "11010519491231002X", "110***********002X"),
        (kinds.RESIDENT_ID, "440524188001010014", "440524188001010014", "440***********0014"),
        (kinds.PHONE, "138 0013 8000", "+8613800138000", "138****8000"),
        (kinds.EMAIL, " Wang@Example.COM ", "wang@example.com", "w***@example.com"),
        (kinds.ADDRESS, "上海市浦东新区世纪大道1号", "上海市浦东新区世纪大道1号", "上海市浦东新区****"),
    ],
)
def test_kinds_normalise_and_mask(kind: kinds.Kind, typed: str, normal: str, mask: str | None) -> None:
    assert kind.normalise(typed) == normal
    if mask is not None:
        assert kind.mask(normal) == mask


@pytest.mark.parametrize(
    "typed",
    [
        "110105194912310020",
        "110105199902300022",
        "11010519491231",
        "",
        "abcdefghijklmnopqr",
        "110105209912310022",
    ],
)
def test_wrong_resident_ids_are_refused(typed: str) -> None:
    with pytest.raises(InputRefused):
        kinds.RESIDENT_ID.normalise(typed)


@pytest.mark.parametrize("typed", ["", "12", "hello", "1" * 25])
def test_wrong_phones_are_refused(typed: str) -> None:
    with pytest.raises(InputRefused):
        kinds.PHONE.normalise(typed)
