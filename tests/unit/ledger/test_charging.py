"""从哪天起计费只有一处（R-072）：随机的新增、变更、释放，这一处说的计费日子与逐日笨算法出的账目逐日相等。"""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.support.district import District
from tests.support.packages import write_folder
from yunheng.ledger.timeline import Recorded, spells
from yunheng.metering import oracle, reading
from yunheng.metering.opening import opened
from yunheng.rules import trial
from yunheng.rules.conventions import CONVENTIONS
from yunheng.rules.workdays import published_workday

DAY = timedelta(days=1)
YEAR = (date(2023, 7, 1), date(2024, 7, 1))
#: 目录项 → 类别、级别、计费周期；一次性、按次的不连着计费，日子比不出来，另测
ITEMS = {
    "市年": ("基础设施", "市级", "年"),
    "市月": ("基础设施", "", "月"),
    "区年": ("基础设施", "区级", "年"),
    "软件": ("平台软件", "市级", "年"),
    "授权": ("软件授权", "", "月"),
}
CHOICES = ("K-01", "K-09", "K-10", "K-17", "K-18")


def a_district(folder: Path, seed: int) -> tuple[District, dict[str, list[tuple[Recorded, str]]], dict[str, str]]:
    """随机的一个区：每个资源一项，各有几个动作；连同各资源的事实（和它的单据种类）、选的口径。"""
    chance = random.Random(seed)
    # 数据包这一版有的口径才选
    chosen = {code: chance.choice(list(CONVENTIONS[code].options)) for code in CHOICES if code in CONVENTIONS}
    version = max(getattr(CONVENTIONS[code], "since", 1) for code in chosen)
    district = District(folder, 版本=version, 口径=chosen)
    for item, (category, level, cycle) in ITEMS.items():
        district.price(item, "366", 类别=category, 级别=level, 计费周期=cycle, 日志="无")
    facts: dict[str, list[tuple[Recorded, str]]] = {}
    for n in range(12):
        resource, item, day = f"R{n}", chance.choice(list(ITEMS)), date(2022, 7, 1) + chance.randrange(400) * DAY
        facts[f"{resource} {item}"] = made = []
        for step in range(chance.randrange(1, 7)):
            action = "新增" if step == 0 else chance.choice(["新增", "变更", "释放", "释放"])
            kind = chance.choice(["首次申请", "变更"]) if action != "释放" else "注销"
            form, quantity = f"S{n}-{step}", str(chance.randrange(1, 9))
            district.add("单据", form, kind, "P1", "CU", str(day))
            district.add("单据明细", form, resource, item, action, "" if action == "释放" else quantity)
            district.add("工单", f"W{n}-{step}", form, resource, item, action, "", str(day))
            stop = day + DAY if chosen["K-10"] == "after_review" else day
            made.append((Recorded(step, action, None, stop if action == "释放" else day), kind))
            day += chance.randrange(0, 160) * DAY
    return district, facts, chosen


def billed_by_rule(facts: list[tuple[Recorded, str]], item: str, chosen: dict[str, str]) -> set[date]:
    """这一处说的：各次在用自计费起日到释放，落在服务年度里的日子。"""
    kinds = {fact.number: kind for fact, kind in facts}
    days: set[date] = set()
    for spell in spells(fact for fact, _ in facts):
        grant = trial.Grant(spell.start, *ITEMS[item], form=kinds[spell.added], nth=spell.nth)
        day = max(trial.charge_start(grant, chosen), YEAR[0])
        while day < min(spell.until or YEAR[1], YEAR[1]):
            days.add(day)
            day += DAY
    return days


@pytest.mark.parametrize("seed", range(40))
def test_R072_随机的先后_这一处说的计费日子与逐日笨算法出的账逐日相等(tmp_path: Path, seed: int) -> None:
    district, facts, chosen = a_district(tmp_path / "包", seed)
    write_folder(district.folder, district.manifest, district.tables)
    with opened(district.folder) as package:
        assert package.manifest is not None
        options = {code: one.default for code, one in CONVENTIONS.items() if one.scope == "package"} | chosen
        content = oracle.settle(package.manifest, reading.rows_of(package), options, published_workday)
    assert not content["disputed"]
    billed: dict[str, set[date]] = {key: set() for key in facts}
    for line in content["lines"]:
        day = date.fromisoformat(line["from"])
        while day < date.fromisoformat(line["until"]):
            billed[f"{line['resource']} {line['item']}"].add(day)
            day += DAY
    assert sum(map(len, billed.values())) > 100
    for key, mine in facts.items():
        assert billed_by_rule(mine, key.split()[1], chosen) == billed[key], (key, chosen, mine)


def grant(on: str = "2023-07-10", **changes: object) -> trial.Grant:
    """一次市级基础设施、按年的新增，改几处。"""
    known = {"category": "基础设施", "level": "市级", "cycle": "年", **changes}
    return trial.Grant(date.fromisoformat(on), **known)  # type: ignore[arg-type]


DEFAULT = {"K-01": "same_day", "K-09": "yes", "K-17": "again", "K-18": "all"}


@pytest.mark.parametrize(
    ("one", "chosen", "start"),
    [
        (grant(), {}, "2023-10-10"),
        (grant("2023-11-30"), {}, "2024-02-29"),
        (grant(), {"K-01": "civil_code"}, "2023-10-11"),
        (grant(level="区级"), {}, "2023-07-10"),
        (grant(category="平台软件"), {}, "2023-07-10"),
        (grant(form="变更"), {}, "2023-10-10"),
        (grant(form="变更"), {"K-09": "no"}, "2023-07-10"),
        (grant(nth=2), {}, "2023-10-10"),
        (grant(nth=2), {"K-17": "once"}, "2023-07-10"),
        (grant(cycle="一次性"), {}, "2023-10-10"),
        (grant(cycle="次"), {"K-18": "recurring"}, "2023-07-10"),
        # 试行细则施行以前下发的，计量也照三个月
        (grant("2022-05-15"), {}, "2022-08-15"),
    ],
)
def test_R072_按类别级别周期和口径_哪天起计费(one: trial.Grant, chosen: dict[str, str], start: str) -> None:
    assert str(trial.charge_start(one, DEFAULT | chosen)) == start


def test_R072_版本1没有的两条口径_照算法正文每次都有不分周期() -> None:
    first = {"K-01": "same_day", "K-09": "yes"}
    assert trial.has_trial(grant(nth=3), first)
    assert trial.has_trial(grant(cycle="一次性"), first)
