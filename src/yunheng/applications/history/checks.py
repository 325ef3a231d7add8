"""补录的每一格、每一处引用、每一个日子查一遍，一次查全；一格一格的检查就是数据包的那一份：查得过的，计量一定读得进（R-084）。"""

from __future__ import annotations

import csv
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb

from yunheng.applications.backfill import RELEASED
from yunheng.cases.models import Case
from yunheng.catalog.models import Item
from yunheng.ledger.matching import ALIKE, alike
from yunheng.ledger.models import Project, Resource
from yunheng.metering import checking, reading
from yunheng.metering.format import MANIFEST, TABLE
from yunheng.metering.problems import Problem
from yunheng.orgs.alike import alike_in
from yunheng.orgs.models import Institution, Kind
from yunheng.orgs.queries import providers

from .workbook import SHEETS, Given, Rows

#: 列 → 库里放得下几个字
_LENGTHS = {"单号": 20, "项目": 32, "资源": 64, "工单号": 64}
#: 收件的来源编号最长几个字
_REFERENCE = 100
#: 一种单据只能有的动作；没写的都可以
_ACTIONS = {"首次申请": ("新增",), "注销": ("释放",)}
#: 各表里的日期列：都是已经发生的
_DATES = {"单据": ("审核日期",), "工单": ("完成日期",), "日志": ("首见日期", "末见日期"), "用量": ("日期",)}
EARLIEST = date(2000, 1, 1)


def problems_of(given: Given, on: date) -> list[Problem]:
    """全部问题，照表、行排：读不进的格，写得不对的格，没有的机构、目录项、项目、单据、资源，还没发生的日子。"""
    refused = {(one.table, one.row, one.column) for one in given.refused}
    rows = given.rows
    found = [*_cells(rows), *_references(rows), *_history(rows, on)]
    # 读不进的格只说为什么读不进
    found = [*given.refused, *(one for one in found if (one.table, one.row, one.column) not in refused)]
    order = {sheet: place for place, sheet in enumerate(SHEETS)}
    return sorted(dict.fromkeys(found), key=lambda one: (order[one.table], one.row or 0, one.column))


def _cells(rows: Rows) -> Iterator[Problem]:
    """一格一格：照数据包的格式查；机构、目录、已有的项目取库里的。"""
    with tempfile.TemporaryDirectory(prefix="yunheng-") as place:
        folder, spill = Path(place) / "csv", Path(place) / "spill"
        folder.mkdir()
        spill.mkdir()
        manifest = {"格式": "yunheng.settlement-package", "版本": 1, "服务年度": 2023, "区": "—"}
        (folder / f"{MANIFEST}.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
        listed = {row["项目"] for _, row in rows["项目"]}
        known = [row for row in registered_projects() if row["项目"] not in listed]
        for sheet in SHEETS:
            _lay(folder, sheet, rows[sheet], known if sheet == "项目" else ())
        _lay(folder, "机构", (), _institutions())
        _lay(folder, "目录", (), _items())
        with duckdb.connect(config={"temp_directory": str(spill)}) as connection:
            package = reading.read(folder, folder, connection, numbered=True)
            for problem in [*package.problems, *checking.check(package)]:
                if problem.table in SHEETS and not _worded(problem):
                    yield _merged(problem)


def _merged(problem: Problem) -> Problem:
    """一个资源的日志写了两行的：说怎样并成一行，中间断过的不能并（并了就看不出提前消失）。"""
    if problem.table != "日志" or not problem.reason.startswith("主键重复"):
        return problem
    first = problem.reason.partition("与")[2].partition("相同")[0].strip()
    text = f"一个资源的日志只能一行，与{first}重复：首尾相接的几段并成一行，写最早的首见、最晚的末见"
    return replace(problem, reason=f"{text}；中间断过的不要并，请到“平台数据”按段导入")


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


def registered_projects() -> Iterator[dict[str, str]]:
    """系统里已有的项目，写成“项目”表的一行。"""
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
            "生效日期": EARLIEST.isoformat(),
        }


def _references(rows: Rows) -> Iterator[Problem]:
    """提到的机构、目录项、项目、单据、资源，都要是登记过的，或就在这份工作簿里。"""
    units = set(Institution.objects.filter(kind=Kind.USING_UNIT).values_list("code", flat=True))
    hosts = set(providers().values_list("code", flat=True))
    items = set(Item.objects.values_list("code", flat=True))
    projects = {row["项目"]: row for row in registered_projects()}
    forms = {row["单号"]: row for _, row in rows["单据"]}
    for number, row in rows["项目"]:
        if row["单位"] and row["单位"] not in units:
            yield Problem("项目", number, "单位", f"没有登记过使用单位“{row['单位']}”，请填机构代码或全称（R-003）")
        if (kept := projects.get(row["项目"])) and kept != row:
            same = f"{kept['名称']}，单位 {kept['单位']}，{kept['费用归属']}"
            yield Problem("项目", number, "项目", f"{row['项目']} 系统里已有（{same}），与这一行不同")
    known = {*projects, *(row["项目"] for _, row in rows["项目"])}
    near = alike_in(Project, "code", {row["项目"] for _, row in rows["单据"]} - known)
    for number, row in rows["单据"]:
        if row["服务商"] and row["服务商"] not in hosts:
            text = f"没有登记过云服务商“{row['服务商']}”，请填机构代码或全称（D62-四）"
            yield Problem("单据", number, "服务商", text)
        if row["项目"] and row["项目"] not in known:
            text = f"没有项目“{row['项目']}”{_hint(near, row['项目'])}；系统里没有的，请先填在“项目”表里"
            yield Problem("单据", number, "项目", text)
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
    found = list(Resource.objects.filter(code__in=codes).values_list("code", "project__code", "provider__code"))
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
    added = {row["资源"] for _, row in rows["单据明细"] if row["动作"] == "新增"}
    kept = {code for code, _, _ in found}
    gone = {row["资源"] for _, row in rows["单据明细"] if row["动作"] == "释放"} - added - kept
    near = alike({*gone, *(row["资源"] for sheet in ("日志", "用量") for _, row in rows[sheet])} - owners.keys() | gone)
    for number, row in rows["单据明细"]:
        if row["资源"] in gone and row["动作"] == "释放":
            text = f"没有资源 {row['资源']} 可释放：系统里没有，这一份里也没有它的新增{_hint(near, row['资源'])}"
            yield Problem("单据明细", number, "资源", f"{text}；编号写错的请改，漏了新增的请一起补（R-051）")
    for sheet in ("日志", "用量"):
        for number, row in rows[sheet]:
            if row["资源"] and row["资源"] not in owners:
                text = f"没有资源 {row['资源']}：系统里没有，“单据明细”里也没有{_hint(near, row['资源'])}"
                yield Problem(sheet, number, "资源", text)


def _hint(near: Mapping[str, str], code: str) -> str:
    """系统里有形近的，写明是哪一个。"""
    return f"；{ALIKE}{near[code]}" if code in near else ""


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
    for sheet in ("单据明细", "工单"):
        for number, row in rows[sheet]:
            if row["动作"] == "释放" and row["数量"].strip("0.") != "":
                yield Problem(sheet, number, "数量", RELEASED)
    yield from _days(rows, on)
    yield from _sizes(rows)


def _days(rows: Rows, on: date) -> Iterator[Problem]:
    """日子都是已经过了的。"""
    for sheet, columns in _DATES.items():
        for number, row in rows[sheet]:
            for column in columns:
                if (day := day_of(row[column])) is None:
                    continue
                if day > on:
                    yield Problem(sheet, number, column, f"{day} 还没到，不是已发生的")
                if day < EARLIEST:
                    yield Problem(sheet, number, column, f"{day} 太早，应在 {EARLIEST} 以后")


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


def day_of(text: str) -> date | None:
    """格子里的日期；空的、写得不对的（另有一条问题）为 None。"""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
