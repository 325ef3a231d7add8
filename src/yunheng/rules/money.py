"""金额的文本与整数分互转：钱在程序里只有整数分，在文件里只有两位小数的文本。"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .halfwidth import halfwidth

_AMOUNT = re.compile(r"-?[0-9]+\.[0-9]{2}")
_NUMBER = re.compile(r"-?([0-9]{1,30}|[1-9][0-9]{0,2}(,[0-9]{3})+)(\.[0-9]{1,30})?")


def number_typed(text: str) -> Decimal | None:
    """人填的、接口送来的一个数：全角当半角，千分位须三位一组、不以 0 起；`1e3`、`1,2`、`0,125`、`8①` 不猜，为 None。"""
    plain = halfwidth(text).strip()
    return Decimal(plain.replace(",", "")) if _NUMBER.fullmatch(plain) else None


def fen(amount: str) -> int:
    """两位小数的金额文本化成分：`"3305.97"` → 330597；别的写法抛 ValueError，不猜。"""
    if not _AMOUNT.fullmatch(amount):
        raise ValueError(f"金额应写成两位小数，如 3305.97：{amount[:80]}")
    return int(amount.replace(".", ""))


def yuan(value: int, *, signed: bool = False, grouped: bool = False) -> str:
    """分化成两位小数的文本：330597 → `"3305.97"`；`signed` 正数带加号，`grouped` 带千分位。"""
    sign = "-" if value < 0 else "+" if signed else ""
    whole = f"{abs(value) // 100:,}" if grouped else str(abs(value) // 100)
    return f"{sign}{whole}.{abs(value) % 100:02d}"


def grouped(number: str) -> str:
    """非负数的文本带千分位，小数照写：`"7150.5"` → `"7,150.5"`。"""
    whole, point, rest = number.partition(".")
    return f"{int(whole):,}{point}{rest}"


#: 单价在库里、数据包里最多几位小数，见 `metering.format`
_MOST_PLACES = 6


@dataclass(frozen=True)
class UnitPrice:
    """一个单价（元）给人看的写法，页面、文件、话里只有这一处：带千分位，至少 `places` 位小数，有更多的写全。

    目录上的去掉末尾的零、至少两位；阶梯的均价照 K-07 的位数写满。给程序的（CSV、JSON、数据包）照原数写，不过这里。
    """

    amount: Decimal
    places: int = 2

    @classmethod
    def of(cls, amount: str | Decimal, way: str, conventions: Mapping[str, str]) -> UnitPrice:
        """`way` 是目录项的计价方式，阶梯的是均价。"""
        return cls(Decimal(amount), int(conventions["K-07"]) if way == "阶梯" else 2)

    def __str__(self) -> str:
        exact = self.amount.normalize()
        exponent = exact.as_tuple().exponent
        written = -exponent if isinstance(exponent, int) else 0
        return f"{exact:,.{max(self.places, written)}f}"

    @property
    def number_format(self) -> str:
        """写成数字单元格时的格式。"""
        return "#,##0." + "0" * self.places + "#" * (_MOST_PLACES - self.places)


def split(total: int, weights: Sequence[int]) -> list[int]:
    """把 `total` 分按份数拆开：最大余额法，余额相同的在前的多得一分，各份之和等于 `total`。

    `total` 为负时照绝对值拆再取负；份数是负的、全是 0 抛 ValueError。
    """
    if min(weights, default=0) < 0 or not sum(weights):
        raise ValueError(f"份数不能是负的，也不能全是 0：{list(weights)}")
    whole, sign = sum(weights), -1 if total < 0 else 1
    shares = [divmod(abs(total) * weight, whole) for weight in weights]
    rest = abs(total) - sum(share for share, _ in shares)
    first = sorted(range(len(weights)), key=lambda n: -shares[n][1])[:rest]
    return [sign * (share + (n in first)) for n, (share, _) in enumerate(shares)]
