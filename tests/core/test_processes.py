"""A part of work in a process of its own: what it says when all goes well, when it fails and when nobody listens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from multiprocessing import Pipe
from threading import Lock
from typing import Any

import pytest
from django.db import connection

from backoffice.core import processes


def told(part: object, *, parent: int) -> list[Any]:
    """What the child would have sent."""
    ours, theirs = Pipe(duplex=False)
    processes._run(part, theirs, parent)  # type: ignore[arg-type]
    theirs.close()
    said = []
    while True:
        try:
            said.append(ours.recv())
        except EOFError:
            return said


def test_an_error_is_told_as_it_was() -> None:
    def part() -> Iterator[int]:
        yield 1
        raise LookupError("gone")

    first, (what, error) = told(part, parent=os.getppid())
    assert first == ("next", 1)
    assert what == "failed"
    assert isinstance(error, LookupError)
    assert str(error) == "gone"


def test_an_error_brings_its_place_along_and_one_that_cannot_travel_its_words() -> None:
    def wrong(error: Exception) -> Iterator[int]:
        raise error
        yield 0

    locked = ValueError("bad", Lock())
    [(_what, plain)] = told(lambda: wrong(LookupError("gone")), parent=os.getppid())
    [(_what, worded)] = told(lambda: wrong(locked), parent=os.getppid())
    assert "in wrong" in plain.__notes__[0]
    assert isinstance(worded, RuntimeError)
    assert "bad" in str(worded)
    assert "in wrong" in worded.__notes__[0]


def test_a_part_that_ends_in_the_middle_of_a_word_is_lost() -> None:
    ours, theirs = Pipe(duplex=False)
    os.write(theirs.fileno(), b"\0\0\0\x10abc")
    theirs.close()
    with pytest.raises(processes.PartLost):
        list(processes._told([ours]))


def test_a_part_keeps_no_end_open_that_another_reads_from() -> None:
    """More than a pipe holds would be sent for ever to nobody."""
    ours, theirs = Pipe(duplex=False)
    processes._begin(lambda: ["x" * 1_000_000], theirs, [ours], os.getppid())
    assert ours.closed


def test_whoever_lost_its_parent_stops_after_what_is_under_way() -> None:
    begun = []

    def part() -> Iterator[int]:
        for number in range(3):
            begun.append(number)
            yield number

    assert told(part, parent=-1) == []
    assert begun == [0]


def test_nobody_listening_is_no_error() -> None:
    ours, theirs = Pipe(duplex=False)
    ours.close()
    processes._run(lambda: [1], theirs, os.getppid())


@pytest.mark.django_db
def test_within_a_transaction_there_is_one_process() -> None:
    assert connection.in_atomic_block
    assert not processes.side_by_side_possible()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_parts_run_in_processes_of_their_own_and_ours_goes_on() -> None:
    def part(number: int) -> Iterator[tuple[int, int, int]]:
        with connection.cursor() as cursor:
            for _turn in range(3):
                cursor.execute("SELECT pg_backend_pid()")
                yield number, os.getpid(), cursor.fetchone()[0]

    assert processes.side_by_side_possible()
    said = list(processes.side_by_side([lambda number=number: part(number) for number in range(2)]))  # type: ignore[misc]
    assert sorted(number for number, _pid, _backend in said) == [0, 0, 0, 1, 1, 1]
    assert len({(number, pid, backend) for number, pid, backend in said}) == 2
    assert os.getpid() not in {pid for _number, pid, _backend in said}
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
