"""平台数据预览：别的来源已经送过同一件的，先说照哪一边；问题紧跟行号；列不下的各行也点名（R-052、R-075）。"""

from __future__ import annotations

import re
from datetime import date

import pytest

from tests.scenarios.test_arrivals import ITEM, order_like, platform, resource  # noqa: F401 固定件
from tests.scenarios.test_arrivals import send as send_rows
from tests.scenarios.test_arrivals import usage as row_of
from tests.web.test_inbox import HEAD, confirm, send
from yunheng.ledger.models import Channel, Received
from yunheng.settlement.runs import paths

pytestmark = pytest.mark.django_db

USED = "编号,资源,目录项,日期,用量,更正"


def preview(*rows: str, head: str = USED, kind: str = "用量") -> str:
    text: str = send("\n".join([head, *rows]).encode(), f"{kind}.csv", kind).content.decode()
    return text


def used(number: str, amount: str, day: str = "2025-11-03", corrects: str = "", code: str = "ECS-无主") -> str:
    return f"F{number},{code},{ITEM},{day},{amount},{corrects}"


# ── 用量 ──


def test_R052_接口送过这一天_文件里合计不等_预览就说照哪一边_要人点头() -> None:
    send_rows("用量", row_of("A1", "60", "ECS-无主"), row_of("A2", "40", "ECS-无主"))
    page = preview(used("1", "150"), used("2", "7", "2025-11-04"))
    api = platform().code
    assert (
        f"第 2 行</b>：{api} 已送过同一天的用量，合计不等（ECS-无主 {ITEM} 2025-11-03：{api} 100，CU-文件 150）" in page
    )
    assert f"不相加，照接口、文件、补录、回执的先后先取 {api} 的，列为冲突的用量" in page
    assert "都没有问题" not in page
    assert confirm(page).status_code == 422
    assert confirm(page, agreed="on").headers["Location"] == "/inbox/?new=2&known=0"


def test_R052_预览说取的那一边_与计量取的是同一边() -> None:
    send_rows("用量", row_of("A1", "60", "ECS-无主"))
    page = preview(used("1", "150"))
    confirm(page, agreed="on")
    paths.gather()
    (one,) = [each for group in paths.unequal(*_november()).values() for each in group]
    assert f"先取 {one.source} 的" in page


def _november() -> tuple[date, date]:
    return date(2025, 11, 1), date(2025, 12, 1)


def test_R052_两边合计相等的_写明只算一份_不用点头() -> None:
    send_rows("用量", row_of("A1", "60", "ECS-无主"), row_of("A2", "40", "ECS-无主"))
    page = preview(used("1", "30"), used("2", "70"))
    assert "合计相等" in page
    assert "不相加，只算一份" in page
    assert "要点头" not in page
    assert confirm(page).status_code == 302


def test_R052_更正自己送过的_照更正以后的合计比() -> None:
    confirm(preview(used("1", "90")))
    send_rows("用量", row_of("A1", "100", "ECS-无主"))
    assert "合计相等" in preview(used("2", "100", corrects="F1"))
    assert "CU-文件 190" in preview(used("3", "100"))


def test_R052_接口送的是别的日子_别的项_别家的_不提() -> None:
    send_rows("用量", row_of("A1", "60", "ECS-无主", "2025-11-02"), row_of("A2", "60", "ECS-别的"))
    page = preview(used("1", "150"))
    assert "已送过同一天" not in page
    assert confirm(page).status_code == 302


def test_R052_以前收过的同一份再导_不再说一遍() -> None:
    send_rows("用量", row_of("A1", "60", "ECS-无主"))
    confirm(preview(used("1", "150")), agreed="on")
    assert "已送过同一天" not in preview(used("1", "150"))


# ── 工单 ──


def order(code: str, **more: str) -> str:
    one = order_like(code, "WJ-1", **more)
    return ",".join(one[name] for name in HEAD.split(","))


def test_R075_同一动作接口送过而日期不同_预览说账上照哪一张_要人点头(resource: str) -> None:  # noqa: F811
    send_rows("工单", order_like(resource, "PT-1", 完成日期="2025-07-10"))
    page = preview(order(resource, 完成日期="2025-07-12"), head=HEAD, kind="工单")
    assert f"同一动作 {platform().code} 的 PT-1：2025-07-10 完成" in page
    assert "账上现在照它，这一张收下来不采用" in page
    assert confirm(page).status_code == 422
    assert confirm(page, agreed="on").status_code == 302


def test_R075_账上照着回执的_文件里日期不同_预览说收下以后照这一张(resource: str) -> None:  # noqa: F811
    assert Received.objects.filter(payload__资源=resource, source__channel=Channel.RECEIPT).exists()
    page = preview(order(resource, 完成日期="2025-07-12"), head=HEAD, kind="工单")
    assert "收下以后照这一张（先后是接口、文件、补录、回执）" in page


def test_R075_数量日期都相同的_不说(resource: str) -> None:  # noqa: F811
    send_rows("工单", order_like(resource, "PT-1"))
    page = preview(order(resource), head=HEAD, kind="工单")
    assert "同一动作" not in page
    assert "都没有问题" in page


# ── 怎样列 ──


def test_R052_问题紧跟行号_不在屏外() -> None:
    page = preview(used("u" * 36, "12.3456", corrects="x" * 36), used("2", "5", ""))
    head = re.findall(r'<th scope="col">([^<]+)</th>', page.split("导入预览")[1])
    assert head[:3] == ["行", "问题", "编号"]
    assert "用量：最多 3 位小数" in page
    assert "日期：没有填" in page
    assert "应写成" not in page


def test_R052_一百行以外有错的行_行号和错都点名() -> None:
    rows = [used(str(n), "5", "2025-11-03", code=f"R{n}") for n in range(1, 120)]
    wrong = [used(f"W{n}", "1.23456", "2025-11-03", code=f"R{n}") for n in range(1, 120)]
    page = preview(*rows, *wrong)
    assert "119 行</b>有错" not in page
    assert "119 行有错</b>（第 121–239 行）" in page
    assert "第 221–239 行</b>：用量：最多 3 位小数" in page
