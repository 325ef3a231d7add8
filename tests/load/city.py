"""`python -m tests.load.city`：库里一个服务年度一百万条时间线，从点“年度计量”到账目存好，再逐级看账、试算一条裁定。

数据是跑分的大数据包挪后一年，装成补录的单据、平台送来的工单和日志；演示区原有的数据还在。打一张表。
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from yunheng.config.database import OWNER, Cluster
from yunheng.rules.digest import canonical, sm3

from .station import Station, cookies, get, post

#: 大数据包的服务年度是 2023，演示区那一年已经冻结，挪后一年
YEAR = 2024
ROOT = Path(__file__).parents[2]
CLICKS = 200
_STAGED = {
    "机构": "代码, 名称, 类型, 预算性质",
    "目录": "目录项, 类别, 名称, 计价单位, 计价方式, 计费周期, 单价, 生效日期, 失效日期, 日志",
    "项目": "项目, 名称, 单位, 费用归属",
    "阶梯": "目录项, 服务年度, 方式, 起, 止, 单价",
    "全市用量": "目录项, 服务年度, 全市总量",
    "单据": "单号, 种类, 项目, 服务商, 审核日期",
    "单据明细": "单号, 资源, 目录项, 动作, 数量",
}
_FILL = (Path(__file__).parent / "city.sql").read_text(encoding="utf-8")


#: 还没办完的请求，和还没配预测的滚动批次；起站时自动要的那次这个月的还没有，也算
_BUSY = """
SELECT count(*) + (NOT EXISTS (
    SELECT FROM settlement_runorder WHERE kind = '滚动' AND "on" >= date_trunc('month', now())::date
))::int
FROM settlement_runorder AS o LEFT JOIN settlement_forecast AS f ON f.run_id = o.run_id
WHERE o.problems = '{}' AND (o.run_id IS NULL OR (o.step = '完成' AND o.kind = '滚动' AND f.id IS NULL))
"""


def _later(day: str) -> str:
    """日期挪后一年；2 月 29 日挪到 28 日。"""
    year, rest = int(day[:4]) + 1, day[4:]
    return f"{year}{'-02-28' if rest == '-02-29' else rest}"


def _received(folder: Path, logs: bool) -> Iterator[tuple[str, str, dict[str, str]]]:
    """（种类, 来源编号, 内容）：平台送来的工单、日志、用量。"""
    for kind, key, days in (
        ("工单", "工单号", ("完成日期",)),
        ("日志", "资源", ("首见日期", "末见日期")),
        ("用量", "", ("日期",)),
    ):
        if kind == "日志" and not logs:
            continue
        with (folder / f"{kind}.csv").open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.DictReader(file)):
                yield kind, row[key] if key else str(number), row | {day: _later(row[day]) for day in days}


def fill(url: str, folder: Path, logs: bool) -> dict[str, int]:
    """把 `folder` 里的大数据包装进库，`logs` 为假时平台日志一份没来；返回各表行数。"""
    with psycopg.connect(url) as connection:
        for table, columns in _STAGED.items():
            connection.execute(f"CREATE TEMP TABLE stage_{table} ({columns.replace(',', ' text,')} text)")
            with (
                (folder / f"{table}.csv").open("rb") as file,
                connection.cursor().copy(
                    f"COPY stage_{table} ({columns}) FROM STDIN WITH (FORMAT csv, HEADER true)"
                ) as copy,
            ):
                while chunk := file.read(1 << 20):
                    copy.write(chunk)
        for statement in _FILL.split(";\n"):
            if statement.strip():
                connection.execute(statement)
        row = connection.execute(
            "INSERT INTO ledger_source (code, key_digest, provider_id)"
            " SELECT '压测云管平台', '', min(id) FROM orgs_institution WHERE kind = 'provider' RETURNING id"
        ).fetchone()
        assert row
        statement = "COPY ledger_received (source_id, source_ref, kind, payload, digest) FROM STDIN"
        with connection.cursor().copy(statement) as copy:
            for kind, reference, payload in _received(folder, logs):
                text = canonical(payload)
                copy.write_row((row[0], reference, kind, text, sm3(text)))
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
        counts = {}
        for name, query in (
            (
                "时间线",
                "SELECT count(*) FROM (SELECT DISTINCT resource_id, item_id FROM ledger_fact WHERE by = '压测') AS t",
            ),
            ("资源", "SELECT count(*) FROM ledger_resource"),
            ("单据", "SELECT count(*) FROM cases_case"),
            ("收件", "SELECT count(*) FROM ledger_received"),
        ):
            found = connection.execute(query).fetchone()
            counts[name] = int(found[0]) if found else 0
    return counts


class Memory(threading.Thread):
    """每半秒量一次：站里各进程合起来的内存（按分摊算），数据库的另计。"""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.root, self.ours, self.database, self.going = root, 0, 0, True

    def run(self) -> None:
        """量到 `going` 为假。"""
        while self.going:
            ours = sum(map(_shared_out, _family(self.root)))
            database = sum(_shared_out(pid) for pid, name in _processes() if name == "postgres")
            self.ours, self.database = max(self.ours, ours), max(self.database, database)
            time.sleep(0.5)


def _processes() -> Iterator[tuple[int, str]]:
    for path in Path("/proc").glob("[0-9]*/comm"):
        try:
            yield int(path.parent.name), path.read_text().strip()
        except OSError:
            continue


def _family(root: int) -> Iterator[int]:
    """这个进程和它的子孙，不含数据库。"""
    parents: dict[int, int] = {}
    names = dict(_processes())
    for pid in names:
        try:
            parents[pid] = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
    for pid in parents:
        above: int | None = pid
        while above is not None and above != root:
            above = parents.get(above)
        if above == root and names[pid] != "postgres":
            yield pid


def _shared_out(pid: int) -> int:
    try:
        found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def idle(station: Station) -> None:
    """等排着的计量、预测都办完。"""
    with psycopg.connect(Cluster.at(station.folder).url(OWNER), autocommit=True) as connection:
        while connection.execute(_BUSY).fetchone() != (0,):
            time.sleep(0.5)


def roll(station: Station, cookie: str) -> dict[str, Any]:
    """点“滚动计量”，等账目存好、全年预测配上：秒数、内存。"""
    memory = Memory(station.server.pid)
    memory.start()
    began = time.perf_counter()
    post(f"/settlement/{YEAR}/measure/", cookie, {"kind": "滚动"})
    idle(station)
    took = time.perf_counter() - began
    memory.going = False
    return {"秒": took, "本程序": memory.ours, "数据库": memory.database}


def measure(station: Station, cookie: str) -> tuple[int, dict[str, Any]]:
    """点“年度计量”，等账目存好：批次号、秒数、内存。自动的滚动计量和预测先让它办完。"""
    idle(station)
    memory = Memory(station.server.pid)
    memory.start()
    began = time.perf_counter()
    post(f"/settlement/{YEAR}/measure/", cookie, {"kind": "年度"})
    steps: dict[str, float] = {}
    while True:
        body = get(f"/settlement/{YEAR}/", cookie)[1]
        if found := re.search(r'href="/settlement/runs/(\d+)/differences/"', body):
            break
        if step := re.search(r"计量正在办：([^<]+)<", body):
            steps.setdefault(step[1], time.perf_counter() - began)
        if "没有办成" in body:
            raise RuntimeError(body[body.index("没有办成") - 200 :][:800])
        time.sleep(0.5)
    took = time.perf_counter() - began
    memory.going = False
    return int(found[1]), {"秒": took, "本程序": memory.ours, "数据库": memory.database, "各步": steps}


def drill(run: int, cookie: str) -> dict[str, list[float]]:
    """随意翻账：全部 → 单位 → 项目 → 资源 → 一条、一天 → 证据；各页的秒数。"""
    chance = random.Random(1)
    times: dict[str, list[float]] = {
        name: [] for name in ("全部", "单位", "项目", "资源", "一条", "一天", "证据", "差异")
    }
    following = ""
    for _ in range(CLICKS // 5):
        query = ""
        for name in ("全部", "单位", "项目", "资源"):
            took, body = get(f"/settlement/runs/{run}/{query}", cookie)
            times[name].append(took)
            links = re.findall(r'<td>\s*<a href="(\?[^"]+)"', body.partition("还没有账目的资源")[0])
            if name != "资源":
                query = chance.choice(links).replace("&amp;", "&")
        lines = re.findall(rf'href="(/settlement/runs/{run}/lines/\d+/[^"]*)"', body)
        times["一条"].append(get(chance.choice(lines), cookie)[0])
        days = re.findall(rf'href="(/settlement/runs/{run}/days/[^"]*)"', body)
        took, body = get(chance.choice(days).replace("&amp;", "&"), cookie)
        times["一天"].append(took)
        times["证据"].append(get(re.findall(r'data-drawer href="([^"]+)"', body)[0], cookie)[0])
        took, body = get(f"/settlement/runs/{run}/differences/{following}", cookie)
        times["差异"].append(took)
        found = re.search(r'href="(\?[^"]*after=[^"]+)"', body)
        following = found[1].replace("&amp;", "&") if found else ""
    return times


def said(found: dict[str, Any]) -> None:
    """说一次计量的内存峰值。"""
    print(f"  内存：本程序 {found['本程序'] / 2**20:.0f} MiB，数据库 {found['数据库'] / 2**20:.0f} MiB", flush=True)


def recast(run: int, cookie: str, how: str) -> float:
    """裁定一条差异，试算：秒数（裁定和试算合起来）。"""
    body = get(f"/settlement/runs/{run}/differences/?state=open", cookie)[1]
    row = re.findall(r'name="row" value="([^"]*)"', body)[1]
    began = time.perf_counter()
    post(f"/settlement/runs/{run}/differences/", cookie, {"row": row, "do": f"裁定：{how}", "text": "以工单为准"})
    post(f"/settlement/runs/{run}/recast/", cookie, {})
    return time.perf_counter() - began


def main() -> None:
    """跑一遍，打一张表。"""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="1M")
    parser.add_argument("--no-logs", dest="logs", action="store_false", help="平台日志一份没来：差异最多的一种")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="yunheng-city-"))
    maker = [sys.executable, str(ROOT / "bench" / "run.py"), "--package", arguments.size]
    source = Path(subprocess.run(maker, check=True, capture_output=True, text=True).stdout.strip())
    station = Station(folder)
    os.environ["YUNHENG_DATA"] = station.env["YUNHENG_DATA"]
    os.environ["DJANGO_SETTINGS_MODULE"] = "yunheng.config.settings"
    station.start(demo=True)
    try:
        began = time.perf_counter()
        counts = fill(Cluster.at(folder).url(OWNER), source, arguments.logs)
        print("库里：" + "，".join(f"{name} {count:,}" for name, count in counts.items()), end="")
        print(f"（装库 {time.perf_counter() - began:.0f} 秒）")
        station.stop()
        station.start(demo=False)
        reviewer = cookies(["demo.shy"])[0][1]
        run, found = measure(station, reviewer)
        steps = "，".join(f"{name} {at:.0f}" for name, at in found["各步"].items())
        print(f"年度计量：从点到冻好 {found['秒']:.1f} 秒（开始于：{steps}）")
        said(found)
        found = roll(station, reviewer)
        print(f"滚动计量和全年预测：{found['秒']:.1f} 秒")
        said(found)
        print("逐级看账，毫秒：")
        for name, taken in drill(run, reviewer).items():
            taken.sort()
            middle, late = (taken[int(len(taken) * share)] * 1000 for share in (0.5, 0.95))
            print(f"  {name:<4}中位 {middle:>6.0f}  95% {late:>6.0f}")
        each = [recast(run, reviewer, how) for how in ("认可", "不计费", "认可")]
        print("裁定一条并试算：" + "，".join(f"{took:.2f}" for took in each) + " 秒")
    finally:
        station.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
