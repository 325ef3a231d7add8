"""一份结算的钱的样子：要的预算四行、要付给各家的、管理费并进来的和少签的；和直接读得出的几样（R-079、R-081、R-082）。"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from yunheng.settlement.models import Contract, Freeze, Run, Verified
from yunheng.settlement.queries import ZERO


def contracts_of(freeze: Freeze) -> QuerySet[Contract]:
    """这一份结算算数的支付合同，统一支付、自行支付的都在；作废了的不算（R-081、R-088）。"""
    return Contract.objects.filter(freeze=freeze, voided=None).select_related("provider", "unit")


@dataclass(frozen=True)
class Need:
    """一件要的预算（元），四行逐项列；合计只在这里加（R-079、R-081、R-082、R-085）。

    补差的头一行是比已结的多（少）付给各家的；灾备、管理费是上次缓付、并进来的（第 3 版流程起）。
    """

    net: Decimal
    verified: Decimal = ZERO
    recovery: Decimal = ZERO
    supervision: Decimal = ZERO

    @property
    def rows(self) -> tuple[tuple[str, Decimal, str], ...]:
        """（叫法, 元, 条款），次序是定的。"""
        return (
            ("统一支付净额", self.net, "D62-八"),
            ("效能核定调整", self.verified, "M6-34"),
            ("灾备区级承担", self.recovery, "M10-五"),
            ("专项管理费", self.supervision, "D14-16(监管机制)"),
        )

    @property
    def due(self) -> Decimal:
        """统一支付的应付：净额加效能核定调整。"""
        return self.net + self.verified

    @property
    def total(self) -> Decimal:
        """预算合计。"""
        return sum((amount for _, amount, _ in self.rows), ZERO)


@dataclass(frozen=True)
class Carried:
    """上次缓付、并进这次补差的专项管理费：缓付 `deferred`，其中照全年上限不能再付的 `cut`（元，R-082）。"""

    deferred: Decimal
    cut: Decimal

    @property
    def due(self) -> Decimal:
        """这次付多少。"""
        return self.deferred - self.cut


@dataclass(frozen=True)
class Due:
    """要付给一家的：计量、扣减、效能核定（R-079）、应付（元）；补差的是比已结的多（少）多少。`unit` 空是统一支付。

    `deferred` 是上次缓付、并进这次应付的；`cut` 是批复不足、这次少付的（R-081），`payable` 是这次付多少。
    """

    provider: str
    unit: str
    gross: Decimal
    deduction: Decimal
    net: Decimal
    verified: Decimal = ZERO
    deferred: Decimal = ZERO
    cut: Decimal = ZERO

    @property
    def payable(self) -> Decimal:
        """这次付多少：合同、支付照它。"""
        return self.net - self.cut


def verified_of(freeze: Freeze) -> dict[str, Decimal]:
    """服务商代码 → 效能评估核定的调整；还没冻结的没有。"""
    return dict(verifications(freeze).values_list("provider__code", "amount")) if freeze.pk else {}


def verifications(freeze: Freeze) -> QuerySet[Verified]:
    """这一份结算算数的效能核定：替下了的、改成不调整的不算（R-079）。"""
    return freeze.verified.filter(replaced_by=None).exclude(amount=0)


def dues_of(run: Run) -> dict[tuple[str, str], Due]:
    """一批计量算出来的各家：（服务商, 自行支付的单位或空）→ 计量、扣减、应付。"""
    summary = run.head["summary"]
    rows = [*summary["unified"], *summary["self"]]
    found = [
        Due(row["provider"], row.get("unit", ""), *(Decimal(row[key]) for key in ("gross", "deduction", "net")))
        for row in rows
    ]
    return {(one.provider, one.unit): one for one in found}


@dataclass(frozen=True)
class Less:
    """专项管理费的合同比这次该付的少签多少（元）和写明的理由；`reason` 空是还没有写明（R-082）。"""

    amount: Decimal
    reason: str
