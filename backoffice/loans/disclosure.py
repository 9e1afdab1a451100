"""The cost table of a loan (综合融资成本明示表). Pure: facts in, lines and their fingerprint out; amounts in yuan.

What it must say is regulation.md D2 (《个人贷款业务明示综合融资成本规定》, in force 2026-08-01): the principal; every
item with its method, rate and payee; the yearly total when all goes well, with each item's part of it; what is
charged if it does not; and that nothing else is charged. Items are codes and numbers: page and PDF find the words.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from backoffice.core.money import ZERO

#: Items that every loan has; fees bring their own kind.
INTEREST, DEFAULT_INTEREST, ENFORCING = "interest", "default_interest", "enforcing"


@dataclass(frozen=True, slots=True)
class CostItem:
    """One line. ``label`` is empty for items that are named by their kind.

    ``basis`` is one of fees' or ``rate`` (``value`` a yearly rate on the principal owed) or ``overdue`` (on principal
    overdue, by the day). ``total`` is what all of it comes to, ``yearly`` its part of the simple yearly cost; None
    for what depends on what happens.
    """

    kind: str
    label: str
    payee: str
    basis: str
    timing: str
    value: Decimal
    total: Decimal | None = None
    yearly: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CostTable:
    """The whole table. ``received`` is the principal less what is paid the same day; rates per year as fractions."""

    loan_number: str
    customer_number: str
    creditor: str
    #: Its code: a name may be changed.
    product: str
    method: str
    principal: Decimal
    received: Decimal
    instalments: int
    disbursed_on: date
    matures_on: date
    items: tuple[CostItem, ...]
    nominal: Decimal
    effective: Decimal
    convention: str
    contingent: tuple[CostItem, ...]

    @property
    def total(self) -> Decimal:
        """Everything that the borrower pays beside the principal when all goes well."""
        return sum((one.total for one in self.items if one.total is not None), ZERO)

    def canonical(self) -> bytes:
        """The one text of this table: its fields as JSON in UTF-8, keys sorted, no spaces, decimals with six places.

        Without the loan's number, which nobody has yet when the table is shown.
        """
        facts = asdict(self)
        del facts["loan_number"]
        return json.dumps(
            facts, default=_canonical, ensure_ascii=False, sort_keys=True, separators=(",", ":")
        ).encode()

    def fingerprint(self) -> str:
        """The SHA-256 of the canonical text: what evidence of showing this very table gives as its hash."""
        return hashlib.sha256(self.canonical()).hexdigest()


def _canonical(value: Any) -> str:
    return f"{value:.6f}" if isinstance(value, Decimal) else str(value)


#: The words of the PDF, which is a Chinese document whatever the reader's language.
KINDS = {
    INTEREST: "利息",
    DEFAULT_INTEREST: "罚息",
    "service": "服务费",
    "guarantee": "担保（增信）费",
    "insurance": "保险费",
    "other": "其他费用",
    ENFORCING: "实现债权的费用",
    "early_repayment": "提前还款违约金",
}
METHODS = {
    "equal_instalment": "等额本息",
    "equal_principal": "等额本金",
    "interest_only": "按期付息、到期还本",
    "bullet": "到期一次还本付息",
}
_BASES = {
    "rate": "按未还本金计收",
    "overdue": "自到期日次日起，按逾期本金逐日计收",
    "amount": "固定金额",
    "principal": "按借款本金的比例",
    "balance": "按剩余本金的比例",
    "actual": "按实际发生的金额",
}
_TIMINGS = {
    "upfront": "放款时一次性支付",
    "first": "随首期一次性支付",
    "period": "随每期还款支付",
    "contingent": "仅在发生时支付",
}
_CONVENTIONS = {"periods": "按还款期计算", "days": "按实际天数计算，一年365天"}


def percent(rate: Decimal) -> str:
    """A yearly rate or a share as people read it."""
    return f"{rate * 100:.2f}%"


def value_text(item: CostItem) -> str:
    """The rate, share or amount of an item; empty for what is charged as spent."""
    if item.basis == "actual":
        return ""
    if item.basis == "amount":
        return f"{item.value:,.2f}"
    if item.basis in {"rate", "overdue"}:
        return percent(item.value)
    # A share may be finer than a hundredth of a per cent.
    return f"{(item.value * 100).normalize():f}%"


def document_data(table: CostTable, *, product: str, shown: list[str]) -> dict[str, Any]:
    """What the PDF's template is filled with: ``product`` is its name, ``shown`` Chinese lines about the evidence."""
    return {
        "loan": table.loan_number,
        "customer": table.customer_number,
        "creditor": table.creditor,
        "product": product,
        "method": METHODS[table.method],
        "principal": f"{table.principal:,.2f}",
        "received": f"{table.received:,.2f}",
        "instalments": table.instalments,
        "disbursed_on": table.disbursed_on.isoformat(),
        "matures_on": table.matures_on.isoformat(),
        "items": [_line(one) for one in table.items],
        "total": f"{table.total:,.2f}",
        "nominal": percent(table.nominal),
        "effective": percent(table.effective),
        "convention": _CONVENTIONS[table.convention],
        "contingent": [_line(one) for one in table.contingent],
        "fingerprint": table.fingerprint(),
        "shown": shown,
    }


def _line(item: CostItem) -> dict[str, str]:
    unit = {"amount": "元", "rate": "／年", "overdue": "／年"}.get(item.basis, "")
    value = value_text(item)
    return {
        "name": item.label or KINDS[item.kind],
        "kind": KINDS[item.kind] if item.label else "",
        "method": _BASES[item.basis]
        + ("" if item.basis in {"rate", "overdue"} else "，" + _TIMINGS[item.timing]),
        "value": value + unit if value else "实际金额",
        "payee": item.payee or "实际收取费用的法院、公证处等机构",
        "total": "" if item.total is None else f"{item.total:,.2f}",
        "yearly": "" if item.yearly is None else percent(item.yearly),
    }
