"""已冻结的年度的数据包：冻结时存下的那一个，逐字节；照今天的库另导出要明说（R-077、R-083）。"""

from __future__ import annotations

import zipfile
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

from yunheng.audit.refused import Refused
from yunheng.metering.writing import drafted
from yunheng.rules import periods
from yunheng.settlement.models import Freeze, RunFile
from yunheng.settlement.queries import frozen
from yunheng.settlement.runs import running


def kept(year: int) -> tuple[Freeze, bytes] | None:
    """这一年最后冻结的一份和它的数据包（zip）；没有冻结为 None。"""
    freeze = frozen(year)
    if freeze is None:
        return None
    return freeze, bytes(RunFile.objects.get(run=freeze.run_id, name=running.PACKAGE).content)


def taken(year: int, target: Path, cutoff: date | None = None, *, now: bool = False) -> str:
    """写出这一年的数据包，返回是哪一个：已冻结的给冻结时的包，`now` 照今天的库导出。

    冻结时的包只有 zip 和解开的目录两种样子，也没有截止日可选：要 Excel、要截止日的抛 Refused。
    """
    found = None if now else kept(year)
    if found is None:
        running.export(year, target, cutoff)
        return "这是照今天的库导出的包"
    freeze, content = found
    words = f"{year} 服务年度已于 {freeze.on} 冻结，给的是冻结时的包"
    if cutoff or target.suffix.lower() == ".xlsx":
        raise Refused([f"{words}，只有 .zip 和目录，没有截止日可选；照今天的库导出请写明（R-077、R-083）"])
    with drafted(target) as draft:
        if target.suffix.lower() == ".zip":
            draft.write_bytes(content)
        else:
            with zipfile.ZipFile(BytesIO(content)) as archive:
                archive.extractall(draft)
    return f"这是冻结时的包（{freeze.on} 冻结，批次 {freeze.run_id}），不是今天的库"


def unfinished(year: int, cutoff: date | None, on: date) -> str:
    """`on` 那天服务年度还没有完、又没有截止日的：算到哪天、为什么不准、该怎么办，一句话；不是的为空（D62-五）。"""
    last = periods.year_end(year) - timedelta(days=1)
    if cutoff or on > last:
        return ""
    start, yesterday = periods.service_year(year).start, on - timedelta(days=1)
    cut = f"；年中预估请写明截止日，如 {yesterday}" if yesterday >= start else ""
    return (
        f"{year} 服务年度到 {last} 才完，今天是 {on}；没有截止日，这个包算到年末（含）：以后的日子当作照现状在用，"
        f"平台日志到不了年末，记日志的资源都会报提前消失（D7）进待核{cut}（D62-五，R-077）"
    )
