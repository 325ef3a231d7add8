"""三百万条时间线，内存上限 4 GiB：内存放不下的落盘，账目另存 Parquet。打印用时和内存峰值。"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time

from run import CACHE, ROOT, SIZES, package

SIZES["3M"] = 3_000_000
LIMIT = "4GiB"


def main() -> None:
    CACHE.mkdir(exist_ok=True)
    source = package("3M")
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        command = [
            sys.executable, "-m", "yunheng.config.cli", "settle", str(source), "--out", f"{folder}/出", "--json-only",
            "--memory", LIMIT, "--lines", "parquet", "--json",
        ]  # fmt: skip
        began = time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
        wall = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(done.stdout)
    print(f"3M 条时间线，--memory {LIMIT}：{wall:.1f} s，内存峰值 {peak:,.0f} MiB")


if __name__ == "__main__":
    main()
