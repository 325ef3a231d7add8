"""读表的限额：一处写明，超了在展开以前拒绝。一份很小的文件不能占掉很多内存。"""

from __future__ import annotations

import struct
import zipfile
from dataclasses import dataclass

_MEBI = 1024 * 1024
#: 旧格式和加了密码的 Office 文件开头的字节
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Unreadable(ValueError):
    """整份不收；一句话说明为什么、该怎么办。"""


class TooLarge(Unreadable):
    """超过限额，没有展开。"""


@dataclass(frozen=True)
class Limits:
    """一份文件最多多大。

    `file`、`unpacked` 是字节；`entries` 是压缩包里的文件数；`rows`、`columns` 是一张表有内容的行数、最右一列的列号；
    `cells` 是整份文件有内容的格数；`letters` 是整份文件的字数；`cell_letters` 是一格的字数；
    `merges` 是一张表的合并区数；`parts` 是别的部件里一种东西（格式、链接）的个数；
    `strings` 是工作簿共用的文字一共占几个字节；
    `records` 是文本里最多几条（空行也算），`separators` 是一行里最多几个分隔符；
    `grid_span` 是 Word 里一格最多横跨几列；`nesting` 是 Word 里表格最多套几层；
    `word_rows`、`word_cells` 是 Word 里的行（一段算一行）、格；`asides` 是隐藏的字、文本框、认不出的符号最多几处。
    """

    file: int = 10 * _MEBI
    unpacked: int = 64 * _MEBI
    entries: int = 2_000
    rows: int = 50_000
    columns: int = 400
    cells: int = 600_000
    letters: int = 20_000_000
    cell_letters: int = 32_767
    merges: int = 5_000
    parts: int = 100_000
    strings: int = 64 * _MEBI
    records: int = 1_048_576
    separators: int = 50_000
    grid_span: int = 63
    nesting: int = 3
    word_rows: int = 20_000
    word_cells: int = 100_000
    asides: int = 500


#: 人交的表
HUMAN = Limits()
#: 结算数据包：十万个资源的年度包也读得下；解开多大由读包的人先查
PACKAGE = Limits(
    file=2**40,
    unpacked=8 * 1024 * _MEBI,
    rows=1_048_576,
    columns=16_384,
    cells=2**40,
    letters=2**40,
    cell_letters=2**20,
    strings=2**40,
)


def guard_directory(content: bytes, name: str, limits: Limits) -> None:
    """压缩包的目录本身不能太大：打开以前先看末尾的记录，不把几十万条目录读进来。"""
    end = content.rfind(b"PK\x05\x06", max(0, len(content) - 65_557))
    if end < 0 or end + 22 > len(content):
        return
    count, size = struct.unpack("<HI", content[end + 10 : end + 16])
    if count > limits.entries or size > limits.entries * 512:
        raise TooLarge(f"“{name}”里有太多部件，最多 {limits.entries:,} 个，请重新另存一份只有数据的")


def guard(archive: zipfile.ZipFile, name: str, limits: Limits) -> None:
    """压缩包展开以前：文件数、标注的总字节不超过限额，没有加密。"""
    entries = archive.infolist()
    if len(entries) > limits.entries:
        raise TooLarge(f"“{name}”里有 {len(entries):,} 个部件，最多 {limits.entries:,} 个，请重新另存一份只有数据的")
    if sum(entry.file_size for entry in entries) > limits.unpacked:
        raise TooLarge(f"“{name}”解开以后超过 {limits.unpacked // _MEBI} MB，请分几个文件，或删去图片和多余的表")
    if any(entry.flag_bits & 1 for entry in entries):
        raise Unreadable(f"“{name}”加了密码，请去掉密码另存后再导入")
