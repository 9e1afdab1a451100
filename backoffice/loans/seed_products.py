"""The demo's creditors, products and terms."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.conf import settings

from backoffice.core.context import acting
from backoffice.core.history import bulk_create_with_history
from backoffice.loans.choices import DayCount, Method, Rounding, TermsState
from backoffice.loans.models import Creditor, LoanProduct, ProductFee, TermsVersion
from backoffice.loans.schedule import add_months
from backoffice.staff.models import User

# The lender of the letters, and another company of its group.
CREDITORS = ((settings.LENDER["name"], "云溪集团"), ("云溪消费金融有限公司", "云溪集团"))
_TERMS = """个人消费借款合同（格式条款）

一、借款用途：仅限个人日常消费，不得用于购房、投资及其他非消费用途。
二、利率与费用：年化利率（单利）以借款时页面展示为准，除约定的利息及罚息外不收取任何费用。
三、还款：借款人应按期足额还款；归还的款项依次用于实现债权的费用、利息、本金。
四、逾期：逾期本金自到期日次日起计收罚息。
五、催收方式：我们仅在每日 8:00 至 22:00 以电话、短信、信函等方式联系您本人，不向无关第三人催收；
委托外部机构前会告知您。
六、投诉与争议：您可通过客服热线、在线客服投诉，我们在 15 日内答复；
对结果不服可申请核查、向调解组织申请调解或向人民法院起诉。
"""
#: Code, name, method, yearly rates by risk, terms in months.
PRODUCTS: tuple[tuple[str, str, str, tuple[str, ...], tuple[int, ...]], ...] = (
    ("YJ-EI", "云借·等额本息", Method.EQUAL_INSTALMENT, ("0.1095", "0.146", "0.18"), (6, 12, 12, 24)),
    ("YJ-EP", "云借·等额本金", Method.EQUAL_PRINCIPAL, ("0.1095", "0.146"), (6, 12)),
    ("YJ-IO", "云借·先息后本", Method.INTEREST_ONLY, ("0.12", "0.146"), (3, 6, 12)),
)
DEFAULT_MULTIPLE = Decimal("1.50")


def lenders(*, today: date, by: User) -> tuple[list[Creditor], list[LoanProduct]]:
    """Creditors and the products that loans are made under; one more product has fees and no loans yet."""
    with acting(by=by, reason_code="demo.seeded"):
        creditors = bulk_create_with_history(
            Creditor, [Creditor(name=name, group=group) for name, group in CREDITORS]
        )
        products = bulk_create_with_history(
            LoanProduct,
            [
                LoanProduct(
                    code=code,
                    name=name,
                    minimum_amount=Decimal(10),
                    maximum_amount=Decimal(200_000),
                    annual_rate=Decimal(rates[-1]),
                    default_multiple=DEFAULT_MULTIPLE,
                    method=method,
                    term_months=max(terms),
                    day_count=DayCount.EQUAL_PERIODS,
                    rounding=Rounding.HALF_UP,
                )
                for code, name, method, rates, terms in PRODUCTS
            ],
        )
        bulk_create_with_history(
            TermsVersion,
            [
                TermsVersion(
                    product=product,
                    number=1,
                    text=_TERMS,
                    state=TermsState.PUBLISHED,
                    effective_from=add_months(today, -36),
                )
                for product in products
            ],
        )
        _product_with_fees(creditors[0])
    return creditors, products


def _product_with_fees(creditor: Creditor) -> None:
    """On offer and without loans yet, so that the product editor has something to play with."""
    product = LoanProduct.objects.create(
        code="YJ-DB",
        name="云借·担保增信",
        minimum_amount=Decimal(1000),
        maximum_amount=Decimal(50_000),
        annual_rate=Decimal("0.108"),
        default_multiple=DEFAULT_MULTIPLE,
        method=Method.EQUAL_INSTALMENT,
        term_months=12,
        day_count=DayCount.EQUAL_PERIODS,
        rounding=Rounding.HALF_UP,
    )
    fees = (
        ("guarantee", "融资担保费", "云溪融资担保有限公司", "balance", "period", "0.004"),
        ("service", "电子签约服务费", creditor.name, "amount", "upfront", "3"),
        ("enforcing", "诉讼、保全与公证费用", "法院、公证处（按实际收费）", "actual", "contingent", "0"),
    )
    for number, (kind, label, payee, basis, timing, value) in enumerate(fees, start=1):
        ProductFee.objects.create(
            product=product,
            sequence=number,
            kind=kind,
            label=label,
            payee=payee,
            basis=basis,
            timing=timing,
            value=Decimal(value),
        )
