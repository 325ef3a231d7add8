"""读 Word：段落一段一行，表格一行一行；修订照接受以后的读，读不到的（批注、文本框、隐藏的字）点名。

自己解析：读 Word 的库不读修订里插入的字和内容控件，又先把跨列的格展开。
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, field
from xml.parsers import expat

from .folding import visible
from .limits import HUMAN, OLE, Limits, TooLarge, Unreadable, guard, guard_directory

_CHUNK = 1 << 16
#: 一张表逐行带下来的跨行合并格，最多几格
_COLUMNS = 400
#: 符号字体里的勾和框
_SYMBOLS = {
    ("wingdings", "fe"): "☑", ("wingdings", "fd"): "☑", ("wingdings", "fc"): "√", ("wingdings", "a8"): "☐",
    ("wingdings", "6f"): "☐", ("wingdings", "71"): "☐", ("wingdings", "72"): "☐", ("wingdings", "fb"): "×",
    ("wingdings 2", "52"): "☑", ("wingdings 2", "54"): "☑", ("wingdings 2", "50"): "√", ("wingdings 2", "a3"): "☐",
    ("wingdings 2", "2a"): "☐", ("wingdings 2", "4f"): "×",
}  # fmt: skip
_TICKS = "☑√■✓✔☒"
_CHARACTERS = {"br": "\n", "cr": "\n", "tab": "\t", "noBreakHyphen": "-"}
#: 元素最多套几层
_DEEPEST = 400
#: 当作 Word 的扩展名；只收头一种
KINDS = (".docx", ".docm", ".dotx", ".dotm", ".doc", ".wps", ".wpt", ".rtf")
_PARTS = (("comments", "批注"), ("footnotes", "脚注"), ("endnotes", "尾注"))


class Text(str):
    """一格的文字，记着在哪里、有没有读进去。"""

    __slots__ = ("taken", "where")
    where: str
    taken: bool

    def __new__(cls, text: str, where: str, taken: bool = False) -> Text:
        """`where` 是在哪里；`taken` 是不必再读的（跨行合并带下来的）。"""
        made = super().__new__(cls, text)
        made.where, made.taken = where, taken
        return made


@dataclass
class Document:
    """一份 Word：各行各格，表格以外的 `aside` 是有内容而没有读的，`revised` 是有修订。"""

    rows: list[list[Text]] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    revised: bool = False


def read(content: bytes, name: str, limits: Limits = HUMAN) -> Document:
    """读一份 .docx；旧格式、打不开、带宏、太大、套得太深的整份不收，抛 Unreadable。"""
    lower = name.lower()
    if lower.endswith((".docm", ".dotm")):
        raise Unreadable(f"“{name}”带宏，不能导入，请另存为不带宏的 .docx")
    if not lower.endswith(KINDS[0]):
        raise Unreadable(f"“{name}”不是 .docx 文件，请在 Word 或 WPS 里打开，另存为 .docx 再导入")
    if content.startswith(OLE):
        raise Unreadable(f"“{name}”其实是旧格式的 .doc，或者加了密码；请去掉密码、另存为 .docx 再导入")
    if len(content) > limits.file:
        raise TooLarge(f"“{name}”超过 {limits.file // 1048576} MB，请只留要导入的表")
    guard_directory(content, name, limits)
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
        raise _broken(name) from error
    with archive:
        guard(archive, name, limits)
        names = set(archive.namelist())
        if any("vbaProject" in entry for entry in names):
            raise Unreadable(f"“{name}”里有宏，不能导入，请另存为不带宏的 .docx")
        document = Document()
        _Reader(document, name, limits).feed(archive, "word/document.xml")
        for part, what in _PARTS:
            if f"word/{part}.xml" in names:
                found = Document()
                _Reader(found, name, limits).feed(archive, f"word/{part}.xml")
                words = "".join(visible(cell) for row in found.rows for cell in row)
                if words:
                    document.aside.append(f"{what}“{words[:40]}”")
    return document


def _broken(name: str) -> Unreadable:
    return Unreadable(f"“{name}”打不开，文件可能坏了或不是真的 .docx，请重新另存后再导入")


@dataclass
class _Table:
    """正在读的一张表：第几张、第几行、本行各格、上面跨行下来的格。"""

    number: int
    row: int = 0
    cells: list[Text] = field(default_factory=list)
    above: dict[int, str] = field(default_factory=dict)
    column: int = 0
    span: int = 1
    merge: str = ""
    parts: list[str] = field(default_factory=list)
    dropped: bool = False


class _Reader:
    """一个部件的处理函数。"""

    def __init__(self, document: Document, name: str, limits: Limits) -> None:
        self.document, self.name, self.limits = document, name, limits
        self.tables: list[_Table] = []
        self.count = self.letters = self.cells = 0
        self.stack: list[str] = []
        #: 不读的一段：从第几层元素起；删去的、后备的、占位的
        self.skipping = 0
        self.boxes: list[int] = []
        self.boxed: list[str] = []
        self.plain: list[str] = []
        self.run: list[str] = []
        self.vanish = self.placeholder = False
        self.in_text = False

    def feed(self, archive: zipfile.ZipFile, part: str) -> None:
        """一段一段喂；坏了抛 Unreadable。"""
        parser = expat.ParserCreate()
        parser.buffer_text = True

        def refused(*_args: object) -> None:
            raise _broken(self.name)

        parser.StartElementHandler = lambda name, attributes: self._start(
            name.rpartition(":")[2], {key.rpartition(":")[2]: value for key, value in attributes.items()}
        )
        parser.EndElementHandler = lambda name: self._end(name.rpartition(":")[2])
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = refused
        try:
            with archive.open(part) as reader:
                while chunk := reader.read(_CHUNK):
                    parser.Parse(chunk, False)
            parser.Parse(b"", True)
        except Unreadable:
            raise
        except (
            expat.ExpatError, KeyError, OSError, EOFError, zipfile.BadZipFile, RuntimeError, ValueError,
            NotImplementedError,
        ) as error:  # fmt: skip
            raise _broken(self.name) from error

    # ── 元素 ──

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.stack.append(name)
        if len(self.stack) > _DEEPEST:
            raise TooLarge(f"“{self.name}”套得太深，请重新另存一份只有表格的")
        self._left_out(name, attributes)
        if self.skipping:
            return
        self._open_table(name, attributes)
        self._open_run(name, attributes)

    def _left_out(self, name: str, attributes: dict[str, str]) -> None:
        """不读的一段：删去的、挪走的、后备的、占位的。"""
        if name in ("ins", "del", "moveFrom", "moveTo"):
            self.document.revised = True
            if name in ("del", "moveFrom"):
                if self.stack[-2:-1] == ["trPr"] and self.tables:
                    self.tables[-1].dropped = True
                self._skip()
        elif name == "Fallback":
            self._skip()
        elif name == "sdt":
            self.placeholder = False
        elif name == "showingPlcHdr" and attributes.get("val", "1") not in ("0", "false"):
            self.placeholder = True
        elif name == "sdtContent" and self.placeholder:
            self.placeholder = False
            self._skip()

    def _open_table(self, name: str, attributes: dict[str, str]) -> None:
        table = self.tables[-1] if self.tables else None
        if name == "txbxContent":
            self.boxes.append(len(self.stack))
        if self.boxes:
            return
        if name == "tbl":
            self.count += 1
            self.tables.append(_Table(self.count))
            if len(self.tables) > self.limits.nesting:
                raise TooLarge(f"“{self.name}”的表格里套了超过 {self.limits.nesting} 层表格，请拆开再导入")
        elif table is None:
            return
        elif name == "tr":
            table.row, table.cells, table.column, table.dropped = table.row + 1, [], 0, False
        elif name == "gridBefore":
            table.column += self._span(attributes)
        elif name == "tc":
            table.span, table.merge, table.parts = 1, "", []
        elif name == "gridSpan":
            table.span = self._span(attributes)
        elif name == "vMerge":
            table.merge = attributes.get("val", "continue")

    def _open_run(self, name: str, attributes: dict[str, str]) -> None:
        if name == "r":
            self.run, self.vanish = [], False
        elif name == "vanish" and "r" in self.stack[-4:]:
            self.vanish = attributes.get("val", "1") not in ("0", "false")
        elif name == "t":
            self.in_text = True
        elif name in _CHARACTERS and self.stack[-2:-1] == ["r"]:
            self.run.append(_CHARACTERS[name])
        elif name == "sym":
            key = attributes.get("font", "").lower(), attributes.get("char", "").lower()[-2:]
            if key not in _SYMBOLS:
                self.document.aside.append(f"{self._where()}的符号（{attributes.get('font', '')[:20]}）")
            self.run.append(_SYMBOLS.get(key, ""))

    def _end(self, name: str) -> None:
        depth = len(self.stack)
        self.stack.pop()
        if self.skipping:
            if depth == self.skipping:
                self.skipping = 0
            return
        table = self.tables[-1] if self.tables else None
        if name == "t":
            self.in_text = False
        elif name == "r":
            self._close_run()
        elif name == "txbxContent" and self.boxes:
            self.boxes.pop()
            words = visible("".join(self.boxed))
            self.boxed = []
            if words:
                self.document.aside.append(f"{self._where()}的文本框“{words[:40]}”")
        elif name == "p" and not self.boxes:
            if table:
                table.parts.append("\n")
            else:
                self._paragraph()
        elif name == "tc" and table and not self.boxes:
            self._close_cell(table)
        elif name == "tr" and table and not self.boxes:
            if table.cells and not table.dropped:
                self.document.rows.append(table.cells)
                if len(self.document.rows) > self.limits.rows:
                    raise TooLarge(f"“{self.name}”超过 {self.limits.rows:,} 行，请分几个文件")
        elif name == "tbl" and table and not self.boxes:
            self.tables.pop()

    def _text(self, text: str) -> None:
        if self.in_text and not self.skipping:
            self.letters += len(text)
            if self.letters > self.limits.letters:
                raise TooLarge(f"“{self.name}”的文字超过 {self.limits.letters:,} 字，请分几个文件")
            self.run.append(text)

    # ── 收起来 ──

    def _skip(self) -> None:
        if not self.skipping:
            self.skipping = len(self.stack)

    def _span(self, attributes: dict[str, str]) -> int:
        raw = attributes.get("val", "1")
        if not re.fullmatch("[0-9]{1,9}", raw) or int(raw) > self.limits.grid_span:
            raise TooLarge(f"“{self.name}”有一格横跨超过 {self.limits.grid_span} 列，请重新另存一份只有表格的")
        return max(int(raw), 1)

    def _where(self) -> str:
        if not self.tables:
            return "正文里"
        table = self.tables[-1]
        return f"第 {table.number} 张表第 {table.row} 行第 {len(table.cells) + 1} 格里"

    def _close_run(self) -> None:
        words, self.run = "".join(self.run), []
        if self.vanish and visible(words):
            self.document.aside.append(f"{self._where()}隐藏的字“{visible(words)[:40]}”")
        elif self.boxes:
            self.boxed.append(words)
        elif self.tables:
            self.tables[-1].parts.append(words)
        else:
            self.plain.append(words)
        self.vanish = False

    def _paragraph(self) -> None:
        words, self.plain = "".join(self.plain), []
        if visible(words):
            self.document.rows.append([Text(words, "正文")])

    def _close_cell(self, table: _Table) -> None:
        words = "".join(table.parts).rstrip("\n")
        where = f"第 {table.number} 张表第 {table.row} 行第 {len(table.cells) + 1} 格"
        carried = False
        if table.merge == "continue":
            if visible(words):
                self.document.aside.append(f"{where}压在跨行合并下面的字“{visible(words)[:40]}”")
            words, carried = table.above.get(table.column, ""), True
        elif table.column < _COLUMNS:
            table.above[table.column] = words
        table.column += table.span
        self.cells += 1
        if self.cells > self.limits.cells:
            raise TooLarge(f"“{self.name}”的格超过 {self.limits.cells:,} 个，请分几个文件")
        table.cells.append(Text(words, where, carried))
        table.parts, table.span, table.merge = [], 1, ""


def ticked(text: str, options: tuple[str, ...] = ()) -> tuple[str, ...] | None:
    """打了勾的几项，勾在字前、字后都认；分不清勾的是哪一项的返回 None。

    没有框的，整格就是一个选项的当作选了它（`options` 是能选的）。
    """
    plain = visible(text)
    boxes = [found.start() for found in re.finditer(f"[☐□{_TICKS}]", plain)]
    if not boxes:
        bare = re.sub(r"\s+", "", plain)
        return (bare,) if bare in options else ()
    if boxes[0] == 0 and boxes[-1] != len(plain) - 1:
        after = True
    elif boxes[-1] == len(plain) - 1 and boxes[0] != 0:
        after = False
    else:
        sides = set()
        for at in boxes:
            left = at > 0 and not plain[at - 1].isspace() and plain[at - 1] not in "、，,；;"
            right = at + 1 < len(plain) and not plain[at + 1].isspace()
            sides.add("both" if left == right else "after" if right else "before")
        if len(sides) != 1 or "both" in sides:
            return None if any(plain[at] in _TICKS for at in boxes) else ()
        after = sides == {"after"}
    word = r"([^\s☐□☑√■✓✔☒（(、，,；;]+)"
    tick = f"[{_TICKS}]"
    pattern = rf"{tick}\s*{word}" if after else rf"{word}(?:[（(][^）)]*[）)])?\s*{tick}"
    found = tuple(re.findall(pattern, plain))
    return found if len(found) == sum(plain[at] in _TICKS for at in boxes) else None
