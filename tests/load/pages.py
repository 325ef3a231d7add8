"""`python -m tests.load.pages`：起一份装满的演示站，20 人各自隔 3 至 5 秒点一下，再用 wrk 点满；打一张表。"""

from __future__ import annotations

import http.client
import os
import random
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from yunheng.config.database import OWNER, Cluster

from .fill import fill
from .station import PORT, Station, cookies, get

PEOPLE, SECONDS, FLAT_OUT = 20, 120, 15
_STATES = ("待审核", "补正中", "待下发", "测试期", "已办结")


def _click(cookie: str, until: float, seed: int, times: Mapping[str, list[float]], broken: list[str]) -> None:
    chance = random.Random(seed)
    numbers: list[str] = []
    time.sleep(chance.random() * 4)
    while time.monotonic() < until:
        kind = chance.choice(("列表", "办件列表", "待办", "检索", "办件", "工作台"))
        path = {
            "列表": chance.choice(
                ("/assets/", f"/assets/?page={chance.randint(1, 8)}", "/assets/?status=计费中&arch=X86")
            ),
            "办件列表": chance.choice(("/cases/", f"/cases/?state={chance.choice(_STATES)}", "/cases/?view=overdue")),
            "待办": "/todo/",
            "工作台": "/",
            "检索": f"/search/?q={chance.choice(('SQ-2026', 'mzj', 'ECS-00', '系统', 'P-00'))}",
            "办件": f"/cases/{chance.choice(numbers)}/" if numbers else "/cases/",
        }[kind]
        try:
            took, body = get(path, cookie)
        except (OSError, RuntimeError, http.client.HTTPException) as error:
            broken.append(str(error))
            continue
        times[kind if kind != "办件" or numbers else "办件列表"].append(took)
        if kind == "办件列表":
            numbers = re.findall(r'href="/cases/([A-Z]{2}-[0-9-]+)/"', body) or numbers
        time.sleep(chance.uniform(3, 5))


def _wrk(path: str, cookie: str) -> float:
    command = ["wrk", "-t1", "-c8", f"-d{FLAT_OUT}s", "-H", f"Cookie: {cookie}", f"http://127.0.0.1:{PORT}{path}"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    if "Non-2xx" in done.stdout:
        raise RuntimeError(done.stdout)
    return float(re.findall(r"Requests/sec:\s+([0-9.]+)", done.stdout)[0])


def main() -> None:
    """跑一遍，打一张表。"""
    folder = Path(tempfile.mkdtemp(prefix="yunheng-load-"))
    station = Station(folder)
    os.environ.update({name: station.env[name] for name in ("YUNHENG_DATA",)})
    os.environ["DJANGO_SETTINGS_MODULE"] = "yunheng.config.settings"
    station.start(demo=True)
    try:
        counts = fill(Cluster.at(folder).url(OWNER))
        print("库里：" + "，".join(f"{name} {count:,}" for name, count in counts.items()))
        station.stop()
        station.start(demo=False)
        # 一半是各单位经办人，其余是审核员、服务商、区科委、第三方
        clerks = [f"load.{n * 7 + 1}" for n in range(PEOPLE // 2)]
        people = cookies([*clerks, *(["demo.shy", "demo.lt", "demo.kw", "demo.dsf"] * PEOPLE)[: PEOPLE - len(clerks)]])
        times: dict[str, list[float]] = {name: [] for name in ("列表", "办件列表", "办件", "待办", "检索", "工作台")}
        broken: list[str] = []
        until = time.monotonic() + SECONDS
        threads = [
            threading.Thread(target=_click, args=(cookie, until, seed, times, broken))
            for seed, (_, cookie) in enumerate(people)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        print(f"{PEOPLE} 人各隔 3–5 秒点一下，{SECONDS} 秒；毫秒：")
        for name, taken in times.items():
            taken.sort()
            if taken:
                middle, late, slowest = (taken[int(len(taken) * share)] * 1000 for share in (0.5, 0.95, 0.9999))
                print(f"  {name:<5}{len(taken):>5} 次  中位 {middle:>6.0f}  95% {late:>6.0f}  最慢 {slowest:>6.0f}")
        if broken:
            print(f"  出错 {len(broken)} 次：{broken[:3]}")
        reviewer = next(cookie for role, cookie in people if role == "reviewer")
        for path in ("/assets/", "/cases/", "/todo/"):
            print(f"点满 {path:<9}{_wrk(path, reviewer):>8.1f} 页/秒")
    finally:
        station.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
