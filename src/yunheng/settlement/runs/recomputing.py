"""看第三方离线复算的 结算.json 与批次是不是一样（R-077）：可以压成 .gz，百万条账目的也不必整份读进内存。"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import IO

from yunheng.audit.refused import Refused
from yunheng.metering import diffing, result
from yunheng.settlement.models import Run
from yunheng.settlement.runs.running import result_file

#: 逐条比对要整份读进内存；再大的只指出从哪一行起不同，逐条的由命令行离线比
WHOLE = 64 << 20
_CHUNK = 1 << 20
_DIGEST = re.compile(r'"digest": "(sm3:[0-9a-f]{64})"\s*}\s*$')
_SHOWN = 300


@dataclass(frozen=True)
class Verdict:
    """复算的摘要，与批次一样不一样，怎么不一样。"""

    digest: str
    equal: bool
    report: str


def judge(run: Run, file: IO[bytes]) -> Verdict:
    """比一份上传的复算结果；读不出来、改动过的抛 Refused。"""
    try:
        if _same(_opened(result_file(run)), _opened(file)):
            return _equal(run)
        content = _opened(file).read(WHOLE + 1)
        return _large(run, file) if len(content) > WHOLE else _parsed(run, content)
    except (OSError, EOFError, zlib.error) as error:
        raise Refused([f"文件读不出来，可能没有传完：{error}（R-077）"]) from error


def _equal(run: Run) -> Verdict:
    return Verdict(run.digest, True, "逐条相同，摘要一致")


def _opened(file: IO[bytes]) -> IO[bytes]:
    """从头读；压成 .gz 的读里面的。"""
    file.seek(0)
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    return gzip.open(file) if packed else file  # type: ignore[return-value]


def _same(ours: IO[bytes], theirs: IO[bytes]) -> bool:
    while True:
        mine, given = ours.read(_CHUNK), theirs.read(_CHUNK)
        if mine != given:
            return False
        if not mine:
            return True


def _parsed(run: Run, content: bytes) -> Verdict:
    try:
        theirs = json.loads(content)
        if not isinstance(theirs, dict) or theirs.get("format") != "yunheng.settlement":
            raise ValueError("format 应为 yunheng.settlement")
        claimed, digest = theirs.get("digest"), result.digest_of(theirs)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused([f"这不是 结算.json：{str(error)[:200]}（R-077）"]) from error
    if claimed != digest:
        raise Refused([f"文件里写的摘要 {claimed} 与内容算出来的 {digest} 不同，文件被改动过（R-077）"])
    if (year := theirs.get("service_year")) != run.service_year:
        raise Refused([f"这是 {str(year)[:10]} 服务年度的结算，这里要的是 {run.service_year} 服务年度的（R-077）"])
    if digest == run.digest:
        return _equal(run)
    mine = json.loads(_opened(result_file(run)).read())
    return Verdict(digest, False, diffing.compare(mine, theirs).text()[:20000])


def _large(run: Run, file: IO[bytes]) -> Verdict:
    """太大的：找头一处不同的行，末尾读摘要。摘要一样、写法不同的判不了，请用同一版程序重算。"""
    gap, last = "", ""
    for number, (mine, given) in enumerate(zip_longest(_lines(result_file(run)), _lines(file), fillvalue=""), start=1):
        if not gap and mine != given:
            ours, theirs = (text[:_SHOWN].strip() or "没有" for text in (mine, given))
            gap = f"从第 {number} 行起不同：批次 {ours}；复算 {theirs}"
        last = (last + given)[-_SHOWN:]
    found = _DIGEST.search(last)
    if found is None:
        raise Refused(["这不是 结算.json：末尾没有摘要（R-077）"])
    if found[1] == run.digest:
        raise Refused([f"摘要与批次一样，写法不一样，{gap}；请用 {run.code_version} 版的程序重算后上传（R-077）"])
    return Verdict(found[1], False, f"不一致，{gap}\n逐条的差别请用命令 yunheng diff 离线比对")


def _lines(file: IO[bytes]) -> Iterator[str]:
    """各行；一行长得不像话的当作读完。"""
    stream = _opened(file)
    while line := stream.readline(_CHUNK):
        yield line.decode(errors="replace")
