"""The close of a typical day over the whole book, against the one aggregate that finds overdue amounts and against a
loop over the loans.

DATABASE_URL=postgres://… python bench/close_day.py [--loans 1000000] [--out close.json]

Twelve instalments a loan. Four days are closed:

* one on which 3 % of the loans change: two in three fall overdue (and get a case), one in three comes to its 31st day
  past due. Those are loans of a few days of payment, whose rows lie together as they came into the table, or as they
  were last written on the due day before: each row is written once on its due day, day by day, before it is measured.
  That so many change means that three in five of what falls due goes unpaid;
* one on which they lie scattered over the whole table, each on a page of its own: the worst that can be;
* one like the first, whose close is killed within a part and called again;
* an ordinary one: one in ten of what falls due goes unpaid, one in thirty for a month.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings.test")

import django  # noqa: E402

django.setup()

from _loan_book import grow, product  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from backoffice.core import context  # noqa: E402
from backoffice.core.time import start_of_day  # noqa: E402
from backoffice.loans.importing import BorrowerRow, LoanRow, PaymentRow  # noqa: E402
from backoffice.loans.models import Creditor, Loan, TermsVersion  # noqa: E402
from backoffice.loans.policy import loan_policy  # noqa: E402
from backoffice.loans.posting import take_standing  # noqa: E402
from backoffice.loans.seed_people import mobile, resident_id  # noqa: E402
from backoffice.loans.services import closing_loans, import_borrowers, import_loans  # noqa: E402
from backoffice.loans.services.closing import close_day  # noqa: E402
from backoffice.staff.services import system_user  # noqa: E402
from debt_collections.models import Case  # noqa: E402

DAY = date(2026, 11, 16)
NIGHT = start_of_day(DAY + timedelta(days=1)) + timedelta(minutes=30)
#: As the nightly run has it; the aggregate, too, is spread over processes by PostgreSQL.
WORKERS = 2
#: The copies have the ids after this one.
FIRST = 1_000
#: Loans of the loop that is measured; at its speed the book would take an hour.
SAMPLE = 400
AGGREGATE = """
SELECT count(*), sum(open) FROM (
    SELECT loan_id, min(due_on), sum(principal_due + interest_due + fee_due
        - principal_paid - interest_paid - fee_paid) AS open
    FROM loans_instalment
    WHERE due_on < %s AND principal_due + interest_due + fee_due > principal_paid + interest_paid + fee_paid
    GROUP BY loan_id
) AS overdue
"""


def templates(by: Any, loans: int) -> dict[int, str]:
    """Loans due on the 15th to the 18th of the month, and which copies are to be which."""
    TermsVersion.objects.create(
        product=product(), number=1, text="条款", state="published", effective_from=date(2020, 1, 1)
    )
    creditor = Creditor.objects.create(name="测试小贷", group="测试集团")
    start = start_of_day(date(2026, 5, 1))
    import_borrowers(
        [
            BorrowerRow(f"C{n}", "张三", resident_id(date(1990, 1, 1), n), mobile(n), start)
            for n in range(1, 10)
        ],
        by=by,
        at=start,
    )
    made = []
    # Due on the 15th and paid so far. Then for each day, the 16th, 17th, 18th and 20th: one unpaid since the day
    # before, one unpaid for 31 days.
    for number, (first, paid) in enumerate(
        ((15, 6), (15, 5), (16, 4), (16, 5), (17, 4), (17, 5), (18, 4), (19, 5), (20, 4)), start=1
    ):
        row = LoanRow(
            number=f"T{number}",
            customer_number=f"C{number}",
            product_code="P1",
            creditor_name=creditor.name,
            principal=Decimal("12000.00"),
            annual_rate=Decimal("0.146"),
            periods=12,
            disbursed_on=date(2026, 5, first),
            payments=[
                PaymentRow(f"T{number}-{n}", start_of_day(date(2026, n, first)), Decimal("1080.98"), "debit")
                for n in (6, 7, 8, 9, 10, 11)[:paid]
            ],
        )
        made += import_loans([row], by=by, at=start_of_day(DAY) - timedelta(hours=9)).created
    good, *others = (loan.pk for loan in made)
    close_day(day=DAY - timedelta(days=1), by=by, at=start_of_day(DAY) + timedelta(minutes=30))
    due_on = due_day(loans)
    conditions = (
        f"{due_on} = 15 AND g % 10 < 6",
        f"{due_on} = 16 AND g % 10 < 3",
        "g % 94 IN (17, 61)",
        "g % 94 = 83",
        f"{due_on} = 17 AND g % 10 < 6",
        f"{due_on} = 18 AND g % 10 < 3",
        f"{due_on} = 19 AND g % 10 = 9",
        f"{due_on} = 20 AND g % 30 = 29",
    )
    # The scattered ones are of the rest.
    order = (0, 1, 4, 5, 6, 7, 2, 3)
    return {**{others[place]: conditions[place] for place in order}, good: "TRUE"}


def due_day(loans: int) -> str:
    """The day of the month on which a loan falls due, in SQL: as many are paid out on each of 180 days."""
    return f"(g / {loans // 180 + 1} % 30 + 1)"


def live_through_a_month(loans: int) -> None:
    """Every loan's row is written once, on its due day; the database cleans up every few days, as it does by itself."""
    due_on = due_day(loans).replace("g", f"(id - {FIRST})")
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for day in range(1, 31):
            cursor.execute(f"UPDATE loans_loan SET number = number WHERE {due_on} = {day}")  # noqa: S608
            if day % 5 == 0:
                cursor.execute("VACUUM loans_loan")
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE loans_loan")


def timed(work: Any) -> tuple[float, Any]:
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def aggregate(processes: int | None = None) -> Any:
    with transaction.atomic(), connection.cursor() as cursor:
        if processes is not None:
            cursor.execute(f"SET LOCAL max_parallel_workers_per_gather = {processes - 1}")
        cursor.execute(AGGREGATE, [DAY])
        return cursor.fetchone()


def loop(loans: int) -> None:
    """As one would write it without a plan: every loan read, judged, saved with its history."""
    policy = loan_policy(on=DAY)
    for pk in random.Random(1).sample(range(FIRST + 1, FIRST + 1 + loans), SAMPLE):
        with transaction.atomic():
            loan = Loan.objects.select_for_update().get(pk=pk)
            rows = list(loan.instalments.filter(schedule_version=loan.schedule_version).order_by("sequence"))
            take_standing(loan, rows, on=DAY, policy=policy, spells=loan.overdue_spells, closing=True)
            loan.save()


class Killed(BaseException):
    """The process went away."""


def killed_and_resumed(by: Any) -> Any:
    """The close of the third day: killed when its middle part is nearly written, then called again."""
    day, night = DAY + timedelta(days=2), NIGHT + timedelta(days=2)
    count, middle = iter(range(1_000_000)), len(closing_loans.loan_parts(day=day)) // 2
    write = closing_loans._Batch.write

    def killed(batch: Any, *, at: Any) -> int:
        rows = write(batch, at=at)
        if next(count) == middle:
            raise Killed
        return rows

    closing_loans._Batch.write = killed  # type: ignore[method-assign]
    try:
        close_day(day=day, by=by, at=night, workers=WORKERS)
    except Killed:
        pass
    finally:
        closing_loans._Batch.write = write  # type: ignore[method-assign]
    [done] = close_day(day=day, by=by, at=night, workers=WORKERS)
    return done


def closed(by: Any, *, days: int = 0) -> tuple[float, float, Any]:
    """The close of a day: seconds until the last part of its loans was committed, of all steps, and what it did."""
    with connection.cursor() as cursor:
        # So that nothing of what was before is written while the close is measured.
        cursor.execute("CHECKPOINT")
    more = timedelta(days=days)
    started, ended = time.perf_counter(), {}

    def told(run: Any) -> None:
        ended[run.step] = time.perf_counter() - started

    [done] = close_day(day=DAY + more, by=by, at=NIGHT + more, workers=WORKERS, progress=told)
    return ended["loans"], time.perf_counter() - started, done


def run(loans: int) -> dict[str, Any]:
    by = system_user("close")
    with context.entering("command"), context.acting(by=by, reason_code="bench"):
        seconds, _none = timed(lambda: grow(templates(by, loans), loans, first_id=FIRST))
        print(f"{loans:,} loans, {12 * loans:,} instalments made in {seconds:.0f} s", flush=True)
        live_through_a_month(loans)
        aggregate()
        reading = [timed(aggregate)[0] for _ in range(3)]
        alone = sorted(timed(lambda: aggregate(1))[0] for _ in range(3))[1]
        with transaction.atomic():
            each = timed(lambda: loop(loans))[0] / SAMPLE
            transaction.set_rollback(True)
    with context.entering("command", actor=by):
        closing, whole, done = closed(by)
        reading.append(timed(aggregate)[0])
        scattered, _whole, done_scattered = closed(by, days=1)
        reading.append(timed(aggregate)[0])
        twice, again = timed(lambda: killed_and_resumed(by))
        # Those of the third day whose next instalment falls due on it, so that they are not among the ordinary ones.
        closed(by, days=3)
        reading.append(timed(aggregate)[0])
        cases = Case.objects.count()
        _loans, ordinary, done_ordinary = closed(by, days=4)
        cases = Case.objects.count() - cases
    middle = sorted(reading)[len(reading) // 2]
    return {
        "loans": loans,
        "aggregate_seconds": [round(one, 2) for one in reading],
        "aggregate_in_one_process_seconds": round(alone, 2),
        "close_seconds": round(closing, 2),
        "close_scattered_seconds": round(scattered, 2),
        "close_with_cases_seconds": round(whole, 2),
        "killed_and_resumed_seconds": round(twice, 2),
        "ordinary_with_cases_seconds": round(ordinary, 2),
        "touched": done.touched,
        "touched_scattered": done_scattered.touched,
        "touched_after_kill": again.touched,
        "touched_ordinary": done_ordinary.touched,
        "cases_ordinary": cases,
        "rows": done.rows,
        "cases_opened": Case.objects.count(),
        "close_to_aggregate": round(closing / middle, 2),
        "close_scattered_to_aggregate": round(scattered / middle, 2),
        "close_to_aggregate_in_one_process": round(closing / alone, 2),
        "close_with_cases_to_aggregate": round(whole / middle, 2),
        "killed_and_resumed_to_aggregate": round(twice / middle, 2),
        "ordinary_with_cases_to_aggregate": round(ordinary / middle, 2),
        "loop_ms_per_loan": round(1000 * each, 2),
        "loop_over_the_book_to_close": round(each * loans / closing),
        "loop_over_what_changed_to_close": round(each * done.touched / closing, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--loans", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if connection.vendor != "postgresql":
        sys.exit("This benchmark needs PostgreSQL: set DATABASE_URL.")
    # Tables from the models: they are those of the migrations, and sooner there.
    connection.settings_dict["TEST"]["MIGRATE"] = False
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        result = run(options.loans)
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)
    print(json.dumps(result, indent=2))
    if options.out:
        options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
