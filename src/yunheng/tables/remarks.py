"""数据以外的话改变了数据的意思：标题、表名写了“单位：万条”，序号、备注写了“作废”。不照它改，点名，要人点头。"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from . import folding
from .cells import Cell, Line, Made
from .columns import Column, Kind
from .notes import Notebook, Outcome, letters, told_rows
from .voids import VOIDED

#: 一格的话只看开头这么多字
_HEAD = 200
_OF = r"[个条次核台件笔张户份项元]|GB|TB|MB|G|T|M"
_STATED = re.compile(r"(?<![表报用请送])(?:计量|计数|数量|金额)?单位\s*[:：为是]\s*([^\s,，;；、。)）]{1,10})")
#: （万条）、(k)、[单位：万]
_BRACKETED = re.compile(rf"[(（\[【〔]\s*(?:单位\s*[:：]?)?\s*([十百千万亿萬億kKwW]+(?:{_OF})*)\s*[)）\]】〕]")
#: 百条、万元、千万次；前面写着数的（500万元以上的）不是单位
_SCALED = re.compile(rf"(?<![0-9.〇零一二三四五六七八九十百千万亿两几数第])([百千万亿萬億]+(?:{_OF}))")
#: 以万计、按千为单位
_COUNTED = re.compile(r"[以按均]\s*(?:[十百千万亿萬億]|[kKwW](?![-\w]))\S{0,3}?(?:计|为单位|填|统计)")
_STORAGE = re.compile(r"[kmgtp]i?b?|兆|字节", re.IGNORECASE)
_MONEY = re.compile(r"(?:角|分|美元|美金|港元|港币|欧元|日元|USD|HKD|EUR)(?:[/每].*)?", re.IGNORECASE)
_PERIOD = r"半年|季度?|年|月|日|天|小时"
_PRICE = r"单价|报价|均价|价格?|租金|租费|租|费用?|收费|付|结算?价|标准|总价?|合计"
#: 一价管多久：元/月、元每核·年、每月、按季、以月为、元（月）、月单价、月租、月费标准、monthly；
#: 标题里单写一个“月”的也算，日期、月份不算
_PRICED = re.compile(
    rf"(?:[元角分¥￥]\s*[/每]\s*\S{{0,6}}?|/\s*\S{{0,3}}?|[每按以]\s*[个一]?\s*|(?<=[元价格币费])\s*[(（\[]\s*)(?P<of>{_PERIOD})"
    rf"|(?<![0-9〇零一二三四五六七八九十两多数半第])(?P<priced>{_PERIOD})度?(?:{_PRICE})"
    r"|(?<![0-9〇零一二三四五六七八九十两多数第本上下当次每逐个半])(?P<bare>月)(?![份底初末中内日度])"
    r"|(?<![a-z])(?P<english>monthly|quarterly|yearly|annual|daily|hourly)(?![a-z])",
    re.IGNORECASE,
)
_ENGLISH = {"monthly": "月", "quarterly": "季", "yearly": "年", "annual": "年", "daily": "日", "hourly": "小时"}
#: 几个月、几年合在一起的价：12 个月总价、三年合计价
_TOGETHER = re.compile(
    rf"(?<![0-9])(?:[0-9]{{1,2}}|[二两三四五六七八九十]+)\s*(?:个\s*(?:半年|季度?|月)|年)\s*的?(?:{_PRICE})"
)
#: 数不是它字面上的那个数：价格的税、折扣，累计的、合在一起的
_PRICED_OTHERWISE = re.compile(r"不?含税|未税|税前|税后|[0-9.]+\s*折|折扣|折后|优惠|下浮|上浮")
_COUNTED_OTHERWISE = re.compile(
    r"累计|合计配置|总配置|合计为|单[块台]容量|每台\s*[0-9一二两三四五六七八九十]+\s*块|为\s*[0-9一二两三四五六七八九十]+\s*台合计"
)
#: 序号的写法：1、1.、（1）、一、①、A1、1-2、1.1；公式算出来的不看
_SERIAL = re.compile(
    r"[(\[]?(no\.?\s*|第)?([a-z]{0,3}[0-9]{1,6}([.\-_/][0-9]{1,6})*|[一二三四五六七八九十百]+|[①-⑳⑴-⒇⒈-⒛㈠-㈩ⅰ-ⅻⅠ-Ⅻ]|[a-z])[.、,)\]号:]*",
    re.IGNORECASE,
)


def unit(text: str, columns: Iterable[Column]) -> str:
    """一句话里说的、与列的单位不是一回事的单位：写着它的几个字；没有为空。"""
    plain = folding.code(text[:_HEAD])
    if found := _STATED.search(plain):
        said = found[1]
        if folding.scale(said) or any(_other(said, column) for column in columns):
            return _wide(found[0])
    for pattern in (_BRACKETED, _COUNTED, _SCALED):
        if found := pattern.search(plain):
            return _wide(found[0])
    return ""


def _wide(text: str) -> str:
    """给人看的标点照中文写。"""
    return text.translate(str.maketrans(":()[]", "：（）［］"))


def _other(said: str, column: Column) -> bool:
    """“单位：MB”“单位：分”：是这一类的列，又不是它自己的单位。"""
    if column.kind != Kind.NUMBER or any(folding.same_unit(said, own) for own in column.units):
        return False
    if _STORAGE.fullmatch(said):
        return column.measured or any(_STORAGE.fullmatch(own) for own in column.units)
    if "元" not in column.units:
        return False
    # 写着“元/月”的：单价一类的列（`per`）要看各行的计费周期，由 `priced` 比
    return bool(_MONEY.fullmatch(said)) or (not column.per and bool(_PRICED.fullmatch(said)))


def headed(
    book: Notebook, names: Iterable[tuple[str, str]], lines: Sequence[Line], columns: Collection[Column]
) -> None:
    """标题行、表下面的话、表名、文件名、页眉：写了别的单位、写了作废的，要人点头。`names` 是（在哪里, 字）。"""
    for where, text in _told(names, lines):
        if said := unit(text, columns):
            book.whole(Outcome.NAMED, where, f"写了“{said}”，各数没有照它换算，照格里的读", doubtful=True)
        if other := _otherwise(folding.code(text[:_HEAD]), columns):
            book.whole(Outcome.NAMED, where, f"写了“{_wide(other)}”，各数没有照它换算，照格里的读", doubtful=True)
        if found := VOIDED.search(text[:_HEAD]):
            book.whole(Outcome.NAMED, where, f"写了“{found[0]}”，各行照读；不算的请从文件里删去", doubtful=True)


def _otherwise(plain: str, columns: Iterable[Column]) -> str:
    """一句话里说的、改了数的意思的几个字；没有为空。税、折扣只看有金额的表。"""
    numbers = [one for one in columns if one.kind == Kind.NUMBER]
    patterns = [_COUNTED_OTHERWISE] if numbers else []
    patterns += [_PRICED_OTHERWISE] if any("元" in one.units for one in numbers) else []
    return next((found[0] for pattern in patterns if (found := pattern.search(plain))), "")


def _told(names: Iterable[tuple[str, str]], lines: Sequence[Line]) -> list[tuple[str, str]]:
    """（在哪里, 字）：表名一类的，和这几行的各格。"""
    cells = [(f"第 {line.number} 行 {letters(cell.column)} 列", cell.text) for line in lines for cell in line.cells]
    return [*names, *cells]


def priced(
    book: Notebook,
    names: Iterable[tuple[str, str]],
    lines: Sequence[Line],
    columns: Iterable[Column],
    rows: Mapping[int, Mapping[str, str]],
) -> None:
    """标题、注里写了“元/月”“每月价格”，而有的行按年计（R-052）：单价照格里的读，差 12 倍，要人点头。

    `rows` 是行号 → 各列的字；只比有计价单位、计费周期的列（`per`）。
    """
    told = _told(names, lines)
    for column in (one for one in columns if one.per):
        for where, text in told:
            for said, numbers in _differing(folding.code(text[:_HEAD]), column, rows):
                book.whole(Outcome.NAMED, where, said + told_rows(numbers) + _unlike(column), doubtful=True)
                break


def _differing(plain: str, column: Column, rows: Mapping[int, Mapping[str, str]]) -> Iterator[tuple[str, list[int]]]:
    """一句话里说的、与有的行不是一回事的期间：说的话，哪几行。"""
    for found in _TOGETHER.finditer(plain):
        yield f"写了“{_wide(found[0])}”，是几期合在一起的价，而", list(rows)
    for found in _PRICED.finditer(plain):
        groups = found.groupdict()
        period = groups["of"] or groups["priced"] or groups["bare"] or _ENGLISH[groups["english"].lower()]
        period = period.removesuffix("度").replace("天", "日")
        if numbers := [number for number, row in rows.items() if not _of_period(period, column, row)]:
            yield f"写了“{_wide(found[0])}”，是每{period}的价，而", numbers


def _unlike(column: Column) -> str:
    return f"的{'、'.join(column.per)}写的是另一种；“{column.name}”没有换算，照格里的读"


def _of_period(period: str, column: Column, row: Mapping[str, str]) -> bool:
    """这一行按这么久计，或者不是按多久计的（次、一次性）；“年”不是“半年”。"""
    told = "".join(row[name] for name in column.per).replace("天", "日")
    return not re.search(_PERIOD, told) or period in (told if period == "半年" else told.replace("半年", ""))


def titles(lines: Sequence[Line]) -> str:
    """标题行的原文：前几格，给人看。"""
    cells = [folding.visible(cell.text) for line in lines for cell in line.cells if cell.text.strip()]
    shown = "；".join(re.sub(r"\s+", " ", text)[:60] for text in cells[:8])
    return f"“{shown}”" + (f"等 {len(cells):,} 格" if len(cells) > 8 else "")


def serials(book: Notebook, kept: Iterable[Line], columns: Collection[int]) -> None:
    """读了的各行，序号写着作废一类的话、划掉了的：不当作没写，要人点头。"""
    rows: dict[str, list[int]] = defaultdict(list)
    for line in kept:
        for cell in line.cells:
            if cell.column in columns and (why := _odd(cell)):
                rows[why].append(line.number)
    for why, numbers in rows.items():
        book.rows(Outcome.NAMED, numbers, f"序号{why}，照读了；不算的行请从表里删去", doubtful=True)


def _odd(cell: Cell) -> str:
    if cell.struck:
        return "划了删除线"
    if cell.made in (Made.FORMULA, Made.ERROR, Made.NUMBER):
        return ""
    plain = folding.code(cell.text)
    return "" if _SERIAL.fullmatch(plain) else f"写的是“{plain[:20]}”"


def asides(texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """表格以外的话（页眉页脚）：（在哪里, 字）。"""
    for text in texts:
        if text.startswith("页眉页脚"):
            yield "页眉页脚", text
