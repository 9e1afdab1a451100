"""The loan book."""

from __future__ import annotations

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

from backoffice.core.context import EntryPoint
from backoffice.loans import services
from backoffice.loans.choices import Channel
from backoffice.loans.importing import (
    BorrowerRow,
    ContactPersonRow,
    LoanRow,
    NeedRow,
    PaymentRow,
    PhoneRow,
    RepaymentRow,
)
from backoffice.loans.seed_people import mobile, resident_id
from backoffice.staff.roles import Role
from tests.factories import loans as make
from tests.factories.loans import NOW, TODAY, job
from tests.factories.staff import person
from tests.house.records.case import Case


def by_job(**given: Any) -> dict[str, Any]:
    return {"by": job(), "at": NOW, **given}


def by_compliance(**given: Any) -> dict[str, Any]:
    return {"by": person(Role.COMPLIANCE), "at": NOW, **given}


def new_loan() -> dict[str, Any]:
    product = make.a_product()
    return by_job(
        borrower=make.a_borrower(),
        product=product,
        terms=make.terms_of(product),
        creditor=make.a_creditor(),
        number="JB-RECORD",
        principal=Decimal("12000.00"),
        annual_rate=product.annual_rate,
        periods=12,
        disbursed_on=date(2026, 3, 1),
        terms_rendered_at=NOW - timedelta(days=300),
        terms_dwell_seconds=42,
        terms_confirmed_at=NOW - timedelta(days=299),
    )


def payment(amount: str) -> dict[str, Any]:
    return by_job(
        loan=make.a_loan(),
        external_id="R-RECORD",
        amount=Decimal(amount),
        received_at=NOW,
        channel="app",
    )


def new_consent() -> dict[str, Any]:
    return by_job(
        borrower=make.a_borrower(),
        creditor=make.a_creditor(),
        channel=Channel.CALL,
        window_from=time(22),
        window_to=time(23),
        valid_from=NOW,
    )


def draft() -> dict[str, Any]:
    given = by_compliance()
    terms = services.create_terms_version(product=make.a_product(), text="新条款", **given)
    return {"terms": terms, **given}


def known_number() -> dict[str, Any]:
    """A number that was unknown and is the borrower's own workplace's now."""
    borrower = make.a_borrower()
    given = by_job(borrower=borrower, number="13912345678")
    services.register_phone_number(owner="unknown", **given)
    return {**given, "owner": "workplace"}


def borrowers() -> dict[str, Any]:
    return by_job(
        rows=[
            BorrowerRow(
                customer_number=f"C-RECORD-{number}",
                name="张三",
                id_number=resident_id(date(1990, 1, 1), number),
                mobile=mobile(number),
                registered_at=NOW,
                phones=[PhoneRow(mobile(10 + number), "workplace")],
                contact_persons=[ContactPersonRow("李四", "朋友", mobile(20 + number))],
                needs=[NeedRow("elderly", TODAY)],
            )
            for number in (1, 2)
        ]
    )


def loans() -> dict[str, Any]:
    product = make.a_product()
    return by_job(
        rows=[
            LoanRow(
                number=f"JB-RECORD-{number}",
                customer_number=make.a_borrower().customer_number,
                product_code=product.code,
                creditor_name=make.a_creditor().name,
                principal=Decimal("12000.00"),
                annual_rate=product.annual_rate,
                periods=12,
                disbursed_on=date(2026, 3, 1),
                payments=[
                    PaymentRow(f"P-RECORD-{number}", NOW - timedelta(days=5), Decimal("500.00"), "app")
                ],
            )
            for number in (1, 2)
        ]
    )


def repayments() -> dict[str, Any]:
    loan = make.a_loan()
    return by_job(
        rows=[
            RepaymentRow(
                loan.number, f"R-RECORD-{number}", NOW - timedelta(days=number), Decimal("900.00"), "app"
            )
            for number in (2, 1)
        ]
    )


CASES = [
    Case(
        service=services.register_borrower,
        world=lambda: by_job(
            customer_number="C-RECORD",
            name="张三丰",
            id_number=resident_id(date(1990, 5, 17), 77),
            mobile="13812345678",
        ),
        events=("borrower_registered",),
    ),
    Case(
        service=services.register_contact_person,
        world=lambda: by_job(borrower=make.a_borrower(), name="李四", relation="朋友", mobile="13812345679"),
        events=("contact_person_registered",),
        adds="a person of the same name",
    ),
    Case(
        service=services.register_phone_number,
        world=lambda: by_job(borrower=make.a_borrower(), number="13912345678", owner="unknown"),
    ),
    Case(service=services.register_phone_number, world=known_number, variant="its owner becomes known"),
    Case(
        service=services.record_contact_consent,
        world=new_consent,
        events=("contact_consent_given",),
        adds="a second consent beside the first",
    ),
    Case(
        service=services.revoke_contact_consent,
        world=lambda: by_job(consent=make.a_consent(make.a_borrower())),
        events=("contact_consent_revoked",),
    ),
    Case(
        service=services.add_need,
        world=lambda: by_job(borrower=make.a_borrower(), need="elderly", from_on=TODAY),
        events=("need_added",),
        adds="a second need",
    ),
    Case(
        service=services.end_need,
        world=lambda: by_job(
            need=services.add_need(**by_job(borrower=make.a_borrower(), need="elderly", from_on=TODAY)),
            until=TODAY,
        ),
        events=("need_ended",),
        adds="the event: the same day was said again, and no row changes",
    ),
    Case(
        service=services.create_terms_version,
        world=lambda: by_compliance(product=make.a_product(), text="新条款"),
        adds="the next draft",
    ),
    Case(service=services.publish_terms_version, world=lambda: {**draft(), "effective_from": TODAY}),
    Case(
        service=services.retire_terms_version,
        world=lambda: by_compliance(terms=make.terms_of(make.a_product())),
    ),
    Case(service=services.create_loan, world=new_loan, events=("loan_created",)),
    Case(service=services.post_repayment, world=lambda: payment("500.00"), events=("repayment_posted",)),
    Case(
        service=services.post_repayment,
        world=lambda: payment("20000.00"),
        events=("repayment_posted", "loan_settled"),
        variant="the loan is settled",
    ),
    Case(
        service=services.import_borrowers,
        world=borrowers,
        door=EntryPoint.COMMAND,
    ),
    Case(service=services.import_loans, world=loans, door=EntryPoint.COMMAND),
    Case(
        service=services.import_repayments,
        world=repayments,
        events=("repayment_posted",) * 2,
        door=EntryPoint.COMMAND,
    ),
]
