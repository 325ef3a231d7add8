"""打开一份人交的表：认扩展名和真正的格式，读成各张表；旧格式、带宏、加密、同名的表整份不收，说该怎么办。"""

from __future__ import annotations

import io
from collections import Counter

from . import delimited, workbook
from .cells import Sheet
from .limits import HUMAN, OLE, Limits, TooLarge, Unreadable, guard_directory

_OLD = (".xls", ".et", ".ods", ".numbers", ".wps", ".ett", ".xlsb", ".htm", ".html", ".mht", ".xml", ".wk1", ".dbf")
_TEXTS = (".csv", ".txt", ".tsv")


def opened(
    content: bytes, name: str, limits: Limits = HUMAN, *, kinds: tuple[str, ...] = (".xlsx", ".csv")
) -> list[Sheet]:
    """读 .xlsx 或 .csv 的各张表；`kinds` 是收哪几种，整份不收抛 Unreadable。"""
    lower = name.lower()
    if lower.endswith((".xlsm", ".xltm")):
        raise Unreadable(f"“{name}”带宏，不能导入，请另存为不带宏的 .xlsx")
    if lower.endswith(_OLD):
        raise Unreadable(f"“{name}”不能直接导入，请在 Excel 或 WPS 里打开，另存为 .xlsx 再导入")
    if not lower.endswith((*kinds, *(_TEXTS if ".csv" in kinds else ()))):
        raise Unreadable(f"“{name}”不是 {'、'.join(kinds)} 文件，请在 Excel 或 WPS 里另存为 .xlsx 再导入")
    if len(content) > limits.file:
        raise TooLarge(f"“{name}”超过 {limits.file // 1048576} MB，请分几个文件")
    if content.startswith(OLE):
        raise Unreadable(f"“{name}”其实是旧格式的 .xls，或者加了密码；请去掉密码、另存为 .xlsx 再导入")
    if not lower.endswith(".xlsx"):
        if content.startswith(b"PK\x03\x04"):
            raise Unreadable(f"“{name}”其实是 Excel 工作簿，请把扩展名改成 .xlsx 再导入")
        return [delimited.csv_sheet(content, name, limits)]
    guard_directory(content, name, limits)
    with workbook.Workbook(io.BytesIO(content), name, limits) as book:
        twice = [title for title, n in Counter(entry.title.strip() for entry in book.entries).items() if n > 1]
        if twice:
            raise Unreadable(f"“{name}”里“{'”“'.join(twice)}”有两份同名的工作表，不知道该读哪一份，请只留一份")
        return [
            book.sheet(entry) if entry.part else Sheet(entry.title, hidden=entry.hidden, aside=["图表"])
            for entry in book.entries
        ]
