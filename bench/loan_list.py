"""Is the list of loans as quick at a million loans as at a thousand, by whatever it is narrowed or put in order?

DATABASE_URL=postgres://… python bench/loan_list.py [--rows 1000000] [--out loan_list.json]

Fills loans with twelve instalments each set-based, then asks the page itself, signed in, through the test client: all
of view, template and database. A page that shows more rows takes longer to draw, so the ratio of pages is told where as
many are shown; the time of its statements alone and the rows they touched are told for all.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bench")]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings.test")

from scripts.tests import local_postgres  # noqa: E402

if not os.environ.get("DATABASE_URL") and (server := local_postgres()):
    os.environ["DATABASE_URL"] = server

import django  # noqa: E402

django.setup()

from _loan_book import clone, folder, people, product, unchecked  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext, setup_test_environment  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from backoffice.core import context  # noqa: E402
from backoffice.core.time import business_day, start_of_day  # noqa: E402
from backoffice.loans.importing import BorrowerRow, LoanRow  # noqa: E402
from backoffice.loans.models import Creditor, Instalment, Loan, LoanProduct, TermsVersion  # noqa: E402
from backoffice.loans.seed_people import mobile, resident_id  # noqa: E402
from backoffice.loans.services import import_borrowers, import_loans  # noqa: E402
from backoffice.staff.models import User  # noqa: E402
from backoffice.staff.roles import Role  # noqa: E402
from backoffice.staff.services import create_user, system_user  # noqa: E402

FEW = 1_000
PRODUCTS, CREDITORS = 40, 5
REPEATS = 9
MOST_QUERIES = 6
#: Session, person, their own rights and their groups': what any page costs; and the read row of this one.
COMMON = 4
#: No statement of a page may look at more rows than this, however many there are.
MOST_TOUCHED = 50_000
#: Days past due of an overdue loan, spread over all buckets; three loans in ten are overdue.
DAYS = "(1 + (g % 400) * 7919 % 400)"
IS_OVERDUE = "(g % 10 < 3)"


def template(by: Any) -> Loan:
    """One loan through the real services; the others are copies of its rows."""
    at = timezone.now()
    person = BorrowerRow("C1", "张三", resident_id(date(1990, 1, 1), 1), mobile(1), at)
    import_borrowers([person], by=by, at=at)
    for number in range(1, PRODUCTS + 1):
        last = product(f"P{number}")
    TermsVersion.objects.create(
        product=last, number=1, text="条款", state="published", effective_from=date(2020, 1, 1)
    )
    for number in range(1, CREDITORS + 1):
        creditor = Creditor.objects.create(name=f"测试小贷{number}", group="测试集团")
    row = LoanRow(
        number="T1",
        customer_number="C1",
        product_code=last.code,
        creditor_name=creditor.name,
        principal=Decimal("12000.00"),
        annual_rate=Decimal("0.146"),
        periods=12,
        disbursed_on=business_day(at) - timedelta(days=20),
    )
    return import_loans([row], by=by, at=at).created[0]


def fill(loan: Loan, first: int, last: int) -> None:
    """Bring the book to ``last`` loans more: all classes, kinds, buckets, products (one of them rare) and creditors."""
    day = business_day(timezone.now()).isoformat()
    products = list(LoanProduct.objects.order_by("pk").values_list("pk", flat=True))
    creditors = list(Creditor.objects.order_by("pk").values_list("pk", flat=True))
    at = "1000 + g"
    with unchecked():
        people(loan, first, last, first_id=1_000)
        folder(loan.dossier_id, "L", first, last, key=f"2 * ({at}) + 1")
        clone(
            Loan,
            f"t.id = {loan.pk}",
            first,
            last,
            id=at,
            number="'L' || g",
            dossier_id=f"2 * ({at}) + 1",
            borrower_id=at,
            product_id=f"CASE WHEN g % 10000 = 7 THEN {products[-1]} ELSE {products[0]} + g % {PRODUCTS - 1} END",
            creditor_id=f"{creditors[0]} + g % {CREDITORS}",
            state="CASE WHEN g % 10 >= 8 THEN 'settled' ELSE 'active' END",
            oldest_unpaid_due_on=f"CASE WHEN {IS_OVERDUE} THEN date '{day}' - {DAYS} END",
            overdue_kind=f"CASE WHEN NOT {IS_OVERDUE} THEN 'none' WHEN {DAYS} > 90 THEN 'long_term' ELSE 'minor' END",
            risk_class=(
                f"CASE WHEN NOT {IS_OVERDUE} OR {DAYS} <= 7 THEN 'normal' WHEN {DAYS} <= 90 THEN 'special_mention' "
                f"WHEN {DAYS} <= 270 THEN 'substandard' WHEN {DAYS} <= 360 THEN 'doubtful' ELSE 'loss' END"
            ),
        )
        clone(
            Instalment,
            f"t.loan_id = {loan.pk}",
            first,
            last,
            id=f"20 * ({at}) + t.sequence",
            loan_id=at,
        )


def questions(rows: int) -> dict[str, dict[str, Any]]:
    """Name of a question → parameters of the list."""
    rare = LoanProduct.objects.latest("pk").pk
    usual, creditor = LoanProduct.objects.earliest("pk").pk, Creditor.objects.earliest("pk").pk
    return {
        "all": {},
        "twentieth_page": {"p": 20},
        "active": {"state__exact": "active"},
        "overdue": {"overdue": "yes"},
        "bucket_m1": {"bucket": "M1"},
        "bucket_m6": {"bucket": "M6"},
        "class_loss": {"risk_class__exact": "loss"},
        "class_normal": {"risk_class__exact": "normal"},
        "long_term": {"overdue_kind__exact": "long_term"},
        "product": {"product": usual},
        "rare_product": {"product": rare},
        "creditor": {"creditor": creditor},
        "several": {"bucket": "M4", "creditor": creditor, "state__exact": "active"},
        "most_overdue_first": {"o": "-6"},
        "least_overdue_first": {"o": "6"},
        "by_number": {"q": f"L{rows // 2}"},
    }


def measure(client: Client, rows: int) -> dict[str, dict[str, Any]]:
    """Of each question the median milliseconds of page and statements, their number, rows shown and rows touched."""
    url, found = reverse("admin:loans_loan_changelist"), {}
    spent = 0.0

    def timed(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal spent
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent += time.perf_counter() - started

    for name, query in questions(rows).items():

        def ask(query: dict[str, Any] = query) -> int:
            answer = client.get(url, query)
            if answer.status_code != 200:
                sys.exit(f"{url} {query}: {answer.status_code}")
            return len(answer.context["cl"].result_list)

        shown, pages, statements = ask(), [], []
        with connection.execute_wrapper(timed):
            for _repeat in range(REPEATS):
                spent, started = 0.0, time.perf_counter()
                ask()
                pages.append((time.perf_counter() - started) * 1000)
                statements.append(spent * 1000)
        with CaptureQueriesContext(connection) as captured:
            ask()
        sqls = [one["sql"] for one in captured.captured_queries]
        found[name] = {
            "shown": shown,
            "page": round(statistics.median(pages), 1),
            "database": round(statistics.median(statements), 2),
            "statements": len(sqls) - COMMON,
            "touched": max(touched(sql) for sql in sqls if sql.startswith("SELECT")),
        }
    return found


def touched(sql: str) -> int:
    """How many rows the scans of a statement looked at."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        (plan,) = cursor.fetchone()
    return _touched((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])


def _touched(node: dict[str, Any]) -> int:
    own = 0
    if "Relation Name" in node:
        looked_at = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        own = round((looked_at + node.get("Rows Removed by Index Recheck", 0)) * node["Actual Loops"])
    return own + sum(_touched(one) for one in node.get("Plans", ()))


def run(rows: int) -> dict[str, Any]:
    # The counts of the sidebar are another question (they are bounded, and kept for seconds).
    settings.SIDEBAR_CACHE_SECONDS = 3600
    robot = system_user("bench")
    with context.entering("command", actor=robot):
        officer: User = create_user(
            username="officer",
            full_name="Bench",
            roles=[Role.LOAN_OFFICER],
            password=None,
            by=robot,
            at=start_of_day(date(2026, 1, 1)),
        )
        with context.acting(by=robot, reason_code="bench"):
            loan = template(robot)
    client = Client()
    client.force_login(officer, backend="django.contrib.auth.backends.ModelBackend")
    fill(loan, 1, FEW)
    few = measure(client, FEW)
    started = time.perf_counter()
    fill(loan, FEW + 1, rows)
    filled = time.perf_counter() - started
    many = measure(client, rows)
    same = [name for name in few if few[name]["shown"] == many[name]["shown"]]
    return {
        "loans": rows,
        "fill_seconds": round(filled, 1),
        "at_1000": few,
        "at_rows": many,
        "ratio_of_pages": {name: round(many[name]["page"] / few[name]["page"], 2) for name in same},
        "ratio_of_statements": {
            name: round(many[name]["database"] / few[name]["database"], 2) for name in few
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if connection.vendor != "postgresql":
        sys.exit("This benchmark needs PostgreSQL: set DATABASE_URL.")
    setup_test_environment()
    # Tables from the models: they are those of the migrations, and sooner there.
    connection.settings_dict["TEST"]["MIGRATE"] = False
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        result = {"database": connection.vendor, **run(options.rows)}
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)
    print(json.dumps(result, indent=2))
    if options.out:
        options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if max(one["touched"] for one in result["at_rows"].values()) > MOST_TOUCHED:
        sys.exit(f"A statement of the list looks at more than {MOST_TOUCHED} rows.")
    if max(one["statements"] for one in result["at_rows"].values()) > MOST_QUERIES:
        sys.exit(f"The list costs more than {MOST_QUERIES} statements of its own.")


if __name__ == "__main__":
    main()
