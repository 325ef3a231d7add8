"""政策数字只有一处（R-004）：每个参数有人读，条文数字不在别处另写。"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from yunheng.rules import periods, rulebook

SRC = Path(__file__).parents[2] / "src" / "yunheng"
#: 有主未读：归监测那一件接上（M6-25，R-054、R-055）；只许变短
OWNED = {"low_usage_percent", "low_usage_days", "zombie_days", "rectification_days"}
#: 参数 → 不许在代码、页面里另写的样子。计量、逐日笨算法、格式里的数字属于数据包格式，条款要点是条文，不在此列
FORBIDDEN = {
    "supervision_fee_limit": r"结算费用的 ?10%|// 10\) / 100",
    "growth_limit": r"不得?超过?20%|ratio = 20|\* 0\.2\b",
    "settlement_start_month": r"每年 7 月起结算",
    "service_year_start_month": r"自当年 7 月 1 日|7 月 1 日前",
    "trial_months": r"add_months\([^)]*, 3\)|months=3\b",
    "deduction_step": r"\* 0\.05\b|\* 5 / 100",
    "disaster_shared_district_share": r"共用部分市级承担|SHARED: Level",
}
#: 这些还写着字面数字，由写方案、工作簿的一件改；只许变短
STILL: set[tuple[str, str]] = set()


def sources() -> dict[str, str]:
    """计量以外的源码和页面。"""
    found = [*SRC.rglob("*.py"), *SRC.rglob("*.html")]
    return {
        str(path.relative_to(SRC)): path.read_text("utf-8")
        for path in found
        if path.relative_to(SRC).parts[0] != "metering" and "migrations" not in path.parts
    }


def named_in(text: str) -> set[str]:
    """源码里提到的参数；拼出来的（如 assessment_{字母}_full）照样子认。"""
    named = set(re.findall(r"[\"']([a-z_]+)[\"']", text))
    for pattern in re.findall(r"f[\"']([a-z_]*\{[^\"']*)[\"']", text):
        shape = re.compile(re.sub(r"\\\{.*?\\\}", "[a-z]+", re.escape(pattern)))
        named |= {key for key in rulebook.built_in().parameters if shape.fullmatch(key)}
    return named


def test_R004_每个参数有人读_没有人读的都有主() -> None:
    read = set().union(*(named_in(text) for text in sources().values()))
    assert set(rulebook.built_in().parameters) - read == OWNED


@pytest.mark.parametrize("key", sorted(FORBIDDEN))
def test_R004_有参数的条文数字不在别处另写(key: str) -> None:
    pattern = re.compile(FORBIDDEN[key])
    wrote = {(name, key) for name, text in sources().items() if name != "config/demo" and pattern.search(text)}
    assert wrote == {pair for pair in STILL if pair[1] == key}


def test_R071_服务年度首日_算法里写定的与参数相符() -> None:
    for year in range(2022, 2031):
        assert rulebook.service_year_start(year) == periods.service_year(year).start
        assert rulebook.service_year_start(year + 1) - timedelta(days=1) == periods.service_year(year).last
