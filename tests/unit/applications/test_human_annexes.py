"""像人做的附件1 至附件4（Word、Excel）：读得与原表相等，或差的每一格都点了名；静默不同 0 个（R-047）。"""

from __future__ import annotations

import copy
import io
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
from docx.oxml import OxmlElement
from openpyxl.cell import MergedCell
from tests.golden.test_annexes import CONTENT
from tests.golden.test_importing import as_workbook, printed

from yunheng.applications import importing
from yunheng.config.demo.stories import FILLED, HOSTS, LEGACY
from yunheng.tables import folding

_OLD = {
    "自有": LEGACY["machines"][0],
    "租用": {**LEGACY["machines"][0], "owned": "租用", "cores": "64", "os": "龙蜥 8"},
}
RIGHT: dict[int, dict[str, Any]] = {
    1: {**FILLED, "hosts": [*FILLED["hosts"], {**HOSTS[1], "cores": "24", "count": "3", "note": "网关"}]},
    2: {**LEGACY, "unit_mobile": "13800000000", "machines": [_OLD["自有"], _OLD["租用"]]},
    3: {**CONTENT, "growth_reason": "汛期"},
    4: CONTENT,
}
STRANGE = "请电话联系一下"


@dataclass
class Paper:
    """一份正在改的附件：`doc` 是 Word 或 Excel 的文档，`wrong` 是写了附件没有的、认不出的。

    `said` 是改动里该在说明中出现的话；有一句出现，就算点了名。
    """

    number: int
    kind: str
    doc: Any
    wrong: bool = False
    said: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)

    def rows(self) -> list[list[Any]]:
        """各行各格；合并的格只算一次。"""
        if self.kind == "xlsx":
            return [
                [cell for cell in row if not isinstance(cell, MergedCell)] for row in self.doc.worksheets[0].iter_rows()
            ]
        seen: set[Any] = set()
        found = []
        for table in self.doc.tables:
            for row in table.rows:
                own = [cell for cell in row.cells if not (cell._tc in seen or seen.add(cell._tc))]  # type: ignore[func-returns-value]
                found.append(own)
        return found

    def cells(self) -> list[Any]:
        return [cell for row in self.rows() for cell in row]

    def own(self) -> list[Any]:
        """要读的各格：附件3 的现状照台账，整行点名。"""
        rows = self.rows()
        start = next((n for n, row in enumerate(rows) for cell in row if text(cell) == "拟变更的政务云服务"), 0)
        return [cell for row in rows[start:] for cell in row]

    def saved(self) -> bytes:
        out = io.BytesIO()
        self.doc.save(out)
        return out.getvalue()

    def body(self) -> list[list[Any]]:
        """主机、服务器、服务项的各行：数字多的行。"""
        return [row for row in self.rows() if sum(text(cell).replace(".", "").isdecimal() for cell in row) >= 3]

    def header(self) -> list[Any] | None:
        found = [row for row in self.rows() if sum("内存" in text(cell) or "CPU" in text(cell) for cell in row) == 2]
        return found[-1] if found and self.number in (1, 3) else None


def text(cell: Any) -> str:
    return str((cell.value if hasattr(cell, "value") else cell.text) or "")


def put(cell: Any, value: str) -> None:
    if hasattr(cell, "value"):
        cell.value = value
    else:
        cell.text = value


Habit = Callable[[Paper, random.Random], bool]


def _value(change: Callable[[str], str]) -> Habit:
    """改一个主机行里的数。"""

    def habit(paper: Paper, dice: random.Random) -> bool:
        found = [cell for row in paper.body() for cell in row if text(cell).replace(".", "").isdecimal()]
        if not found:
            return False
        cell = dice.choice(found)
        put(cell, change(text(cell)))
        return True

    return habit


def _wide(old: str) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) for letter in old)


def invisible(paper: Paper, dice: random.Random) -> bool:
    found = [cell for cell in paper.cells() if text(cell).strip() and "\n" not in text(cell)]
    cell = dice.choice(found)
    put(cell, f"\u200b{text(cell)}\ufeff ")
    return True


def titled(paper: Paper, dice: random.Random) -> bool:
    """标题格里多了空白、冒号。"""
    known = ("项目负责人", "联系方式", "单位地址", "运维公司", "系统运行时长", "释放清单", "备份迁移", "系统架构")
    found = [cell for cell in paper.cells() if text(cell) in known]
    if not found:
        return False
    cell = dice.choice(found)
    put(cell, f"{text(cell)[:2]} {text(cell)[2:]}：")
    return True


def headed(paper: Paper, dice: random.Random) -> bool:
    header = paper.header()
    if header is None:
        return False
    names = {
        "CPU\n核": "CPU (核)",
        "内存\nGB": "内存（GB）",
        "操作系统\n（版本）": "操作系统",
        "系统盘\nTB": "系统盘 TB",
    }
    cell = dice.choice([cell for cell in header if text(cell) in names] or header[-1:])
    put(cell, names.get(text(cell), text(cell)))
    return True


def ticks(paper: Paper, _dice: random.Random) -> bool:
    for cell in paper.cells():
        if "☑" in text(cell):
            put(cell, text(cell).replace("☑ ", "√").replace("☐ ", "□"))
    return True


def swapped(paper: Paper, _dice: random.Random) -> bool:
    """主机的两列换了先后。"""
    header = paper.header()
    if header is None:
        return False
    left, right = (next(n for n, cell in enumerate(header) if word in text(cell)) for word in ("CPU", "内存"))
    for row in [header, *paper.body()]:
        shift = next((n for n, cell in enumerate(row) if "云主机" in text(cell)), None)
        base = next(n for n, cell in enumerate(header) if "服务类型" in text(cell))
        if row is not header and shift is None:
            continue
        move = 0 if row is header else (shift or 0) - base
        one, two = row[left + move], row[right + move]
        old = text(one)
        put(one, text(two))
        put(two, old)
    # 附件3 的现状另有表头，不读，不必换
    return paper.number == 1


def inserted(paper: Paper, dice: random.Random) -> bool:
    if paper.kind != "docx":
        return False
    found = [cell for row in paper.body() for cell in row if text(cell).isdecimal()]
    if not found:
        return False
    run = dice.choice(found).paragraphs[0].runs[0]._r
    mark = OxmlElement("w:ins")
    run.addprevious(mark)
    mark.append(run)
    return True


def deleted(paper: Paper, dice: random.Random) -> bool:
    if paper.kind != "docx":
        return False
    paragraph = dice.choice([cell for cell in paper.cells() if text(cell)]).paragraphs[0]
    run = paragraph.add_run("作废")._r
    mark = OxmlElement("w:del")
    run.addprevious(mark)
    mark.append(run)
    return True


def hidden(paper: Paper, dice: random.Random) -> bool:
    if paper.kind != "xlsx":
        return False
    sheet = paper.doc.worksheets[0]
    sheet.row_dimensions[dice.randrange(2, sheet.max_row + 1)].hidden = True
    return True


def other_sheet(paper: Paper, dice: random.Random) -> bool:
    if paper.kind != "xlsx":
        return False
    sheet = paper.doc.create_sheet("附页", 0 if dice.random() < 0.5 else None)
    sheet["A1"] = STRANGE
    paper.wrong = True
    return True


# ── 该点名、该拒绝的 ──


def written_elsewhere(paper: Paper, dice: random.Random) -> bool:
    found = [cell for cell in paper.cells() if not text(cell).strip()]
    if not found:
        return False
    put(dice.choice(found), STRANGE)
    paper.wrong = True
    return True


def beside_ticks(paper: Paper, dice: random.Random) -> bool:
    found = [cell for cell in paper.cells() if "☑" in text(cell) and text(cell).count("☐") >= 1]
    if not found:
        return False
    cell = dice.choice(found)
    put(cell, f"{text(cell)} {STRANGE}")
    paper.wrong = True
    return True


def more_rows(paper: Paper, dice: random.Random) -> bool:
    title = dice.choice(["合计", "填表人", "服务类型", ""])
    if paper.kind == "xlsx":
        paper.doc.worksheets[0].append([title, STRANGE])
    else:
        row = paper.doc.tables[-1].add_row()
        row.cells[0].text, row.cells[-1].text = title, STRANGE
    paper.wrong = True
    return True


def more_columns(paper: Paper, dice: random.Random) -> bool:
    if paper.kind != "xlsx":
        return False
    sheet = paper.doc.worksheets[0]
    sheet.cell(dice.randrange(2, sheet.max_row + 1), sheet.max_column + 1).value = STRANGE
    paper.wrong = True
    return True


def paragraph(paper: Paper, _dice: random.Random) -> bool:
    if paper.kind == "docx":
        paper.doc.add_paragraph(f"{STRANGE}，2026 年 3 月 1 日前办好")
    else:
        paper.doc.worksheets[0].append([f"{STRANGE}，2026 年 3 月 1 日前办好"])
    paper.wrong = True
    return True


def unknown_number(paper: Paper, dice: random.Random) -> bool:
    paper.wrong = _value(lambda old: f"约{old}")(paper, dice) or paper.wrong
    return "约" in "".join(map(text, paper.cells()))


def double_unit(paper: Paper, _dice: random.Random) -> bool:
    """盘写 100GTB：单位写了两遍。"""
    header = paper.header()
    if header is None:
        return False
    at = next(n for n, cell in enumerate(header) if "系统盘" in text(cell)) - len(header)
    rows = [row for row in paper.body() if len(row) >= 9 and "." in text(row[at])]
    if not rows:
        return False
    put(rows[-1][at], "100GTB")
    paper.wrong = True
    return True


def unknown_header(paper: Paper, dice: random.Random) -> bool:
    header = paper.header()
    if header is None:
        return False
    cell = dice.choice([cell for cell in header if any(word in text(cell) for word in ("CPU", "内存", "盘", "系统"))])
    put(cell, "某一列")
    paper.wrong = True
    return True


def lacking_cell(paper: Paper, dice: random.Random) -> bool:
    if paper.kind != "docx" or not paper.body():
        return False
    row = dice.choice(paper.body())
    cell = dice.choice([cell for cell in row if text(cell).replace(".", "").isdecimal()])
    cell._tc.getparent().remove(cell._tc)
    paper.said += ["少了 1 格", "没有读"]
    paper.wrong = True
    return True


def merged_rows(paper: Paper, dice: random.Random) -> bool:
    rows = [row for row in paper.body() if any("☑ 云主机" in text(cell) or "√云主机" in text(cell) for cell in row)]
    if len(rows) < 2 or paper.number != 1:
        return False
    start = dice.randrange(len(rows) - 1)
    # 第二行起没有左边那一大格
    kinds = [next(n for n, cell in enumerate(row) if "云主机" in text(cell)) for row in rows[start : start + 2]]
    move = dice.choice([1, 2, 4, 5])
    upper, lower = rows[start][kinds[0] + move], rows[start + 1][kinds[1] + move]
    put(lower, "")
    if paper.kind == "xlsx":
        if upper.column != lower.column:
            return False
        paper.doc.worksheets[0].merge_cells(
            start_row=upper.row, end_row=lower.row, start_column=upper.column, end_column=upper.column
        )
    else:
        for cell, kind in ((upper, "restart"), (lower, "continue")):
            mark = OxmlElement("w:vMerge")
            mark.set("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}val", kind)
            cell._tc.get_or_add_tcPr().append(mark)
    paper.said.append("在跨行合并的格里")
    paper.wrong = True
    return True


def twice(paper: Paper, _dice: random.Random) -> bool:
    """同一栏填了两遍，不一样。"""
    if paper.number not in (1, 2):
        return False
    label = {1: "项目负责人", 2: "单位地址"}[paper.number]
    if paper.kind == "xlsx":
        paper.doc.worksheets[0].append([label, STRANGE])
    else:
        row = paper.doc.tables[-1].add_row()
        row.cells[0].text, row.cells[1].text = label, STRANGE
    paper.wrong = True
    return True


def _broken_cell(value: str) -> Habit:
    def habit(paper: Paper, dice: random.Random) -> bool:
        if paper.kind != "xlsx":
            return False
        cell = dice.choice([cell for cell in paper.cells() if text(cell)])
        cell.value = value
        paper.said.append(f"{cell.coordinate} 是")
        paper.wrong = True
        return True

    return habit


HABITS: dict[str, Habit] = {
    "全角数字": _value(_wide),
    "数前后有空白": _value(lambda old: f" {old}\u3000"),
    "看不见的字": invisible,
    "标题格的写法": titled,
    "表头的写法": headed,
    "勾的写法": ticks,
    "两列换了先后": swapped,
    "修订插入": inserted,
    "修订删去": deleted,
    "隐藏的行": hidden,
    "错：另有一张表": other_sheet,
    "错：写在别处": written_elsewhere,
    "错：勾的旁边写了字": beside_ticks,
    "错：多一行": more_rows,
    "错：多一列": more_columns,
    "错：多一段": paragraph,
    "错：不是数": unknown_number,
    "错：单位写了两遍": double_unit,
    "错：认不出的表头": unknown_header,
    "错：少一格": lacking_cell,
    "错：跨行合并": merged_rows,
    "错：填了两遍": twice,
    "错：公式": _broken_cell("=1+1"),
    "错：错误值": _broken_cell("#N/A"),
}
#: 动了格子的多少以后，别的写法就找不准地方了：最后做；换列要先做，照字面搬
_LAST = ("错：多一行", "错：填了两遍", "错：少一格", "错：跨行合并")


@cache
def right_file(number: int, kind: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        content = printed(number, RIGHT[number], Path(folder))
    return as_workbook(content) if kind == "xlsx" else content


@cache
def right_values(number: int, kind: str) -> dict[str, Any]:
    return dict(importing.read(right_file(number, kind), f"附件{number}.{kind}").values)


def flattened(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from flattened(one, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for place, one in enumerate(value):
            yield from flattened(one, (*path, str(place)))
    elif value != "":
        yield path, str(value)


def silent(found: importing.Imported, right: dict[str, Any], paper: Paper) -> list[str]:
    """差了而没有点名的各格。"""
    said = "\n".join([*found.notes, *map(str, found.unread)])
    whole = any(one in said for one in paper.said)
    plain = folding.code(said)
    was, now = dict(flattened(right)), dict(flattened(found.values))
    missed = []
    for path in sorted({*was, *now}):
        old, new = was.get(path, ""), now.get(path, "")
        if whole and ("错：跨行合并" not in paper.done or new == ""):
            # 少一格的整行点名；跨行合并的不填
            continue
        if STRANGE in new and new.replace(STRANGE, "").strip() == old:
            # 写在能填字的栏里，照写的读了
            continue
        if old != new and not any(value and f"“{folding.code(value)[:20]}" in plain for value in (old, new)):
            missed.append(f"{'.'.join(path)}：“{old}”成了“{new}”")
    return missed


def tried(seed: int) -> tuple[str, Paper]:
    dice = random.Random(seed)
    number, kind = dice.choice([1, 1, 2, 3, 4]), dice.choice(["docx", "xlsx"])
    source = io.BytesIO(right_file(number, kind))
    paper = Paper(number, kind, docx.Document(source) if kind == "docx" else openpyxl.load_workbook(source))
    chosen = dice.sample([name for name in sorted(HABITS) if not name.startswith("错")], 1 + dice.randrange(3))
    if dice.random() < 0.6:
        chosen.append(dice.choice([name for name in sorted(HABITS) if name.startswith("错")]))
    for name in sorted(chosen, key=lambda one: (one in _LAST, one != "两列换了先后")):
        if HABITS[name](paper, dice):
            paper.done.append(name)
    what = f"种子 {seed} 附件{number}.{kind} {paper.done}"
    right = copy.deepcopy(right_values(number, kind))
    try:
        found = importing.read(paper.saved(), f"附件{number}.{kind}")
    except ValueError as error:
        if not paper.wrong:
            pytest.fail(f"{what} 整份不收：{error}")
        told = str(error)
        assert any(one in told for one in paper.said), f"{what} 没有说是哪一格：{told}"
        return "报出", paper
    missed = silent(found, right, paper)
    assert not missed, f"{what} 没有点名：{missed}；{found.notes} {list(map(str, found.unread))}"
    if not paper.wrong:
        assert found.values == right, what
        assert not any(note.doubtful for note in found.unread), f"{what} 多报了：{list(map(str, found.unread))}"
        return "相等", paper
    said = "\n".join([*found.notes, *map(str, found.unread), str(found.values)])
    if any(STRANGE in text(cell) for cell in paper.own()) and "附页" not in said:
        assert STRANGE in said, f"{what} 写的字不见了"
    return "报出", paper


def test_二百份像人做的附件_读得相等或差的每一格都点名() -> None:
    found, habits = Counter[str](), Counter[str]()
    for seed in range(200):
        outcome, paper = tried(seed)
        found[outcome] += 1
        habits.update(paper.done)
    assert set(habits) == set(HABITS)
    assert min(found["相等"], found["报出"]) > 40


@pytest.mark.soak
def test_五千份像人做的附件_静默不同没有() -> None:
    for seed in range(1_000, 6_000):
        tried(seed)
