"""各章要的列：叫什么、有哪些别的叫法、是编号还是数、日期、几选一；一格怎样读成它。认不出就报，不猜。"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from enum import StrEnum
from functools import cached_property

from yunheng.rules.halfwidth import lettered, unusual

from . import dates, folding
from .cells import Cell, Made
from .shown import displayed, rounded, seen
from .stored import serial_day
from .voids import VOID, void

#: 超过这么多位的整数，Excel 存不住
MAX_DIGITS = 15
#: 数、编号、日期里有上标下标的字，8 加上标 1 不是 81
RAISED = "里有上标或下标的字，不知道算不算；请改成平常的字，或删去"
_AS_TEXT = "请把这一列设成文本格式重新填"
#: 列名括号里可以有的、不是单位的字
_HARMLESS = {"必填", "选填", "可选", "可空", "数字", "填数字", "必填项", "选填项"}
#: 列名括号里只说怎样填、不改这一列意思的字
_MANNERS = {"文本", "文字", "文本格式", "日期", "日期格式", "年月日", "年-月-日", "编号", "代码", "单选", "下拉选择"}
_EXAMPLE = re.compile("(如|例如|例|示例|格式|形如)[:：]?.+")
#: 日期的写法：YYYY-MM-DD、yyyy/m/d、年月日
_DATE_FORM = re.compile(r"y{2,4}[-/.年]?m{1,2}[-/.月]?(d{1,2}日?)?", re.IGNORECASE)
#: 当作没有填的记号
BLANKS = ("/", "\\", "-", "--", "–", "—", "——", "无", "没有")
#: 没有规定单位的数可以写的量词
_COUNTERS = {*"个台套次条份张块组人户项核颗路", "gb", "tb", "mb", "mbps", "元", "单位"}
_ERRORS = re.compile(r"#(N/A|REF!|VALUE!|DIV/0!|NAME\?|NULL!|NUM!|SPILL!|CALC!|GETTING_DATA)")
#: 照抄上一行的记号（折过的）
_DITTO = re.compile(r"同[上前左]\W*|同[上前](一?行|面|述|列|项|格)\W*|同|ditto|[\"“”〃〝〞″′'‘’々`]+", re.IGNORECASE)
_APOSTROPHES = ("'", "‘", "’")
_QUOTES = ('"', "'", "“", "”", "‘", "’", "`")
#: 从右往左写的记号：看到的是倒着的
_TURNED = re.compile("[\u202b\u202d\u202e\u2067\u2068]")
_PARTED = re.compile(r"[、,;~〜∼]|(?<=[A-Za-z0-9])\s*至\s*(?=[A-Za-z0-9])")
#: 自己就像编号的一段：又有字母又有数字，或者六位以上的数字
_WHOLE_CODE = re.compile(r"(?=\S*[A-Za-z])(?=\S*[0-9])\S+|[0-9]{6,}")
#: 复合单位里连着的记号：核·年、核/年
_JOINED = re.compile(r"[/·・•.*每\s]")
#: 数后面带着单位：8核、32 GB
_UNITED = re.compile(r"(?P<number>[0-9][0-9,.]*)\s*(?P<unit>[^\W\d_]{1,6})")
_QUOTED = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')


class Kind(StrEnum):
    """一列里填的是什么。"""

    TEXT = "文字"
    CODE = "编号"
    NUMBER = "数"
    DATE = "日期"
    CHOICE = "几选一"


@dataclass(frozen=True)
class Column:
    """要的一列。

    `aliases` 是别的叫法；`required` 是表头里一定要有；`units` 是这一列的单位，头一个是正名（["GB", "G"]），
    只认与列同一单位的写法，不换算；`choices` 是写法 → 值；`blanks` 是当作没有填的记号（如“/”）。
    `measured` 为真的没有自己的单位，各行照各自的目录项，列名里写的单位由章里比；
    `united` 为真的格里可以带单位（8核），读出的单位在 `Read.unit`，由章里照各行的目录项比，不换算；
    `distinct` 为真的一个编号就是一件，形近而不同的两个多半是写岔了，要人点头；
    `per` 是写着每什么的几列（计价单位、计费周期）：列名写“元/年”的，要与每一行的相符。
    """

    name: str
    kind: Kind = Kind.TEXT
    aliases: tuple[str, ...] = ()
    required: bool = True
    units: tuple[str, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict, hash=False)
    blanks: tuple[str, ...] = ()
    measured: bool = False
    united: bool = False
    distinct: bool = False
    per: tuple[str, ...] = ()

    @cached_property
    def _names(self) -> frozenset[str]:
        """列名的各种写法，折过的。"""
        found = set()
        for name in (self.name, *self.aliases):
            found |= {folding.compact(name), folding.heading(name)[0]}
        for unit in map(folding.compact, self.units):
            found |= {name.removesuffix(unit) for name in tuple(found) if name != unit}
        bare = tuple(found)
        found |= {
            name + join + unit for name in bare for unit in map(folding.compact, self.units) for join in ("", "/")
        }
        return frozenset(found)

    def called(self, title: str) -> bool:
        """表头的这一格是不是这一列。"""
        return folding.compact(title) in self._names or folding.heading(title)[0] in self._names

    def stated_unit(self, title: str) -> str:
        """列名括号里另写的单位（这一列自己的不算）；没有为空。"""
        own = [*self.units, *_HARMLESS]
        own += [inside for name in (self.name, *self.aliases) for inside in folding.heading(name)[1]]
        for inside in folding.heading(title)[1]:
            unit = re.sub("^单位[:：]?", "", inside)
            if unit and not any(folding.same_unit(unit, one) for one in own):
                return unit
        plain = re.sub(r"[\s*:：]+", "", folding.code(title))
        tails = [(plain[-len(unit) :], unit) for unit in self.units]
        # 没有括号的：带宽MB
        return next((tail for tail, unit in tails if _bitten(tail, unit)), "")

    def other_unit(self, title: str) -> str:
        """列名括号里写的是不能照读的单位：那几个字；没有为空。没有自己单位的数，只有倍数（万、千）照读不得。"""
        unit = self.stated_unit(title) if self.kind == Kind.NUMBER and not self.measured else ""
        if self.each(title):
            return ""
        return unit if self.units or folding.scale(unit) else ""

    def aside(self, title: str) -> str:
        """列名括号里另写的字，不是单位、也不是怎样填：可能改了这一列的意思，如完成日期（计划）；没有为空。"""
        if folding.compact(title) in self._names or (self.kind == Kind.NUMBER and (self.units or self.measured)):
            return ""
        own = {folding.compact(one) for name in (self.name, *self.aliases) for one in folding.heading(name)[1]}
        if self.kind == Kind.NUMBER:
            own |= _COUNTERS
        found = (one for one in folding.heading(title)[1] if folding.compact(one) not in own)
        return next((one for one in found if not self._manner(folding.compact(one))), "")

    def _manner(self, inside: str) -> bool:
        """括号里的字只说怎样填：必填、日期的写法、例子、列出各个选项。"""
        plain = inside or "必填"
        listed = {folding.compact(written) for written in self.choices}
        return (
            plain in _HARMLESS | _MANNERS
            or plain in self._names
            or bool(_EXAMPLE.fullmatch(plain))
            or bool(_DATE_FORM.fullmatch(plain) and self.kind == Kind.DATE)
            or (bool(listed) and listed.issuperset(re.split("[/、,，|或]", plain)))
        )

    def each(self, title: str) -> str:
        """列名写的“元/年”“元/核·年”里每什么；没有写、这一列不按什么计的为空。"""
        unit, slash, rest = self.stated_unit(title).partition("/")
        own = {folding.compact(one) for one in self.units}
        return _JOINED.sub("", rest) if self.per and slash and folding.compact(unit) in own else ""

    def fits(self, title: str, row: Mapping[str, str]) -> bool:
        """列名写的每什么，与这一行的计价单位、计费周期相符：写其中一个，或连着写。"""
        told = [_JOINED.sub("", folding.compact(row[name])) for name in self.per]
        return folding.compact(self.each(title)) in {*filter(None, told), "".join(told)}

    def unit_unsaid(self, title: str) -> bool:
        """列名里该写单位而没有写：字节（GB、TB）差千倍的一定要写，别的照规定的列名填的不用。"""
        return (title != self.name or self.units[:1] in (("GB",), ("TB",))) and not self.unit_said(title)

    def unit_said(self, title: str) -> bool:
        """列名里写了单位，或者这一列没有单位。"""
        plain = folding.compact(title)
        return not self.units or any(folding.compact(unit) in plain for unit in self.units)


@dataclass(frozen=True)
class Read:
    """一格读成的：`text` 是折过的；拒绝的有 `refused`，折算的有 `folded`，要看一眼的有 `named`。

    `doubt` 是看到的与读的不全一样、要人点头才能照读的。
    """

    text: str
    refused: str = ""
    folded: str = ""
    named: str = ""
    doubt: str = ""
    #: 格里另写的单位，只有 `united` 的列有
    unit: str = ""


def read(column: Column, cell: Cell) -> Read:
    """读一格。"""
    raw = cell.text
    plain = folding.code(raw[:60])
    if look := _look(column, cell):
        return Read(raw, f"“{raw[:30]}”{look}")
    if cell.made == Made.FORMULA or plain.startswith("="):
        return Read(raw, f"是公式“{raw[:30]}”，请复制后选择性粘贴为数值")
    if cell.made == Made.ERROR or _ERRORS.fullmatch(plain):
        return Read(raw, f"是错误值 {plain}，请改成真正的值")
    if cell.made == Made.PERCENT:
        return Read(raw, f"单元格是百分比格式，存的是 {raw}；请改成常规格式，填真正的数")
    if cell.made == Made.TEXT and (odd := _displayed(cell)):
        return Read(raw, odd)
    if column.blanks and cell.made == Made.TEXT and folding.code(raw) in column.blanks:
        return Read("", folded="当作没有填")
    if cell.made == Made.BOOL and column.kind not in (Kind.TEXT, Kind.CHOICE):
        return Read(raw, f"是逻辑值 {raw}")
    return _READERS[column.kind](column, cell)


def _look(column: Column, cell: Cell) -> str:
    """字的样子让人不知道算不算的：说一句；没有为空。"""
    if cell.struck:
        return "划了删除线，不知道还算不算；请删掉划掉的字，或取消删除线"
    if cell.unseen:
        return "的字看不见（白字、与底色一样，或小得看不见），不知道算不算；请改成看得见的，或清空这一格"
    if cell.glyphs:
        return f"里有符号字体的字，存的是“{cell.glyphs[:10]}”，认不出看到的是什么；请改成平常的字"
    if column.kind != Kind.TEXT and _TURNED.search(cell.text):
        return "里有改变书写方向的记号，看到的次序和存的不同；请重新填"
    return RAISED if cell.raised and column.kind != Kind.TEXT else ""


def _tidied(raw: str, text: str, what: str) -> str:
    """改动了什么，说一句；没有改动为空。"""
    return what if raw != text else ""


def _unusual(text: str) -> str:
    """有 ①、²、Ⅷ 这样的字：说一句；没有为空。"""
    found = unusual(text)
    return f"“{text.strip()[:20]}”里有{found[:5]}这样的字，请改成普通数字、字母" if found else ""


def _displayed(cell: Cell) -> str:
    """单元格格式让看到的与存的不同：说一句；相同为空。"""
    found = displayed(cell.text, cell.shown, number=cell.made == Made.NUMBER)
    if found is None:
        return f"单元格格式是“{cell.shown[:40]}”，看到的与存的“{cell.text[:30]}”可能不同；{_AS_TEXT}"
    if found == cell.text.strip():
        return ""
    return f"显示为 {found[:30] or '空白'}，存的是 {cell.text[:30]}；请照看到的存成文本"


def _text(_column: Column, cell: Cell) -> Read:
    if cell.made == Made.NUMBER:
        if len(cell.text.lstrip("-").partition(".")[0]) > MAX_DIGITS:
            return Read(cell.text, f"超过 15 位的数字，后面的位数已经丢了（现在是 {cell.text}）；{_AS_TEXT}")
        if odd := _displayed(cell):
            return Read(cell.text, odd)
    if cell.made == Made.DATE:
        return _stored_date(cell)
    text = folding.visible(cell.text)
    named = "里有上标或下标的字，照平常的字读" if cell.raised else ""
    doubt = f"写着“{said}”，这一行照读；不算的请从表里删去" if (said := void(text)) else ""
    return Read(text, folded=_tidied(cell.text, text, "去掉首尾空白和看不见的字符"), named=named, doubt=doubt)


def _code(column: Column, cell: Cell) -> Read:
    raw = cell.text
    if cell.made == Made.DATE:
        return Read(raw, f"编号成了日期 {raw}，原来的写法已经丢了；{_AS_TEXT}")
    if cell.made == Made.NUMBER:
        return _numeric_code(cell)
    whole = folding.code(raw)
    text = lettered(whole)
    doubt = "里有 Ⅷ、№ 这样合成一个字的，照拆开的字母读" if text != whole else ""
    if len(text) > 1 and text[0] in _APOSTROPHES:
        # Excel 里当文本的记号，存成 CSV 时留下来了
        text = text[1:].lstrip()
    if wrong := _miscoded(whole, text):
        return Read(raw, wrong)
    named = ""
    if len(text) > MAX_DIGITS and text.isdecimal() and text.endswith("000"):
        named = "超过 15 位、末尾是 000，可能在 Excel 里丢过位数，请与原件核对"
    del column
    tidied = _tidied(raw, text, "去掉首尾空白、零宽字符和开头的撇号，全角折成半角")
    return Read(text, folded=tidied, named=named, doubt=doubt)


def _miscoded(whole: str, text: str) -> str:
    """不是编号、认不准是哪一个编号的：说一句；`whole` 是一整格，`text` 是拆开、去了撇号的。"""
    wrong = ""
    if _DITTO.fullmatch(whole):
        wrong = f"“{whole[:20]}”不是编号，不猜上一行是什么；请写全"
    elif VOID.fullmatch(whole):
        wrong = f"“{whole[:20]}”不是编号；不算的行请从表里删去"
    elif odd := _unusual(text):
        wrong = odd
    elif text[:1] in _QUOTES or text[-1:] in _QUOTES:
        wrong = f"“{text[:30]}”带着引号，不知道引号算不算编号；请去掉引号"
    elif folding.scientific(text):
        wrong = f"编号成了科学计数法 {text}，位数已经丢了；{_AS_TEXT}"
    elif "\n" in text:
        wrong = "一格里有几行，不知道是哪一个编号；一个编号一行"
    elif _several(text):
        wrong = f"“{text[:40]}”像是几个编号写在一格里；请一格一个编号，一个一行"
    return wrong


def _several(text: str) -> bool:
    """一格里写了几个编号：顿号、逗号、分号、波浪号隔开的，“至”连着的；空白隔开的，要每一段自己都像编号。"""
    if len([part for part in _PARTED.split(text) if part.strip()]) > 1:
        return True
    parts = text.split()
    return len(parts) > 1 and all(map(_WHOLE_CODE.fullmatch, parts))


def _numeric_code(cell: Cell) -> Read:
    raw = cell.text
    if len(raw.lstrip("-").partition(".")[0]) > MAX_DIGITS:
        return Read(raw, f"超过 15 位的编号存成了数字，后面的位数已经丢了（现在是 {raw}）；{_AS_TEXT}")
    if "." in raw:
        return Read(raw, f"编号存成了小数 {raw}，末尾的零已经丢了；{_AS_TEXT}")
    return Read(raw, f"编号{odd}" if (odd := _displayed(cell)) else "")


def _number(column: Column, cell: Cell) -> Read:
    raw = cell.text
    if cell.made == Made.DATE:
        return Read(raw, f"数成了日期 {raw}；请把这一列设成常规格式重新填")
    if cell.made == Made.NUMBER:
        return _stored_number(column, cell)
    plain = folding.code(raw)
    if plain.endswith("%"):
        return Read(raw, f"“{plain[:20]}”是百分数，请填真正的数，如 95")
    text = folding.number(raw, column.units)
    parts = _UNITED.fullmatch(plain) if text is None and column.united else None
    if parts and not folding.scale(parts["unit"]) and (bare := folding.number(parts["number"])) is not None:
        return Read(bare, folded="去掉单位", unit=parts["unit"])
    if text is None:
        return Read(raw, _misread(column, plain))
    return Read(text, folded=_tidied(raw, text, "去掉空白、千分位、单位，全角折成半角"))


def _misread(column: Column, plain: str) -> str:
    """一格怎么不是数：说一句。"""
    tail = re.sub(r"^[0-9.,\s]+", "", plain)
    wrong = ""
    if re.search(r"[0-9.,]\s+[0-9.,]", plain):
        shown = re.sub(r"\s*\n\s*", "⏎", plain)[:20]
        wrong = f"“{shown}”中间有空白或换行，不知道是一个数还是几个，请填一个数"
    elif odd := _unusual(plain):
        wrong = odd
    elif re.match(r"[+±]\s*[0-9.]", plain):
        wrong = f"“{plain[:20]}”前面有加号，不知道是再加多少还是一共多少；请填不带加号的总量"
    elif unit := next((one for one in column.units if _bitten(tail, one)), ""):
        wrong = f"“{plain[:20]}”写的是 {tail[:10]}，这一列按 {unit} 填，位（b）和字节（B）差 8 倍；单位不换算"
    elif re.search("(?<![0-9,.])0[0-9]*,[0-9]", plain):
        wrong = f"“{plain[:20]}”的逗号当千分位还是小数点不清楚，请填不带逗号的数；单位不换算"
    else:
        unit = f"请按 {column.units[0]} 填" if column.units else "请填数"
        wrong = f"“{plain[:20]}”不是数，{unit}，如 {'0.1' if column.units[:1] == ('TB',) else '8'}；单位不换算"
    return wrong


def _stored_number(column: Column, cell: Cell) -> Read:
    raw, shown = cell.text, cell.shown
    text, folded = raw, ""
    whole, _, fraction = raw.lstrip("-").partition(".")
    if fraction and len((whole.lstrip("0") + fraction).lstrip("0")) > MAX_DIGITS:
        text, folded = _rounded(raw), "双精度的尾数照 Excel 里看到的 15 位"
    if re.search(r"[0#?],+(?![0#?])", _QUOTED.sub("", shown.partition(";")[0])):
        return Read(raw, f"单元格格式把数缩小了显示，存的是 {raw}；请改成常规格式")
    if _dated_text(shown):
        return Read(raw, f"单元格是日期格式，存的是 {raw}；请改成常规格式")
    found = seen(text, shown)
    if found.text == "":
        return Read(raw, f"单元格格式让它看不见，存的是 {raw}；请改成常规格式")
    if found.text is None:
        return Read(raw, f"单元格格式是“{shown[:40]}”，看到的与存的 {raw} 可能不同；请改成常规格式")
    doubts = []
    if found.words and not _own(column, found.words):
        unit = found.words[:20]
        if column.units or folding.scale(unit) or not unit.isalpha():
            return Read(raw, f"单元格格式另外显示了“{unit}”，存的是 {raw}；单位不换算，请改成常规格式填真正的数")
        doubts.append(f"单元格格式另外显示了“{unit}”，照存的数读")
    if found.figure is None or found.figure != rounded(text, found.places):
        return Read(raw, f"显示为 {found.text[:30]}，存的是 {raw}；请改成常规格式填真正的数")
    if len(text.partition(".")[2]) > found.places:
        doubts.append("显示的小数位比存的少，按存的读")
    return Read(text, folded=folded, doubt="；".join(doubts))


def _bitten(written: str, unit: str) -> bool:
    """只差位和字节：MB 与 Mb。"""
    return folding.compact(written) == folding.compact(unit) and not folding.same_unit(written, unit)


def _own(column: Column, unit: str) -> bool:
    """另外显示的字是这一列自己的单位。"""
    money = ("¥", "￥", "CNY", "RMB") if "元" in column.units else ()
    return any(folding.same_unit(unit, own) for own in (*column.units, *money))


def _dated_text(shown: str) -> bool:
    return bool(re.search("[ymd]", _QUOTED.sub("", shown.partition(";")[0]), re.I)) and "general" not in shown.lower()


def _rounded(raw: str) -> str:
    text = f"{Context(prec=MAX_DIGITS).create_decimal(Decimal(raw)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _date(column: Column, cell: Cell) -> Read:
    raw = cell.text
    del column
    if cell.made == Made.DATE:
        return _stored_date(cell)
    text = folding.day(raw)
    if cell.made == Made.NUMBER and (odd := _displayed(cell)):
        return Read(raw, odd)
    if text is None and cell.made == Made.NUMBER and re.fullmatch("[0-9]{5}", raw):
        text = serial_day(raw)
        return Read(text, folded="常规格式的日期序号换成日期") if text else Read(raw, f"“{raw}”不是日期")
    if text is None and (odd := _unusual(raw)):
        return Read(raw, odd)
    if text is None:
        return Read(raw, f"“{folding.visible(raw)[:20]}”认不出是哪一天，请填成 2026-07-01 这样")
    return Read(text, folded=_tidied(raw, text, "日期写成年-月-日"))


def _stored_date(cell: Cell) -> Read:
    """真日期的一格：照显示的格式看得见年、月、日的才读。"""
    raw = cell.text
    text = folding.day(raw)
    if text is None:
        return Read(raw, f"“{raw[:30]}”说不准是哪一天（带着时区，或写得不全）；请填成 2026-07-01 这样")
    found = dates.parts(cell.shown)
    if found.wrong:
        return Read(raw, f"{found.wrong}，存的是 {text}")
    last = f"{raw[11:]} 是这一天的最后一秒，按 {text} 读" if raw[11:19] == "23:59:59" else ""
    named = "；".join(filter(None, (last, found.named)))
    return Read(text, folded=_tidied(raw, text, "日期后面的钟点没有要"), named=named, doubt=found.doubt)


def _choice(column: Column, cell: Cell) -> Read:
    raw = cell.text
    spelled = {folding.compact(written): value for written, value in column.choices.items()}
    value = spelled.get(folding.compact(raw))
    if value is None:
        wanted = "、".join(dict.fromkeys(column.choices.values()))
        return Read(raw, f"只能填 {wanted}，现在是“{folding.visible(raw)[:20]}”")
    return Read(value, folded=_tidied(raw, value, "照规定的写法"))


def choices(*values: str) -> dict[str, str]:
    """没有别的写法的几选一。"""
    return {value: value for value in values}


def missing(columns: Iterable[Column], found: Iterable[str]) -> list[str]:
    """表头里一定要有而没有的列。"""
    have = set(found)
    return [column.name for column in columns if column.required and column.name not in have]


_READERS = {Kind.TEXT: _text, Kind.CODE: _code, Kind.NUMBER: _number, Kind.DATE: _date, Kind.CHOICE: _choice}
