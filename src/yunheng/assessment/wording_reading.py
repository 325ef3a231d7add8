"""读官方的附件5：从 Word 里取评分标准、指标解释和表后的扣减规则，一字不改；与七项指标对不上的写明在哪一格。

认的是表头有“考核指标、分值、评分标准、指标解释”的那张表；别的段落、别的表有内容的逐条点名。纯函数，不碰数据库。
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from yunheng.rules import conventions, scoring
from yunheng.rules.halfwidth import unusual
from yunheng.rules.scoring import INDICATORS
from yunheng.tables import folding, word
from yunheng.tables.notes import Note, Outcome
from yunheng.tables.word_text import Text

NAME, POINTS, STANDARD, MEANING = TITLES = ("考核指标", "分值", "评分标准", "指标解释")
#: 一格、一段最多几个字
MOST = 3000
_TABLE = re.compile(r"第 (\d+) 张表")
_LETTER = re.compile(r"(.+)\(([a-g])\)")
_SERIALS = {"序号", "序", "no", "no.", "编号"}
_SERIAL = re.compile(r"[(（]?([0-9]{1,2}|[一二三四五六七八九十]{1,2}|[A-Ga-g①-⑦])[)）.、]?")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
#: 末段的一句：说到扣，或者“以此类推”
_DEDUCTS = re.compile("扣|以此类推")
#: 标题，不算没有读的
_HEADINGS = re.compile(r"附件\s*[5５五].*|.*云服务商绩效考核表")


@dataclass
class Found:
    """读出来的：`rows` 是指标字母 → 评分标准、指标解释，`full` 是分值那一格，`cells` 是那两格，`closing` 是末段各句。

    `problems` 不空的不能录入。
    """

    rows: dict[str, tuple[str, str]] = field(default_factory=dict)
    full: dict[str, Text] = field(default_factory=dict)
    cells: dict[str, tuple[Text, Text]] = field(default_factory=dict)
    closing: tuple[str, ...] = ()
    notes: list[Note] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    told: str = ""


def read(content: bytes, name: str, on: date) -> Found:
    """读一份官方 Word；`on` 是生效日，分值照那天的规则核。没有那张表的抛 ValueError。"""
    document = word.read(content, name)
    found = Found()
    found.notes += [Note(Outcome.UNREAD, "Word", f"{aside}没有读", doubtful=True) for aside in document.aside]
    found.notes += [Note(Outcome.NAMED, "Word", said) for said in document.said]
    if document.revised:
        found.notes.append(Note(Outcome.NAMED, "Word", "有修订：照接受全部修订以后的样子读，请与正式印发的核对"))
    start, columns = _heading(document.rows, name)
    titles = document.rows[start]
    number = _table_of(document.rows[start])
    found.told = f"第 {number} 张表和表后的扣减规则"
    until = start + 1
    merged: list[str] = []
    for row in document.rows[start + 1 :]:
        if _table_of(row) != number:
            break
        until += 1
        merged += _row(row, columns, found)
    found.problems += [
        f"第 {number} 张表里没有 {INDICATORS[letter].title} 这一行" for letter in INDICATORS if letter not in found.rows
    ]
    found.notes += _beside(document.rows[start + 1 : until], titles, columns)
    found.notes += _shared(found)
    taken = _close(document.rows, until, merged, found)
    left = [*document.rows[:start], *document.rows[taken:]]
    found.notes += [note for row in left if (note := _left(row))]
    _compare(found, on)
    return found


def _heading(rows: Sequence[Sequence[Text]], name: str) -> tuple[int, dict[str, int]]:
    """表头在第几行，四栏各在第几列。"""
    for number, row in enumerate(rows):
        titles = [folding.compact(cell) for cell in row]
        if set(TITLES) <= set(titles):
            return number, {title: titles.index(title) for title in TITLES}
    raise ValueError(f"“{name}”里没有附件5 的表：要有一张表头写着{'、'.join(TITLES)}的表（D62-附件5）")


def _table_of(row: Sequence[Text]) -> int:
    """这一行在第几张表；正文为 0。"""
    found = _TABLE.match(row[0].where)
    return int(found[1]) if found else 0


def _row(row: Sequence[Text], columns: dict[str, int], found: Found) -> Iterator[str]:
    """表里的一行；表尾合成一格的给出各句，当作末段。"""
    cells = [folding.visible(cell) for cell in row]
    if not any(cells):
        return
    if _whole(row):
        yield from "\n".join(sorted(set(filter(None, cells)))).split("\n")
        return
    if len(row) <= max(columns.values()):
        found.problems.append(f"{row[0].where}：这一行只有 {len(row)} 格，少了{TITLES[-1]}这几栏")
        return
    letter = _letter(row[columns[NAME]], found)
    if letter is None:
        return
    if letter in found.rows:
        found.problems.append(f"{row[columns[NAME]].where}：{INDICATORS[letter].title} 出现了不止一行")
        return
    texts = []
    for title in (STANDARD, MEANING):
        cell = row[columns[title]]
        text = folding.visible(cell)
        texts.append(text)
        if not text:
            found.problems.append(f"{cell.where}：{INDICATORS[letter].title} 的{title}是空的")
        elif len(text) > MOST:
            found.problems.append(f"{cell.where}：{title}超过 {MOST} 个字")
    found.rows[letter] = (texts[0], texts[1])
    found.full[letter] = row[columns[POINTS]]
    found.cells[letter] = (row[columns[STANDARD]], row[columns[MEANING]])
    if row[columns[POINTS]].merged:
        text = f"{INDICATORS[letter].title} 的分值在跨行合并的格里，不知道是不是每一项都是这么多；请取消合并、逐行填"
        found.problems.append(f"{row[columns[POINTS]].where}：{text}")


def _beside(rows: Sequence[Sequence[Text]], titles: Sequence[Text], columns: Mapping[str, int]) -> Iterator[Note]:
    """四栏以外的各列，一列一条；只有序号的不用点头。"""
    number = _TABLE.match(titles[0].where)
    for index in range(max((len(row) for row in rows), default=0)):
        cells = [row[index] for row in rows if index < len(row) and not _whole(row)]
        told = list(dict.fromkeys(_flat(cell)[:40] for cell in cells if folding.visible(cell)))
        if index in columns.values() or not told:
            continue
        title = _flat(titles[index]) if index < len(titles) else ""
        where = f"{number[0] if number else ''}第 {index + 1} 列{f'“{title}”' if title else '（没有列名）'}"
        count = sum(bool(folding.visible(cell)) for cell in cells)
        serial = folding.compact(title) in _SERIALS and all(map(_SERIAL.fullmatch, told))
        shown = "、".join(f"“{text}”" for text in told[:7]) + (f"等 {len(told)} 种" if len(told) > 7 else "")
        text = "是序号，没有读" if serial else f"不在四栏里，没有读：{shown}"
        yield Note(Outcome.UNREAD, where, text, cells=count, doubtful=not serial)


def _shared(found: Found) -> Iterator[Note]:
    """评分标准、指标解释跨行合并在一格的：几项录的是同一段，写明。"""
    for place, title in enumerate((STANDARD, MEANING)):
        groups: dict[str, list[str]] = {}
        for letter, cells in found.cells.items():
            if cells[place].merged:
                groups.setdefault(folding.visible(cells[place]), []).append(letter)
        for letters in groups.values():
            names = "、".join(INDICATORS[letter].title for letter in letters)
            text = f"{names} 的{title}合并在一格里，各录同样的一段"
            yield Note(Outcome.FOLDED, found.cells[letters[0]][place].where, text, cells=len(letters))


def _whole(row: Sequence[Text]) -> bool:
    """整行合成一格的：表尾的末段。"""
    cells = {folding.visible(cell) for cell in row} - {""}
    return len(cells) == 1 and bool(_DEDUCTS.search("".join(cells)))


def _letter(cell: Text, found: Found) -> str | None:
    """这一格是哪一项指标；对不上的记下在哪里。"""
    name = folding.compact(cell)
    matched = _LETTER.fullmatch(name)
    if matched:
        letter = matched[2].upper()
        if folding.compact(INDICATORS[letter].name) == matched[1]:
            return letter
        found.problems.append(f"{cell.where}：写的是“{_flat(cell)}”，{letter} 项应当是{INDICATORS[letter].title}")
        return None
    for letter, one in INDICATORS.items():
        if folding.compact(one.name) == name:
            return letter
    found.problems.append(f"{cell.where}：“{_flat(cell)}”不是七项指标里的一项")
    return None


def _close(rows: Sequence[Sequence[Text]], start: int, merged: Sequence[str], found: Found) -> int:
    """末段：表尾合成一格的，接着表后说到扣减的各段；返回读到第几行。"""
    after = []
    for row in rows[start:]:
        if _table_of(row):
            break
        after.append(folding.visible(row[0]))
    last = max((number for number, text in enumerate(after, start=1) if _DEDUCTS.search(text)), default=0)
    found.closing = tuple(text for text in (*map(folding.visible, merged), *after[:last]) if text)
    if not found.closing:
        found.problems.append("表后没有末段的扣减规则：总分低于多少扣结算金额的百分之几，附件5 写在表的后面")
    if any(len(text) > MOST for text in found.closing):
        found.problems.append(f"末段有一段超过 {MOST} 个字")
    return start + last


def _left(row: Sequence[Text]) -> Note | None:
    """没有读的一行；标题不算。"""
    text = " ".join(filter(None, (_flat(cell) for cell in row)))
    if not text or _HEADINGS.fullmatch(text):
        return None
    return Note(Outcome.UNREAD, row[0].where, f"“{text[:40]}”没有读")


def _compare(found: Found, on: date) -> None:
    """分值与规则不同的不收；扣几分、扣减几档在原文里找不到的，请人看一眼。"""
    option = next(iter(conventions.CONVENTIONS["K-06"].options))
    for line in scoring.lines({}, None, option, on):
        if line.letter not in found.rows:
            continue
        cell = found.full[line.letter]
        if cell.raised or unusual(cell) or _NUMBER.findall(folding.code(cell)) != [line.full]:
            found.problems.append(
                f"{cell.where}：{line.title} 的分值写着“{_flat(cell)}”，系统照规则按 {line.full} 分算"
            )
        if line.penalty not in _NUMBER.findall(folding.code(found.rows[line.letter][0])):
            text = f"{line.title} 的评分标准里没有“{line.penalty}”，系统照规则每起（每档）扣 {line.penalty}，请核对"
            found.notes.append(Note(Outcome.NAMED, cell.where, text))
    said = _NUMBER.findall(folding.code(" ".join(found.closing)))
    for edge, share in scoring.ladder(on, 3):
        if found.closing and not {edge, share} <= set(said):
            text = f"没有同时写着“{edge}”分和“{share}%”，系统照规则低于 {edge} 分扣 {share}%，请核对"
            found.notes.append(Note(Outcome.NAMED, "末段", text))


def _flat(text: str) -> str:
    return " ".join(folding.visible(text).split())[:60]
