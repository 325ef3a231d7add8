"""CSV 文件 → 一条一条记录：照格式说明的“CSV 的写法”，一字不猜。

一格要么整格用双引号括起（引号紧贴逗号和行端，格内双引号写两个，括起的格里可以换行），要么不含双引号；
行端 CRLF、LF、CR 都收。空行也是一条记录。
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

#: 一条记录最长多少；再长的读不下去
MAX_RECORD = 16 << 20
#: 两次换行之间最长多少字节，数据库才直接读
_CHUNK = 8 << 20
_PIECE = 1 << 20
_BOM = b"\xef\xbb\xbf"
_CONTROL = bytes(set(range(32)) - {9, 10, 13})
_ENDS = b",\r\n"
_SPACE = (
    b" ",
    b"\t",
    b"\xc2\x85",
    b"\xc2\xa0",
    b"\xe1\x9a\x80",
    b"\xe2\x80",
    b"\xe2\x81\x9f",
    b"\xe3\x80\x80",
)
_PLAIN = re.compile(r'[^",\r\n]*+')
_QUOTED = re.compile(r'"([^"]*+(?:""[^"]*+)*+)"')
_STRAY = "引号写得不合 CSV：要么整格用双引号括起、引号紧贴逗号和行端，要么不含双引号；从这一行起没有再读"
_OPEN = "引号没有闭合；从这一行起没有再读"


class Unreadable(Exception):
    """从下一条起读不下去；已给出的各条都是好的。"""


def scan(path: Path) -> tuple[bool, bool]:
    """扫一遍字节：能不能交给数据库直接读；有没有可能要去的空白。

    引号不合写法、有 CR 行端、控制字符的，都不交给数据库：它有的照收，有的读成别的。
    """
    clean, blanks, quotes = True, False, _Quotes()
    with path.open("rb") as file:
        if file.read(3) != _BOM:
            file.seek(0)
        while chunk := file.read(_CHUNK):
            if len(chunk.translate(None, _CONTROL)) != len(chunk) or (len(chunk) == _CHUNK and b"\n" not in chunk):
                return False, True
            if b"\r" in chunk and chunk.count(b"\r") != chunk.count(b"\r\n"):
                clean = False
            if not quotes.take(chunk):
                clean = False
            blanks = blanks or any(space in chunk for space in _SPACE)
    return clean and quotes.closed(), blanks


class _Quotes:
    """逐段看引号合不合写法：引号把文件分成里外相间的段，外面的段要么空（括起的格里的两个引号），
    要么两头是逗号或行端。段只记头尾两个字节。
    """

    def __init__(self) -> None:
        self._inside = False
        self._first = True
        self._rest = b""

    def take(self, chunk: bytes) -> bool:
        if b'"' not in chunk:
            self._rest = _ends(self._rest + _ends(chunk))
            return True
        *whole, rest = (self._rest + chunk).split(b'"')
        good = True
        for part in whole:
            if not self._inside and part:
                good = good and part[-1] in _ENDS and (self._first or part[0] in _ENDS)
            self._first = False
            self._inside = not self._inside
        self._rest = _ends(rest)
        return good

    def closed(self) -> bool:
        """读完以后：引号都闭合，末一段也合写法。"""
        return not self._inside and (self._first or not self._rest or self._rest[0] in _ENDS)


def _ends(part: bytes) -> bytes:
    return part[:1] + part[-1:] if len(part) > 2 else part


def records(path: Path) -> Iterator[list[str]]:
    """逐条读，含空行（没有格）；不是 UTF-8 的字节保留成代理码点，由调用者报错。读不下去抛 Unreadable。"""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    pending, last = "", False
    with path.open("rb") as file:
        if file.read(3) != _BOM:
            file.seek(0)
        while not last:
            chunk = file.read(_PIECE)
            last = not chunk
            pending += decoder.decode(chunk, last)
            place = 0
            while place < len(pending):
                record, following = _record(pending, place, last)
                if record is None:
                    break
                yield record
                place = following
            pending = pending[place:]
            if len(pending) > MAX_RECORD:
                raise Unreadable(f"这一行超过 {MAX_RECORD >> 20} MiB，读不下去；多半是引号没有闭合")


def _record(text: str, place: int, last: bool) -> tuple[list[str] | None, int]:
    """从 `place` 起的一条记录和下一条的起点；还没读全的给 None。"""
    cells: list[str] = []
    while True:
        if text.startswith('"', place):
            found = _QUOTED.match(text, place)
            if found is None:
                if last:
                    raise Unreadable(_OPEN)
                return None, place
            cell = found[1].replace('""', '"')
        else:
            found = _PLAIN.match(text, place)
            assert found is not None
            cell = found[0]
        place = found.end()
        following = text[place : place + 1]
        if not following and not last:
            return None, place
        cells.append(cell)
        if following == ",":
            place += 1
            continue
        if following == "\r":
            if place + 1 == len(text) and not last:
                return None, place
            place += 2 if text.startswith("\n", place + 1) else 1
        elif following == "\n":
            place += 1
        elif following:
            raise Unreadable(_STRAY)
        return ([] if cells == [""] and found[0] == "" else cells), place
