"""历史补录（R-084）：一份工作簿带来一个单位上线以前的全部单据、工单、日志、用量；先预演，没有一处问题才写，要么全写要么不写。

各表、各列就是结算数据包里的那几张（`metering.format`），一格一格的检查也是那一份（`metering.checking`）：
这里查得过的，计量一定读得进。
"""

from __future__ import annotations

import csv
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb

from yunheng.audit.actor import Actor
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Case
from yunheng.cases.numbering import reserve_number
from yunheng.catalog.models import Item
from yunheng.documents.office import checked_office
from yunheng.ledger.arrivals import Seen, Usage
from yunheng.ledger.models import Channel, Fact, Project, Resource
from yunheng.ledger.operations import MAX_BATCH
from yunheng.ledger.receiving import receive, source_of
from yunheng.metering import checking, reading, template
from yunheng.metering.format import MANIFEST, TABLE, WHITE_SPACE
from yunheng.metering.problems import PackageError, Problem
from yunheng.metering.spreadsheet import unpack_workbook
from yunheng.orgs.models import Institution, Kind
from yunheng.orgs.queries import providers
from yunheng.orgs.reading import MAX_ATTACHMENT
from yunheng.rules import periods
from yunheng.rules.digest import sm3_bytes
from yunheng.rules.roles import Role

from .backfill import MISSING_GATES, Entry, Order, backfill
from .models import Backfill
from .receipts import stop_day

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
#: 列 → 库里放得下几个字
_LENGTHS = {"单号": 20, "项目": 32, "资源": 64, "工单号": 64}
#: 收件的来源编号最长几个字
_REFERENCE = 100
#: 一种单据只能有的动作；没写的都可以
_ACTIONS = {"首次申请": ("新增",), "注销": ("释放",)}
#: 各表里的日期列：都是已经发生的
_DATES = {"单据": ("审核日期",), "工单": ("完成日期",), "日志": ("首见日期", "末见日期"), "用量": ("日期",)}
_EARLIEST = date(2000, 1, 1)
_NOTES = (
    "一份工作簿可以带来一个单位上线以前的全部历史：项目、申请、变更、注销，和它们的工单、日志、用量。",
    "表名、列名不要改；深色表头是必填列，鼠标停在表头上有说明。",
    "各表是空的，从第 2 行填起；怎么填看“填写示例”那一张（那一张不读）。",
    "单号照原件填，最多 20 个字，不能有“/”；单位、服务商填机构代码或全称都可以。",
    "“项目”表只填系统里还没有的项目；已有的在“单据”表里直接写项目编号。",
    "数量填动作之后的数量；释放不填。新增、变更要有工单才生效，生效日是工单的完成日期。",
    "一张工单办了几项的，一项一行，工单号相同。没有工单号的平台记录、没有单据的工单，到“平台数据”导入。",
    "日期填成日期或 2023-07-01 这样的文本；不要合并单元格，不要用公式。",
)

#: 一行：表里的行号（表头是第 1 行）和各列
Rows = dict[str, list[tuple[int, dict[str, str]]]]
_frozen: list[Callable[[], Collection[int]]] = []


def register_frozen(years: Callable[[], Collection[int]]) -> None:
    """结算一章登记：哪些服务年度已经冻结（R-083）。"""
    _frozen.append(years)


def blank() -> bytes:
    """空白工作簿。"""
    return template.blank("历史补录填写说明", _NOTES, [TABLE[name] for name in SHEETS])


# ── 读 ──


def read(content: bytes, name: str) -> Rows:
    """读一份工作簿；打不开、缺表、缺列、有公式或合并单元格抛 Refused，逐处列出。"""
    try:
        checked_office(content, name, (".xlsx",), "请分几个文件")
        with tempfile.TemporaryDirectory(prefix="yunheng-") as place:
            folder, source = Path(place) / "csv", Path(place) / "补录.xlsx"
            folder.mkdir()
            source.write_bytes(content)
            unpack_workbook(source, folder)
            found = {sheet: _records(folder / f"{sheet}.csv") for sheet in SHEETS}
    except PackageError as error:
        raise Refused([said(problem) for problem in error.problems if problem.table in (MANIFEST, *SHEETS)]) from error
    except ValueError as error:
        raise Refused([f"{error}（R-084）"]) from error
    problems, rows = [], Rows()
    for sheet, records in found.items():
        header = [cell.strip(WHITE_SPACE) for cell in records[0]] if records else []
        if not header and sheet in _NEEDED:
            problems.append(f"“{name}”缺少工作表“{sheet}”（{CITED[sheet]}）")
        lacking = [column.name for column in TABLE[sheet].columns if column.required and column.name not in header]
        if header and lacking:
            problems.append(f"工作表“{sheet}”第 1 行缺少列：{'、'.join(lacking)}（{CITED[sheet]}）")
        rows[sheet] = [(number, row) for number, row in _filled(sheet, header, records) if any(row.values())]
        if len(rows[sheet]) > MAX_BATCH:
            number = len(rows[sheet])
            problems.append(f"工作表“{sheet}”有 {number:,} 行，一次最多 {MAX_BATCH:,} 行，请分几个文件（R-084）")
    if not problems and not rows["单据"]:
        problems.append("工作表“单据”里没有内容（M10-四(六)，R-084）")
    if problems:
        raise Refused(problems)
    return _coded(rows)


def _records(path: Path) -> list[list[str]]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def _filled(sheet: str, header: list[str], records: list[list[str]]) -> Iterator[tuple[int, dict[str, str]]]:
    for number, record in enumerate(records[1:], start=2):
        cells = dict(zip(header, (cell.strip(WHITE_SPACE) for cell in record), strict=False))
        yield number, {column.name: cells.get(column.name, "") for column in TABLE[sheet].columns}


def _coded(rows: Rows) -> Rows:
    """单位、服务商写的是全称的换成代码。"""
    codes = dict(Institution.objects.values_list("name", "code"))
    for sheet, column in (("项目", "单位"), ("单据", "服务商")):
        for _, row in rows[sheet]:
            row[column] = codes.get(row[column], row[column])
    return rows


# ── 查 ──


@dataclass(frozen=True)
class Form:
    """预演里的一张单据：各栏、几条明细、几张工单、当时没有的关口。"""

    number: str
    kind: str
    project: str
    unit: str
    provider: str
    reviewed_on: str
    entries: int
    orders: int
    gates: tuple[str, ...]


@dataclass(frozen=True)
class Rehearsal:
    """预演的结果：要改的问题、请看一眼的、落在哪些已冻结的年度、会写的各张单据、各表几行。"""

    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    frozen: tuple[int, ...]
    forms: tuple[Form, ...]
    counts: Mapping[str, int]


class _Rehearsed(Exception):
    """预演走完了，全部退回。"""


def rehearse(*, actor: Actor, on: date, rows: Rows) -> Rehearsal:
    """查一遍，再照真的写一遍又全部退回：没有问题的，确认时一定写得成。什么也不留下。"""
    _require(actor)
    problems = [*_cells(rows), *_references(rows), *_history(rows, on)]
    order = {sheet: place for place, sheet in enumerate(SHEETS)}
    problems = sorted(dict.fromkeys(problems), key=lambda p: (order[p.table], p.row or 0, p.column))
    if not problems:
        try:
            with unit_of_work(actor):
                _write(actor, on, rows, None)
                raise _Rehearsed
        except _Rehearsed:
            pass
        except Refused as error:
            problems = [Problem("单据", None, "—", reason) for reason in error.problems]
        except ValueError as error:
            problems = [Problem("单据", None, "—", str(error))]
    clean = not problems
    return Rehearsal(
        tuple(problems),
        tuple(_notes(rows)) if clean else (),
        tuple(_touched(rows)) if clean else (),
        tuple(_forms(rows)),
        {sheet: len(rows[sheet]) for sheet in SHEETS},
    )


def said(problem: Problem) -> str:
    """一处问题说成一句：工作表、行、列、原因、依据。"""
    row = f"第 {problem.row} 行" if problem.row else ""
    column = f"“{problem.column}”" if problem.column not in ("-", "—") else ""
    cited = "" if "R-" in problem.reason else f"（{CITED.get(problem.table, 'R-084')}）"
    return f"工作表“{problem.table}”{row}{column}：{problem.reason}{cited}"


def _require(actor: Actor) -> None:
    if actor.role != Role.REVIEWER:
        raise NotYours(["历史补录由区科创中心办（M10-四(六)，R-084）"])


def _cells(rows: Rows) -> Iterator[Problem]:
    """一格一格：照数据包的格式查；机构、目录、已有的项目取库里的。"""
    with tempfile.TemporaryDirectory(prefix="yunheng-") as place:
        folder, spill = Path(place) / "csv", Path(place) / "spill"
        folder.mkdir()
        spill.mkdir()
        manifest = {"格式": "yunheng.settlement-package", "版本": 1, "服务年度": 2023, "区": "—"}
        (folder / f"{MANIFEST}.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
        listed = {row["项目"] for _, row in rows["项目"]}
        known = [row for row in _projects() if row["项目"] not in listed]
        for sheet in SHEETS:
            _lay(folder, sheet, rows[sheet], known if sheet == "项目" else ())
        _lay(folder, "机构", (), _institutions())
        _lay(folder, "目录", (), _items())
        with duckdb.connect(config={"temp_directory": str(spill)}) as connection:
            package = reading.read(folder, folder, connection, numbered=True)
            for problem in [*package.problems, *checking.check(package)]:
                if problem.table in SHEETS and not _worded(problem):
                    yield problem


def _worded(problem: Problem) -> bool:
    """`_references` 另有说法的：机构、目录、项目是库里的，不在这份工作簿里；一张工单可以办几项。"""
    return "表里没有" in problem.reason or (problem.table == "工单" and problem.reason.startswith("主键重复"))


def _lay(
    folder: Path, table: str, numbered: Iterable[tuple[int, dict[str, str]]], more: Iterable[Mapping[str, str]]
) -> None:
    """写一张表的 CSV：空行照留，行号与工作簿里的相同；`more` 接在后面。"""
    names = [column.name for column in TABLE[table].columns]
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        last = 1
        for number, row in numbered:
            writer.writerows([""] for _ in range(number - last - 1))
            writer.writerow([row[name] for name in names])
            last = number
        writer.writerows([row.get(name, "") for name in names] for row in more)


def _projects() -> Iterator[dict[str, str]]:
    for code, name, unit, funding in Project.objects.values_list("code", "name", "unit__code", "funding"):
        yield {"项目": code, "名称": name, "单位": unit, "费用归属": funding}


def _institutions() -> Iterator[dict[str, str]]:
    kinds = {Kind.USING_UNIT.value: "使用单位", Kind.PROVIDER.value: "云服务商"}
    for code, name, kind in Institution.objects.filter(kind__in=kinds).values_list("code", "name", "kind"):
        yield {"代码": code, "名称": name, "类型": kinds[kind], "预算性质": "区级" if kind == Kind.USING_UNIT else ""}


def _items() -> Iterator[dict[str, str]]:
    """各目录项；单价、起止与补录无关，写一个合格的。"""
    for item in Item.objects.all():
        yield {
            "目录项": item.code,
            "类别": "基础设施",
            "名称": item.name,
            "计价单位": item.unit,
            "计价方式": "单价",
            "计费周期": item.cycle,
            "单价": "0",
            "生效日期": _EARLIEST.isoformat(),
        }


def _references(rows: Rows) -> Iterator[Problem]:
    """提到的机构、目录项、项目、单据、资源，都要是登记过的，或就在这份工作簿里。"""
    units = set(Institution.objects.filter(kind=Kind.USING_UNIT).values_list("code", flat=True))
    hosts = set(providers().values_list("code", flat=True))
    items = set(Item.objects.values_list("code", flat=True))
    projects = {row["项目"]: row for row in _projects()}
    forms = {row["单号"]: row for _, row in rows["单据"]}
    for number, row in rows["项目"]:
        if row["单位"] and row["单位"] not in units:
            yield Problem("项目", number, "单位", f"没有登记过使用单位“{row['单位']}”，请填机构代码或全称（R-003）")
        if (kept := projects.get(row["项目"])) and kept != row:
            same = f"{kept['名称']}，单位 {kept['单位']}，{kept['费用归属']}"
            yield Problem("项目", number, "项目", f"{row['项目']} 系统里已有（{same}），与这一行不同")
    known = {*projects, *(row["项目"] for _, row in rows["项目"])}
    for number, row in rows["单据"]:
        if row["服务商"] and row["服务商"] not in hosts:
            text = f"没有登记过云服务商“{row['服务商']}”，请填机构代码或全称（D62-四）"
            yield Problem("单据", number, "服务商", text)
        if row["项目"] and row["项目"] not in known:
            yield Problem("单据", number, "项目", f"没有项目“{row['项目']}”；系统里没有的，请先填在“项目”表里")
    for sheet in ("单据明细", "工单"):
        for number, row in rows[sheet]:
            if row["单号"] not in forms:
                what = f"没有单号“{row['单号']}”" if row["单号"] else "没有填单号"
                yield Problem(sheet, number, "单号", f"“单据”表里{what}")
    for sheet in ("单据明细", "工单", "用量"):
        for number, row in rows[sheet]:
            if row["目录项"] and row["目录项"] not in items:
                yield Problem(sheet, number, "目录项", f"目录里没有 {row['目录项']}（R-011）")
    entries = {tuple(row[key] for key in ("单号", "资源", "目录项", "动作")) for _, row in rows["单据明细"]}
    for number, row in rows["工单"]:
        if row["单号"] in forms and tuple(row[key] for key in ("单号", "资源", "目录项", "动作")) not in entries:
            move = f"{row['资源']} {row['目录项']} {row['动作']}"
            yield Problem("工单", number, "资源", f"单据 {row['单号']} 的明细里没有 {move}")
    yield from _owners(rows, {number: row for number, row in forms.items() if row["服务商"] in hosts}, projects)


def _owners(
    rows: Rows, forms: Mapping[str, dict[str, str]], projects: Mapping[str, Mapping[str, str]]
) -> Iterator[Problem]:
    """一个资源只归一个项目、一家服务商；日志、用量的资源要认得。"""
    codes = {row["资源"] for sheet in ("单据明细", "日志", "用量") for _, row in rows[sheet]}
    found = Resource.objects.filter(code__in=codes).values_list("code", "project__code", "provider__code")
    owners = {code: (project, provider, "系统里") for code, project, provider in found}
    for number, row in rows["单据明细"]:
        form = forms.get(row["单号"])
        if form is None:
            continue
        project, provider, where = owners.setdefault(
            row["资源"], (form["项目"], form["服务商"], f"单据 {row['单号']} 里")
        )
        if (project, provider) != (form["项目"], form["服务商"]):
            name = projects[project]["名称"] if project in projects else project
            text = f"{row['资源']} 在{where}属于项目“{name}”、服务商 {provider}，不能再记到这里（R-051）"
            yield Problem("单据明细", number, "资源", text)
    for sheet in ("日志", "用量"):
        for number, row in rows[sheet]:
            if row["资源"] and row["资源"] not in owners:
                yield Problem(sheet, number, "资源", f"没有资源 {row['资源']}：系统里没有，“单据明细”里也没有")


def _history(rows: Rows, on: date) -> Iterator[Problem]:
    """是不是已发生的历史：单号没用过、有明细、审核通过了、动作合单据的种类，日子、长短都对。"""
    given = [row["单号"] for _, row in rows["单据"]]
    used = set(Case.objects.filter(number__in=given).values_list("number", flat=True))
    filled = Counter(row["单号"] for _, row in rows["单据明细"])
    kinds = {row["单号"]: row["种类"] for _, row in rows["单据"]}
    for number, row in rows["单据"]:
        if row["单号"] in used:
            yield Problem("单据", number, "单号", f"单号 {row['单号']} 已经登记过")
        if "/" in row["单号"]:
            yield Problem("单据", number, "单号", f"单号里不能有“/”：{row['单号']}")
        if row["单号"] and not filled[row["单号"]]:
            yield Problem("单据", number, "单号", f"“单据明细”里没有 {row['单号']} 的明细")
        if not row["审核日期"]:
            yield Problem("单据", number, "审核日期", "必填：没有审核通过的不补录")
    for number, row in rows["单据明细"]:
        kind = kinds.get(row["单号"], "")
        if row["动作"] and row["动作"] not in _ACTIONS.get(kind, (row["动作"],)):
            yield Problem("单据明细", number, "动作", f"{kind}里只能有{'、'.join(_ACTIONS[kind])}，不能有{row['动作']}")
    yield from _days(rows, on)
    yield from _sizes(rows)


def _days(rows: Rows, on: date) -> Iterator[Problem]:
    """日子都是已经过了的。"""
    for sheet, columns in _DATES.items():
        for number, row in rows[sheet]:
            for column in columns:
                if (day := _day(row[column])) is None:
                    continue
                if day > on:
                    yield Problem(sheet, number, column, f"{day} 还没到，不是已发生的")
                if day < _EARLIEST:
                    yield Problem(sheet, number, column, f"{day} 太早，应在 {_EARLIEST} 以后")


def _sizes(rows: Rows) -> Iterator[Problem]:
    """放得下，不重复。"""
    for sheet in SHEETS:
        for number, row in rows[sheet]:
            for column, most in _LENGTHS.items():
                if len(row.get(column, "")) > most:
                    yield Problem(sheet, number, column, f"最多 {most} 个字，现在 {len(row[column])} 个")
    for number, row in rows["工单"]:
        if len("/".join(row[key] for key in ("工单号", "资源", "目录项"))) > _REFERENCE:
            yield Problem("工单", number, "工单号", f"工单号、资源、目录项合起来最多 {_REFERENCE - 2} 个字")
    for sheet, keys in (("工单", ("工单号", "资源", "目录项")), ("用量", ("资源", "目录项", "日期"))):
        first: dict[tuple[str, ...], int] = {}
        for number, row in rows[sheet]:
            if (earlier := first.setdefault(tuple(row[key] for key in keys), number)) != number:
                yield Problem(sheet, number, "、".join(keys), f"与第 {earlier} 行重复")


def _day(text: str) -> date | None:
    """格子里的日期；空的、写得不对的（另有一条问题）为 None。"""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _notes(rows: Rows) -> Iterator[str]:
    """不拦着、但请看一眼的：计量时会成为差异。"""
    done = {tuple(row[key] for key in ("单号", "资源", "目录项", "动作")): row for _, row in rows["工单"]}
    reviewed = {row["单号"]: row["审核日期"] for _, row in rows["单据"]}
    idle, early, uneven = [], [], []
    for number, row in rows["单据明细"]:
        order = done.get(tuple(row[key] for key in ("单号", "资源", "目录项", "动作")))
        if order is None:
            idle += [number] if row["动作"] != "释放" else []
            continue
        early += [number] if order["完成日期"] < reviewed[row["单号"]] else []
        uneven += [number] if row["数量"] and order["数量"] and Decimal(row["数量"]) != Decimal(order["数量"]) else []
    for numbers, text in (
        (idle, "新增、变更没有工单，不会生效、不计费（差异 D1 无工单）"),
        (uneven, "数量与工单的不同，裁定以前不入结算（差异 D3 数量不符）"),
        (early, "工单早于审核日期完成，裁定以前不入结算（差异 D4 先办后批）"),
    ):
        if numbers:
            listed = "、".join(map(str, numbers[:10])) + (" 等" if len(numbers) > 10 else "")
            yield f"“单据明细”第 {listed} 行：{text}（D62-七，R-075）"


def _forms(rows: Rows) -> Iterator[Form]:
    names = dict(Institution.objects.values_list("code", "name"))
    projects = {row["项目"]: row for row in _projects()} | {row["项目"]: row for _, row in rows["项目"]}
    entries, orders = (Counter(row["单号"] for _, row in rows[sheet]) for sheet in ("单据明细", "工单"))
    for _, row in rows["单据"]:
        project = projects.get(row["项目"], {})
        yield Form(
            row["单号"],
            row["种类"],
            project.get("名称", row["项目"]),
            names.get(project.get("单位", ""), "—"),
            names.get(row["服务商"], row["服务商"]),
            row["审核日期"],
            entries[row["单号"]],
            orders[row["单号"]],
            MISSING_GATES.get(row["种类"], ()),
        )


def _touched(rows: Rows) -> list[int]:
    """会改到哪些已冻结的服务年度：在用的日子落在里面的，用量的日期落在里面的（R-083）。"""
    years = sorted({year for registered in _frozen for year in registered()})
    spans = [*_spans(rows)] + [(day, day) for _, row in rows["用量"] if (day := _day(row["日期"]))]
    return [
        year
        for year in years
        if any(
            start < periods.year_end(year) and (until is None or until >= periods.service_year(year).start)
            for start, until in spans
        )
    ]


def _spans(rows: Rows) -> Iterator[tuple[date, date | None]]:
    """每个（资源, 目录项）动到的日子：从最早生效的那天起，到最后一天；一直在用的、接着台账里已有的，末日为 None。"""
    reviewed = {row["单号"]: date.fromisoformat(row["审核日期"]) for _, row in rows["单据"]}
    done: dict[tuple[str, ...], date] = {}
    for _, row in rows["工单"]:
        key = tuple(row[key] for key in ("单号", "资源", "目录项", "动作"))
        done[key] = max(done.get(key, _EARLIEST), date.fromisoformat(row["完成日期"]))
    moves: dict[tuple[str, str], list[tuple[date, str]]] = defaultdict(list)
    for _, row in rows["单据明细"]:
        if row["动作"] == "释放":
            moves[row["资源"], row["目录项"]].append((stop_day(reviewed[row["单号"]]), "释放"))
        elif day := done.get((row["单号"], row["资源"], row["目录项"], row["动作"])):
            moves[row["资源"], row["目录项"]].append((day, row["动作"]))
    known = set(
        Fact.objects.filter(resource__code__in={resource for resource, _ in moves}).values_list(
            "resource__code", "item__code"
        )
    )
    for pair, happened in moves.items():
        (start, first), (end, last) = min(happened), max(happened)
        closed = (first, last) == ("新增", "释放") and pair not in known
        # 停止计费那天已不在用
        yield start, date.fromordinal(end.toordinal() - 1) if closed else None


# ── 写 ──


def record(
    *,
    actor: Actor,
    on: date,
    rows: Rows,
    workbook: str,
    reason: str,
    paper: tuple[str, bytes] | None,
    adjusts: bool = False,
) -> Backfill:
    """写下一整份：一个事务。有一处问题、没有理由或原件、落在冻结的年度而没有确认由补差结清，都抛 Refused。"""
    _require(actor)
    name, content = paper or ("", b"")
    problems = []
    if not reason.strip():
        problems.append("写明为什么补录、依据什么（M10-四(六)，R-084）")
    if not content:
        problems.append("请附原件（扫描件或档案目录），补录照原件登记（M10-四(六)，R-084）")
    if len(content) > MAX_ATTACHMENT:
        problems.append(f"原件“{name}”超过 {MAX_ATTACHMENT // 1048576} MB，请压缩（R-084）")
    with unit_of_work(actor) as journal:
        found = rehearse(actor=actor, on=on, rows=rows)
        problems += [said(problem) for problem in found.problems]
        if found.frozen and not adjusts:
            problems.append(barred(found.frozen))
        if problems:
            raise Refused(problems)
        made = Backfill.objects.create(
            reason=reason.strip()[:500],
            workbook=workbook[-200:],
            name=name[-200:],
            content=content,
            digest=sm3_bytes(content),
            numbers=[row["单号"] for _, row in rows["单据"]],
            counts=dict(found.counts),
            adjusts=bool(found.frozen),
            on=on,
            by=str(actor),
        )
        _write(actor, on, rows, made)
        journal.note("历史补录", f"{made.pk}", after={"理由": made.reason, "原件": made.digest, **made.counts})
    return made


def barred(years: Collection[int]) -> str:
    """落在冻结的年度为什么不收。"""
    listed = "、".join(map(str, years))
    return (
        f"补录的日子落在已冻结的 {listed} 服务年度，冻结的结算不会再变；"
        "确要补录，请确认“差额由补差结清”，补录以后起补差（R-083、R-084）"
    )


def _write(actor: Actor, on: date, rows: Rows, batch: Backfill | None) -> None:
    """照先后一张一张登记：同一天的照单据表的次序。"""
    units = {unit.code: unit for unit in Institution.objects.all()}
    for _, row in rows["项目"]:
        _, created = Project.objects.get_or_create(
            code=row["项目"],
            defaults={"name": row["名称"][:200], "unit": units[row["单位"]], "funding": row["费用归属"]},
        )
        if created:
            reserve_number(row["项目"])
    projects = {project.code: project for project in Project.objects.select_related("unit")}
    known = {item.code: item for item in Item.objects.all()}
    entries: dict[str, list[Entry]] = defaultdict(list)
    orders: dict[str, list[Order]] = defaultdict(list)
    for _, row in rows["单据明细"]:
        quantity = Decimal(row["数量"]) if row["数量"] and row["动作"] != "释放" else None
        entries[row["单号"]].append(Entry(row["资源"], row["目录项"], row["动作"], quantity))
    for _, row in rows["工单"]:
        quantity = Decimal(row["数量"]) if row["数量"] else None
        orders[row["单号"]].append(
            Order(row["工单号"], row["资源"], row["目录项"], row["动作"], quantity, date.fromisoformat(row["完成日期"]))
        )
    for _, row in sorted(rows["单据"], key=lambda numbered: numbered[1]["审核日期"]):
        backfill(
            actor=actor,
            on=on,
            number=row["单号"],
            kind=row["种类"],
            project=projects[row["项目"]],
            provider=units[row["服务商"]],
            reviewed_on=date.fromisoformat(row["审核日期"]),
            entries=entries[row["单号"]],
            orders=orders[row["单号"]],
            known=known,
            batch=batch,
        )
    _platform(actor, on, rows)


def _platform(actor: Actor, on: date, rows: Rows) -> None:
    """日志、用量进收件箱，记在各资源的服务商名下。"""
    codes = {row["资源"] for sheet in ("日志", "用量") for _, row in rows[sheet]}
    # 没有工单、还没进台账的资源，归单据上的服务商
    forms = {row["单号"]: row["服务商"] for _, row in rows["单据"]}
    named = {one.code: one for one in providers()}
    owners = {row["资源"]: named[forms[row["单号"]]] for _, row in rows["单据明细"]}
    owners |= {one.code: one.provider for one in Resource.objects.filter(code__in=codes).select_related("provider")}
    for kind, form in (("日志", Seen), ("用量", Usage)):
        parted: dict[Institution, list[tuple[str, Mapping[str, object]]]] = defaultdict(list)
        for _, row in rows[kind]:
            number = "/".join(row[key] for key in ("资源", "目录项", "日期", "首见日期", "末见日期") if key in row)[:64]
            one = form.model_validate({"编号": number, **row})
            parted[owners[row["资源"]]].append((one.reference, one.plain()))
        for provider, items in parted.items():
            receive(actor=actor, on=on, source=source_of(provider, Channel.BACKFILL), kind=kind, items=items)
