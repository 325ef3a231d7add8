"""一份附件读到哪里了：填上的栏、没有读的、折算的；打勾、合并、标题格右边的值怎样认。纯函数。"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from yunheng.tables import columns, folding
from yunheng.tables.cells import Cell
from yunheng.tables.columns import RAISED, Column, Kind
from yunheng.tables.notes import Note, Outcome
from yunheng.tables.ticks import TICKS, boxed, ticked
from yunheng.tables.word_text import Text

from .checking import clean_text, number
from .sections import SECTIONS

BOXES = "☐□" + TICKS
_FIELDS = [one for sections in SECTIONS.values() for part in sections for one in part.fields]
#: 各栏能选的
OPTIONS = {one.key: one.choices for one in _FIELDS if one.choices}
#: 日期的栏
_DATES = {one.key for one in _FIELDS if one.kind == "date"}
#: 系统里有的：标题格的右边不读，与系统里的不同才点名
OWN = {
    "申请单位": "unit",
    "单位名称": "unit",
    "项目名称": "project",
    "系统名称": "project",
    "上云项目归属": "funding",
}
FUNDINGS = ("区级", "自费")
#: 别人填的：不读
OPINIONS = {
    "区科创服务中心意见", "区科创中心意见", "政务云服务商意见", "信息化项目管理部门审核意见",
    "云资源管理部门审核意见", "审核意见",
}  # fmt: skip
#: 意见写在标题格的下面一格的
OPINIONS_BELOW = {"信息化项目管理部门审核意见", "云资源管理部门审核意见"}
_SPACE = re.compile(r"\s+")
#: 数的前面有正负号：多半写的是增减多少
_SIGNED = re.compile(r"[+\-−–—±]\s*[0-9.]")
#: 选项以外、附件本来印着的话
_ASIDES = ("*勾选上级要求和整改要求的，需提供佐证依据。",)
#: 服务器归属里的租用厂商
VENDOR = re.compile(r"[（(]厂商[）)]\s*[:：]\s*(.*)", re.DOTALL)
#: 一格最多几个字
LONGEST = 300
Grid = Sequence[Sequence[Text]]


@dataclass
class Reading:
    """读出的内容：`values` 是表单的键值，`notes` 是读了而要人看一眼的，`said` 是拒绝的、折算了的、没有读的。

    `own` 是单位、项目名称、归属、服务项的动作在附件里怎样写的：系统里有，只比不读；`held` 是现状各行，也只比。
    `dashed` 是附件3 变更各行写了“无”“/”这些记号的格：（在哪里, 资源, 哪一栏, 原文）。
    `spots` 是附件3 拟变更的各行、服务项的各格在哪里：（第几行或目录项, 哪一栏）→ 在哪里。
    `blocked` 是有拒绝的格写进表单就看不出来了，整份不能写入；`places` 是各栏读自哪一格。
    `seen` 是文件里找得到的各栏（键 → 在哪里），`muddled` 是有内容而读不懂的：找得到、读不懂的以外，没有值的就是空着。
    `whole` 是数要填成什么：附件3 填变更以后的总量，不填增减。
    """

    values: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    said: list[Note] = field(default_factory=list)
    own: list[tuple[str, Text]] = field(default_factory=list)
    held: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    dashed: list[tuple[str, str, str, str]] = field(default_factory=list)
    spots: dict[tuple[int | str, str], str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)
    muddled: set[str] = field(default_factory=set)
    whole: str = "总量"
    blocked: bool = False

    def found(self, key: str, where: str) -> None:
        """文件里有这一栏，填没填另说。"""
        self.seen.setdefault(key, where)

    @property
    def blank(self) -> dict[str, str]:
        """文件里有、空着的各栏：键 → 在哪里。附件是整张表，空着就是不要（R-047）。"""
        return {key: place for key, place in self.seen.items() if key not in self.values and key not in self.muddled}

    def lost(self, where: str, text: str, *, doubtful: bool = True) -> None:
        """有内容而没有读进来的一处。"""
        self.said.append(Note(Outcome.UNREAD, where, text, cells=1, doubtful=doubtful))

    def refuse(self, where: str, text: str, *, red: bool = False) -> None:
        """拒绝一格；`red` 是原文写进表单还看得出不对，红着等人改，不挡别的栏。"""
        self.said.append(Note(Outcome.REFUSED, where, text, cells=1))
        self.blocked = self.blocked or not red

    def doubt(self, where: str, text: str) -> None:
        """读了，但看到的与读的不全一样：要人点头。"""
        self.said.append(Note(Outcome.NAMED, where, text, cells=1, doubtful=True))

    def folded(self, where: str, raw: str, text: str) -> None:
        """写法折算了的一处。"""
        self.said.append(Note(Outcome.FOLDED, where, f"“{flat(raw)}”→“{flat(text)}”", cells=1))

    def put(self, key: str, label: str, value: Text) -> None:
        """记下一栏；空的只记着看见了；别处已经填了不一样的，两处都拒绝。"""
        value.taken = True
        self.found(key, value.where)
        if value.raised and key in _DATES:
            self.refuse(value.where, f"“{label}”{RAISED}")
        elif not self.unsure(label, value):
            self.plain(key, label, value.where, value)

    def unsure(self, label: str, value: Text) -> bool:
        """读不出真正的值的一格：公式、看到的和存的不一样；拒绝，返回 True。"""
        found = columns.read(Column(label), value.cell) if value.cell else columns.Read(value)
        wrong = value.wrong or found.refused
        if wrong:
            self.refuse(value.where, f"“{label}”{wrong}")
        elif found.doubt:
            self.doubt(value.where, f"“{label}”{found.doubt}")
        return bool(wrong)

    def plain(self, key: str, label: str, where: str, value: str) -> None:
        """记下一格里的一段。"""
        self.found(key, where)
        try:
            text = clean_text(folding.visible(value))
        except ValueError as error:
            self.muddled.add(key)
            self.lost(where, f"“{label}”{error}，没有读：{flat(value)}")
            return
        if key in _DATES and text:
            day = folding.day(text)
            if day is None:
                self.notes.append(f"{where}“{label}”认不出是哪一天：{flat(text)}，请填成 2026-07-01 这样")
            elif day != text:
                self.folded(where, text, day)
            text = day or text
        if text and self.values.get(key, text) != text:
            self.clash(label, (self.places[key], str(self.values[key])), (where, text))
        elif text:
            self.values[key], self.places[key] = text, self.places.get(key, where)

    def clash(self, label: str, first: tuple[str, str], second: tuple[str, str]) -> None:
        """同一栏写了两处、不一样：两处都说，不猜是哪一个。"""
        (here, one), (there, two) = first, second
        text = f"“{label}”写了两处：{here}“{flat(one)}”、{there}“{flat(two)}”，不知道是哪一个；请只留一处"
        self.refuse(there, text)

    def picked(self, value: Text, options: tuple[str, ...], what: str) -> tuple[str, ...]:
        """一格里打了勾的；分不清的、不在能选的里的、选项以外的字，点名。"""
        found = ticked(value, options)
        if found is None:
            self.lost(value.where, f"“{what}”分不清勾的是哪一项，没有读：{flat(value)}")
            value.taken = True
            return ()
        wrong = [one for one in found if options and one not in options]
        if wrong:
            self.lost(value.where, f"“{what}”勾的“{'、'.join(wrong)}”不在能选的里，没有读")
        if found:
            value.taken = True
            if not wrong and (more := beside(value, options)):
                self.lost(value.where, f"“{what}”选项以外的“{flat(more)}”没有读")
        return tuple(one for one in found if one not in wrong)

    def only(self, value: Text, options: tuple[str, ...], what: str) -> str:
        """只能选一项的：勾了几项的拒绝；没有勾为空。"""
        found = self.picked(value, options, what)
        if len(found) > 1:
            self.refuse(value.where, f"“{what}”勾了 {'、'.join(found)}，只能勾一项")
        return found[0] if len(found) == 1 else ""

    def cell(self, wanted: Column, value: Text) -> str:
        """一格的写法折成一种：8核 → 8，／ 是没有填；认不出的拒绝到格，照原文放进表单，红着等人改。"""
        plain = " ".join(folding.visible(value).split("\n"))
        if value.wrong and self.unsure(wanted.name, value):
            return ""
        if not plain:
            return plain
        if wanted.kind == Kind.NUMBER and _SIGNED.match(folding.code(plain)):
            sign = f"“{wanted.name}”写的是“{flat(plain)}”，带着正负号，不知道是增减多少还是一共多少"
            self.refuse(value.where, f"{sign}；请写{self.whole}")
            return ""
        found = columns.read(
            wanted, value.cell or Cell(1, folding.visible(value), raised=value.raised and wanted.kind != Kind.TEXT)
        )
        if found.refused:
            self.refuse(value.where, f"“{wanted.name}”{found.refused}", red=_red(wanted, plain))
            return plain
        if found.named:
            self.notes.append(f"{value.where}“{wanted.name}”{found.named}：{flat(value)}")
        if found.doubt:
            self.doubt(value.where, f"“{wanted.name}”{found.doubt}：{flat(value)}")
        text = " ".join(found.text.split("\n"))
        if text != plain:
            self.folded(value.where, value, text)
        return text

    def code(self, label: str, where: str, text: str) -> str:
        """一个编号折成一种：全角折半角；圈号、上标、引号、几个写在一起的拒绝到格，照原文。"""
        found = columns.read(Column(label, Kind.CODE), Cell(1, text))
        if found.refused:
            self.refuse(where, f"“{label}”{found.refused}")
            return folding.visible(text)
        if found.doubt:
            self.doubt(where, f"“{label}”{found.doubt}：{flat(text)}")
        if found.text != folding.visible(text):
            self.folded(where, text, found.text)
        return found.text

    def merged(self, value: Text, what: str) -> bool:
        """是不是在跨行合并的格里：不知道是不是每行都是它，拒绝到每一格。"""
        if value.merged and folding.visible(value):
            value.taken = True
            text = f"“{what}”在跨行合并的格里，不知道是不是每行都是“{flat(value)}”；请取消合并、逐行填"
            self.refuse(value.where, text)
        return value.merged


def _red(wanted: Column, text: str) -> bool:
    """原文写进表单还看得出不对。"""
    if wanted.kind != Kind.NUMBER:
        return wanted.kind == Kind.CHOICE
    try:
        number(text, 9)
    except ValueError:
        return True
    return False


def flat(text: str) -> str:
    """一格的字写成一行，太长的截断。"""
    return " ".join(text.split())[:60]


def squeezed(text: str) -> str:
    """标题格：去掉看不见的字、空白和盖章之类的括注。"""
    return re.sub(r"[（(]盖章[）)]", "", _SPACE.sub("", folding.visible(text))).rstrip("：:")


def beside(text: str, options: tuple[str, ...]) -> str:
    """选项和框以外还写了什么；附件本来印着的不算。"""
    left = re.sub(rf"[{BOXES}、，,；;\s]", "", VENDOR.sub("", boxed(text)))
    for known in (*(re.sub(r"[，、\s]", "", aside) for aside in _ASIDES), *sorted(options, key=len, reverse=True)):
        left = left.replace(known, "")
    return re.sub(r"[（(][）)]", "", left)


def labelled(
    grid: Grid, reading: Reading, texts: Mapping[str, str], choices: Mapping[str, str], many: Sequence[str] = ()
) -> None:
    """标题格右边那一格是值；`choices` 取打了勾的，`many` 里的可以多选。"""
    titles = {*texts, *choices, *OWN, *OPINIONS}
    for row in grid:
        for title, value in pairwise(row):
            name = squeezed(title)
            if (name not in texts and name not in choices) or squeezed(value) in titles:
                continue
            if name in texts:
                reading.put(texts[name], name, value)
                continue
            key = choices[name]
            reading.found(key, value.where)
            if ticked(value, OPTIONS.get(key, ())) != ():
                # 勾了的：读不懂的、不在能选的里的点了名，不当作空着
                reading.muddled.add(key)
            if key in many:
                if picked := list(reading.picked(value, OPTIONS.get(key, ()), name)):
                    reading.values[key] = picked
            elif one := reading.only(value, OPTIONS.get(key, ()), name):
                reading.plain(key, name, value.where, one)
