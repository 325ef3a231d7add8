"""跑分：`make bench`。每种大小跑整条命令，分段计时；同一次里算 numpy 下限，与 CloudKitty 交替比。

只报数和比，不判及格：快慢随机器变，比值才可比。
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".bench"
SIZES = {"10k": 10_000, "100k": 100_000, "400k": 400_000, "1M": 1_000_000}
#: 大小按（资源, 目录项）时间线计；400k 就是 10 万个资源
MAIN = "400k"
ITEMS = 20
PEER_POINTS, PEER_DAYS = 10_000, {"day": 6, "hour": 1}


def package(size: str) -> Path:
    """这个大小的数据包；没有就造。"""
    folder = CACHE / f"package-{size}"
    if not folder.exists():
        draft = Path(tempfile.mkdtemp(dir=CACHE)) / "package"
        # 另起进程造：子进程的内存峰值从父进程的算起，自己不能胖
        maker = [sys.executable, str(ROOT / "bench" / "make_package.py"), str(draft), "--timelines", str(SIZES[size])]
        subprocess.run(maker, check=True, stdout=subprocess.DEVNULL)
        draft.rename(folder)
    return folder


def ours(folder: Path, *options: str) -> dict[str, Any]:
    """另起一个进程跑一次，返回 one_run.py 的报告。"""
    command = [sys.executable, str(ROOT / "bench" / "one_run.py"), str(folder), *options]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def flat_package() -> tuple[Path, dict[str, Any]]:
    """与 CloudKitty 同样规则的小包：全年在用，只有年价，没有测试期；同时返回给它的请求。

    年价是 366 的倍数，日价、小时价都除得尽，两边的合计应当一分不差。
    """
    folder = CACHE / "package-flat"
    prices = {f"ITEM-{i:02d}": Decimal("0.24") * (i + 1) for i in range(ITEMS)}
    points = [[f"R-{n:05d}", f"ITEM-{n % ITEMS:02d}", str(n % 64 + 1)] for n in range(PEER_POINTS)]
    if not folder.exists():
        draft = Path(tempfile.mkdtemp(dir=CACHE)) / "package"
        draft.mkdir()
        manifest = {"格式": "yunheng.settlement-package", "版本": 2, "服务年度": 2023, "区": "测试区"}
        (draft / "数据包.json").write_text(json.dumps(manifest), encoding="utf-8")
        tables: dict[str, list[Sequence[object]]] = {
            "机构": [("代码", "名称", "类型", "预算性质"), ("U", "单位", "使用单位", "区级"), ("CU", "联通", "云服务商", "")],
            "目录": [
                ("目录项", "类别", "名称", "计价单位", "计价方式", "计费周期", "单价", "生效日期", "日志"),
                *((item, "平台软件", item, "个", "单价", "年", price * 366, "2020-01-01", "无") for item, price in prices.items()),
            ],
            "项目": [("项目", "名称", "单位", "费用归属"), ("P", "项目", "U", "区级")],
            "单据": [("单号", "种类", "项目", "服务商", "审核日期"), ("S", "首次申请", "P", "CU", "2023-01-01")],
            "单据明细": [("单号", "资源", "目录项", "动作", "数量"), *(("S", r, i, "新增", q) for r, i, q in points)],
            "工单": [
                ("工单号", "单号", "资源", "目录项", "动作", "数量", "完成日期"),
                *((f"W{n}", "S", r, i, "新增", q, "2023-02-01") for n, (r, i, q) in enumerate(points)),
            ],
            "日志": [("资源", "首见日期", "末见日期")],
        }  # fmt: skip
        for name, rows in tables.items():
            text = "\n".join(",".join(map(str, row)) for row in rows)
            (draft / f"{name}.csv").write_text(text + "\n", encoding="utf-8")
        draft.rename(folder)
    return folder, {"prices": {item: str(price) for item, price in prices.items()}, "points": points}


def peer(request: dict[str, Any], period: str) -> dict[str, Any]:
    """CloudKitty 跑一次。"""
    path = CACHE / f"request-{period}.json"
    path.write_text(json.dumps({**request, "period": period, "days": PEER_DAYS[period]}), encoding="utf-8")
    command = [str(CACHE / "cloudkitty" / "bin" / "python"), str(ROOT / "bench" / "peer_cloudkitty.py"), str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    report["rate"] = PEER_POINTS * PEER_DAYS[period] / report["seconds"]
    return report


def compare(rounds: int) -> dict[str, Any]:
    """交替跑 `rounds` 轮：我们的整条命令，CloudKitty 按日、按小时。合计不等抛 AssertionError。"""
    folder, request = flat_package()
    year = Decimal(ours(folder)["unified_gross"])
    rates: dict[str, list[float]] = {"ours": [], "day": [], "hour": []}
    for _ in range(rounds):
        mine = ours(package(MAIN))
        rates["ours"].append(mine["item_days"] / mine["wall"])
        for period, days in PEER_DAYS.items():
            report = peer(request, period)
            assert abs(Decimal(report["total"]) / days * 366 - year) < Decimal("0.005"), "两边合计不等"
            rates[period].append(report["rate"])
    medians = {name: statistics.median(values) for name, values in rates.items()}
    return {
        "rates": rates,
        "medians": medians,
        "ratio_day": medians["ours"] / medians["day"],
        "ratio_hour": medians["ours"] / medians["hour"],
        "checked_total": str(year),
    }


def table(reports: dict[str, dict[str, Any]], comparison: dict[str, Any] | None) -> str:
    """给人看的表。"""
    text = ["大小(时间线)   账目条数   全程 s  峰值 MiB    读 s  对账 s  金额 s  写 s   每万条时间线 s  金额/numpy"]
    for size, report in reports.items():
        split = report["split"]
        text.append(
            f"{size:<12}{report['lines']:>11,}{report['wall']:>9.2f}{report['peak_mib']:>10.0f}"
            f"{split['read']:>8.2f}{split['match']:>8.2f}{split['amounts']:>8.2f}{split['write']:>7.2f}"
            f"{report['wall'] / report['timelines'] * 10_000:>14.3f}"
            f"{report['floor']['ratio']:>13.1f}"
        )
    text += [
        "",
        "金额 = 切段、金额、汇总三步；金额/numpy = 第 5 步（含连接、写表）与 numpy 在现成数组上单线程之比，"
        "同一进程各算五遍取最快，合计相等。",
    ]
    if "100k" in reports and "1M" in reports:
        small, large = reports["100k"], reports["1M"]
        growth = (large["wall"] / large["timelines"]) / (small["wall"] / small["timelines"])
        text.append(f"100k → 1M：每条时间线的耗时变为 {growth:.2f} 倍（1 为正比）。")
    if comparison:
        medians = comparison["medians"]
        text += [
            "",
            f"计费的（资源, 目录项）日 / 秒，交替 {len(comparison['rates']['ours'])} 轮取中位：",
            f"  云衡 {MAIN}（10 万资源，读写全算）  {medians['ours']:>14,.0f}",
            f"  CloudKitty 按日（只计 process）     {medians['day']:>14,.0f}   云衡是它的 {comparison['ratio_day']:,.0f} 倍",
            f"  CloudKitty 按小时（默认）           {medians['hour']:>14,.0f}   云衡是它的 {comparison['ratio_hour']:,.0f} 倍",
            f"  同一批全年在用资源，两边合计相等（全年 {comparison['checked_total']} 元）",
        ]
    return "\n".join(text)


def main() -> None:
    parser = argparse.ArgumentParser(description="跑分")
    parser.add_argument("--sizes", nargs="*", default=list(SIZES), choices=list(SIZES))
    parser.add_argument("--rounds", type=int, default=3, help="每种大小、每种对照跑几次，取中位")
    parser.add_argument("--no-peer", action="store_true", help="不与 CloudKitty 比")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--package", choices=list(SIZES), help="只造这个大小的数据包，打印在哪里")
    arguments = parser.parse_args()
    CACHE.mkdir(exist_ok=True)
    if arguments.package:
        print(package(arguments.package))
        return
    print(f"duckdb {duckdb.__version__}，Python {sys.version.split()[0]}", file=sys.stderr)
    runs: dict[str, list[dict[str, Any]]] = {size: [] for size in arguments.sizes}
    for turn in range(arguments.rounds):
        for size in arguments.sizes:
            print(f"第 {turn + 1} 轮 {size} …", file=sys.stderr)
            runs[size].append(ours(package(size), "--floor"))
    reports = {size: sorted(found, key=lambda report: report["wall"])[len(found) // 2] for size, found in runs.items()}
    print("对照 …", file=sys.stderr)
    comparison = None if arguments.no_peer else compare(arguments.rounds)
    if arguments.json:
        print(json.dumps({"sizes": reports, "comparison": comparison}, ensure_ascii=False, indent=1))
    else:
        print(table(reports, comparison))


if __name__ == "__main__":
    main()
