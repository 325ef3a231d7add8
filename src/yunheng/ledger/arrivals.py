"""收件箱收的三种东西：工单、日志、用量。列名同结算数据包，接口和文件导入用同一份检查（R-052）。"""

from __future__ import annotations

import csv
import io
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import openpyxl
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from yunheng.documents.office import checked_office

from .operations import MAX_BATCH

Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$")]
Quantity = Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=3)]


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
        """存成与数据包相同的文本：日期 YYYY-MM-DD，数字不带多余的零。"""
        shown: dict[str, object] = {}
        for key, value in self.model_dump().items():
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


@dataclass(frozen=True)
class Line:
    """文件里的一行：表里的行号（表头是第 1 行）、各列、检查过的（有错为 None）、问题。"""

    number: int
    cells: Mapping[str, str]
    row: Row | None
    problems: tuple[str, ...]


def columns(kind: str) -> tuple[str, ...]:
    """这一种的列名。"""
    return tuple(KINDS[kind].model_fields)


def read_file(content: bytes, name: str, kind: str) -> list[Line]:
    """读一份工单、日志或用量的文件（.xlsx 或 .csv），逐行检查；整份读不了抛 ValueError，说明该怎么办。

    日志、用量没有“编号”一列的，用资源、目录项和日期代替。
    """
    table = _csv(content, name) if name.lower().endswith(".csv") else _workbook(content, name, kind)
    lines = [(number, line) for number, line in enumerate(table, start=1) if any(line)]
    if not lines:
        raise ValueError(f"“{name}”是空的")
    header = lines[0][1]
    known = columns(kind)
    missing = [column for column in known if column not in header and column not in ("编号", "单号", "数量")]
    if missing:
        raise ValueError(f"“{name}”的第 1 行缺少列：{'、'.join(missing)}；{kind}要有：{'、'.join(known)}")
    body = lines[1:]
    if not body:
        raise ValueError(f"“{name}”只有表头，没有内容")
    if len(body) > MAX_BATCH:
        raise ValueError(f"“{name}”有 {len(body):,} 行，一次最多 {MAX_BATCH:,} 行，请分几个文件（R-052）")
    return [_line(kind, number, dict(zip(header, line, strict=False)), known) for number, line in body]


def _line(kind: str, number: int, cells: Mapping[str, str], known: Sequence[str]) -> Line:
    own = {name: cells.get(name, "") for name in known}
    if "编号" in own and not own["编号"]:
        own["编号"] = "/".join(filter(None, (own[name] for name in known if name not in ("编号", "用量"))))[:64]
    given = {name: value for name, value in own.items() if value or name not in ("数量", "单号")}
    try:
        return Line(number, own, KINDS[kind](**given), ())
    except ValidationError as error:
        found = [f"{one['loc'][0] if one['loc'] else ''}：{explained(one)}" for one in error.errors()]
        return Line(number, own, None, tuple(dict.fromkeys(found)))


def _csv(content: bytes, name: str) -> list[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return [[cell.strip() for cell in line] for line in csv.reader(io.StringIO(text, newline=""))]
    raise ValueError(f"“{name}”不是文本，请另存为 UTF-8 编码的 .csv 或 .xlsx 再导入")


def _workbook(content: bytes, name: str, kind: str) -> list[list[str]]:
    checked_office(content, name, (".xlsx", ".csv"), "请分几个文件")
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book[kind] if kind in book.sheetnames else book.worksheets[0]
        return [_texts(row) for row in sheet.iter_rows(max_row=MAX_BATCH + 2, max_col=40, values_only=True)]
    except Exception as error:
        raise ValueError(f"“{name}”打不开，文件可能坏了，请重新另存后再导入") from error


def _texts(row: Iterable[Any]) -> list[str]:
    return [
        "" if cell is None else cell.date().isoformat() if isinstance(cell, datetime) else str(cell).strip()
        for cell in row
    ]
