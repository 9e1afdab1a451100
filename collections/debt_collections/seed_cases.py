"""Who works on the demo's collection desk, and on which cases."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta

from backoffice.core.time import start_of_day
from backoffice.loans.models import Loan
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from debt_collections import services
from debt_collections.models import Agency, Collector
from debt_collections.seed_words import GIVEN, SURNAMES
from debt_collections.services import CaseRow, PlacementRow

#: How far back the demo goes.
DAYS = 180
PER_AGENCY = 24


def make_collectors(
    rng: random.Random, agencies: Sequence[Agency], *, today: date, by: User
) -> list[Collector]:
    """The same number at each agency; the first of 恒信 and of 嘉禾 are the careless ones, a few have run out."""
    login = User.objects.filter(groups__name=Role.COLLECTOR.value).order_by("pk").first()
    names = ["陈立", "马超"]
    made = []
    for agency in agencies:
        for number in range(1, PER_AGENCY + 1):
            careless = number == 1 and agency.code in {"HX", "JH"}
            name = names.pop(0) if careless else rng.choice(SURNAMES) + rng.choice(GIVEN)
            began = today - timedelta(days=rng.randrange(300, 700))
            collector = services.register_collector(
                agency=agency,
                staff_number=f"{agency.code}{number:03d}",
                name=name,
                user=login if agency.code == "HX" and number == 2 else None,
                by=by,
                at=start_of_day(began),
            )
            ran_out = number == PER_AGENCY and agency.code != "ZY"
            until = today - timedelta(days=25) if ran_out else today + timedelta(days=rng.randrange(30, 330))
            made.append(
                services.authorise_collector(
                    collector=collector,
                    background_checked_on=began - timedelta(days=10),
                    from_on=began,
                    until=until,
                    by=by,
                    at=start_of_day(began),
                )
            )
    return made


def case_rows(
    rng: random.Random, loans: Sequence[Loan], collectors: Sequence[Collector], *, today: date
) -> list[CaseRow]:
    """An open case per borrower who is overdue, and some that were cured within the half year."""
    own = [one for one in collectors if one.staff_number.startswith("ZY")]
    outside = [one for one in collectors if not one.staff_number.startswith("ZY")]
    owed: dict[int, list[Loan]] = {}
    free: dict[int, list[Loan]] = {}
    for loan in loans:
        late = loan.oldest_unpaid_due_on is not None and loan.oldest_unpaid_due_on < today
        (owed if late else free).setdefault(loan.borrower_id, []).append(loan)
    rows = [_open_row(rng, borrower_id, mine, own, outside, today) for borrower_id, mine in owed.items()]
    quiet = [borrower_id for borrower_id in free if borrower_id not in owed]
    for borrower_id in rng.sample(quiet, k=min(len(quiet), len(rows) // 4)):
        opened = today - timedelta(days=rng.randrange(40, DAYS))
        closed = opened + timedelta(days=rng.randrange(5, 35))
        taker = rng.choice(own)
        placement = PlacementRow(taker.agency_id, taker.pk, opened, closed, None)
        loan_ids = tuple(loan.pk for loan in free[borrower_id] if loan.disbursed_on < opened)
        if loan_ids:
            rows.append(
                CaseRow(borrower_id, loan_ids, opened, "contact", closed, "cured", placements=(placement,))
            )
    return rows


def _open_row(
    rng: random.Random,
    borrower_id: int,
    loans: Sequence[Loan],
    own: Sequence[Collector],
    outside: Sequence[Collector],
    today: date,
) -> CaseRow:
    """First our own floor; after a month an outside agency, which the borrower was told of the day before."""
    since = min(loan.oldest_unpaid_due_on for loan in loans if loan.oldest_unpaid_due_on)
    opened = min(max(since + timedelta(days=1), today - timedelta(days=DAYS)), today)
    days = (today - since).days
    stage = "contact" if days <= 60 else "notice" if days <= 150 else "legal"
    first = rng.choice(own)
    moved = opened + timedelta(days=rng.randrange(12, 31))
    if moved >= today:
        placements = [PlacementRow(first.agency_id, first.pk, opened, None, None)]
    else:
        taker = rng.choice(outside)
        told_at = start_of_day(moved) - timedelta(hours=8)
        placements = [
            PlacementRow(first.agency_id, first.pk, opened, moved, None),
            PlacementRow(taker.agency_id, taker.pk, moved, None, told_at),
        ]
    return CaseRow(borrower_id, tuple(loan.pk for loan in loans), opened, stage, placements=tuple(placements))
