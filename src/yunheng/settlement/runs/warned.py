"""一个批次的提醒：引擎和数据包说的每一句，归成几类给页面看，一句不少（R-073、R-077）。"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from yunheng.metering.borrowing import is_borrowed, plainly, tells_borrowed
from yunheng.settlement.models import Run

#: 一类先列几条，其余折起来
SHOWN = 20
BORROWED = "单价暂用上一年度的"
UNPRICED = "待核里算不出的"


@dataclass(frozen=True)
class Group:
    """一类提醒：先列的几条，和折起来的。"""

    title: str
    shown: Sequence[str]
    folded: Sequence[str]

    @property
    def count(self) -> int:
        """这一类几条。"""
        return len(self.shown) + len(self.folded)


#: 类名，怎样认，各方都看得到吗：只说价格、日历的不涉及别家，各方都看；说到某个资源、某一家的只有管结算的看
_KINDS: Sequence[tuple[str, Callable[[str], bool], bool]] = (
    (BORROWED, tells_borrowed, True),
    ("工作日照周一至周五推定的", lambda one: "推定" in one, True),
    ("没有考核的", lambda one: "没有满意率" in one, False),
    ("裁定没有用上的", lambda one: one.startswith("差异裁定"), False),
    ("数据包里没有读进来的", lambda one: "已忽略" in one, False),
    ("其他", lambda _: True, False),
)


def warnings(run: Run) -> list[str]:
    """批次的各句提醒；不取整份 `head`。"""
    found: list[str] | None = Run.objects.values_list("head__warnings", flat=True).get(pk=run.pk)
    return found or []


def borrowed(run: Run, items: Iterable[str]) -> list[Group]:
    """这几个目录项里，单价暂用上一年度的；没有的为空。"""
    codes = list(items)
    found = [plainly(one) for one in warnings(run) if any(is_borrowed(code, [one]) for code in codes)]
    return [Group(BORROWED, found[:SHOWN], found[SHOWN:])] if found else []


def lent(run: Run, items: Iterable[str]) -> set[str]:
    """这几个目录项里，哪几个的单价暂用上一年度的。"""
    told = [one for one in warnings(run) if tells_borrowed(one)]
    return {code for code in items if is_borrowed(code, told)}


def groups(run: Run, *, everything: bool) -> list[Group]:
    """批次的提醒，见 `sort`；待核里有算不出的（D10）在最前面，几条是全区的，只有管结算的看得到。"""
    found = sort(warnings(run), everything=everything)
    if number := run.differences.get("D10", 0):
        count = f" {number:,} 项（资源、目录项）" if everything else ""
        told = (
            f"阶梯计价缺全市总量或阶梯价的{count}，单价、金额都算不出，"
            "不是 0 元：各处的待核金额都没有算它们，市里发布、重新计量以后才有数（D10，R-019）"
        )
        found.insert(0, Group(UNPRICED, [told], []))
    return found


def sort(told: Iterable[str], *, everything: bool) -> list[Group]:
    """分好类的提醒，空的类不列；`everything` 为假的只列各方都看得到的几类。"""
    found: dict[str, list[str]] = {title: [] for title, _, _ in _KINDS}
    for one in told:
        found[next(title for title, tells, _ in _KINDS if tells(one))].append(plainly(one))
    return [
        Group(title, found[title][:SHOWN], found[title][SHOWN:])
        for title, _, public in _KINDS
        if found[title] and (everything or public)
    ]
