"""已冻结的年度的数据包：冻结时存下的那一个，逐字节；照今天的库另导出要明说（R-077、R-083）。"""

from __future__ import annotations

import zipfile
from datetime import date
from io import BytesIO
from pathlib import Path

from yunheng.audit.refused import Refused
from yunheng.metering.writing import drafted
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
