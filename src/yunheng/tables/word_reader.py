"""Word 的一个部件怎样一个元素一个元素地读：修订、内容控件、文本框、合并的格、字的样子。"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field

from . import symbols
from .folding import visible
from .limits import Limits, TooLarge
from .word_looks import Look, ground, on
from .word_parts import fed
from .word_text import Document, Text

#: 一张表逐行带下来的跨行合并格，最多几格
_COLUMNS = 400
_CHARACTERS = {"br": "\n", "cr": "\n", "tab": "\t", "noBreakHyphen": "-"}
#: 控件没有填时显示的话
_PROMPT = re.compile(
    "请?(单击|点击|点按|轻触|选择|输入|填写|填入|键入)|(click|tap|choose|select|enter) ", re.IGNORECASE
)
#: 元素最多套几层
_DEEPEST = 400
#: 记着改以前的样子，不读
_FORMER = ("rPrChange", "pPrChange", "tcPrChange", "trPrChange", "tblPrChange", "tblGridChange", "tblPrExChange",
           "sectPrChange")  # fmt: skip
#: 读不出字的东西
_OPAQUE = {
    "blip": "图片", "imagedata": "图片", "OLEObject": "嵌进来的对象", "altChunk": "嵌进来的另一份文件",
    "ddList": "下拉域", "chart": "图表",
}  # fmt: skip


@dataclass
class _Table:
    """正在读的一张表：第几张、第几行、本行各格、上面跨行下来的格。"""

    number: int
    row: int = 0
    cells: list[Text] = field(default_factory=list)
    above: dict[int, Text] = field(default_factory=dict)
    column: int = 0
    span: int = 1
    merge: str = ""
    parts: list[str] = field(default_factory=list)
    #: 修订里删去的一行、一格
    dropped: bool = False
    deleted: bool = False
    wrong: str = ""
    raised: bool = False
    ground: str = ""


class Reader:
    """一个部件的处理函数；`place` 是页眉还是页脚，正文为空。"""

    def __init__(self, document: Document, name: str, limits: Limits, looks: dict[str, Look], place: str = "") -> None:
        self.document, self.name, self.limits, self.looks, self.place = document, name, limits, looks, place
        self.tables: list[_Table] = []
        self.count = self.letters = self.length = self.cells = 0
        self.stack: list[str] = []
        #: 不读的一段：从第几层元素起；删去的、后备的、占位的
        self.skipping = 0
        self.boxes: list[int] = []
        self.boxed: list[str] = []
        self.plain: list[str] = []
        #: 正在读的字、它们的样子；文本框在一段字里，里面又有字
        self.runs: list[tuple[list[str], Look]] = []
        #: 正在读的段落的样子、段落记号是不是删去了（与下一段连起来）
        self.paragraphs: list[Look] = []
        self.joined = False
        self.placeholder = self.ticked = False
        #: 正在读的各层内容控件：没有填、显示着占位字的
        self.controls: list[bool] = []
        self.in_text = self.in_code = False
        self.codes: list[list[str]] = []
        #: 有自动编号的段落在哪里
        self.numbered: dict[str, None] = {}

    def feed(self, archive: zipfile.ZipFile, part: str) -> None:
        """一段一段喂；坏了抛 Unreadable。"""
        fed(archive, part, self.name, self.limits, self._start, self._end, self._text)
        if self.numbered:
            shown, more = (
                "、".join([*self.numbered][:5]),
                f"等 {len(self.numbered)} 处" if len(self.numbered) > 5 else "",
            )
            self.document.aside.append(f"{shown}{more}的自动编号（1.、（一）、•，不是打上去的字）")

    # ── 元素 ──

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.stack.append(name)
        if len(self.stack) > _DEEPEST:
            raise TooLarge(f"“{self.name}”套得太深，请重新另存一份只有表格的")
        self._left_out(name, attributes)
        if name == "oMath" and not self.skipping:
            # 公式编辑器写的：上标、分数连起来就成了别的数
            if self.tables and not self.boxes:
                self.tables[-1].wrong = "里有公式编辑器写的字，读不准；请改成平常的字"
            self._aside("的公式")
            self._skip()
        if self.skipping:
            return
        self._open_table(name, attributes)
        self._open_paragraph(name, attributes)
        self._open_run(name, attributes)

    def _left_out(self, name: str, attributes: dict[str, str]) -> None:
        """不读的一段：删去的、挪走的、改以前的样子、后备的、占位的。"""
        if name in ("ins", "del", "moveFrom", "moveTo"):
            self.document.revised = True
            if name in ("del", "moveFrom"):
                if self.stack[-2:-1] == ["trPr"] and self.tables:
                    self.tables[-1].dropped = True
                elif self.stack[-3:-1] == ["pPr", "rPr"]:
                    self.joined = True
                self._skip()
        elif name in ("cellIns", "cellDel", "cellMerge"):
            self.document.revised = True
            if self.tables and not self.boxes:
                self.tables[-1].deleted |= name == "cellDel"
                if name == "cellMerge" and attributes.get("vMerge") == "cont":
                    self.tables[-1].merge = "continue"
        elif name in _FORMER:
            self.document.revised = True
            self._skip()
        elif name == "rt":
            self._aside("的注音")
            self._skip()
        elif name in _OPAQUE:
            if f"{self._where()}的{_OPAQUE[name]}" not in self.document.aside:
                self._aside(f"的{_OPAQUE[name]}")
        elif name == "Fallback":
            self._skip()
        elif name == "sdt":
            self.placeholder = False
        elif name == "showingPlcHdr" and on(attributes):
            self.placeholder = True
        elif name == "sdtContent" and not self.skipping:
            # 控件可以套着整格、整行、整张表：格子照样占着，只是没有填
            self.controls.append(self.placeholder)
            self.placeholder = False

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
            table.span, table.merge, table.parts, table.deleted, table.wrong = 1, "", [], False, ""
            table.raised, table.ground = False, ""
        elif name == "shd" and self.stack[-3:-1] == ["tc", "tcPr"]:
            table.ground = ground(attributes)
        elif name == "hidden" and self.stack[-2:-1] == ["trPr"] and on(attributes):
            self._said(f"{self.place}第 {table.number} 张表第 {table.row} 行是隐藏的行，照读")
        elif name == "gridSpan":
            table.span = self._span(attributes)
        elif name == "vMerge":
            table.merge = attributes.get("val", "continue")

    def _open_paragraph(self, name: str, attributes: dict[str, str]) -> None:
        if name == "p":
            self.paragraphs.append(self.looks.get("", Look()))
        elif name == "pStyle" and self.paragraphs:
            self.paragraphs[-1] = self.looks.get(attributes.get("val", ""), Look())
        elif self.stack[-3:] == ["p", "pPr", "shd"] or self.stack[-4:] == ["p", "pPr", "numPr", "numId"]:
            self.paragraphs[-1] = self.paragraphs[-1].copy()
            self.paragraphs[-1].start(name, attributes)
        elif name == "fldSimple":
            self._code(attributes.get("instr", ""))
        elif name == "fldChar":
            if (kind := attributes.get("fldCharType")) == "begin":
                self.codes.append([])
            elif kind == "end" and self.codes:
                self._code("".join(self.codes.pop()))
        elif name == "instrText":
            self.in_code = True

    def _code(self, words: str) -> None:
        """一个域：是公式的，那一格读不出真正的值。"""
        if words.strip().startswith("=") and self.tables:
            self.tables[-1].wrong = f"是公式“{words.strip()[:30]}”，请改成真正的值"

    def _open_run(self, name: str, attributes: dict[str, str]) -> None:
        if name == "r":
            self.runs.append(([], (self.paragraphs[-1] if self.paragraphs else Look()).copy()))
        elif not self.runs:
            return
        words, look = self.runs[-1]
        if self.stack[-3:-1] == ["r", "rPr"]:
            if name == "rStyle":
                look.add(self.looks.get(attributes.get("val", ""), Look()))
            look.start(name, attributes)
        elif name == "t":
            self.in_text = True
        elif name in _CHARACTERS and self.stack[-2:-1] == ["r"]:
            self._count()
            words.append(_CHARACTERS[name])
        elif name in ("default", "checked") and self.stack[-2:-1] == ["checkBox"]:
            self.ticked = on(attributes)
        elif name == "sym":
            self._count()
            words.append(self._symbol(attributes.get("font", ""), attributes.get("char", "")))

    def _symbol(self, font: str, code: str) -> str:
        """插入的一个符号；认不出的点名，不读。"""
        char = chr(int(code, 16)) if re.fullmatch("[0-9A-Fa-f]{1,4}", code) else ""
        if char and symbols.symbolic(font):
            found = symbols.seen(font, char)
        else:
            found = "" if not char or symbols.stored(char) != char else visible(char)
        if not found:
            self._aside(f"的符号（{font[:20]}）")
        return found

    def _glyphs(self, text: str, look: Look) -> str:
        """一段字，符号字体的换成看到的；认不出的点名，不当作字母读。"""
        if not look.symbolic:
            return text
        shown, unknown, font = [], [], ""
        for char in text:
            if own := look.font(char):
                found, lost = symbols.read(own, char)
                shown.append(found)
                unknown.append(lost)
                font = own if lost else font
            else:
                shown.append(char)
        if any(unknown):
            self._aside(f"的符号（字体 {font} 的“{''.join(unknown)[:20]}”）")
        return "".join(shown)

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
        elif name == "sdtContent" and self.controls:
            self.controls.pop()
        elif name == "instrText":
            self.in_code = False
        elif name == "checkBox" and self.runs:
            self.runs[-1][0].append("☑" if self.ticked else "☐")
            self.ticked = False
        elif name == "r" and self.runs:
            self._close_run()
        elif name == "txbxContent" and self.boxes:
            self.boxes.pop()
            words = visible("".join(self.boxed))
            self.boxed = []
            if words:
                self._aside(f"的文本框“{words[:40]}”")
        elif name == "p":
            self._close_paragraph(table)
        elif name == "tc" and table and not self.boxes:
            self._close_cell(table)
        elif name == "tr" and table and not self.boxes:
            if table.dropped and any(map(visible, table.cells)):
                gone = f"{self.place}第 {table.number} 张表第 {table.row} 行"
                self._said(f"{gone}在修订里整行删去，没有读")
            if table.cells and not table.dropped:
                self._row(table.cells)
        elif name == "tbl" and table and not self.boxes:
            self.tables.pop()

    def _text(self, text: str) -> None:
        if self.in_text and not self.skipping:
            self._count(len(text))
            if self.runs:
                words, look = self.runs[-1]
                words.append(self._glyphs(text, look))
        elif self.in_code and self.codes and not self.skipping:
            self._count(len(text))
            self.codes[-1].append(text[:100])

    def _count(self, letters: int = 1) -> None:
        """多了几个字；整份的、一格（一段）的都不能太多。"""
        self.letters, self.length = self.letters + letters, self.length + letters
        if self.letters > self.limits.letters:
            raise TooLarge(f"“{self.name}”的文字超过 {self.limits.letters:,} 字，请分几个文件")
        if self.length > self.limits.cell_letters:
            raise TooLarge(f"“{self.name}”{self._where()}超过 {self.limits.cell_letters:,} 字，请删短再导入")

    def _aside(self, what: str) -> None:
        """表格以外、不要的一处。"""
        self._few(self.document.aside)
        self.document.aside.append(f"{self._where()}{what}")

    def _said(self, text: str) -> None:
        """照读了、删去了的一处。"""
        self._few(self.document.said)
        self.document.said.append(text)

    def _few(self, listed: list[str]) -> None:
        if len(listed) >= self.limits.asides:
            most = self.limits.asides
            raise TooLarge(f"“{self.name}”里隐藏的、删去的、不读的超过 {most:,} 处，请重新另存一份只有表格的")

    def _row(self, cells: list[Text]) -> None:
        self.document.rows.append(cells)
        if len(self.document.rows) > self.limits.word_rows:
            raise TooLarge(f"“{self.name}”超过 {self.limits.word_rows:,} 行，请分几个文件")

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
            return f"{self.place or '正文'}里"
        table = self.tables[-1]
        return f"{self.place}第 {table.number} 张表第 {table.row} 行第 {len(table.cells) + 1} 格里"

    def _close_run(self) -> None:
        parts, look = self.runs.pop()
        words = "".join(parts)
        if self.controls and self.controls[-1]:
            if visible(words) and not look.prompt and not _PROMPT.match(visible(words)):
                self._aside(f"的内容控件标着没有填、却写着的“{visible(words)[:40]}”")
            return
        lifted = look.up and bool(visible(words))
        marks = look.unread(self.tables[-1].ground if self.tables and not self.boxes else "")
        if marks and visible(words):
            self._aside(f"{'、'.join(marks)}的字“{visible(words)[:40]}”")
        elif marks:
            return
        elif self.boxes:
            self.boxed.append(words)
        elif self.tables:
            self.tables[-1].parts.append(words)
            self.tables[-1].raised |= lifted
        else:
            self.plain.append(words)
        if lifted and not marks and not self.boxes:
            kind = "上标或下标" if look.raised else "抬高或压低"
            self._said(f"{self._where()}有{kind}的字“{visible(words)[:20]}”，文字里的照平常的字读")

    def _close_paragraph(self, table: _Table | None) -> None:
        if self.paragraphs and self.paragraphs.pop().numbered and not self.boxes:
            self.numbered[self._where().removesuffix("里")] = None
        joined, self.joined = self.joined, False
        if self.boxes or joined:
            return
        if table:
            self._count()
            table.parts.append("\n")
            return
        words, self.plain, self.length = "".join(self.plain), [], 0
        if visible(words):
            self._row([Text(words, self.place or "正文")])

    def _close_cell(self, table: _Table) -> None:
        words = "".join(table.parts).rstrip("\n")
        where = self._where().removesuffix("里")
        made = Text(words, where)
        made.wrong, made.raised = table.wrong, table.raised
        if table.merge == "continue":
            if visible(words):
                self._few(self.document.aside)
                self.document.aside.append(f"{where}压在跨行合并下面的字“{visible(words)[:40]}”")
            above = table.above.get(table.column)
            made = Text(above or "", where, taken=True)
            made.merged = True
            if above is not None:
                above.merged, made.wrong, made.raised = True, above.wrong, above.raised
        elif table.column < _COLUMNS:
            table.above[table.column] = made
        table.column += table.span
        self.cells, self.length = self.cells + 1, 0
        if self.cells > self.limits.word_cells:
            raise TooLarge(f"“{self.name}”的格超过 {self.limits.word_cells:,} 个，请分几个文件")
        if not table.deleted:
            table.cells.append(made)
        elif visible(words):
            self._said(f"{where}在修订里删去，“{' '.join(words.split())[:40]}”没有读")
        table.parts, table.span, table.merge = [], 1, ""
