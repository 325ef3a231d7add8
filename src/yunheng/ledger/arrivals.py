"""收件箱收的三种东西：工单、日志、用量。列名同结算数据包，接口和文件导入用同一份检查（R-052）。"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from yunheng.tables import reading as tables
from yunheng.tables.columns import Column, Kind, choices
from yunheng.tables.reading import Table, Wanted

from .models import Source
from .operations import MAX_BATCH, Conflict
from .receiving import CORRECTS, examine

Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")]
Quantity = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=3)]
#: 更正的原件的来源编号；工单的是工单号加资源、目录项，所以长些。空的是不更正
Original = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f]*$")]


class Row(BaseModel):
    """收的一条：多出来的键不收。"""

    model_config = ConfigDict(extra="forbid")

    @field_validator("*")
    @classmethod
    def sensible(cls, value: Any) -> Any:
        """日期在 2000 年至 2100 年之间。"""
        if isinstance(value, date) and not 2000 <= value.year <= 2100:
            raise ValueError("日期应在 2000 年至 2100 年之间")
        return value

    @property
    @abstractmethod
    def reference(self) -> str:
        """来源编号：同一来源里认得出是同一件的号。"""

    def plain(self) -> dict[str, object]:
        """存成与数据包相同的文本：日期 YYYY-MM-DD，数字不带多余的零。

        没有填的“更正”不写：有这一栏以前收的，重发时摘要不变。
        """
        shown: dict[str, object] = {}
        for key, value in self.model_dump().items():
            if key == CORRECTS and not value:
                continue
            if isinstance(value, Decimal):
                shown[key] = f"{value.normalize():f}"
            else:
                shown[key] = value.isoformat() if isinstance(value, date) else value or ""
        return shown


class Order(Row):
    """一张工单：列名同结算数据包的“工单”表。"""

    工单号: Code
    单号: Code | Literal[""] = ""
    资源: Code
    目录项: Code
    动作: Literal["新增", "变更", "释放"]
    数量: Quantity | None = None
    完成日期: date
    更正: Original = ""

    @property
    def reference(self) -> str:
        """工单号加资源、目录项。"""
        return f"{self.工单号}/{self.资源}/{self.目录项}"


class Seen(Row):
    """一条平台日志：资源的首见、末见日期。`编号` 是来源自己的流水。"""

    编号: Code
    资源: Code
    首见日期: date
    末见日期: date
    更正: Original = ""

    @property
    def reference(self) -> str:
        """来源自己的流水号。"""
        return self.编号


class Usage(Row):
    """一条用量。"""

    编号: Code
    资源: Code
    目录项: Code
    日期: date
    用量: Quantity
    更正: Original = ""

    @property
    def reference(self) -> str:
        """来源自己的流水号。"""
        return self.编号


#: 种类 → 检查用的格式
KINDS: Mapping[str, type[Row]] = {"工单": Order, "日志": Seen, "用量": Usage}


def explained(error: Mapping[str, Any]) -> str:
    """检查不过的一处，用中文说。"""
    known = {
        "missing": "缺这一项",
        "extra_forbidden": "没有这一项",
        "string_too_short": "不能为空",
        "string_too_long": "太长",
        "literal_error": "只能是规定的几种",
        "too_long": f"一批最多 {MAX_BATCH:,} 条",
        "too_short": "一批至少 1 条",
        "json_invalid": "不是合格的 JSON",
    }
    kind = str(error["type"])
    if kind.startswith("date"):
        return "日期应写成 2025-09-30 的样子"
    if kind.startswith(("decimal", "greater_than", "less_than")):
        return "应为不小于 0 的数，位数有限"
    return known.get(kind, "格式不对")


#: 列 → 文件里怎样认：别的叫法、是编号还是数、日期；没有写的当编号
_COLUMNS = {
    column.name: column
    for column in (
        Column("单号", Kind.CODE, aliases=("单据号", "申请单号")),
        Column("资源", Kind.CODE, aliases=("资源编号", "资源号")),
        Column("目录项", Kind.CODE, aliases=("目录项编号", "目录项代码")),
        Column("动作", Kind.CHOICE, choices=choices("新增", "变更", "释放")),
        Column("数量", Kind.NUMBER),
        Column("用量", Kind.NUMBER),
        Column("完成日期", Kind.DATE),
        Column("首见日期", Kind.DATE),
        Column("末见日期", Kind.DATE),
        Column("日期", Kind.DATE),
    )
}


@dataclass(frozen=True)
class Line:
    """文件里的一行：表里的行号、各列折过的字、检查过的（有错为 None）、问题。"""

    number: int
    cells: Mapping[str, str]
    row: Row | None
    problems: tuple[str, ...]
    reminder: str = ""


def columns(kind: str) -> tuple[str, ...]:
    """这一种的列名。"""
    return tuple(KINDS[kind].model_fields)


def wanted(kind: str) -> Wanted:
    """这一种的文件要哪些列；“编号”可以没有，用资源、目录项和日期代替。"""
    fields = KINDS[kind].model_fields
    found = [
        replace(_COLUMNS.get(name, Column(name, Kind.CODE)), required=own.is_required() and name != "编号")
        for name, own in fields.items()
    ]
    return Wanted(kind, tuple(found), MAX_BATCH, "（R-052）")


def read_file(content: bytes, name: str, kind: str) -> tuple[Table, list[Line]]:
    """读一份工单、日志或用量的文件（.xlsx 或 .csv），逐行检查；整份读不了抛 ValueError，说明该怎么办。

    返回读到的表（怎样读的、哪些没有读）和各行。
    """
    table = tables.read_file(content, name, wanted(kind))
    return table, [_line(kind, row) for row in table.rows]


def judged(lines: Sequence[Line], source: Source, kind: str, on: date) -> list[Line]:
    """各行再照收件的规矩判一遍：别家的、日期不对的是问题，照收而对不上的是提醒；写法已经不对的不再判。"""
    good = [(number, line.row) for number, line in enumerate(lines) if line.row]
    try:
        verdict = examine(source=source, kind=kind, items=[(row.reference, row.plain()) for _, row in good], on=on)
    except Conflict:
        # 与收过的同号而内容不同：不是哪一行的写法不对，确认的时候整批说
        return list(lines)
    found = list(lines)
    for place, (number, _) in enumerate(good):
        if wrong := verdict.foreign.get(place) or verdict.wrong.get(place):
            found[number] = replace(lines[number], problems=(wrong,))
        elif place in verdict.reminders:
            found[number] = replace(lines[number], reminder=verdict.reminders[place])
    return found


def _line(kind: str, given: tables.Row) -> Line:
    own = dict(given.text)
    if "编号" in own and not own["编号"]:
        own["编号"] = "/".join(filter(None, (own[name] for name in own if name not in ("编号", "用量", CORRECTS))))[:64]
    fields = KINDS[kind].model_fields
    filled = {name: value for name, value in own.items() if value or fields[name].is_required()}
    problems = [f"{column}：{reason}" for column, reason in given.refused.items()]
    if own.get(CORRECTS) and "编号" in own and not given.text.get("编号"):
        problems.append(f"{CORRECTS}：更正要写自己的新编号（R-052）")
    try:
        row = KINDS[kind](**filled)
    except ValidationError as error:
        found = [(str(one["loc"][0]) if one["loc"] else "", explained(one)) for one in error.errors()]
        problems += [f"{column}：{reason}" for column, reason in found if column not in given.refused]
        return Line(given.number, own, None, tuple(dict.fromkeys(problems)))
    return Line(given.number, own, None if problems else row, tuple(problems))
