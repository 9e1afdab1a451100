"""Borrowers in collection, made through the collection desk's services on a minimal loan book."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from backoffice.core import context
from backoffice.core.choices import DossierKind
from backoffice.core.services import open_dossier
from backoffice.core.time import SHANGHAI
from backoffice.loans.models import (
    Borrower,
    ContactConsent,
    Creditor,
    Loan,
    LoanProduct,
    PhoneNumber,
    TermsVersion,
)
from backoffice.privacy.services import create_subjects, set_personal
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from backoffice.staff.services import system_user
from conduct.models import AllegedContact
from conduct.services import register_alleged_contact
from debt_collections import services
from debt_collections.models import Agency, Case, Collector, ContactAttempt, Placement
from tests.factories.staff import person

#: Monday, 10:00 in Shanghai.
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def system() -> User:
    return system_user("tests")


def officer() -> User:
    """The loan officer who runs the collection desk."""
    return User.objects.filter(username="officer").first() or person(Role.LOAN_OFFICER, username="officer")


def shanghai(text: str) -> datetime:
    """``2026-11-20 23:10`` in Shanghai."""
    return datetime.fromisoformat(f"{text}+08:00")


def creditor(name: str = "华信小额贷款有限公司", group: str = "华信") -> Creditor:
    with context.acting(by=system(), reason_code="test"):
        return Creditor.objects.get_or_create(name=name, defaults={"group": group})[0]


def borrower(name: str = "王小明") -> Borrower:
    number = next(_numbers)
    with context.acting(by=system(), reason_code="test"):
        [subject] = create_subjects(1)
        row = Borrower(
            dossier=open_dossier(kind=DossierKind.BORROWER, number=f"T{number:07d}", at=NOW),
            subject=subject,
            customer_number=f"T{number:07d}",
            registered_at=NOW - timedelta(days=400),
        )
        set_personal(row, name=name, mobile=f"138{number:08d}")
        row.save()
    return row


def phone(owner_of: Borrower, owner: str = "own") -> PhoneNumber:
    with context.acting(by=system(), reason_code="test"):
        row = PhoneNumber(borrower=owner_of, subject_id=owner_of.subject_id, owner=owner)
        set_personal(row, number=f"139{next(_numbers):08d}")
        row.save()
    return row


def loan(
    owed_by: Borrower, *, owed_to: Creditor | None = None, overdue_since: date = date(2026, 10, 20)
) -> Loan:
    number = f"JBT{next(_numbers):08d}"
    with context.acting(by=system(), reason_code="test"):
        product, _made = LoanProduct.objects.get_or_create(
            code="TEST",
            defaults={
                "name": "测试贷",
                "minimum_amount": Decimal(100),
                "maximum_amount": Decimal(200_000),
                "annual_rate": Decimal("0.146"),
                "default_multiple": Decimal("1.5"),
                "method": "equal_instalment",
                "term_months": 12,
                "day_count": "ACT/365",
                "rounding": "half_up",
            },
        )
        terms, _made = TermsVersion.objects.get_or_create(
            product=product,
            number=1,
            defaults={"state": "published", "effective_from": date(2025, 1, 1), "text": "…"},
        )
        return Loan.objects.create(
            dossier=open_dossier(kind=DossierKind.LOAN, number=number, at=NOW),
            number=number,
            borrower=owed_by,
            product=product,
            terms=terms,
            creditor=owed_to or creditor(),
            principal=Decimal(12_000),
            annual_rate=Decimal("0.146"),
            default_rate=Decimal("0.219"),
            method="equal_instalment",
            day_count="ACT/365",
            rounding="half_up",
            disbursed_on=date(2026, 3, 1),
            matures_on=date(2027, 3, 1),
            oldest_unpaid_due_on=overdue_since,
            overdue_kind="minor" if overdue_since else "none",
        )


def consent(given_by: Borrower, **given: Any) -> ContactConsent:
    with context.acting(by=system(), reason_code="test"):
        return ContactConsent.objects.create(
            borrower=given_by,
            creditor=given.pop("creditor", None) or creditor(),
            valid_from=given.pop("valid_from", NOW - timedelta(days=365)),
            **given,
        )


def agency(*, in_house: bool = False) -> Agency:
    number = next(_numbers)
    return services.register_agency(
        code=f"A{number}",
        name=f"测试机构{number}",
        in_house=in_house,
        by=system(),
        at=NOW - timedelta(days=500),
    )


def collector(
    works_for: Agency | None = None, *, user: User | None = None, until: date | None = date(2027, 6, 30)
) -> Collector:
    """A collector authorised from 2025-01-01 to ``until``; not authorised at all when that is None."""
    began = datetime(2024, 12, 20, 2, 0, tzinfo=UTC)
    made = services.register_collector(
        agency=works_for or agency(),
        staff_number=f"C{next(_numbers):05d}",
        name="陈立",
        user=user,
        by=system(),
        at=began,
    )
    if until is None:
        return made
    return services.authorise_collector(
        collector=made,
        background_checked_on=date(2024, 12, 1),
        from_on=date(2025, 1, 1),
        until=until,
        by=system(),
        at=began,
    )


def case(
    placed_with: Collector | None = None,
    *,
    owed_by: Borrower | None = None,
    loans: int = 1,
    at: datetime = NOW - timedelta(days=60),
) -> Case:
    """An open case over new loans of ``owed_by``, placed with a collector 60 days ago if one is given."""
    owed_by = owed_by or borrower()
    made = services.open_case(
        borrower=owed_by, loans=[loan(owed_by) for _number in range(loans)], by=system(), at=at
    )
    if placed_with is not None:
        place(made, placed_with, at=at)
    return made


def place(which: Case, placed_with: Collector, *, at: datetime) -> Placement:
    return services.place_case(
        case=which, agency=placed_with.agency, collector=placed_with, borrower_told_at=at, by=officer(), at=at
    )


def contact_facts(about: Case, made_by: Collector | None, at: datetime, **given: Any) -> dict[str, Any]:
    """The arguments of ``log_contact`` for an outgoing call of one minute to collect, that reached the debtor."""
    return {
        "borrower": about.borrower,
        "case": about,
        "collector": made_by,
        "purpose": "collect",
        "channel": "call",
        "direction": "out",
        "party": "debtor",
        "connection": "person",
        "started_at": at,
        "ended_at": at + timedelta(minutes=1),
        **given,
    }


def contact(about: Case, made_by: Collector | None, at: datetime, **given: Any) -> ContactAttempt:
    """A contact on record, by default a call that reached the debtor."""
    facts = contact_facts(about, made_by, at, **given)
    return services.log_contact(**facts, by=officer(), at=max(NOW, facts["ended_at"]))


def alleged_contact(*, about: Borrower, alleged_at: datetime, number: str = "17612348810") -> AllegedContact:
    """What somebody says happened, reported in a complaint."""
    return register_alleged_contact(
        dossier=open_dossier(kind=DossierKind.COMPLAINT, number=f"TST{next(_numbers)}", at=NOW),
        subject=about.subject,
        borrower=about,
        number=number,
        alleged_at=alleged_at,
        by=system(),
        at=NOW,
    )


def in_shanghai(moment: datetime) -> datetime:
    return moment.astimezone(SHANGHAI)
