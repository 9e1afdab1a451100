"""What a loan may cost, as dated law and policy says, and how it is judged. Rates per year as fractions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_noop as _

from backoffice.core.choices import Confidence, LegalForce
from backoffice.core.policy import ALWAYS, PER_YEAR, TIMES, Seed
from backoffice.core.services import values_in_force
from backoffice.loans.choices import CostStanding
from backoffice.loans.cost import RATE, YearlyCost, quoted
from backoffice.loans.schedule import add_months

COST_CAP = "loan.all_in_cost_cap"
CAP_COMPOUND = "loan.cost_cap_compound"
LPR = "loan.lpr_1y"
LPR_FLAGGED = "loan.lpr_multiple_flagged"
LPR_CAP = "loan.lpr_multiple_cap"
LPR_CAP_SPARES = "loan.lpr_cap_spares_months"
DEFAULT_LEAST = "loan.default_multiple_least"
DEFAULT_MOST = "loan.default_multiple_most"
COURT_LINE = "loan.court_line"
SHOWN = "loan.cost_table_required"
SHOWN_SECONDS = "loan.cost_table_seconds"

_CODES = (
    *(COST_CAP, CAP_COMPOUND, LPR, LPR_FLAGGED, LPR_CAP, LPR_CAP_SPARES),
    *(DEFAULT_LEAST, DEFAULT_MOST, COURT_LINE, SHOWN, SHOWN_SECONDS),
)
_GUIDE = "小额贷款公司综合融资成本管理工作指引 2025-12 [L7]"
_DEFAULT_RULE = "银发〔2003〕251号 [L13]"

#: The days on which the one-year LPR changed. It is published on the 20th of every month (or the next working day);
#: a publication without a change needs no row.
_LPR: tuple[tuple[date, str], ...] = (
    (date(2019, 8, 20), "0.0425"),
    (date(2019, 9, 20), "0.0420"),
    (date(2019, 11, 20), "0.0415"),
    (date(2020, 2, 20), "0.0405"),
    (date(2020, 4, 20), "0.0385"),
    (date(2021, 12, 20), "0.0380"),
    (date(2022, 1, 20), "0.0370"),
    (date(2022, 8, 22), "0.0365"),
    (date(2023, 6, 20), "0.0355"),
    (date(2023, 8, 21), "0.0345"),
    (date(2024, 7, 22), "0.0335"),
    (date(2024, 10, 21), "0.0310"),
    (date(2025, 5, 20), "0.0300"),
)

SEEDS: tuple[Seed, ...] = (
    *(
        Seed(
            *(
                LPR,
                value,
                PER_YEAR,
                day,
                _("One-year LPR"),
                "全国银行间同业拆借中心 LPR [L8]",
                LegalForce.NORM_DOC,
            ),
            # The value of December 2025 is in our sources, the earlier ones are not.
            Confidence.SECONDARY if day == date(2025, 5, 20) else Confidence.MEMORY_HIGH,
        )
        for day, value in _LPR
    ),
    # The sources speak of a yearly rate without saying whether it compounds; lenders and courts count 单利.
    Seed(
        *(
            CAP_COMPOUND,
            "0",
            "yes or no",
            ALWAYS,
            _("Caps are held against the compound rate (0: the simple one)"),
        ),
        *("中国人民银行公告〔2021〕第3号 [D4, D5]", LegalForce.POLICY, Confidence.INFERRED),
    ),
    Seed(
        *(
            LPR_CAP,
            "4",
            "times LPR",
            date(2028, 1, 1),
            _("All-in yearly cost of a new loan at most, in LPRs"),
        ),
        *(_GUIDE, LegalForce.NORM_DOC, Confidence.SECONDARY),
    ),
    Seed(
        *(
            LPR_CAP_SPARES,
            "1",
            "months",
            date(2028, 1, 1),
            _("Cap in LPRs: not for loans of up to so many months"),
        ),
        *(_GUIDE, LegalForce.NORM_DOC, Confidence.SECONDARY),
    ),
    Seed(
        *(
            DEFAULT_LEAST,
            "1.3",
            TIMES,
            date(2004, 1, 1),
            _("Default rate: at least this multiple of the contract's"),
        ),
        *(_DEFAULT_RULE, LegalForce.NORM_DOC, Confidence.MEMORY_HIGH),
    ),
    Seed(
        *(
            DEFAULT_MOST,
            "1.5",
            TIMES,
            date(2004, 1, 1),
            _("Default rate: at most this multiple of the contract's"),
        ),
        *(_DEFAULT_RULE, LegalForce.NORM_DOC, Confidence.MEMORY_HIGH),
    ),
    Seed(
        *(
            COURT_LINE,
            "0.24",
            PER_YEAR,
            date(2017, 8, 4),
            _("Interest, default interest and fees together at most"),
        ),
        *("法发〔2017〕22号 art. 2 [L10]", LegalForce.JUD, Confidence.MEMORY_HIGH),
    ),
    Seed(
        *(SHOWN, "1", "yes or no", date(2026, 8, 1), _("Cost table shown and confirmed before the contract")),
        *("个人贷款业务明示综合融资成本规定 [D1, D3]", LegalForce.DEPT_RULE, Confidence.SECONDARY),
    ),
    # The rule demands a forced time of reading and names no number.
    Seed(
        *(SHOWN_SECONDS, "5", "seconds", date(2026, 8, 1), _("Cost table on the screen for at least")),
        *("internal policy [D3]", LegalForce.POLICY, Confidence.INFERRED),
    ),
)


@dataclass(frozen=True, slots=True)
class CostPolicy:
    """What is in force on one day; None where nothing is. ``lpr_*`` are rates (multiple times LPR of that day).

    ``compound`` says which of the two yearly costs the caps are held against; ``spares_months`` up to which term
    the cap in LPRs leaves a loan alone.
    """

    cap: Decimal | None = None
    compound: bool = False
    lpr: Decimal | None = None
    lpr_flagged: Decimal | None = None
    lpr_cap: Decimal | None = None
    spares_months: int = 0
    default_least: Decimal | None = None
    default_most: Decimal | None = None
    court_line: Decimal | None = None
    table_required: bool = False
    table_seconds: int = 0

    @property
    def limited(self) -> bool:
        """Whether any limit was in force for what a loan costs."""
        return any(one is not None for one in (self.cap, self.lpr_flagged, self.lpr_cap))

    def measured(self, cost: YearlyCost) -> Decimal:
        """The yearly cost that counts, to the hundredth of a per cent."""
        return quoted(cost.effective if self.compound else cost.nominal)

    def standing(
        self, cost: YearlyCost, *, annual_rate: Decimal, disbursed_on: date, matures_on: date
    ) -> CostStanding:
        """Where a loan stands. The contract rate itself is held against the caps too: putting interest off makes a
        loan cheaper to the borrower, but the rate agreed no lower."""
        short = matures_on <= add_months(disbursed_on, self.spares_months)
        rate = max(self.measured(cost), quoted(annual_rate))
        if self.cap is not None and rate > self.cap:
            return CostStanding.ABOVE_CAP
        if self.lpr_cap is not None and rate > self.lpr_cap and not short:
            return CostStanding.ABOVE_CAP
        if self.lpr_flagged is not None and rate > self.lpr_flagged:
            return CostStanding.ABOVE_LPR
        return CostStanding.WITHIN

    def default_rate(self, *, annual_rate: Decimal, multiple: Decimal) -> Decimal:
        """The default rate (罚息): the multiple of the contract rate, never more than the law lets anybody ask."""
        if self.default_most is not None:
            multiple = min(multiple, self.default_most)
        limits = [one for one in (self.court_line, self.cap) if one is not None]
        return min([annual_rate * multiple, *limits]).quantize(RATE)

    def multiple_allowed(self, multiple: Decimal) -> bool:
        """Whether a default rate of so many contract rates may be agreed."""
        return (self.default_least is None or multiple >= self.default_least) and (
            self.default_most is None or multiple <= self.default_most
        )


def cost_policy(*, on: date) -> CostPolicy:
    """What is in force on ``on``, read with one query."""
    values = values_in_force(_CODES, on=on)
    lpr = values.get(LPR)

    def in_lprs(code: str) -> Decimal | None:
        return None if lpr is None or code not in values else lpr * values[code]

    return CostPolicy(
        cap=values.get(COST_CAP),
        compound=bool(values.get(CAP_COMPOUND)),
        lpr=lpr,
        lpr_flagged=in_lprs(LPR_FLAGGED),
        lpr_cap=in_lprs(LPR_CAP),
        spares_months=int(values.get(LPR_CAP_SPARES, 0)),
        default_least=values.get(DEFAULT_LEAST),
        default_most=values.get(DEFAULT_MOST),
        court_line=values.get(COURT_LINE),
        table_required=bool(values.get(SHOWN)),
        table_seconds=int(values.get(SHOWN_SECONDS, 0)),
    )
