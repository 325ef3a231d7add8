"""页面上的写法：条款标签、千分位、服务年度、时限筛选、问卷不指认谁填的（ux 第 7、9 节；R-001、R-092）。"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client

from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, measured, used
from yunheng.cases import queries as cases
from yunheng.cases.models import Board
from yunheng.ledger.models import Segment
from yunheng.orgs.models import BusinessClock
from yunheng.rules.roles import Role
from yunheng.settlement import queries
from yunheng.web.navigation import groups
from yunheng.web.templatetags import yunheng as tags

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def page(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, url
    return response.content.decode()


def test_一句话里的条款代号换成标签_别的括号照写() -> None:
    shown = tags.cited("配额 <5>（共 3 台），请核减（D62-六(二)，R-037）")
    assert shown.startswith("配额 &lt;5&gt;（共 3 台），请核减 <span")
    assert "细则·六(二)（R-037）" in shown
    assert "（D62-" not in shown
    assert tags.cited("没有条款（见附件）") == "没有条款（见附件）"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (tags.price(Decimal("7150")), "7,150.00"),
        (tags.price("0.0385"), "0.0385"),
        (tags.price(None), "—"),
        (tags.amount(Decimal("1563.500")), "1,563.5"),
        (tags.count(2835), "2,835"),
        (tags.share(Decimal("0.1731")), "17.3%"),
        (tags.gap(Decimal("-480000")), "−480,000.00"),
        (tags.gap(Decimal("12.5")), "+12.50"),
        (tags.gap(Decimal(0)), "0.00"),
        (tags.yuan(Decimal("-1")), "−1.00"),
        (tags.years(2025), "2025—2026"),
    ],
)
def test_数和年度的写法(shown: str, expected: str) -> None:
    assert shown == expected


def test_审计的前后内容写名称_不写JSON() -> None:
    shown = tags.pairs(
        {"服务商": "CU", "指标": "C", "范围": {"年": 2025}, "空": "", "名单": ["CT", "CU"]}, {"CU": "联通"}
    )
    assert shown.startswith("服务商：联通；指标：C ")
    assert "范围：（年：2025）" in shown
    assert "名单：CT、联通" in shown
    assert "{" not in shown
    assert "空" not in shown


def test_时限看板的数_点开的清单一样多() -> None:
    used()
    boards = Board.objects.filter(outcome="")
    board = boards.first() or Board.objects.order_by("pk")[0]
    Board.objects.filter(pk=board.pk).update(outcome="", due_on=JULY + timedelta(days=1))
    assert [one.pk for one in cases.in_time(Board.objects.all(), "soon", JULY)] == [board.pk]
    Board.objects.filter(pk=board.pk).update(due_on=JULY - timedelta(days=1))
    assert not cases.in_time(Board.objects.all(), "soon", JULY).exists()
    assert cases.in_time(Board.objects.all(), "overdue", JULY).count() == 1
    Board.objects.filter(pk=board.pk).update(due_on=None)
    assert board in cases.in_time(Board.objects.all(), "ontime", JULY)


def test_在用资源的数_点开的台账一样多() -> None:
    used()
    live = Segment.objects.filter(during__contains=JULY).values("resource").distinct().count()
    client = signed_in("shy")
    assert live
    assert f"<b>{live:,}</b>" in page(client, "/").replace("\n", "")
    assert f"共 {live} 条" in page(client, "/assets/?status=在用")


def test_批次里的差异_有待核合计_不随筛选变() -> None:
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    run = measured()
    held = queries.totals(queries.visible_sums(cast()["shy"], run))[2]
    assert held
    for query in ("", "?q=ECS-NOLOG-01"):
        text = page(signed_in("shy"), f"/settlement/runs/{run.pk}/differences/{query}")
        assert "待核合计" in text
        assert f"<b>{held:,.2f}</b>" in text


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.AUTHORITY, Role.THIRD_PARTY, Role.CLERK])
def test_效能评估在导航里_办它的人都看得到(role: Role) -> None:
    shown = [entry.href for _, entries in groups(role, "/") for entry, _ in entries]
    assert "/evaluations/" in shown


def test_数据包页_两条命令各一行_年度不写死() -> None:
    text = page(signed_in("shy"), "/settlement/package/")
    assert f"yunheng settle 结算数据包-{YEAR + 1}.zip --out 重算结果</code>\n<code>yunheng diff" in text
    assert "还不从这里导出" not in text
