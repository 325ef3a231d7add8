"""补录的工作簿：有哪些表、哪些列，怎样读。写法照人交的表那套宽的规矩，没有读的表、行、列逐个点名（R-084）。"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from yunheng.audit.refused import Refused
from yunheng.catalog.models import Item
from yunheng.ledger.arrivals import NO_QUANTITY, priced_in, unfilled
from yunheng.ledger.operations import MAX_BATCH
from yunheng.metering import template
from yunheng.metering.format import TABLE
from yunheng.metering.format import Column as Packaged
from yunheng.metering.problems import Problem
from yunheng.orgs.models import Institution
from yunheng.tables import folding
from yunheng.tables.books import Book, read_book
from yunheng.tables.cells import Sheet
from yunheng.tables.columns import Column, Kind, choices
from yunheng.tables.limits import Unreadable
from yunheng.tables.notes import Note, Outcome, ranked
from yunheng.tables.opening import opened
from yunheng.tables.reading import Table
from yunheng.tables.wanted import Wanted

#: 工作簿里的工作表；后四张可以没有
SHEETS = ("项目", "单据", "单据明细", "工单", "日志", "用量")
_NEEDED = ("单据", "单据明细")
#: 工作表 → 依据，写在每处问题后面
CITED = {
    "项目": "D62-附件1，R-084",
    "单据": "M10-四(六)，R-084",
    "单据明细": "D62-附件1、附件3，R-084",
    "工单": "D62-七，R-052",
    "日志": "D62-七，R-052",
    "用量": "D62-七，R-052",
}
#: 填机构代码或全称的列；全称里的全角括号是名字的一部分，不当编号折
_INSTITUTIONS = {("项目", "单位"), ("单据", "服务商")}
_TEXTS = {("项目", "名称"), *_INSTITUTIONS}
#: 补录写下去就成了一件的编号：形近的两个会成两件
_IDENTITIES = {("项目", "项目"), ("单据", "单号"), ("单据明细", "资源")}
_ALIASES = {
    "单号": ("单据号", "申请单号"),
    "资源": ("资源编号", "资源号"),
    "目录项": ("目录项编号", "目录项代码"),
    "项目": ("项目编号", "项目代码"),
}
#: 几选一的另几种写法
_SPELLED = {
    "种类": {
        **dict.fromkeys(("首次", "新建", "新申请", "首次申请（新建）", "首次申请表"), "首次申请"),
        **dict.fromkeys(("变更申请", "变更申请表", "资源变更"), "变更"),
        **dict.fromkeys(("注销申请", "注销申请表", "资源注销"), "注销"),
    },
    "费用归属": {
        **dict.fromkeys(("区级财政", "区财政", "区级统一支付", "统一支付"), "区级"),
        **dict.fromkeys(("单位自费", "自行支付"), "自费"),
    },
}
_KINDS = {"number": Kind.NUMBER, "date": Kind.DATE, "choice": Kind.CHOICE, "text": Kind.CODE}
_NOTES = (
    "一份工作簿可以带来一个单位上线以前的全部历史：项目、申请、变更、注销，和它们的工单、日志、用量。",
    "表名、列名不要改；深色表头是必填列，鼠标停在表头上有说明。认不出的表、列不读，预演时逐个点名。",
    "各表是空的，从第 2 行填起；怎么填看“填写示例”那一张（那一张不读）。",
    "单号照原件填，最多 20 个字，不能有“/”；单位、服务商填机构代码或全称都可以。",
    "“项目”表只填系统里还没有的项目；已有的在“单据”表里直接写项目编号。",
    "数量填动作之后的数量；释放不填。新增、变更要有工单才生效，生效日是工单的完成日期。",
    "一张工单办了几项的，一项一行，工单号相同。没有工单号的平台记录、没有单据的工单，到“平台数据”导入。",
    "日期填成日期或 2023-07-01 这样的文本；不要跨行合并单元格，不要用公式：有一格就整份不收，并逐格指出。",
)

_BLANK = "；这一行是释放，数量请留空"

#: 表 → 各行：（表里的行号，表头是第 1 行；各列的字）
Rows = dict[str, list[tuple[int, dict[str, str]]]]


@dataclass(frozen=True)
class Given:
    """读出来的一份：各行、不收的格；`notes` 是怎样读的、哪些没有读，`told` 是读的是哪些表、哪些行。"""

    rows: Rows
    refused: tuple[Problem, ...] = ()
    notes: tuple[Note, ...] = ()
    told: str = ""


def blank() -> bytes:
    """空白工作簿。"""
    return template.blank("历史补录填写说明", _NOTES, [TABLE[name] for name in SHEETS])


@cache
def _own() -> tuple[Sheet, ...]:
    """空白工作簿里的各张：带回来时没改过的批注和说明不必再说。"""
    return tuple(opened(blank(), "历史补录.xlsx"))


def _column(sheet: str, column: Packaged) -> Column:
    return Column(
        column.name,
        Kind.TEXT if (sheet, column.name) in _TEXTS else _KINDS[column.kind],
        _ALIASES.get(column.name, ()),
        column.required,
        choices={**choices(*column.choices), **_SPELLED.get(column.name, {})},
        blanks=NO_QUANTITY if column.name == "数量" else (),
        united=column.name == "数量",
        distinct=(sheet, column.name) in _IDENTITIES,
    )


WANTED = tuple(
    Wanted(
        sheet,
        tuple(_column(sheet, column) for column in TABLE[sheet].columns),
        MAX_BATCH,
        f"（{CITED[sheet]}）",
        may_be_empty=True,
    )
    for sheet in SHEETS
)


def read(content: bytes, name: str) -> Given:
    """读一份工作簿；打不开、缺表、缺列的整份不收，抛 Refused，逐处列出。不收的格在 `refused` 里。"""
    try:
        book = read_book(content, name, WANTED, _own())
    except Unreadable as error:
        raise Refused([f"{error}（R-084）"]) from error
    problems = [*book.wrong, *_lacking(book)]
    if problems:
        raise Refused(problems)
    rows = {
        sheet: [(row.number, {**row.text, **{name: row.raw[name] for name in row.refused}}) for row in found.rows]
        if (found := book.tables.get(sheet))
        else []
        for sheet in SHEETS
    }
    notes = [*book.notes, *_coded(rows)]
    refused = tuple(
        Problem(sheet, note.row, note.column, note.text + (_BLANK if _released(table, note) else ""))
        for sheet, table in book.tables.items()
        for note in table.refused
    )
    return Given(rows, (*refused, *_quantities(book)), ranked(notes), book.told)


def _released(table: Table, note: Note) -> bool:
    """说的是不是释放的一行的数量：照“请填数”填了，又要因为释放不填数量被拒。"""
    return note.column == "数量" and any(
        row.number == note.row and row.text.get("动作") == "释放" for row in table.rows
    )


def _quantities(book: Book) -> Iterator[Problem]:
    """数量写着“—”“全部”而不是释放的，格里写的单位与目录项的计价单位不同的：不收，不换算。"""
    priced = {code: (unit, cycle) for code, unit, cycle in Item.objects.values_list("code", "unit", "cycle")}
    for sheet in ("单据明细", "工单"):
        for row in book.tables[sheet].rows if sheet in book.tables else ():
            if wrong := unfilled(row):
                yield Problem(sheet, row.number, "数量", wrong)
            unit, cycle = priced.get(row.text["目录项"], ("", ""))
            said = row.units.get("数量", "")
            if said and not priced_in(said, unit, cycle):
                listed = f"目录里 {row.text['目录项']} 的计价单位是“{unit}”" if unit else "目录里没有这一项"
                written = folding.visible(row.raw["数量"])[:20]
                yield Problem(sheet, row.number, "数量", f"“{written}”不是数：写的单位是“{said}”，{listed}；单位不换算")


def _lacking(book: Book) -> Iterator[str]:
    tried = " ".join(book.wrong)
    left = [note.where for note in book.notes if not note.sheet and note.outcome == Outcome.UNREAD]
    others = f"；没有读的是{'、'.join(left[:6])}" if left else ""
    for sheet in _NEEDED:
        if sheet not in book.tables and f"“{sheet}”" not in tried:
            yield f"“{book.name}”缺少工作表“{sheet}”（{CITED[sheet]}）{others}"
    if "单据" in book.tables and not book.tables["单据"].rows:
        yield "工作表“单据”里没有内容（M10-四(六)，R-084）"


def _coded(rows: Rows) -> Iterator[Note]:
    """单位、服务商写的是全称的换成代码，全半角、空白不分；换了的点名。同名的机构有两个的不换。"""
    listed: defaultdict[str, set[str]] = defaultdict(set)
    names: dict[str, str] = dict(Institution.objects.values_list("code", "name"))
    for code, name in names.items():
        listed[folding.compact(name)].add(code)
    for sheet, column in sorted(_INSTITUTIONS):
        for number, row in rows[sheet]:
            written = row[column]
            if not written or written in names:
                continue
            code = folding.code(written)
            found = {code} if code in names else listed[folding.compact(written)]
            if len(found) != 1:
                continue
            (row[column],) = found
            if written != names[row[column]]:
                text = f"“{written[:30]}”当作 {names[row[column]]}（{row[column]}）"
                yield Note(Outcome.FOLDED, f"第 {number} 行“{column}”", text, sheet, row=number, column=column, cells=1)


def said(problem: Problem) -> str:
    """一处问题说成一句：工作表、行、列、原因、依据。"""
    row = f"第 {problem.row} 行" if problem.row else ""
    column = f"“{problem.column}”" if problem.column not in ("-", "—") else ""
    cited = "" if "R-" in problem.reason else f"（{CITED.get(problem.table, 'R-084')}）"
    return f"工作表“{problem.table}”{row}{column}：{problem.reason}{cited}"
