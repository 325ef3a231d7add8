"""跑一次结算（读目录、写 结算.json），按段计时，打印一行 JSON。每次另起一个进程，内存峰值才是自己的。

python bench/one_run.py 数据包 [--floor]
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
from collections import defaultdict
from pathlib import Path

#: 引擎的各步归到哪一段
PARTS = {
    "00_facts": "match", "01_actions": "match", "02_timeline": "match", "03_trial": "match", "07_differences": "match",
    "05_tiers": "amounts", "07_rulings": "amounts",
    "04_pieces": "amounts", "05_amounts": "amounts", "09_summary": "amounts", "10_lines": "write",
    "12_differences": "write",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("package", type=Path)
    parser.add_argument("--floor", action="store_true", help="另用 numpy 算一遍金额")
    arguments = parser.parse_args()
    # 装载库的时间也算在读里：用户等的是整条命令
    began = time.perf_counter()
    from yunheng.metering import engine, result  # noqa: PLC0415
    from yunheng.metering.opening import opened  # noqa: PLC0415

    split: dict[str, float] = defaultdict(float)
    steps: dict[str, float] = {}

    def on_step(step: str, seconds: float) -> None:
        split[PARTS[step]] += seconds
        steps[step] = seconds

    floor: dict[str, float] = {}
    with opened(arguments.package) as package, tempfile.TemporaryDirectory() as folder:
        split["read"] = time.perf_counter() - began
        settlement = engine.settle(package, on_step=on_step)
        started = time.perf_counter()
        with (Path(folder) / "结算.json").open("wb") as file:
            digest = result.write(settlement, file)
        split["write"] += time.perf_counter() - started
        wall = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        counted = settlement.connection.execute("SELECT count(*), sum(days) FROM ranked").fetchone()
        timelines = settlement.connection.execute("SELECT count(DISTINCT timeline_no) FROM claims").fetchone()
        if arguments.floor:
            from numpy_floor import floor as numpy_floor  # noqa: PLC0415

            floor = numpy_floor(settlement.connection)
    assert counted
    assert timelines
    report = {
        "wall": wall, "peak_mib": peak / 1024, "digest": digest, "lines": counted[0], "item_days": int(counted[1]),
        "timelines": timelines[0], "split": dict(split), "steps": steps, "floor": floor,
        "unified_gross": settlement.head["summary"]["unified_gross"],
    }  # fmt: skip
    print(json.dumps(report, ensure_ascii=False))


if __name__ == "__main__":
    main()
