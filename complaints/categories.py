"""The tree of categories: what people complain about, under the roots that practice knows.

Edition 1, as rows; later editions map the old codes by ``successor``. JR/T codes are not public: none invented.
"""

from __future__ import annotations

from datetime import date

from backoffice.core.history import bulk_create_with_history
from complaints.choices import CategoryRoot
from complaints.models import Category, CategoryVersion

FIRST_EDITION_FROM = date(2010, 1, 1)

#: root → (English, Chinese) and its leaves: code → (English, Chinese).
EDITION_1: dict[CategoryRoot, tuple[tuple[str, str], dict[str, tuple[str, str]]]] = {
    CategoryRoot.REPAYMENT: (
        ("Inflexible repayment", "还款方式不灵活"),
        {
            "repayment.instalments_refused": ("Instalments refused", "拒绝分期还款"),
            "repayment.deferral_refused": ("Deferral refused", "拒绝延期还款"),
            "repayment.early": ("Early repayment obstructed", "提前还款受阻"),
            "repayment.posting": ("Repayment not credited", "还款未入账"),
            "repayment.deduction": ("Wrong direct debit", "扣款有误"),
        },
    ),
    CategoryRoot.COLLECTION: (
        ("Excessive collection", "催收行为过激"),
        {
            "collection.night_calls": ("Contact at night", "夜间催收"),
            "collection.too_many_calls": ("Too many calls", "频繁致电"),
            "collection.third_person_told": ("Debt told to a third person", "向第三人透露欠款"),
            "collection.contacts_harassed": ("Contact persons harassed", "骚扰联系人"),
            "collection.workplace": ("Contact at the workplace", "致电或上门至工作单位"),
            "collection.threat": ("Threat", "威胁恐吓"),
            "collection.insult": ("Insult", "辱骂侮辱"),
            "collection.impersonation": ("Court or police impersonated", "冒充公检法"),
            "collection.false_statement": (
                "False statement about consequences or amount",
                "虚假陈述或夸大后果",
            ),
            "collection.visit": ("Improper visit", "上门催收不当"),
            "collection.stop_ignored": ("Request to stop ignored", "要求停止联系后仍联系"),
            "collection.identity_hidden": ("Collector did not say who he is", "催收人员未表明身份"),
        },
    ),
    CategoryRoot.LEAK: (
        ("Information leak", "信息泄露"),
        {
            "leak.by_collection": ("Personal data passed on while collecting", "催收中泄露个人信息"),
            "leak.published": ("Personal data published", "公开个人信息"),
            "leak.sold": ("Personal data sold or misused", "个人信息被买卖或滥用"),
            "leak.system": ("Data seen by strangers in the app", "系统泄露信息"),
        },
    ),
    CategoryRoot.BUREAU: (
        ("Credit record", "征信"),
        {
            "bureau.wrong_record": ("Wrong overdue record", "逾期记录有误"),
            "bureau.no_notice": ("Reported without notice", "报送前未告知"),
            "bureau.not_corrected": ("Correction refused or late", "更正不及时"),
            "bureau.query": ("Queried without consent", "未经授权查询"),
        },
    ),
    CategoryRoot.PRICING: (
        ("Pricing", "定价收费"),
        {
            "pricing.rate": ("Interest too high", "利率过高"),
            "pricing.penalty": ("Default interest wrong", "罚息计算有误"),
            "pricing.fee": ("Undisclosed fee", "收费未告知"),
            "pricing.amount": ("Amount owed disputed", "欠款金额有争议"),
        },
    ),
    CategoryRoot.TERMS: (
        ("Terms", "合同条款"),
        {
            "terms.not_shown": ("Terms not shown before signing", "签约前未展示条款"),
            "terms.unfair": ("Unfair term", "格式条款不公平"),
            "terms.changed": ("Changed without consent", "单方变更条款"),
        },
    ),
    CategoryRoot.SERVICE: (
        ("Service", "服务"),
        {
            "service.unreachable": ("Customer service cannot be reached", "客服无法接通"),
            "service.attitude": ("Attitude", "服务态度"),
            "service.slow": ("Slow handling", "处理拖延"),
            "service.app": ("App does not work", "客户端故障"),
        },
    ),
    CategoryRoot.NOT_MY_LOAN: (
        ("Not my loan", "非本人借款"),
        {
            "not_my_loan.identity_theft": ("Identity misused", "被冒名贷款"),
            "not_my_loan.wrong_person": ("Wrong person pursued", "催收对象错误"),
            "not_my_loan.settled": ("Paid off long ago", "已结清仍被催收"),
        },
    ),
    CategoryRoot.OTHER: (("Other", "其他"), {"other.other": ("Other", "其他")}),
}


def fill_categories() -> int:
    """Enter edition 1 where there is none. Answers the number of rows made; what compliance edited stays."""
    if CategoryVersion.objects.filter(number=1).exists():
        return 0
    version = CategoryVersion.objects.create(number=1, effective_from=FIRST_EDITION_FROM)
    roots = {
        root: Category(version=version, code=root.value, root=root, name_en=names[0], name_zh=names[1])
        for root, (names, _leaves) in EDITION_1.items()
    }
    bulk_create_with_history(Category, list(roots.values()))
    leaves = [
        Category(
            version=version, code=code, root=root, parent=roots[root], name_en=names[0], name_zh=names[1]
        )
        for root, (_names, children) in EDITION_1.items()
        for code, names in children.items()
    ]
    bulk_create_with_history(Category, leaves)
    return 1 + len(roots) + len(leaves)
