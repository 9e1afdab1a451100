"""A file of repayments shared by processes: what single postings leave, whoever is killed, whoever comes in between."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import DomainError
from backoffice.core.history import tracked_columns
from backoffice.core.imports import FileChanged, FileError
from backoffice.core.models import ImportRow, ImportRun
from backoffice.core.processes import PartLost
from backoffice.desk import file_import
from backoffice.desk.file_import import FileImport
from backoffice.loans.models import Instalment, Loan, LoanEvent, Repayment
from backoffice.loans.services import file_imports
from backoffice.loans.services.file_imports import import_repayments_file
from tests.factories.loans import NOW, TODAY, a_loan, a_product, a_repayment, job
from tests.house.records.cases_loans_files import MAPPINGS
from tests.loans.test_imports_repayments import book

pytestmark = pytest.mark.django_db(transaction=True)

HEADER = "借据号,流水号,入账时间,还款金额,还款方式"
#: Days from the first of April 2026, and yuan: in time, in part, late, ahead, too much, several on one day, backwards.
PAYMENTS: list[list[tuple[int, str]]] = [
    [(0, "1080.98")],
    [(0, "500.00"), (0, "580.98"), (30, "1080.98")],
    [(45, "1200.00"), (80, "900.00")],
    [(-10, "3000.00")],
    [(10, "20000.00")],
    [(10, "14000.00"), (12, "5.00")],
    [(60, "1080.98"), (0, "1080.98")],
    [(5, "0.01"), (40, "2500.55"), (90, "77.70")],
    [(-40, "100.00"), (200, "9000.00")],
]


def line(number: str, external_id: str, on: date, amount: str) -> str:
    return f"{number},{external_id},{on} 08:00:00,{amount},APP还款"


def in_file(path: Path, *lines: str) -> Path:
    path.write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
    return path


def take(path: Path, *, at: datetime = NOW, **given: Any) -> FileImport:
    with entering(EntryPoint.COMMAND):
        return import_repayments_file(
            path=path, mapping_path=MAPPINGS / "repayments.toml", by=job(), at=at, **given
        )


def told(loan: Loan) -> list[Any]:
    """The events of a loan's money, without ids."""
    events = LoanEvent.objects.filter(loan=loan, kind__in=("repayment_posted", "loan_settled"))
    return sorted(
        (one.kind, one.data.get("amount", ""), one.data.get("surplus", ""), one.actor_name, one.borrower_id)
        for one in events
    )


def latest(loan: Loan) -> list[Any]:
    """What history says last of the loan and its instalments, and what the tables say."""
    rows: list[Any] = []
    for one in (loan, *Instalment.objects.filter(loan=loan).order_by("sequence")):
        names = [name.strip('"') for name in tracked_columns(type(one), lambda name: name)]
        live = type(one)._default_manager.filter(pk=one.pk).values_list(*names).get()
        past = one.history.order_by("history_id").values_list(*names).last()
        rows.append((live, past))
    return rows


@pytest.mark.parametrize("workers", [1, pytest.param(3, marks=pytest.mark.postgres)])
def test_a_mixed_file_leaves_what_single_postings_leave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setattr(file_imports, "REPAYMENT_BATCH", 4)
    products = [a_product(), a_product(surplus="credit"), a_product(surplus="last", filling="component")]
    made, lines, refused, single = [], [], [], []
    for position, payments in enumerate(PAYMENTS):
        for product in products:
            ours, theirs = a_loan(product=product), a_loan(product=product)
            made.append((ours, theirs))
            for number, (days, amount) in enumerate(payments):
                on = date(2026, 4, 1) + timedelta(days=days)
                key = f"{position}-{product.pk}-{number}"
                lines.append(line(ours.number, f"F{key}", on, amount))
                single.append((theirs, f"S{key}", on, amount))
    # In the order of the file, but where the file has a loan's later payment first the import puts them in order.
    for loan, key, on, amount in sorted(single, key=lambda one: (one[0].pk, one[2], one[1])):
        try:
            a_repayment(loan, amount, on=on, external_id=key)
        except DomainError as error:
            refused.append((f"F{key[1:]}", error.code))
    numbers: list[str] = [text.split(",")[1] for text in lines]
    lines.append(line("L-UNKNOWN", "FX", TODAY, "1.00"))
    result = take(in_file(tmp_path / "in.csv", *lines), workers=workers)
    assert [(numbers[one.row - 2], one.code) for one in result.errors[:-1]] == sorted(
        refused, key=lambda one: numbers.index(one[0])
    )
    assert result.errors[-1].column == "借据号"
    assert result.rows_read == len(lines)
    assert result.created == ImportRow.objects.count() == len(numbers) - len(refused)
    for ours, theirs in made:
        assert book(ours) == book(theirs)
        assert [one[:-1] for one in told(ours)] == [one[:-1] for one in told(theirs)]
        assert {one[-1] for one in told(ours)} == {ours.borrower_id}
        assert all(live == past for live, past in latest(ours))
    run = ImportRun.objects.get()
    assert (run.state, run.rows_created, run.rows_failed) == ("done", result.created, result.refused)
    assert result.figures["received"] == str(
        sum(one.amount for one in Repayment.objects.filter(external_id__startswith="F"))
    )


# --- whatever happens ---------------------------------------------------------------------------------------


def loans_and_lines(count: int) -> tuple[list[Loan], list[str]]:
    loans = [a_loan() for _ in range(count)]
    return loans, [
        line(loan.number, f"P{place}", date(2026, 4, 1), "1080.98") for place, loan in enumerate(loans)
    ]


def in_batches(monkeypatch: pytest.MonkeyPatch, instead: Callable[[Any, Any], Any]) -> None:
    """Batches of two, and ``instead`` of taking one in, called with what takes it in and the rows."""
    monkeypatch.setattr(file_imports, "REPAYMENT_BATCH", 2)
    real = file_imports.import_repayments

    def take_in(rows: Any, *, by: Any, at: Any) -> Any:
        return instead(lambda: real(rows, by=by, at=at), rows)

    monkeypatch.setattr(file_imports, "import_repayments", take_in)


def test_a_batch_that_met_anothers_is_tried_again_and_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _loans, lines = loans_and_lines(4)
    tries: list[str] = []

    def collide(real: Any, rows: Any) -> Any:
        made = real()
        tries.append(rows[0].external_id)
        if tries == ["P0"]:
            raise IntegrityError("the id was given a moment ago")
        return made

    in_batches(monkeypatch, collide)
    result = take(in_file(tmp_path / "in.csv", *lines))
    assert tries == ["P0", "P0", "P2"]
    assert (result.rows_read, result.created, Repayment.objects.count()) == (4, 4, 4)
    assert result.figures["received"] == str(4 * Decimal("1080.98"))


def test_what_collides_again_and_again_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _loans, lines = loans_and_lines(1)

    def collide(_real: Any, _rows: Any) -> Any:
        raise IntegrityError("wrong for good")

    in_batches(monkeypatch, collide)
    with pytest.raises(IntegrityError, match="for good"):
        take(in_file(tmp_path / "in.csv", *lines))
    assert not Repayment.objects.exists()


@pytest.mark.postgres
def test_one_that_is_killed_ends_the_import_and_the_next_call_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _loans, lines = loans_and_lines(8)
    path, parent = in_file(tmp_path / "in.csv", *lines), os.getpid()

    def die(real: Any, rows: Any) -> Any:
        made = real()
        if os.getpid() != parent and any(row.external_id == "P5" for row in rows):
            os.kill(os.getpid(), signal.SIGKILL)
        return made

    with monkeypatch.context() as patch:
        in_batches(patch, die)
        with pytest.raises(PartLost):
            take(path, workers=2)
    assert not Repayment.objects.filter(external_id="P5").exists()
    assert ImportRun.objects.get().state == "running"
    result = take(path, workers=2)
    assert (result.created + result.skipped, result.refused) == (8, 0)
    assert Repayment.objects.count() == ImportRow.objects.count() == 8
    assert ImportRun.objects.get().rows_created == 8


@pytest.mark.postgres
def test_an_error_in_one_is_raised_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _loans, lines = loans_and_lines(6)

    def fail(real: Any, rows: Any) -> Any:
        raise ValueError(rows[0].external_id)

    in_batches(monkeypatch, fail)
    with pytest.raises(ValueError, match=r"^P\d\n"):
        take(in_file(tmp_path / "in.csv", *lines), workers=2)
    assert not Repayment.objects.exists()


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize(
    ("left", "header"),
    [
        (slice(3), HEADER),
        (slice(8), HEADER),
        (slice(2, 8), HEADER),
        (slice(6), "流水号,入账时间"),
        (slice(0), ""),
    ],
)
def test_a_file_that_is_exchanged_meanwhile_is_told_and_what_came_in_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int, left: slice, header: str
) -> None:
    """Shorter, longer, as long, with other columns, empty: the next call with the whole file takes in the rest."""
    in_batches(monkeypatch, lambda real, _rows: real())
    _loans, lines = loans_and_lines(8)
    path = in_file(tmp_path / "in.csv", *lines[:6])
    work = file_import._Run.work

    def exchange(run: Any, *args: Any, **kwargs: Any) -> None:
        path.write_text("\n".join([header, *lines[left], ""]), encoding="utf-8")
        work(run, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(file_import._Run, "work", exchange)
        with pytest.raises(FileChanged):
            take(path, workers=workers)
    assert Repayment.objects.count() == ImportRow.objects.count() <= 6
    take(in_file(path, *lines[:6]), workers=workers)
    assert Repayment.objects.count() == 6
    assert ImportRun.objects.get().rows_created == 6


@pytest.mark.parametrize("gone", [False, True])
def test_a_dry_run_of_a_file_that_is_exchanged_says_nothing_of_what_came_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: bool
) -> None:
    _loans, lines = loans_and_lines(4)
    path = in_file(tmp_path / "in.csv", *lines)
    work = file_import._Run.work

    def exchange(run: Any, *args: Any, **kwargs: Any) -> None:
        path.unlink() if gone else in_file(path, *lines[:2])
        work(run, *args, **kwargs)

    monkeypatch.setattr(file_import._Run, "work", exchange)
    with pytest.raises(FileError) as caught:
        take(path, dry_run=True)
    assert not isinstance(caught.value, FileChanged)
    assert not Repayment.objects.exists()


@pytest.mark.postgres
@pytest.mark.parametrize("workers", [2, 4, 8])
def test_an_id_used_for_several_loans_comes_in_for_the_first_as_the_dry_run_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    in_batches(monkeypatch, lambda real, _rows: real())
    loans, lines = loans_and_lines(24)
    lines = [text.replace(text.split(",")[1], f"D{place % 8}") for place, text in enumerate(lines)]
    path = in_file(tmp_path / "in.csv", *lines)
    tried, done = take(path, workers=workers, dry_run=True), take(path, workers=workers)
    assert Repayment.objects.count() == done.created == tried.created == 8
    assert [(one.row, one.code) for one in done.errors] == [(one.row, one.code) for one in tried.errors]
    assert {one.code for one in done.errors} == {"external-id-reused"}
    assert [loan.repayments.count() for loan in loans] == [1] * 8 + [0] * 16


@pytest.mark.postgres
def test_a_dry_run_cuts_the_file_as_the_run_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is put in order within a batch, here the payment that settles and an earlier one, depends on the cut."""
    in_batches(monkeypatch, lambda real, _rows: real())
    loans, lines = loans_and_lines(9)
    settled = loans[0].number
    lines.insert(0, line(settled, "ALL", date(2026, 4, 2), "30000.00"))
    path = in_file(tmp_path / "in.csv", *lines)
    tried, done = take(path, workers=3, dry_run=True), take(path, workers=3)
    assert [(one.row, one.code) for one in done.errors] == [(one.row, one.code) for one in tried.errors]
    assert done.created == tried.created


@pytest.mark.postgres
def test_the_loans_of_a_borrower_are_in_one_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever posts to one of them has the borrower locked: another process would only wait."""
    places: set[tuple[int, int]] = set()

    def note(real: Any, rows: Any) -> Any:
        numbers = [row.loan_number for row in rows]
        owners = Loan.objects.filter(number__in=numbers).values_list("borrower", flat=True)
        with (tmp_path / "parts").open("a") as told:
            told.writelines(f"{owner} {os.getpid()}\n" for owner in owners)
        return real()

    in_batches(monkeypatch, note)
    loans = [a_loan() for _ in range(8)]
    loans += [a_loan(borrower=loan.borrower) for loan in loans]
    lines = [line(loan.number, f"B{place}", date(2026, 4, 1), "1080.98") for place, loan in enumerate(loans)]
    assert take(in_file(tmp_path / "in.csv", *lines), workers=4).created == 16
    for text in (tmp_path / "parts").read_text().splitlines():
        owner, pid = text.split()
        places.add((int(owner), int(pid)))
    assert len(places) == 8
    assert len({pid for _owner, pid in places}) > 1


@pytest.mark.postgres
def test_within_a_transaction_nothing_is_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process would not see what is not committed: neither in a dry run nor within the caller's transaction."""
    seen: list[int] = []

    def note(real: Any, _rows: Any) -> Any:
        seen.append(os.getpid())
        return real()

    in_batches(monkeypatch, note)
    _loans, lines = loans_and_lines(6)
    path = in_file(tmp_path / "in.csv", *lines)
    assert take(path, workers=2, dry_run=True).created == 6
    assert not ImportRun.objects.exists()
    with transaction.atomic():
        assert take(path, workers=2).created == 6
    assert set(seen) == {os.getpid()}


@pytest.mark.postgres
def test_all_are_told_of_as_they_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_batches(monkeypatch, lambda real, _rows: real())
    _loans, lines = loans_and_lines(9)
    steps: list[int] = []
    result = take(
        in_file(tmp_path / "in.csv", *lines), workers=2, progress=lambda done, total: steps.append(done)
    )
    assert steps == sorted(steps)
    assert (steps[-1], result.rows_read) == (9, 9)
    assert len(steps) >= 5
    assert result.figures["received"] == str(9 * Decimal("1080.98"))
    assert result.figures["loans_touched"] == 9
