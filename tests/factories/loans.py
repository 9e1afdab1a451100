"""Borrowers and loans for tests, made through the real services by the house's own import job."""

from __future__ import annotations

import itertools
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from backoffice.core.context import EntryPoint, entering
from backoffice.core.time import start_of_day
from backoffice.loans import services
from backoffice.loans.choices import Channel, TermsState
from backoffice.loans.models import (
    Borrower,
    ContactConsent,
    Creditor,
    Loan,
    LoanProduct,
    ProductFee,
    Repayment,
    TermsVersion,
)
from backoffice.loans.schedule import Method
from backoffice.loans.seed import resident_id
from backoffice.loans.shown import CostTableShown
from backoffice.staff.models import User
from backoffice.staff.services import system_user

_numbers = itertools.count(1)

#: The day on which most tests take place.
TODAY = date(2026, 11, 23)
NOW = start_of_day(TODAY) + timedelta(hours=10)


def job() -> User:
    """The system user of imports, in whose name test data comes in."""
    return system_user("imports")


def a_creditor(name: str = "测试小贷", group: str = "测试集团") -> Creditor:
    with entering(EntryPoint.COMMAND, actor=job()):
        return Creditor.objects.get_or_create(name=name, defaults={"group": group})[0]


def a_product(*, method: Method = "equal_instalment", **facts: Any) -> LoanProduct:
    """An offered product with published terms in force since 2020."""
    number = next(_numbers)
    values = {
        "code": f"P{number}",
        "name": f"产品{number}",
        "minimum_amount": Decimal(10),
        "maximum_amount": Decimal(200_000),
        "annual_rate": Decimal("0.146"),
        "default_multiple": Decimal("1.5"),
        "method": method,
        "term_months": 36,
        "day_count": "equal_periods",
        "rounding": "half_up",
        **facts,
    }
    with entering(EntryPoint.COMMAND, actor=job()):
        product = LoanProduct.objects.create(**values)
        TermsVersion.objects.create(
            product=product,
            number=1,
            text="条款",
            state=TermsState.PUBLISHED,
            effective_from=date(2020, 1, 1),
        )
    return product


def a_fee(product: LoanProduct, **facts: Any) -> ProductFee:
    """A guarantee premium of 0.2 % of the principal with every instalment."""
    values = {
        "sequence": product.fees.count() + 1,
        "kind": "guarantee",
        "label": "担保费",
        "payee": "测试融资担保有限公司",
        "basis": "principal",
        "timing": "period",
        "value": Decimal("0.002"),
        **facts,
    }
    with entering(EntryPoint.COMMAND, actor=job()):
        return ProductFee.objects.create(product=product, **values)


def terms_of(product: LoanProduct) -> TermsVersion:
    return product.terms_versions.get(state=TermsState.PUBLISHED)


def a_borrower(
    *, name: str = "张三丰", mobile: str = "", id_number: str = "", customer_number: str = "", **facts: Any
) -> Borrower:
    number = next(_numbers)
    with entering(EntryPoint.COMMAND):
        return services.register_borrower(
            customer_number=customer_number or f"C{number:08d}",
            name=name,
            id_number=id_number or resident_id(date(1990, 5, 17), number),
            mobile=mobile or f"+86100{number:08d}",
            by=job(),
            at=NOW,
            **facts,
        )


def a_loan(
    *,
    borrower: Borrower | None = None,
    product: LoanProduct | None = None,
    principal: Decimal = Decimal("12000.00"),
    periods: int = 12,
    disbursed_on: date = date(2026, 3, 1),
    at: datetime = NOW,
    by: User | None = None,
    **facts: Any,
) -> Loan:
    """A loan of 12,000 yuan at 14.6 %, paid out on 1 March 2026, the first instalment due on 1 April."""
    product = product or a_product()
    shown = min(start_of_day(disbursed_on) + timedelta(hours=9), at - timedelta(minutes=1))
    with entering(EntryPoint.COMMAND):
        return services.create_loan(
            **{
                "borrower": borrower or a_borrower(),
                "product": product,
                "terms": terms_of(product),
                "creditor": a_creditor(),
                "number": f"JB{next(_numbers):08d}",
                "principal": principal,
                "annual_rate": product.annual_rate,
                "periods": periods,
                "disbursed_on": disbursed_on,
                "terms_rendered_at": shown,
                "terms_dwell_seconds": 42,
                "terms_confirmed_at": shown + timedelta(seconds=42),
                "cost_table": CostTableShown(shown, 17, shown + timedelta(seconds=17), "0" * 64),
                "by": by or job(),
                "at": at,
                **facts,
            }
        )


def a_repayment(
    loan: Loan, amount: Decimal | str, *, on: date, at: datetime = NOW, **facts: Any
) -> Repayment:
    """Money received at eight in the morning of ``on``."""
    with entering(EntryPoint.COMMAND):
        return services.post_repayment(
            **{
                "loan": loan,
                "external_id": f"R{next(_numbers):08d}",
                "amount": Decimal(amount),
                "received_at": start_of_day(on) + timedelta(hours=8),
                "channel": "app",
                "by": job(),
                "at": at,
                **facts,
            }
        )


def a_consent(borrower: Borrower, **facts: Any) -> ContactConsent:
    """Consent to calls between ten and eleven at night, from ``NOW`` on."""
    with entering(EntryPoint.COMMAND):
        return services.record_contact_consent(
            **{
                "borrower": borrower,
                "creditor": a_creditor(),
                "channel": Channel.CALL,
                "window_from": time(22),
                "window_to": time(23),
                "valid_from": NOW,
                "by": job(),
                "at": NOW,
                **facts,
            }
        )
