"""What is on offer: products with their fees, held within the law, and fixed once loans were made under them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import act, lock
from backoffice.core.errors import InputRefused
from backoffice.core.time import business_day
from backoffice.loans.choices import CostStanding
from backoffice.loans.disclosure import percent
from backoffice.loans.models import LoanProduct, ProductFee
from backoffice.loans.policy import loan_policy
from backoffice.loans.pricing import cost_policy
from backoffice.loans.samples import dearest
from backoffice.loans.services.lending import LimitExceeded
from backoffice.loans.services.rights import require
from backoffice.staff.models import User

#: Beyond ten years no small loan runs: a slip of the finger.
LONGEST_TERM_MONTHS = 120
_CODE = re.compile(r"[A-Za-z0-9._-]+")


class ConventionsFixed(InputRefused):
    """Loans were made under these conventions; they are part of every one of these contracts."""

    code = "conventions-fixed"
    default_message = _(
        "Loans were made under this product; this can no longer be changed. Make a new product instead."
    )


@dataclass(frozen=True, slots=True)
class FeeTerms:
    """A fee as it shall be; see ``ProductFee``. ``value``: yuan or a share."""

    kind: str
    label: str
    payee: str
    basis: str
    timing: str
    value: Decimal = Decimal(0)


def create_product(*, product: LoanProduct, fees: Sequence[FeeTerms], by: User, at: datetime) -> LoanProduct:
    """Put a product (unsaved, as it shall be) on offer with its fees.

    Raises ``NotPermitted``, ``InputRefused`` for what makes no product, ``LimitExceeded`` when a loan it could make
    today would cost more than the cap in force, or its default interest lies outside the lawful range.
    """
    require(by, "loans.add_loanproduct")
    with act(by=by, at=at, code="product.created"):
        _check_new(product, before=None)
        _check(product, _fees_of(product, fees), on=business_day(at))
        product.save()
        for fee in _fees_of(product, fees):
            fee.save()
    return product


def change_product(*, product: LoanProduct, fees: Sequence[FeeTerms], by: User, at: datetime) -> LoanProduct:
    """Make a stored product what the one given says, with these fees and no others.

    Once a loan was made under it the conventions and fees stand (``ConventionsFixed``): rate, limits and whether it is
    offered may still change, for new loans. Errors otherwise as for ``create_product``; a product that is taken off
    the offer needs to be within no limits.
    """
    require(by, "loans.change_loanproduct")
    with act(by=by, at=at, code="product.changed"):
        before = lock(LoanProduct, product.pk)
        present = list(before.fees.order_by("sequence"))
        wanted = _fees_of(product, fees)
        if before.loans.exists():
            _check_fixed(before, product, present, wanted)
        _check_new(product, before=before)
        _check(product, wanted, on=business_day(at))
        product.save()
        _write_fees(present, wanted)
    return product


def _fees_of(product: LoanProduct, fees: Sequence[FeeTerms]) -> list[ProductFee]:
    return [
        ProductFee(
            product=product,
            sequence=number,
            kind=one.kind,
            label=one.label.strip(),
            payee=one.payee.strip(),
            basis=one.basis,
            timing=one.timing,
            value=one.value,
        )
        for number, one in enumerate(fees, start=1)
    ]


#: What makes a fee, beside its place.
_FEE_FACTS = ("sequence", "kind", "label", "payee", "basis", "timing", "value")


def _check_fixed(
    before: LoanProduct, after: LoanProduct, present: Sequence[ProductFee], wanted: Sequence[ProductFee]
) -> None:
    for name in LoanProduct.CONVENTIONS:
        if getattr(before, name) != getattr(after, name):
            raise ConventionsFixed(field=name)

    def facts(fees: Sequence[ProductFee]) -> list[Any]:
        return [[getattr(one, name) for name in _FEE_FACTS] for one in fees]

    if facts(present) != facts(wanted):
        raise ConventionsFixed(field="fees")


def _check_new(product: LoanProduct, *, before: LoanProduct | None) -> None:
    """Rules that came after the first products: what such a one has already may stay."""
    code, term = product.code, product.term_months
    if code and (before is None or before.code != code) and not _CODE.fullmatch(code):
        raise InputRefused(
            _("A code is of letters A to Z, digits, hyphens, dots and underscores."), field="code"
        )
    if term and (before is None or before.term_months != term) and term > LONGEST_TERM_MONTHS:
        raise InputRefused(
            _("Not more than %(months)s months.") % {"months": LONGEST_TERM_MONTHS}, field="term_months"
        )


def _check(product: LoanProduct, fees: Sequence[ProductFee], *, on: date) -> None:
    """Refuse what is no product, or one that is offered and could make a loan outside the law."""
    _clean(product, field=None)
    for fee in fees:
        _clean(fee, field="fees", exclude=["product"])
    if not product.active:
        return
    policy, costs = loan_policy(on=on), cost_policy(on=on)
    if product.minimum_amount < policy.minimum_amount:
        raise LimitExceeded(_("The amount is below the smallest loan."), field="minimum_amount")
    if policy.person_cap is not None and product.maximum_amount > policy.person_cap:
        raise LimitExceeded(_("The amount is above what one person may owe."), field="maximum_amount")
    if not costs.multiple_allowed(product.default_multiple):
        raise LimitExceeded(
            _("The default rate is %(least)s to %(most)s times the contract rate.")
            % {"least": f"{costs.default_least:.2f}", "most": f"{costs.default_most:.2f}"},
            field="default_multiple",
        )
    worst = dearest(product, fees, on=on, costs=costs)
    if worst is None:
        raise InputRefused(_("No term of this product gives a schedule."), field="term_months")
    if worst.standing == CostStanding.ABOVE_CAP:
        raise LimitExceeded(
            _(
                "A loan of %(amount)s yuan (instalments: %(periods)s) would cost %(cost)s a year all in, "
                "which is above the cap in force."
            )
            % {
                "amount": f"{worst.loan.principal:,.2f}",
                "periods": worst.periods,
                "cost": percent(worst.measured),
            },
            field="annual_rate",
        )


def _clean(thing: LoanProduct | ProductFee, *, field: str | None, exclude: Sequence[str] = ()) -> None:
    """The model's own validation as a refusal that names the field (``field``: of a part, the form's name for it)."""
    try:
        thing.full_clean(exclude=exclude, validate_constraints=True)
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        own = None if name == NON_FIELD_ERRORS else name
        raise InputRefused(messages[0], field=field or own) from None


def _write_fees(present: Sequence[ProductFee], wanted: Sequence[ProductFee]) -> None:
    """Bring the stored fees in step, row by row by their numbers; nothing is written for one that stays."""
    stored = {one.sequence: one for one in present}
    for one in wanted:
        old = stored.pop(one.sequence, None)
        if old is None:
            one.save()
        elif any(getattr(old, name) != getattr(one, name) for name in _FEE_FACTS):
            for name in _FEE_FACTS:
                setattr(old, name, getattr(one, name))
            old.save()
    for gone in stored.values():
        gone.delete()
