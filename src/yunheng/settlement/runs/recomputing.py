"""看第三方离线复算的结果与批次是不是一样（R-077）：结算.json，可以压成 .gz；账目另存 Parquet 的压成一个 .zip。

先核对摘要和结构，被改动过的先说“改动过”。百万条账目的不必整份读进内存：一段一段核对摘要，列头二十处不同。
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import tempfile
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import IO, Any

from yunheng.audit.refused import Refused
from yunheng.metering import diffing, parquet, structure
from yunheng.metering.jsons import NotJson, once
from yunheng.metering.problems import PackageError
from yunheng.metering.unpacking import unpack
from yunheng.rules.digest import canonical
from yunheng.settlement.models import Run
from yunheng.settlement.runs.running import result_file
from yunheng.tables.limits import PACKAGE

#: 逐条比对要整份读进内存；再大的一段一段核对，逐条的由命令行离线比
WHOLE = 64 << 20
#: 太大的列头几处不同
FIRST = 20
#: 一边多了几行的，最多往后看几行来对齐
_AHEAD = 200
NAME = "结算.json"
_CHUNK = 1 << 20
_SHOWN = 300
#: 清单以外的各键最多多大
_HEAD = 16 << 20
_REPORT = 20_000
_OPENING = re.compile(r' "(lines|disputed|differences)": \[')


@dataclass(frozen=True)
class Verdict:
    """复算的摘要，与批次一样不一样，怎么不一样。"""

    digest: str
    equal: bool
    report: str


def judge(run: Run, file: IO[bytes]) -> Verdict:
    """比一份上传的复算结果；读不出来、改动过的抛 Refused。"""
    try:
        if _starts(file, b"PK\x03\x04"):
            return _compared(run, _zipped(file))
        if _same(_opened(result_file(run)), _opened(file)):
            return _equal(run)
        content = _opened(file).read(WHOLE + 1)
        return _large(run, file) if len(content) > WHOLE else _compared(run, _parsed(content))
    except structure.Malformed as error:
        raise Refused(error.problems[: structure.SHOWN]) from error
    except PackageError as error:
        raise Refused([f"{one.reason}（R-077）" for one in error.problems]) from error
    except (OSError, EOFError, zlib.error) as error:
        raise Refused(["文件读不出来，可能没有传完；请重新上传（R-077）"]) from error


def _equal(run: Run) -> Verdict:
    return Verdict(run.digest, True, "逐条相同，摘要一致")


def _starts(file: IO[bytes], mark: bytes) -> bool:
    file.seek(0)
    found = file.read(len(mark)) == mark
    file.seek(0)
    return found


def _opened(file: IO[bytes]) -> IO[bytes]:
    """从头读；压成 .gz 的读里面的。"""
    return gzip.open(file) if _starts(file, b"\x1f\x8b") else file  # type: ignore[return-value]


def _same(ours: IO[bytes], theirs: IO[bytes]) -> bool:
    while True:
        mine, given = ours.read(_CHUNK), theirs.read(_CHUNK)
        if mine != given:
            return False
        if not mine:
            return True


def _parsed(content: bytes) -> dict[str, Any]:
    found = structure.parse(content, NAME)
    if "lines" not in found:
        said = f"账目另存为 Parquet，请把 {NAME}、{parquet.LINES}、{parquet.DISPUTED} 压成一个 .zip 再上传（R-077）"
        raise structure.Malformed(NAME, [said])
    return found


def _zipped(file: IO[bytes]) -> dict[str, Any]:
    """展开一个 .zip（限额同数据包），读里面的 结算.json 和旁边的 Parquet。"""
    with tempfile.TemporaryDirectory(prefix="yunheng-") as name:
        workspace = Path(name)
        source = workspace / "复算.zip"
        with source.open("wb") as copy:
            while chunk := file.read(_CHUNK):
                copy.write(chunk)
        folder, _ = unpack(source, workspace, home=NAME, limits=replace(PACKAGE, unpacked=WHOLE))
        path = folder / NAME
        if not path.is_file():
            raise structure.Malformed(NAME, [f"压缩包里没有 {NAME}（R-077）"])
        content = structure.parse(path.read_bytes(), NAME)
        return content if "lines" in content else parquet.with_lines(content, folder, NAME, WHOLE)


def _compared(run: Run, theirs: dict[str, Any]) -> Verdict:
    _of_the_year(run, theirs)
    if theirs["digest"] == run.digest:
        return _equal(run)
    mine = json.loads(_opened(result_file(run)).read())
    return Verdict(theirs["digest"], False, diffing.compare(mine, theirs).text()[:_REPORT])


def _of_the_year(run: Run, theirs: Mapping[str, Any]) -> None:
    if (year := theirs["service_year"]) != run.service_year:
        raise Refused([f"这是 {str(year)[:10]} 服务年度的结算，这里要的是 {run.service_year} 服务年度的（R-077）"])


# ── 太大的 ──


def _large(run: Run, file: IO[bytes]) -> Verdict:
    """太大的：一行一条地核对摘要，再列头二十处不同。写法与本系统不同（不是一行一条）的判不了，请离线比对。"""
    try:
        head, digest = _digests(_lines(file))
    except _Unlike as error:
        raise Refused(
            [
                f"写法不一样：超过 {WHOLE >> 20} MiB 而不是一条账目一行，网站核对不了；"
                f"请用 {run.code_version} 版的程序重算后上传，或用命令 yunheng diff 离线比对（R-077）"
            ]
        ) from error
    if head["digest"] != digest:
        raise Refused([f"文件被改动过：写着的摘要 {head['digest']} 与内容算出来的 {digest} 不同（R-077）"])
    _of_the_year(run, head)
    if digest == run.digest:
        return _equal(run)
    gaps = list(islice(_gaps(_lines(result_file(run)), _lines(file)), FIRST))
    told = "\n".join(gaps)[:_REPORT]
    return Verdict(digest, False, f"不一致，头 {len(gaps)} 处不同：\n{told}\n逐条的差别请用命令 yunheng diff 离线比对")


def _gaps(mine: Iterator[str], given: Iterator[str]) -> Iterator[str]:
    """两份各行哪里不同，一处一句；一份多出、少了几行的，往后对齐了再比，不把后面的都算成不同。"""
    ours, theirs = _Ahead(mine), _Ahead(given)
    while (first := ours.peek(0)) is not None or theirs.peek(0) is not None:
        if first == theirs.peek(0):
            ours.drop(1)
            theirs.drop(1)
            continue
        more, less = _aligned(ours, theirs)
        for n in range(max(more, less)):
            left, right = (one.peek(n) if n < upto else None for one, upto in ((ours, more), (theirs, less)))
            yield f"批次第 {ours.done + n + 1} 行：{_told(left)}；复算第 {theirs.done + n + 1} 行：{_told(right)}"
        ours.drop(more)
        theirs.drop(less)


def _told(line: str | None) -> str:
    return "没有" if line is None else line[:_SHOWN]


def _aligned(ours: _Ahead, theirs: _Ahead) -> tuple[int, int]:
    """两边各跳过几行就又相同了，跳得最少的；往后 `_AHEAD` 行以内没有的，各跳一行。"""
    places: dict[str, int] = {}
    for n in range(_AHEAD):
        if (line := theirs.peek(n)) is not None:
            places.setdefault(line, n)
    found = [(n, places[line]) for n in range(_AHEAD) if (line := ours.peek(n)) in places and line is not None]
    return min(found, key=sum, default=(1, 1))


class _Ahead:
    """可以往后看几行的各行；行尾的逗号、换行不算。`done` 是已经走过几行。"""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self._seen = lines, deque[str]()
        self.done = 0

    def peek(self, n: int) -> str | None:
        """往后第 n 行（0 是眼前这一行）；没有了是 None。"""
        while len(self._seen) <= n:
            line = next(self._lines, None)
            if line is None:
                return None
            self._seen.append(line.strip().removesuffix(","))
        return self._seen[n]

    def drop(self, count: int) -> None:
        """走过几行。"""
        for _ in range(count):
            if self.peek(0) is not None:
                self._seen.popleft()
                self.done += 1


def _digests(lines: Iterator[str]) -> tuple[Mapping[str, Any], str]:
    """（清单以外的各键, 照内容算的摘要）：三个长的清单一条一行，逐条进摘要，不留在内存里。

    清单以外的各键整段读；清单的先后照规范是 differences、disputed、lines 排在一起的位置，各自的摘要文本先存盘。
    """
    head: list[str] = []
    size = 0
    with tempfile.TemporaryFile("w+b") as kept:
        spans: dict[str, tuple[int, int]] = {}
        for line in lines:
            if not head and not line.startswith("{"):
                raise structure.Malformed(NAME, [f"不是 {NAME}（R-077）"])
            found = _OPENING.fullmatch(line.rstrip("\r\n"))
            if found is None:
                head.append(line)
                size += len(line)
                if size > _HEAD:
                    raise _Unlike
                continue
            start = kept.tell()
            ending = _keep(lines, kept, noted=found[1] == "differences")
            spans[found[1]] = (start, kept.tell())
            head.append(f' "{found[1]}": [{ending}')
        content = structure.parse_head("".join(head).encode(), NAME)
        whole = hashlib.new("sm3")
        separator = "{"
        for key in sorted(set(content) - {"digest", "warnings"}):
            whole.update(f"{separator}{canonical(key)}:".encode())
            separator = ","
            if key in spans:
                kept.seek(spans[key][0])
                left = spans[key][1] - spans[key][0]
                whole.update(b"[")
                while left:
                    piece = kept.read(min(left, _CHUNK))
                    left -= len(piece)
                    whole.update(piece)
                whole.update(b"]")
            else:
                value = content[key]
                if key == "differences":  # 没有一条一行的短清单，整段读的
                    value = [{name: one for name, one in entry.items() if name != "note"} for entry in value]
                whole.update(canonical(value).encode())
        whole.update(b"}")
    return content, f"sm3:{whole.hexdigest()}"


def _keep(lines: Iterator[str], kept: IO[bytes], *, noted: bool) -> str:
    """一个清单的各条写成规范的文本，逗号相连；差异不带说明（note）。返回清单的末一行。"""
    joint = b""
    for line in lines:
        text = line.strip()
        if text in ("]", "],"):
            return text
        if not text:
            continue
        try:
            entry = json.loads(text.removesuffix(","), object_pairs_hook=once)
            if noted:
                entry = {key: value for key, value in entry.items() if key != "note"}
        except (ValueError, AttributeError, RecursionError) as error:
            raise _Unlike from error
        except NotJson as error:
            raise structure.Malformed(NAME, [f"读不出：{error}"]) from error
        try:
            kept.write(joint + canonical(entry).encode())
        except UnicodeEncodeError as error:
            raise structure.Malformed(NAME, ["读不出：有不成字的转义（单个的 \\ud800 一类）"]) from error
        joint = b","
    raise _Unlike


class _Unlike(Exception):
    """不是本系统一条账目一行的写法。"""


def _lines(file: IO[bytes]) -> Iterator[str]:
    """各行；一行长得不像话的当作读完。"""
    stream = _opened(file)
    while line := stream.readline(_CHUNK):
        yield line.decode(errors="replace")
