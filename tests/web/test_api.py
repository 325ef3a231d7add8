"""接收接口：来源口令、重发不重记、同号不同内容整批拒绝、一批一万条、坏内容逐条说明（R-052）。"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from django.test import Client

from tests.support.people import cast
from yunheng.audit.models import Entry
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger.models import Received, Source
from yunheng.ledger.operations import issue_key
from yunheng.orgs.models import Institution

pytestmark = pytest.mark.django_db

ORDER = {
    "工单号": "GD-1",
    "资源": "ECS-1",
    "目录项": "ZJ-CPU-X86",
    "动作": "新增",
    "数量": "8",
    "完成日期": "2026-03-02",
}


@pytest.fixture
def key() -> str:
    source = Source.objects.create(code="联通云管平台", provider=Institution.objects.get(code="CU"))
    return issue_key(actor=cast()["xtgly"], source=source)


def send(key: str | None, rows: Any, path: str = "orders") -> Any:
    headers = {"X-Source-Key": key} if key else {}
    return Client().post(f"/api/v1/{path}", rows, content_type="application/json", headers=headers)


def counted(answer: Any) -> tuple[int, int]:
    return answer.json()["新收"], answer.json()["已有"]


def test_没有口令_口令不对_一律401_什么都不收(key: str) -> None:
    assert send(None, [ORDER]).status_code == 401
    assert send("猜的", [ORDER]).status_code == 401
    assert send(key[:-1], [ORDER]).status_code == 401
    assert not Received.objects.exists()


def test_R052_可空的栏写null当作空着_不合的只说是哪一栏_不漏出类型的英文名(key: str) -> None:
    assert send(key, [{**ORDER, "单号": None, "更正": None}]).status_code == 200
    answer = send(key, [{**ORDER, "工单号": "GD-X", "单号": 5}])
    assert answer.status_code == 422
    (problem, *_) = answer.json()["problems"]
    assert problem.startswith("第 1 条 单号：")
    assert not any(word in problem for word in ("constrained", "literal", "str"))


def test_R052_同一个键写了两遍的一条都不收_不取后一个(key: str) -> None:
    body = json.dumps([ORDER], ensure_ascii=False)
    twice = body.replace('"数量":', '"数量": "999", "数量":', 1)
    assert twice != body
    answer = Client().post("/api/v1/orders", twice, content_type="application/json", headers={"X-Source-Key": key})
    assert (answer.status_code, answer.json()["problems"]) == (400, ["读不出：同一个键写了两遍：数量"])
    assert not Received.objects.exists()
    assert counted(send(key, [ORDER])) == (1, 0)


def test_接口的拒绝都是中文_数不猜(key: str) -> None:
    assert send(None, [ORDER]).json()["problems"] == ["口令不对，或没有带：请求头 X-Source-Key（R-052）"]
    broken = Client().post("/api/v1/orders", "[{", content_type="application/json", headers={"X-Source-Key": key})
    assert (broken.status_code, broken.json()["problems"]) == (400, ["读不出：不是合格的 JSON"])
    for guessed in ("1_2", "1e2", "1,2", "1,200"):
        answer = send(key, [ORDER | {"数量": guessed}])
        assert answer.status_code == 422
        assert answer.json()["problems"] == ["第 1 条 数量：应为数"]
    assert not Received.objects.exists()
    assert counted(send(key, [ORDER | {"数量": "1200.5"}])) == (1, 0)


def test_口令只存摘要(key: str) -> None:
    assert key not in str(Source.objects.values())


def test_收一批_重发不重记_记审计(key: str) -> None:
    batch = [{**ORDER, "工单号": f"GD-{n}"} for n in range(500)]
    assert counted(send(key, batch)) == (500, 0)
    assert counted(send(key, [*batch[100:], {**ORDER, "工单号": "GD-新"}])) == (1, 400)
    assert Received.objects.count() == 501
    assert Entry.objects.filter(action="收件", name="联通云管平台").count() == 2


def test_同号内容不同_整批拒绝_指出哪一号(key: str) -> None:
    send(key, [ORDER])
    answer = send(key, [{**ORDER, "工单号": "GD-2"}, {**ORDER, "数量": "16"}])
    assert answer.status_code == 409
    assert "GD-1/ECS-1/ZJ-CPU-X86 以前收过，内容不同" in answer.json()["problems"][0]
    assert Received.objects.count() == 1


def test_数量写法不同是同一个数_不算内容不同(key: str) -> None:
    send(key, [ORDER])
    assert send(key, [{**ORDER, "数量": 8.0}]).json() == {"新收": 0, "已有": 1, "提醒": []}


def test_一批一万条可以_一万零一条拒绝(key: str) -> None:
    batch = [{**ORDER, "工单号": f"GD-{n}"} for n in range(10_001)]
    assert send(key, batch).status_code == 422
    assert not Received.objects.exists()
    answer = send(key, batch[:10_000])
    assert counted(answer) == (10_000, 0)
    assert "另有 9,900 条" in answer.json()["提醒"][-1]


BAD: list[tuple[dict[str, object], str]] = [
    ({"动作": "删除"}, "第 2 条 动作：只能是规定的几种"),
    ({"完成日期": "昨天"}, "第 2 条 完成日期：日期应写成"),
    ({"完成日期": 1719792000}, "第 2 条 完成日期：日期应写成"),
    ({"完成日期": "1719792000"}, "第 2 条 完成日期：日期应写成"),
    ({"完成日期": "2024-07-01T00:00:00Z"}, "第 2 条 完成日期：日期应写成"),
    ({"数量": True}, "第 2 条 数量：应为数"),
    ({"数量": "-1"}, "第 2 条 数量：应为不小于 0 的数"),
    ({"数量": "12.3456"}, "第 2 条 数量：最多 3 位小数"),
    ({"数量": "1234567890123"}, "第 2 条 数量：整数最多 12 位"),
    ({"完成日期": ""}, "第 2 条 完成日期：没有填"),
    ({"资源": ""}, "第 2 条 资源：不能为空"),
    ({"多余": "1"}, "第 2 条 多余：没有这一项"),
    ({"资源": "a\u0000b"}, "第 2 条 资源：格式不对"),
]


@pytest.mark.parametrize(("wrong", "words"), BAD, ids=range(len(BAD)))
def test_坏内容逐条说明_整批不收(key: str, wrong: dict[str, object], words: str) -> None:
    answer = send(key, [ORDER, {**ORDER, "工单号": "GD-2", **wrong}])
    assert answer.status_code == 422
    assert answer.json()["problems"][0].startswith(words)
    assert not Received.objects.exists()


WHOLE: list[tuple[object, str]] = [
    ({"rows": [ORDER]}, "正文：应是一个数组"),
    (ORDER, "正文：应是一个数组"),
    ("", "正文是空的：应是一个数组"),
    ([None], "第 1 条：应是一个对象"),
    ([ORDER, [1]], "第 2 条：应是一个对象"),
    ([{**ORDER, "数量": float("nan")}], "第 1 条 数量：应为数：NaN、Infinity"),
    ([{**ORDER, "数量": float("inf")}], "第 1 条 数量：应为数：NaN、Infinity"),
    ([{**ORDER, "资源": 5}], "第 1 条 资源：应为文本"),
]


@pytest.mark.parametrize(("body", "words"), WHOLE, ids=range(len(WHOLE)))
def test_R052_整体的样子不对_说应是什么样(key: str, body: object, words: str) -> None:
    answer = send(key, body)
    assert answer.status_code == 422
    assert answer.json()["problems"][0].startswith(words), answer.json()
    assert not Received.objects.exists()


@pytest.mark.parametrize("zero", ["-0", "-0.0", -0.0, "0.000"])
def test_R052_负零就是零_存成0_再送0是同一件(key: str, zero: object) -> None:
    assert counted(send(key, [ORDER | {"数量": zero}])) == (1, 0)
    assert Received.objects.get().payload["数量"] == "0"
    assert counted(send(key, [ORDER | {"数量": "0"}])) == (0, 1)


def test_不是JSON_空批_说明(key: str) -> None:
    assert send(key, "不是 JSON").status_code in (400, 422)
    assert send(key, []).json() == {"problems": ["正文：一批至少 1 条"]}


def test_日志和用量也收(key: str) -> None:
    seen = {"编号": "1", "资源": "ECS-1", "首见日期": "2026-03-02", "末见日期": "2026-03-31"}
    assert counted(send(key, [seen], "logs")) == (1, 0)
    used = {"编号": "1", "资源": "P-DX", "目录项": "DX", "日期": "2026-03-02", "用量": "4200"}
    assert counted(send(key, [used], "usage")) == (1, 0)


def test_对不上的照收_回话里逐条提醒(key: str) -> None:
    answer = send(key, [ORDER])
    assert answer.status_code == 200
    (reminder,) = answer.json()["提醒"]
    assert reminder.startswith("第 1 条 资源 ECS-1 台账和已通过的单据里都没有；没有单号")


def test_用量的目录项不在目录_首见晚于末见_当场422_别家的资源403_逐条说(key: str) -> None:
    used = {"编号": "1", "资源": "P-DX", "目录项": "没有的", "日期": "2026-03-02", "用量": "4200"}
    answer = send(key, [used], "usage")
    assert (answer.status_code, "没有的" in answer.json()["problems"][0]) == (422, True)
    seen = {"编号": "1", "资源": "ECS-1", "首见日期": "2026-03-02", "末见日期": "2026-03-01"}
    assert send(key, [seen], "logs").status_code == 422
    walk = Walk(cast(), "mzj", date(2026, 3, 2), "new", project_name="归主").fill(**{**FILLED, "iaas": "电信"}).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve").later(1).deliver("dx", "ECS-OWN-")
    answer = send(key, [ORDER, {**ORDER, "资源": "ECS-OWN-01"}])
    assert answer.status_code == 403
    assert answer.json()["problems"][0].startswith("第 2 条 资源 ECS-OWN-01")
    assert not Received.objects.filter(source__code="联通云管平台").exists()


def test_更正带原来的编号_原件还在(key: str) -> None:
    used = {"编号": "1", "资源": "P-DX", "目录项": "DX", "日期": "2026-03-02", "用量": "4200"}
    send(key, [used], "usage")
    assert counted(send(key, [used | {"编号": "2", "用量": "42", "更正": "1"}], "usage")) == (1, 0)
    assert counted(send(key, [used | {"编号": "2", "用量": "42", "更正": "1"}], "usage")) == (0, 1)
    assert Received.objects.get(source_ref="2").corrects == Received.objects.get(source_ref="1")
    assert send(key, [used | {"编号": "3", "更正": "没有"}], "usage").status_code == 422


def test_接口说明打得开_不引外面的资源() -> None:
    described = Client().get("/api/v1/openapi.json").json()
    assert {f"/api/v1/{name}" for name in ("orders", "logs", "usage", "received", "sent")} == set(described["paths"])


def city_key() -> str:
    city = Institution.objects.get(code="SDSJ")
    return issue_key(actor=cast()["xtgly"], source=Source.objects.create(code="市级归集", provider=city))


def gather(key: str, **query: int) -> Any:
    return Client().get("/api/v1/received", query, headers={"X-Source-Key": key})


def test_区级收到的_市级运管单位按序号取走_断了从原序号再取_不丢不重(key: str) -> None:
    send(key, [{**ORDER, "工单号": f"GD-{n}"} for n in range(25)])
    city, taken, after = city_key(), [], 0
    while page := gather(city, after=after, limit=10).json():
        again = gather(city, after=after, limit=10).json()
        assert again == page
        taken += [one["来源编号"] for one in page]
        after = page[-1]["序号"]
    assert taken == sorted({f"GD-{n}/ECS-1/ZJ-CPU-X86" for n in range(25)})
    assert len(taken) == 25
    first = gather(city, limit=1).json()[0]
    stored = Received.objects.order_by("pk")[0]
    assert (first["内容"], first["SM3"], first["来源"]) == (stored.payload, stored.digest, "联通云管平台")


def test_云平台的口令不能取归集_市级的口令不能送(key: str) -> None:
    refused = gather(key)
    assert refused.status_code == 403
    assert "R-052" in refused.json()["problems"][0]
    refused = send(city_key(), [ORDER])
    assert refused.status_code == 403
    assert "只能取，不能送" in refused.json()["problems"][0]
    assert not Received.objects.exists()


@pytest.mark.parametrize("query", [{"after": -5}, {"after": 10**30}, {"limit": 10**9}, {"limit": 0}])
def test_归集的序号件数给得离谱_不出错(key: str, query: dict[str, int]) -> None:
    send(key, [ORDER])
    assert gather(city_key(), **query).status_code == 200


def test_送件方查自己送过什么_处理成什么样_查不到别家的(key: str) -> None:
    used = {"编号": "1", "资源": "P-DX", "目录项": "DX", "日期": "2026-03-02", "用量": "4200"}
    send(key, [used, used | {"编号": "2", "更正": "1"}], "usage")
    rows = Client().get("/api/v1/sent", headers={"X-Source-Key": key}).json()
    assert [(one["来源编号"], one["状态"]) for one in rows] == [("1", "已更正"), ("2", "对不上")]
    after = {"after": rows[0]["序号"], "limit": 1}
    assert [one["来源编号"] for one in Client().get("/api/v1/sent", after, headers={"X-Source-Key": key}).json()] == [
        "2"
    ]
    other = Source.objects.create(code="电信云管平台", provider=Institution.objects.get(code="CT"))
    theirs = issue_key(actor=cast()["xtgly"], source=other)
    assert Client().get("/api/v1/sent", headers={"X-Source-Key": theirs}).json() == []
    assert Client().get("/api/v1/sent").status_code == 401
