"""收件箱收的三种东西：工单、日志、用量。列名同结算数据包，接口和文件导入用同一份检查（R-052）。"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
)

from yunheng.catalog.models import Item
from yunheng.rules.money import number_typed
from yunheng.tables import folding
from yunheng.tables import reading as tables
from yunheng.tables.columns import BLANKS, Column, Kind, choices
from yunheng.tables.notes import Note, Outcome, told_rows
from yunheng.tables.reading import Table
from yunheng.tables.wanted import Wanted

from . import adopting, crossing, unnumbered
from .matching import BY_COUNT
from .models import Received, Source
from .operations import MAX_BATCH
from .receiving import CORRECTS, examine


def _plain(value: Any) -> Any:
    """送来的数写成文本的，只认数字和小数点：1e2、1_0、千分位不猜。"""
    if value == "":
        raise ValueError(_BLANK)
    if isinstance(value, bool) or (isinstance(value, str) and ("," in value or number_typed(value) is None)):
        raise ValueError("应为数")
    return value


def _unsigned(value: Decimal) -> Decimal:
    """-0 写成 0：存成“-0”的，导出时读不懂，不计入。"""
    return value or Decimal(0)


def _dated(value: Any) -> Any:
    """送来的日期只认 YYYY-MM-DD：时间戳、带时刻的不猜是哪一天。"""
    if value == "":
        raise ValueError(_BLANK)
    if type(value) is not date and not (isinstance(value, str) and _ISO.fullmatch(value)):
        raise ValueError("日期应写成 2025-09-30 的样子")
    return value


_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BLANK = "没有填"

MAX_CODE = 64
_CODE = r"^[^\x00-\x1f]+$"
Code = Annotated[str, StringConstraints(min_length=1, max_length=MAX_CODE, pattern=_CODE)]
Quantity = Annotated[
    Decimal, Field(ge=0, max_digits=15, decimal_places=3), BeforeValidator(_plain), AfterValidator(_unsigned)
]
Day = Annotated[date, BeforeValidator(_dated)]
#: 可空的栏写 null 的当作空着
_Blank = BeforeValidator(lambda value: "" if value is None else value)
#: 更正的原件的来源编号；工单的是工单号加资源、目录项，所以长些。空的是不更正
Original = Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f]*$"), _Blank]


def coded(text: str) -> bool:
    """单号、编号收不收：不空、不太长、没有控制字符；接口、文件、页面上填的回执一样（R-052）。"""
    return len(text) <= MAX_CODE and re.fullmatch(_CODE, text) is not None and text.isprintable()


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
    单号: Annotated[Code | Literal[""], _Blank] = ""
    资源: Code
    目录项: Code
    动作: Literal["新增", "变更", "释放"]
    数量: Quantity | None = None
    完成日期: Day
    更正: Original = ""

    @property
    def reference(self) -> str:
        """工单号加资源、目录项。"""
        return f"{self.工单号}/{self.资源}/{self.目录项}"


class Seen(Row):
    """一条平台日志：资源的首见、末见日期。`编号` 是来源自己的流水。"""

    编号: Code
    资源: Code
    首见日期: Day
    末见日期: Day
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
    日期: Day
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
        "list_type": "应是一个数组，如 [{…}, {…}]，只有一条也放在数组里",
        "model_type": "应是一个对象，如 {…}，列名照接口的表",
        "string_type": "应为文本，写在引号里",
        "string_pattern_mismatch": "格式不对：有换行、制表一类的控制字符",
        "finite_number": "应为数：NaN、Infinity 和写不下的数（如 1e400）都不收",
        "decimal_max_places": "最多 3 位小数",
        "decimal_max_digits": "最多 15 位数字，其中小数最多 3 位",
        "decimal_whole_digits": "整数最多 12 位",
    }
    kind = str(error["type"])
    if kind.startswith("date"):
        return "日期应写成 2025-09-30 的样子"
    if kind.startswith(("decimal", "greater_than")) and kind not in known:
        return "应为不小于 0 的数"
    return known.get(kind) or str(error.get("ctx", {}).get("error", "")) or "格式不对"


#: 释放不填数量，人常写成这些
NO_QUANTITY = (*BLANKS, "全部", "整项")
#: 列 → 文件里怎样认：别的叫法、是编号还是数、日期；没有写的当编号
_COLUMNS = {
    column.name: column
    for column in (
        Column("单号", Kind.CODE, aliases=("单据号", "申请单号")),
        Column("资源", Kind.CODE, aliases=("资源编号", "资源号")),
        Column("目录项", Kind.CODE, aliases=("目录项编号", "目录项代码")),
        Column("动作", Kind.CHOICE, choices=choices("新增", "变更", "释放")),
        Column("数量", Kind.NUMBER, measured=True, blanks=NO_QUANTITY),
        Column("用量", Kind.NUMBER, measured=True),
        Column("完成日期", Kind.DATE),
        Column("首见日期", Kind.DATE),
        Column("末见日期", Kind.DATE),
        Column("日期", Kind.DATE),
    )
}


@dataclass(frozen=True)
class Line:
    """文件里的一行：表里的行号、各列折过的字、检查过的（有错为 None）、问题。

    `unnumbered` 是没有自己的编号，照内容起的。
    """

    number: int
    cells: Mapping[str, str]
    row: Row | None
    problems: tuple[str, ...]
    reminder: str = ""
    unnumbered: bool = False


def columns(kind: str) -> tuple[str, ...]:
    """这一种的列名。"""
    return tuple(KINDS[kind].model_fields)


def content(received: Received) -> list[tuple[str, str]]:
    """一件收件给人看的内容：（列名, 值），照这一种的列的次序；编号、资源另有一栏，空的不列。"""
    return [
        (name, str(value))
        for name in columns(received.kind)
        if name not in ("编号", "资源") and (value := received.payload.get(name, ""))
    ]


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


def judged(
    table: Table, lines: Sequence[Line], source: Source, kind: str, on: date
) -> tuple[list[Line], tuple[Note, ...]]:
    """各行再照收件的规矩判一遍，一行也不落下；另有几句要人看的：重复的、以前收过的、像是重送的。写法已经不对的不再判。

    别家的、日期不对的、同号而内容不同的、列名写的单位与目录不同的是问题；照收而对不上的是提醒。
    """
    numbered = _numbered(_measured(table, lines, kind), source, kind)
    good = [(place, line.row) for place, line in enumerate(numbered) if line.row]
    verdict = examine(source=source, kind=kind, items=[(row.reference, row.plain()) for _, row in good], on=on)
    first: dict[str, int] = {}
    found = list(numbered)
    for number, (place, row) in enumerate(good):
        line = numbered[place]
        # 没有自己编号的，起编号时已经说过分不清
        clashing = {} if line.unnumbered else verdict.clashing
        wrong = [each[number] for each in (verdict.foreign, verdict.wrong, clashing) if number in each]
        if number in clashing and row.reference in first:
            wrong[-1] += f"，头一条在第 {first[row.reference]} 行"
        first.setdefault(row.reference, line.number)
        if wrong:
            found[place] = replace(line, problems=(*line.problems, *wrong))
        elif number in verdict.reminders:
            found[place] = replace(line, reminder=verdict.reminders[number])
    known = {good[number][0] for number in verdict.known}
    fresh = [line for place, line in enumerate(found) if line.row and not line.problems and place not in known]
    notes = [
        *_serial(table, [line for place, line in enumerate(lines) if place not in known], lines),
        *_repeated(table, found, known, kind),
        *_twinned(table, fresh, source, kind),
        *_crossed(table, fresh, source, kind),
    ]
    if broken := {found[good[number][0]].number: text for number, text in sorted(verdict.broken.items())}:
        said = next(iter(broken.values()))
        said = said if len(broken) == 1 else f"与同一资源的另一段日志断开了，例如：{said}"
        notes.append(Note(Outcome.NAMED, told_rows(broken), said, table.sheet))
    doubtful: dict[str, list[int]] = defaultdict(list)
    for number, text in sorted(verdict.doubtful.items()):
        doubtful[text].append(found[good[number][0]].number)
    notes += [Note(Outcome.NAMED, told_rows(own), text, table.sheet, doubtful=True) for text, own in doubtful.items()]
    return found, tuple(notes)


def _serial(table: Table, fresh: Sequence[Line], lines: Sequence[Line]) -> Iterator[Note]:
    """“编号”一列是 1、2、3：多半是表里的序号，下一份又从 1 起就重号，照着重号的提示改又会抹掉原来的（R-052）。"""
    numbers = [line.cells.get(unnumbered.NUMBER, "") for line in lines if not line.unnumbered]
    if not numbers or not any(not line.unnumbered for line in fresh):
        return
    if [number.lstrip("0") for number in numbers] == [str(nth) for nth in range(1, len(numbers) + 1)]:
        text = (
            f"是{'、'.join(numbers[:3])}{'……' if len(numbers) > 3 else ''}，像是表里的序号，不是平台的流水号："
            "下一份又从 1 起就与这一份重号；是序号的请把列名改成“序号”，各行照内容认；确是流水号才照导（R-052）"
        )
        yield Note(Outcome.NAMED, f"“{unnumbered.NUMBER}”列", text, table.sheet, doubtful=True)


def _crossed(table: Table, fresh: Sequence[Line], source: Source, kind: str) -> Iterator[Note]:
    """新收的各行里，别的来源说过同一件事的、台账更正过的：收下以后照哪一边，先说。日志几边的合起来看，不列。"""
    rows = [(line.number, line.row.plain()) for line in fresh if line.row]
    if kind == "用量":
        yield from crossing.notes(source, table.sheet, rows)
    elif kind == "工单":
        payloads = dict(rows)
        told = adopting.sent_elsewhere(source, payloads) | adopting.overruled(payloads)
        for number, text in sorted(told.items()):
            yield Note(Outcome.NAMED, told_rows([number]), text, table.sheet, doubtful=True)


def unlisted(table: Table, lines: Iterable[Line]) -> Iterator[Note]:
    """预览里列不下的各行：问题、提醒照同样的话合起来点名；格里读不了的，表的说明里已经有了。"""
    told = {(note.row, f"{note.column}：{note.text}") for note in table.refused}
    groups: dict[tuple[Outcome, str], list[int]] = defaultdict(list)
    for line in lines:
        for problem in line.problems:
            if (line.number, problem) not in told:
                groups[Outcome.REFUSED, problem].append(line.number)
        if line.reminder and not line.problems:
            groups[Outcome.NAMED, f"对不上：{line.reminder}"].append(line.number)
    for (outcome, text), numbers in groups.items():
        yield Note(outcome, told_rows(numbers), text, table.sheet)


def _measured(table: Table, lines: Sequence[Line], kind: str) -> list[Line]:
    """列名写了单位的，逐行与目录项的计价单位比：不同的是问题，不换算；目录里没有的只拦倍数。"""
    titles = {name: title for _, title, name in table.headings}
    column = _COLUMNS["用量" if kind == "用量" else "数量"]
    said = column.stated_unit(titles.get(column.name, ""))
    if not said:
        return list(lines)
    codes = {line.cells.get("目录项", "") for line in lines}
    units = {code: (unit, cycle) for code, unit, cycle in Item.objects.filter(code__in=codes).values_list(
        "code", "unit", "cycle")}  # fmt: skip
    found = []
    for line in lines:
        unit, cycle = units.get(line.cells.get("目录项", ""), ("", ""))
        if not line.cells.get(column.name) or (not unit and not folding.scale(said)) or priced_in(said, unit, cycle):
            found.append(line)
            continue
        listed = f"目录里这一项的计价单位是“{unit}”" if unit else "目录里没有这一项"
        wrong = f"{column.name}：列名写的单位是“{said}”，{listed}；不换算，请照计价单位填，改好列名（R-052）"
        found.append(replace(line, problems=(*line.problems, wrong)))
    return found


def priced_in(said: str, unit: str, cycle: str) -> bool:
    """写的就是计价单位：核、核·年 都是“核·年”，G、T 是 GB、TB；按次的，次也是。"""
    head = unit.partition("·")[0]
    short = head[:1] if head in ("GB", "TB") else ""
    good = {unit, head, short, unit.replace("·", "/"), BY_COUNT if cycle == BY_COUNT else ""} - {""}
    return any(folding.same_unit(said, one) for one in good)


def _numbered(lines: Sequence[Line], source: Source, kind: str) -> list[Line]:
    """没有自己编号的行，照内容和以前收过的起编号；分不清的是问题。"""
    rows = [(line, line.row) for line in lines if line.row and line.unnumbered]
    pieces = [unnumbered.Piece(line.number, row.reference, unnumbered.content_of(row.plain())) for line, row in rows]
    if not pieces:
        return list(lines)
    own = {line.row.reference for line in lines if line.row and not line.unnumbered}
    given = unnumbered.assign(pieces, unnumbered.stored(source, kind, {one.base for one in pieces}), own)
    return [_renumbered(line, given) if line.unnumbered and line.row else line for line in lines]


def _renumbered(line: Line, given: unnumbered.Assigned) -> Line:
    if wrong := given.unclear.get(line.number):
        return replace(line, problems=(*line.problems, wrong))
    reference = given.numbers[line.number]
    row = line.row.model_copy(update={unnumbered.NUMBER: reference}) if line.row else None
    return replace(line, row=row, cells={**line.cells, unnumbered.NUMBER: reference})


def _repeated(table: Table, lines: Sequence[Line], known: set[int], kind: str) -> Iterator[Note]:
    """内容完全相同的行：没有自己编号的都照收，要人点头；同一个编号的只收一次。以前收过的不再收。"""
    same: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, line in enumerate(lines):
        if line.row:
            own = "" if line.unnumbered else line.row.reference
            same[own, unnumbered.content_of(line.row.plain())].append(place)
    for (own, _), places in same.items():
        if len(places) < 2:
            continue
        where = told_rows(lines[place].number for place in places)
        if own:
            yield Note(Outcome.NAMED, where, "编号和内容都相同，只收一次", table.sheet)
            continue
        used = [row.用量 for place in places if isinstance(row := lines[place].row, Usage)]
        total = f"（{kind}合计 {sum(used, Decimal(0)).normalize():f}）" if used else ""
        text = f"内容完全相同，没有自己的编号，都照收{total}；如是重复录入，请只留一行"
        yield Note(Outcome.NAMED, where, text, table.sheet, doubtful=not set(places) <= known)
    if known:
        where = told_rows(lines[place].number for place in known)
        yield Note(Outcome.NAMED, where, "以前收过，内容相同，不再收", table.sheet)


def _twinned(table: Table, fresh: Sequence[Line], source: Source, kind: str) -> Iterator[Note]:
    """新收的各行里，没有编号的与收过的（或这一份里）写着编号的内容相同，或者反过来：是重送还是另一笔，要人点头。

    工单都有工单号，不会没有编号；更正的本来就与原件是一笔，不算。
    """
    if unnumbered.NUMBER not in columns(kind):
        return
    rows = [(line, line.row) for line in fresh if line.row and not line.row.model_dump().get(CORRECTS)]
    bare: dict[str, list[int]] = defaultdict(list)
    named: dict[str, list[int]] = defaultdict(list)
    payloads: dict[bool, list[Mapping[str, object]]] = {True: [], False: []}
    for line, row in rows:
        payload = row.plain()
        (bare if line.unnumbered else named)[unnumbered.matter_of(payload)].append(line.number)
        payloads[line.unnumbered].append(payload)
    ask = "内容相同：是重送还是另一笔？是重送的请从文件里删去，点了头就再记一笔（R-052）"
    for own, twins in (
        (bare, unnumbered.numbered_twins(source, kind, columns(kind), payloads[True])),
        (named, unnumbered.bare_twins(source, kind, columns(kind), payloads[False])),
    ):
        for matter, earlier in twins.items():
            last = earlier[-1]
            what = f"编号 {last.reference}" if last.reference else "没有编号的一笔"
            more = f"等 {len(earlier)} 笔" if len(earlier) > 1 else ""
            text = f"与 {last.on.year} 年 {last.on.month} 月 {last.on.day} 日收过的{what}{more}{ask}"
            yield Note(Outcome.NAMED, told_rows(own[matter]), text, table.sheet, doubtful=True)
    for matter in bare.keys() & named.keys():
        text = f"没有编号，与{told_rows(named[matter])}写了编号的{ask}"
        yield Note(Outcome.NAMED, told_rows(bare[matter]), text, table.sheet, doubtful=True)


def unfilled(given: tables.Row) -> str:
    """数量写着“—”“全部”一类当作没有填的，而不是释放：说一句；不是这样的为空。"""
    written = folding.visible(given.raw.get("数量", ""))
    if not written or given.text["数量"] or given.text.get("动作") == "释放" or "数量" in given.refused:
        return ""
    return f"“{written[:20]}”只有释放可以这样写，新增、变更请填数，如 8"


def _line(kind: str, given: tables.Row) -> Line:
    own = dict(given.text)
    bare = "编号" in own and not own["编号"]
    if bare:
        own["编号"] = unnumbered.base_of(columns(kind), own)
    fields = KINDS[kind].model_fields
    filled = {name: value for name, value in own.items() if value or fields[name].is_required()}
    problems = [f"{column}：{reason}" for column, reason in given.refused.items()]
    if own.get(CORRECTS) and bare:
        problems.append(f"{CORRECTS}：更正要写自己的新编号（R-052）")
    if said := unfilled(given):
        problems.append(f"数量：{said}（R-052）")
    try:
        row = KINDS[kind](**filled)
    except ValidationError as error:
        found = [(str(one["loc"][0]) if one["loc"] else "", explained(one)) for one in error.errors()]
        problems += [f"{column}：{reason}" for column, reason in found if column not in given.refused]
        return Line(given.number, own, None, tuple(dict.fromkeys(problems)))
    return Line(given.number, own, None if problems else row, tuple(problems), unnumbered=bare)
