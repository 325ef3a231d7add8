"""目录的导入表：列、逐行检查、从 Excel 读出。"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from yunheng.audit.refused import Refused
from yunheng.rules.digest import canonical, sm3
from yunheng.tables.columns import Column, Kind, choices
from yunheng.tables.reading import Table, read_file
from yunheng.tables.wanted import Wanted

#: 表头一定要有的，和可以没有的（没有就当空着：日志空是有）
_REQUIRED = ("目录项", "类别", "名称", "计价单位", "计价方式", "计费周期", "单价", "服务商")
#: 说明做什么、做到什么程度的文字，以前的表没有（M6-15、M10-四(一)）
TEXTS = ("服务内容", "服务标准")
COLUMNS = (*_REQUIRED, "日志", "主机规格", "架构", *TEXTS)
#: 同一目录项在一版里各行、在各版之间都要一样的栏：变了，单价和数量的意思就变了（R-011、R-013）
FIXED = ("category", "unit", "pricing", "cycle", "logged", "dimension", "architecture")
TITLES = dict(zip(FIXED, ("类别", "计价单位", "计价方式", "计费周期", "日志", "主机规格", "架构"), strict=True))
_CHOICES = {
    "类别": ("基础设施", "平台软件", "软件授权"),
    "计价方式": ("单价", "阶梯", "授权"),
    "计费周期": ("年", "月", "次", "一次性"),
    "日志": ("有", "无"),
}
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,31}")
_PRICE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_LENGTHS = {"名称": 200, "计价单位": 40, "主机规格": 20, "架构": 10, "服务内容": 1000, "服务标准": 1000}
#: 计价单位末一段是时间的：核·年、元/核·月、GB 每天
_TIME = re.compile(r"(年|月|季|周|星期|日|天|小时|时)(度)?$")
_PARTS = re.compile(r"[/／·・•.*×每\s]+")
#: 连着计的周期：计价单位写的时间要与它一样，否则单价差十二倍
_RECURRING = ("年", "月")
MAX_ROWS = 2000
#: 从文件读出的一行带着的行号，不是目录的一栏
NUMBER = "行号"


@dataclass(frozen=True)
class Row:
    """目录的一行；`number` 是第几行（从 1 起），`provider` 空是全部服务商，阶梯的没有单价。"""

    number: int
    item: str
    category: str
    name: str
    unit: str
    pricing: str
    cycle: str
    unit_price: Decimal | None
    provider: str
    logged: bool
    dimension: str
    architecture: str
    level: str
    content: str = ""
    standard: str = ""

    def plain(self) -> dict[str, str]:
        """写成导入表的一行。"""
        price = "" if self.unit_price is None else f"{self.unit_price.normalize():f}"
        cells = (
            self.item, self.category, self.name, self.unit, self.pricing, self.cycle, price, self.provider,
            "有" if self.logged else "无", self.dimension, self.architecture, self.content, self.standard,
        )  # fmt: skip
        return dict(zip(COLUMNS, cells, strict=True))


def digest(rows: Iterable[Row]) -> str:
    """一版各行的 SM3，照导入的先后；服务内容、服务标准空着的不算在内，与没有这两栏时发布的相同。"""
    plain = [row.plain() for row in rows]
    return sm3(
        canonical([{column: row[column] for column in row if row[column] or column not in TEXTS} for row in plain])
    )


def told(row: object, name: str) -> str:
    """`FIXED` 里的一栏写给人看：空着的写出来。"""
    value = getattr(row, name)
    return ("有" if value else "无") if isinstance(value, bool) else str(value) or "空"


#: 导入表的各列；列的先后、标题行都不拘，认不出的列点名
WANTED = Wanted(
    "目录",
    (
        Column("目录项", Kind.CODE, aliases=("目录项代码", "目录项编号")),
        Column("类别", Kind.CHOICE, choices=choices(*_CHOICES["类别"])),
        Column("名称", Kind.TEXT, aliases=("目录项名称",)),
        Column("计价单位", Kind.TEXT),
        Column("计价方式", Kind.CHOICE, choices=choices(*_CHOICES["计价方式"])),
        Column("计费周期", Kind.CHOICE, choices=choices(*_CHOICES["计费周期"])),
        Column("单价", Kind.NUMBER, units=("元",), per=("计价单位", "计费周期")),
        Column("服务商", Kind.CODE, aliases=("服务商代码",)),
        Column("日志", Kind.CHOICE, choices=choices(*_CHOICES["日志"]), required=False),
        Column("主机规格", Kind.TEXT, required=False),
        Column("架构", Kind.TEXT, required=False),
        *(Column(name, Kind.TEXT, required=False) for name in TEXTS),
    ),
    MAX_ROWS,
    "（R-011）",
)


def read(content: bytes, name: str) -> Table:
    """读一份目录的 Excel 或 CSV；不是、缺列抛 ValueError，说从本页下载现行目录来改。"""
    try:
        return read_file(content, name, WANTED)
    except ValueError as error:
        raise ValueError(f"{error}；可以从本页下载现行目录，在上面改") from error


def rows_of(table: Table) -> list[dict[str, str]]:
    """读出的各行，列同 `COLUMNS`，另带表里的行号。"""
    return [{**row.text, NUMBER: str(row.number)} for row in table.rows]


def settled(table: Table) -> list[dict[str, str]]:
    """同上，有拒绝的格、认不出的列的整份不收，逐条抛 Refused：没有预览的地方用。"""
    wrong = [f"{note}（R-011）" for note in (*table.refused, *table.doubtful)]
    if wrong:
        raise Refused(wrong)
    return rows_of(table)


def checked(rows: Iterable[Mapping[str, str]], level: str) -> tuple[list[Row], list[str]]:
    """逐行检查：（各行, 问题）；问题写明第几行、哪一列、怎样不对。带着表里行号的照行号说，不带的是第几条。"""
    good: list[Row] = []
    problems: list[str] = []
    seen: dict[tuple[str, str], int] = {}
    attributes: dict[str, Row] = {}
    for place, given in enumerate(rows, start=1):
        number = int(given.get(NUMBER) or place)
        cells = {column: str(given.get(column, "") or "").strip() for column in COLUMNS}
        cells["日志"] = cells["日志"] or "有"
        wrong = [f"第 {number} 行 {problem}（R-011）" for problem in _problems(cells)]
        key = cells["目录项"], cells["服务商"]
        if key in seen:
            wrong.append(f"第 {number} 行 {cells['目录项']} 与第 {seen[key]} 行重复（R-011）")
        seen.setdefault(key, number)
        problems += wrong
        if wrong:
            continue
        row = Row(
            number=number,
            item=cells["目录项"],
            category=cells["类别"],
            name=cells["名称"],
            unit=cells["计价单位"],
            pricing=cells["计价方式"],
            cycle=cells["计费周期"],
            unit_price=Decimal(cells["单价"]) if cells["单价"] else None,
            provider=cells["服务商"],
            logged=cells["日志"] == "有",
            dimension=cells["主机规格"],
            architecture=cells["架构"],
            level=level,
            content=cells["服务内容"],
            standard=cells["服务标准"],
        )
        first = attributes.setdefault(row.item, row)
        different = [TITLES[name] for name in FIXED if getattr(first, name) != getattr(row, name)]
        different += ["名称"] if first.name != row.name else []
        if different:
            problems.append(f"第 {number} 行 {row.item}：{'、'.join(different)}与第 {first.number} 行不一致（R-011）")
        good.append(row)
    return good, problems


def _problems(cells: Mapping[str, str]) -> Iterable[str]:
    if not _CODE.fullmatch(cells["目录项"]):
        yield f"目录项：应为字母、数字和 . _ + -，最多 32 位，现在是“{cells['目录项'][:20]}”"
    for column in ("名称", "计价单位"):
        if not cells[column]:
            yield f"{column}不能为空"
    for column, most in _LENGTHS.items():
        if len(cells[column]) > most:
            yield f"{column}最多 {most} 字，现在 {len(cells[column])} 字"
    for column, options in _CHOICES.items():
        if cells[column] not in options:
            yield f"{column}：只能填 {'、'.join(options)}，现在是“{cells[column][:20]}”"
    if other := _other_time(cells["计价单位"], cells["计费周期"]):
        yield (
            f"计价单位：写的是“{cells['计价单位'][:20]}”，按{other}，计费周期却是“{cells['计费周期']}”；"
            "单价不换算，请改成同一个"
        )
    if cells["计价方式"] == "阶梯":
        if cells["单价"]:
            yield "单价：阶梯计价的单价由全市总量定，这里留空"
        if cells["计费周期"] not in ("年", "次"):
            yield "计费周期：阶梯只用于年、次"
    elif not _PRICE.fullmatch(cells["单价"]):
        yield f"单价：应为元，最多 6 位小数，现在是“{cells['单价'][:20]}”"


def _other_time(unit: str, cycle: str) -> str:
    """计价单位里写的、与计费周期不是一回事的时间；没有写、相同为空。人·月、核·时按次计的不管：那是量，不是周期。"""
    if cycle not in _RECURRING:
        return ""
    last = _PARTS.split(re.sub(r"[（(\[【].*?[)）\]】]", "", unit).strip())[-1]
    found = _TIME.search(last)
    if found is None:
        return ""
    counted = last[: found.start()].removesuffix("个")
    # 核年、人月连着写的也是；3 年、半年、两个月不是一年
    same = found[1] == cycle and not re.search("[0-9一二两三四五六七八九十半数]$", counted)
    return "" if same or (counted.endswith("一") and found[1] == cycle) else f"{counted[-3:]}{found[1]}"
