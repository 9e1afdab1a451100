"""A part of work in a process of its own: what it says when all goes well, when it fails and when nobody listens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from multiprocessing import Pipe

import pytest
from django.db import connection

from backoffice.core import processes


def told(part: object, *, parent: int) -> list[object]:
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
