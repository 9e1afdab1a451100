"""Import of repayments from a file, with allocation, posted amounts, history and events, against a resource of
django-import-export for the same file, bare and doing the same, and against simple-history's bulk helper.

DATABASE_URL=postgres://… python bench/import_repayments.py [--loans 100000] [--rows 100000] [--out import.json]

Of the rows 1 % are back-dated and make the whole loan be derived anew, 10 % pay less than an instalment, 20 % pay a
loan that is overdue, with its default interest; the others pay an instalment when it is due.
"""

from __future__ import annotations

import argparse
import cProfile
import csv
import json
import os
import pstats
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings.test")

import django  # noqa: E402

django.setup()

import tablib  # noqa: E402
from _loan_book import clone, grow, product, unchecked  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from import_export import fields, resources, widgets  # noqa: E402
from simple_history.utils import bulk_create_with_history as library_bulk_create  # noqa: E402

from backoffice.core import context  # noqa: E402
from backoffice.core.models import PolicyValue  # noqa: E402
from backoffice.core.time import start_of_day  # noqa: E402
from backoffice.loans.importing import BorrowerRow, LoanRow, PaymentRow  # noqa: E402
from backoffice.loans.models import (  # noqa: E402
    Creditor,
    Instalment,
    Loan,
    Repayment,
    RepaymentAllocation,
    TermsVersion,
)
from backoffice.loans.seed_people import mobile, resident_id  # noqa: E402
from backoffice.loans.services import import_borrowers, import_loans, post_repayment  # noqa: E402
from backoffice.loans.services.file_imports import import_repayments_file  # noqa: E402
from backoffice.staff.services import system_user  # noqa: E402

NOW = start_of_day(date(2026, 11, 23)) + timedelta(hours=10)
#: Enough for a rate that stays put; at its speed the whole file would take minutes.
SAMPLE = 2_000
#: What the command takes by itself on two processors.
WORKERS = 2
BARE = 20_000
PAGE = 1_000
HEADER = ("借据号", "流水号", "入账时间", "还款金额", "还款方式")


# --- the book ----------------------------------------------------------------------------------------------


def template(by: Any) -> tuple[Loan, Loan]:
    """One loan paid in time so far, and one whose last instalment is overdue."""
    import_borrowers(
        [
            BorrowerRow(f"C{number}", "张三", resident_id(date(1990, 1, 1), number), mobile(number), NOW)
            for number in (1, 2)
        ],
        by=by,
        at=NOW,
    )
    TermsVersion.objects.create(
        product=product(), number=1, text="条款", state="published", effective_from=date(2020, 1, 1)
    )
    creditor = Creditor.objects.create(name="测试小贷", group="测试集团")
    # Due on the 15th: the first loan has everything paid that fell due before 15 November, the second not October's.
    loans = []
    for number, months in ((1, range(7, 11)), (2, range(7, 10))):
        payments = [
            PaymentRow(f"T{number}-{month}", start_of_day(date(2026, month, 15)), Decimal("1080.98"), "debit")
            for month in months
        ]
        row = LoanRow(
            number=f"T{number}",
            customer_number=f"C{number}",
            product_code="P1",
            creditor_name=creditor.name,
            principal=Decimal("12000.00"),
            annual_rate=Decimal("0.146"),
            periods=12,
            disbursed_on=date(2026, 6, 15),
            payments=payments,
        )
        made = import_loans([row], by=by, at=start_of_day(date(2026, 11, 1)) + timedelta(hours=9))
        loans += made.created
    return loans[0], loans[1]


def fill(loan: Loan, count: int, offset: int) -> None:
    """``count`` more loans like this one, their borrowers and their money, with ids from ``offset`` on."""
    grow({loan.pk: "TRUE"}, count, first_id=offset)
    at = f"{offset} + g"
    with unchecked():
        clone(
            Instalment.history.model,
            f"t.loan_id = {loan.pk}",
            1,
            count,
            id=f"20 * ({at}) + t.sequence",
            loan_id=at,
            history_id="nextval(pg_get_serial_sequence('loans_historicalinstalment', 'history_id'))",
        )
        clone_money(loan, count, offset)


def clone_money(loan: Loan, count: int, offset: int) -> None:
    at = f"{offset} + g"
    paid = list(Repayment.objects.filter(loan=loan).order_by("received_at"))
    for place, one in enumerate(paid):
        clone(
            Repayment,
            f"t.id = {one.pk}",
            1,
            count,
            id=f"20 * ({at}) + {place}",
            loan_id=at,
            external_id=f"'R{offset}-' || g || '-{place}'",
        )
    run = loan.posting_runs.get()
    clone(type(run), f"t.id = {run.pk}", 1, count, id=at, loan_id=at)
    for place, share in enumerate(RepaymentAllocation.objects.filter(posting_run=run).order_by("pk")):
        earlier = Repayment.objects.filter(loan=loan, received_at__lt=share.repayment.received_at).count()
        clone(
            RepaymentAllocation,
            f"t.id = {share.pk}",
            1,
            count,
            id=f"40 * ({at}) + {place}",
            posting_run_id=at,
            repayment_id=f"20 * ({at}) + {earlier}",
            instalment_id=f"20 * ({at}) + {share.instalment.sequence}",
        )


def settle_database() -> None:
    """Sequences behind what was put in, and statistics, as a book that grew by itself has them."""
    with connection.cursor() as cursor:
        for model in (Repayment, RepaymentAllocation):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{model._meta.db_table}', 'id'), "  # noqa: S608
                f'(SELECT max(id) + 1 FROM "{model._meta.db_table}"))'
            )
        cursor.execute(
            "SELECT setval(pg_get_serial_sequence('loans_postingrun', 'id'), "
            "(SELECT max(id) + 1 FROM loans_postingrun))"
        )
        cursor.execute("ANALYZE")


# --- the file ----------------------------------------------------------------------------------------------


def write_file(path: Path, *, loans: int, rows: int) -> None:
    """Payments of the loans in turn; a second round pays the next instalment."""
    late = loans // 5
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for position in range(rows):
            place, turn = position % loans, position // loans
            moment = datetime(2026, 11, 15, 8, 0, 0) + timedelta(days=turn, seconds=place % 3600)
            amount = "1080.98"
            if place < late:
                number = f"L2000000-{place + 1}"
                # Instalment and default interest of 31 days on its principal.
                amount = "1099.20"
            else:
                number = f"L1000000-{place - late + 1}"
                if place % 10 == 0:
                    amount = f"{100 + place % 700}.{place % 100:02}"
                if place % 100 == 7:
                    moment = moment.replace(month=10, day=10)
            writer.writerow(
                [number, f"N{position}", moment.strftime("%Y-%m-%d %H:%M:%S"), amount, "银行代扣"]
            )


# --- the three ways ----------------------------------------------------------------------------------------


class RepaymentResource(resources.ModelResource):
    """As one would write it after the manual: rows of the table, without allocation, standing or history."""

    loan = fields.Field("loan", "借据号", widget=widgets.ForeignKeyWidget(Loan, "number"))
    external_id = fields.Field("external_id", "流水号")
    received_at = fields.Field("received_at", "入账时间", widget=widgets.DateTimeWidget("%Y-%m-%d %H:%M:%S"))
    amount = fields.Field("amount", "还款金额", widget=widgets.DecimalWidget())
    channel = fields.Field("channel", "还款方式")

    class Meta:
        model = Repayment
        import_id_fields = ("external_id",)
        fields = ("loan", "external_id", "received_at", "amount", "channel")

    def before_save_instance(self, instance: Repayment, row: Any, **kwargs: Any) -> None:
        instance.creditor_id = instance.loan.creditor_id


class PostingResource(RepaymentResource):
    """The same, doing all that ours does: each row by the call that a clerk's form makes."""

    def save_instance(self, instance: Repayment, is_create: bool, row: Any, **kwargs: Any) -> None:
        post_repayment(
            loan=instance.loan,
            external_id=instance.external_id,
            amount=instance.amount,
            received_at=instance.received_at,
            channel=instance.channel,
            by=system_user("bench"),
            at=NOW,
        )


def resource(path: Path, kind: type[RepaymentResource], *, sample: int) -> float:
    """Rows a second of a resource in one process, over rows from the whole of the file, taken back once the database
    has checked them as it would at the commit."""
    with path.open(encoding="utf-8") as file:
        rows = list(csv.reader(file))[1:]
        # By a step that has nothing in common with how the file is made, so that each kind has its share.
        rows = [rows[place * 7919 % len(rows)] for place in range(min(sample, len(rows)))]
    data = tablib.Dataset(*[[*row[:4], "debit"] for row in rows], headers=HEADER)
    with transaction.atomic():
        started = time.perf_counter()
        result = kind().import_data(data, dry_run=False)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        taken = time.perf_counter() - started
        if result.has_errors() or result.has_validation_errors():
            sys.exit(f"wrong: {result.row_errors()[:1]}")
        transaction.set_rollback(True)
    return len(rows) / taken


def library(by: Any) -> float:
    """Bare rows a second with the library's bulk helper, taken back."""
    acting = context.require()
    rows = [
        PolicyValue(
            code="bench.number",
            value=number,
            unit="days",
            effective_from=date(1900, 1, 1) + timedelta(days=number),
            title="A number",
            source="bench",
            legal_force="policy",
            confidence="inferred",
        )
        for number in range(BARE)
    ]
    with transaction.atomic():
        started = time.perf_counter()
        library_bulk_create(
            rows,
            PolicyValue,
            batch_size=500,
            default_user=by,
            default_change_reason="bench",
            custom_historical_attrs={
                "history_actor_name": acting.actor_name,
                "history_entry_point": acting.entry_point,
                "history_request_id": acting.request_id,
            },
        )
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        taken = time.perf_counter() - started
        transaction.set_rollback(True)
    return len(rows) / taken


def ours(path: Path, by: Any) -> tuple[float, Any]:
    """Rows a second from the file to the last commit, and what came of it."""
    mapping = Path(settings.BASE_DIR, "backoffice/loans/mappings/repayments.toml")
    started = time.perf_counter()
    result = import_repayments_file(path=path, mapping_path=mapping, by=by, at=NOW, workers=WORKERS)
    taken = time.perf_counter() - started
    if result.errors or not result.created:
        sys.exit(f"wrong: {result.errors[:3]}")
    return result.created / taken, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loans", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--profile", action="store_true", help="print where our way spends its time")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if connection.vendor != "postgresql":
        sys.exit("This benchmark needs PostgreSQL: set DATABASE_URL.")
    # Tables from the models: they are those of the migrations, and sooner there.
    connection.settings_dict["TEST"]["MIGRATE"] = False
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        with (
            context.acting(by=system_user("bench"), reason_code="bench"),
            tempfile.TemporaryDirectory() as folder,
        ):
            result = measure(Path(folder), loans=options.loans, rows=options.rows, profile=options.profile)
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)
    print(json.dumps(result, indent=2))
    if options.out:
        options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def measure(folder: Path, *, loans: int, rows: int, profile: bool) -> dict[str, Any]:
    by = system_user("bench")
    in_time, overdue = template(by)
    fill(in_time, loans - loans // 5, 1_000_000)
    fill(overdue, loans // 5, 2_000_000)
    settle_database()
    path = folder / "repayments.csv"
    write_file(path, loans=loans, rows=rows)
    bare = library(by)
    one_by_one = resource(path, RepaymentResource, sample=SAMPLE)
    with context.entering("command", actor=by):
        posting = resource(path, PostingResource, sample=SAMPLE // 10)
    work: Callable[[], tuple[float, Any]] = lambda: ours(path, by)  # noqa: E731
    if profile:
        profiler = cProfile.Profile()
        rate, done = profiler.runcall(work)
        pstats.Stats(profiler).sort_stats("tottime").print_stats(45)
    else:
        rate, done = work()
    return {
        "database": connection.vendor,
        "loans": loans,
        "rows": rows,
        "rows_per_second": round(rate),
        "resource_rows_per_second": round(one_by_one),
        "posting_resource_rows_per_second": round(posting),
        "bare_history_rows_per_second": round(bare),
        "to_resource": round(rate / one_by_one, 1),
        "to_posting_resource": round(rate / posting, 1),
        "to_bare_history": round(rate / bare, 2),
        "figures": done.figures,
    }


if __name__ == "__main__":
    main()
