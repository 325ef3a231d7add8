"""`python -m tests.load.pages`：起一份装满的演示站，20 人各自隔 3 至 5 秒点一下，再用 wrk 点满；打一张表。"""

from __future__ import annotations

import http.client
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from yunheng.config.database import OWNER, Cluster

from .fill import fill

PORT, PEOPLE, SECONDS, FLAT_OUT = 8199, 20, 120, 15
_STATES = ("待审核", "补正中", "待下发", "测试期", "已办结")


class Station:
    """装满的演示站：自己的数据目录，用 `yunheng serve` 照正式的样子起。"""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {**os.environ, "YUNHENG_DATA": str(folder), "YUNHENG_HOSTS": "127.0.0.1,testserver"}
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "YUNHENG_SECRET_KEY"):
            self.env.pop(name, None)

    def start(self, *, demo: bool) -> None:
        """起好才返回。装数据时是演示环境，量的时候照正式环境的样子。"""
        self.env["DEMO"] = "1" if demo else "0"
        command = [sys.executable, "-m", "yunheng.config.cli", "serve", "--port", str(PORT)]
        self.server = subprocess.Popen(command, env=self.env, stdout=subprocess.PIPE, text=True)
        assert self.server.stdout
        for line in self.server.stdout:
            if "按 Ctrl+C" in line:
                return
        raise RuntimeError("站没有起来")

    def stop(self) -> None:
        """停下。"""
        self.server.terminate()
        self.server.wait()


def cookies(count: int) -> list[tuple[str, str]]:
    """登录好的人：（角色, Cookie）。一半是各单位经办人，其余是审核员、服务商、区科委。"""
    import django

    django.setup()
    from django.test import Client

    from yunheng.orgs.models import Person

    names = [f"load.{n * 7 + 1}" for n in range(count // 2)]
    names += ["demo.shy", "demo.lt", "demo.kw", "demo.dsf"] * count
    found = []
    for name in names[:count]:
        client = Client()
        person = Person.objects.get(username=name)
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        role = person.appointments.get().role
        found.append((role, f"yunheng_session={client.cookies['yunheng_session'].value}"))
    return found


def _get(path: str, cookie: str) -> tuple[float, str]:
    began = time.perf_counter()
    # 隔几秒才点一下，浏览器也是重新连
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    connection.request("GET", path, headers={"Cookie": cookie})
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    took = time.perf_counter() - began
    if response.status != 200:
        raise RuntimeError(f"{path} 回了 {response.status}")
    return took, body


def _click(cookie: str, until: float, seed: int, times: Mapping[str, list[float]], broken: list[str]) -> None:
    chance = random.Random(seed)
    numbers: list[str] = []
    time.sleep(chance.random() * 4)
    while time.monotonic() < until:
        kind = chance.choice(("列表", "办件列表", "待办", "检索", "办件"))
        path = {
            "列表": chance.choice(
                ("/assets/", f"/assets/?page={chance.randint(1, 8)}", "/assets/?status=计费中&arch=X86")
            ),
            "办件列表": chance.choice(("/cases/", f"/cases/?state={chance.choice(_STATES)}", "/cases/?view=overdue")),
            "待办": "/todo/",
            "检索": f"/search/?q={chance.choice(('SQ-2026', 'mzj', 'ECS-00', '系统', 'P-00'))}",
            "办件": f"/cases/{chance.choice(numbers)}/" if numbers else "/cases/",
        }[kind]
        try:
            took, body = _get(_quoted(path), cookie)
        except (OSError, RuntimeError, http.client.HTTPException) as error:
            broken.append(str(error))
            continue
        times[kind if kind != "办件" or numbers else "办件列表"].append(took)
        if kind == "办件列表":
            numbers = re.findall(r'href="/cases/([A-Z]{2}-[0-9-]+)/"', body) or numbers
        time.sleep(chance.uniform(3, 5))


def _quoted(path: str) -> str:
    from urllib.parse import quote

    return quote(path, safe="/?=&")


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
        people = cookies(PEOPLE)
        times: dict[str, list[float]] = {name: [] for name in ("列表", "办件列表", "办件", "待办", "检索")}
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
