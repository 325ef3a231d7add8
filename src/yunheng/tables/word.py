"""读 Word：段落一段一行，表格一行一行，页眉、页脚在后；修订照接受以后的读。

不读的（批注、文本框、图片、划掉的、隐藏的字）点名；公式域、跨行合并的格、上标下标的字记在那一格上。

自己解析：读 Word 的库不读修订里插入的字和内容控件，又先把跨列的格展开。
"""

from __future__ import annotations

import io
import re
import zipfile

from .folding import visible
from .limits import HUMAN, OLE, Limits, TooLarge, Unreadable, guard, guard_directory
from .word_looks import Look
from .word_parts import broken, styles
from .word_reader import Reader
from .word_text import Document

#: 当作 Word 的扩展名；只收头一种
KINDS = (".docx", ".docm", ".dotx", ".dotm", ".doc", ".wps", ".wpt", ".rtf")
_PARTS = (("comments", "批注"), ("footnotes", "脚注"), ("endnotes", "尾注"))
_MARGINS = {"header": "页眉", "footer": "页脚"}
#: 只有页码的页眉、页脚
_PAGE_NUMBER = re.compile(r"[-—–―\s第共页/0-9]*")


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
        raise broken(name) from error
    with archive:
        guard(archive, name, limits)
        names = set(archive.namelist())
        if any("vbaProject" in entry for entry in names):
            raise Unreadable(f"“{name}”里有宏，不能导入，请另存为不带宏的 .docx")
        document = Document()
        looks = styles(archive, name, limits) if "word/styles.xml" in names else {}
        Reader(document, name, limits, looks).feed(archive, "word/document.xml")
        for part, what in _PARTS:
            if f"word/{part}.xml" in names:
                found = Document()
                Reader(found, name, limits, looks).feed(archive, f"word/{part}.xml")
                words = "".join(visible(cell) for row in found.rows for cell in row)
                if words:
                    document.aside.append(f"{what}“{words[:40]}”")
        _margins(archive, document, name, limits, looks)
    return document


def _margins(archive: zipfile.ZipFile, document: Document, name: str, limits: Limits, looks: dict[str, Look]) -> None:
    """页眉、页脚的各行，接在后面；几节印的一样只留一份，只有页码的不要。"""
    seen: set[tuple[str, ...]] = set()
    for part in sorted(archive.namelist()):
        found = re.fullmatch(r"word/(header|footer)[0-9]*\.xml", part)
        if found is None:
            continue
        margin = Document()
        Reader(margin, name, limits, looks, _MARGINS[found[1]]).feed(archive, part)
        document.aside.extend(one for one in margin.aside if one not in document.aside)
        document.revised |= margin.revised
        for row in margin.rows:
            if (words := tuple(row)) not in seen and not all(_PAGE_NUMBER.fullmatch(cell) for cell in row):
                seen.add(words)
                document.rows.append(row)
