"""处理过的收件：作废的送件方翻不过来，退回的可以更正；认给的有证据；处理过的列着；形近的提示（R-052、R-075）。"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.utils import timezone

from tests.scenarios.test_arrivals import ITEM, billed, dispose, file_of, resource, send, usage
from tests.support.people import cast, signed_in
from tests.support.year import YEAR, measured
from yunheng.audit.refused import Refused
from yunheng.ledger import matching, sending, unmatched
from yunheng.ledger.effective import effective
from yunheng.ledger.models import Disposal, Fact, Received, Resource
from yunheng.settlement import arriving
from yunheng.settlement.bill import evidence
from yunheng.tables import folding

pytestmark = pytest.mark.django_db

__all__ = ["resource"]
ZERO_WIDTH = "\u200b"


def states() -> dict[str, tuple[str, str]]:
    rows = list(Received.objects.filter(kind="用量").order_by("pk"))
    return {one.received.source_ref: (one.state, one.text) for one in sending.described(rows)}


def shown(page: str) -> str:
    return re.sub(r"<[^>]+>|\s+", "", page)


# ── 作废的翻不过来 ──


def test_R075_作废的不能再更正_写明已由区科创中心作废和理由_账不变(resource: str) -> None:
    send("用量", usage("1", "1000", "写错的编号"))
    dispose(Disposal.VOID, "1", reason="查无此事")
    with pytest.raises(Refused) as refusal:
        send("用量", usage("2", "5", resource), usage("3", "1000", resource, 更正="1"))
    assert refusal.value.problems[0].startswith("第 2 条 1 已由区科创中心作废：查无此事")
    assert not Received.objects.filter(source_ref__in=("2", "3")).exists()
    assert billed()[1] == []
    assert states() == {"1": ("作废", "查无此事（不计入）")}


def test_R075_接着更正一串的_最后一件作废了_从哪一件都翻不过来(resource: str) -> None:
    send("用量", usage("1", "1000", "写错的编号"), usage("2", "900", "写错的编号", 更正="1"))
    dispose(Disposal.VOID, "2", reason="查无此事")
    for original, words in (("2", "2 已由区科创中心作废"), ("1", "再更正请指 2")):
        with pytest.raises(Refused, match=words):
            send("用量", usage("3", "5", resource, 更正=original))
    assert not effective().filter(kind="用量").exists()


def test_R075_退回的可以更正_送过的收件写明先退回后更正_作废以后改成退回的也行(resource: str) -> None:
    send("用量", usage("1", "100", "写错的编号"))
    dispose(Disposal.VOID, "1", reason="看错了")
    dispose(Disposal.RETURN, "1", reason="编号写错了")
    assert states()["1"] == ("退回", "编号写错了（不计入）")
    send("用量", usage("2", "100", resource, 更正="1"))
    assert states() == {"1": ("已更正", "由 2 更正（先前退回：编号写错了）"), "2": ("已收", "")}
    assert len(billed()[1]) == 1


def test_R075_区科创中心自己作废过的_可以再认给(resource: str) -> None:
    send("用量", usage("1", "100", "写错的编号"))
    dispose(Disposal.VOID, "1", reason="看错了")
    (made,) = dispose(Disposal.ASSIGN, "1", reason="查实了", resource=resource)
    assert made.replacement is not None
    assert states()["1"] == ("认给", f"查实了；照 {made.replacement.source_ref} 计入")
    assert len(billed()[1]) == 1


def test_R075_认给认错了_认给以后的那一件可以再认给_作废_账照最近的(resource: str) -> None:
    other = Resource.objects.exclude(code=resource).filter(provider__code="CU").order_by("code")[0].code
    send("用量", usage("1", "100", "写错的编号"))
    (wrong,) = dispose(Disposal.ASSIGN, "1", reason="看成了别的", resource=other)
    assert wrong.replacement is not None
    page = signed_in("shy").get("/inbox/unmatched/?state=已处理").content.decode()
    assert "认错了的勾选它再处理" in page
    assert f'value="{wrong.replacement.pk}"' in page
    (right,) = dispose(Disposal.ASSIGN, wrong.replacement.source_ref, reason="查实了", resource=resource)
    assert right.replacement is not None
    assert [one.payload["资源"] for one in effective().filter(kind="用量")] == [resource]
    assert len(billed()[1]) == 1
    dispose(Disposal.VOID, right.replacement.source_ref, reason="都不是")
    assert not effective().filter(kind="用量").exists()
    with pytest.raises(Refused, match="已经更正过，请处理更正以后的那一件"):
        dispose(Disposal.VOID, "1", reason="再来")


def test_R052_暂留的写明为什么对不上(resource: str) -> None:
    send("用量", usage("1", "100", "写错的编号"), usage("2", "1", resource))
    dispose(Disposal.KEEP, "1", reason="在问")
    assert states() == {"1": ("暂留", "在问；资源台账和已通过的单据里都没有"), "2": ("已收", "")}


# ── 认给、改日子的证据 ──


def proof(code: str) -> list[evidence.Evidence]:
    fact = Fact.objects.filter(resource__code=code, item__code=ITEM).first()
    assert fact
    return [one for one in evidence.of(fact) if one.kind.startswith("用量")]


def test_R076_认给的用量_在认给的资源的证据里_写明原来是哪个_谁认给的(resource: str) -> None:
    send("用量", usage("1", "100", "写错的编号"))
    assert proof(resource) == []
    dispose(Disposal.ASSIGN, "1", reason="少写了前缀", resource=resource)
    (one,) = proof(resource)
    assert one.kind == "用量认给"
    assert one.title.startswith(f"2025-11-03 用量 100 → {resource} 用量 100")
    assert "原件 1" in one.lines[0]
    assert "少写了前缀" in one.lines[2]


def test_R076_更正改了日子的_写明原来的和现在的日子(resource: str) -> None:
    send("用量", usage("1", "8", resource, "2026-06-09"))
    send("用量", usage("2", "8", resource, "2026-06-11", 更正="1"), usage("3", "9", resource, "2026-06-11", 更正="2"))
    titles = [one.title.partition("（")[0] for one in proof(resource)]
    assert titles == ["2026-06-09 用量 8 → 2026-06-11 用量 8", "2026-06-11 用量 8 → 9"]
    assert "由 3 更正" in proof(resource)[0].lines[1]


def test_R052_证据里的收到时刻_与送过的收件是同一个钟(resource: str) -> None:
    send("用量", usage("1", "8", resource), usage("2", "9", resource, 更正="1"))
    one = Received.objects.get(source_ref="2", kind="用量")
    local = timezone.localtime(one.recorded_at).strftime("%Y-%m-%d %H:%M")
    assert local != one.recorded_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    assert f"{local} 收" in proof(resource)[0].lines[1]
    assert local in signed_in("lt").get("/inbox/sent/").content.decode()
    assert datetime.now(tz=UTC) >= one.recorded_at


# ── 已处理的 ──


def test_R075_已处理的列着_怎样处理_理由_谁_退回的还能再处理_更正了的不能选(resource: str) -> None:
    shy = signed_in("shy")
    address = "/inbox/unmatched/?state=已处理"
    assert "还没有处理过的收件" in shy.get(address).content.decode()
    send("用量", *(usage(n, "1", f"写错的-{n}") for n in "1234"))
    dispose(Disposal.VOID, "1", reason="查无此事")
    dispose(Disposal.RETURN, "2", reason="编号写错了")
    dispose(Disposal.ASSIGN, "3", reason="少写前缀", resource=resource)
    page = shy.get(address).content.decode()
    by = Disposal.objects.latest("pk").by
    for words in ("作废：查无此事", "退回：编号写错了", "认给：少写前缀", by):
        assert shown(words) in shown(page)
    assert "写错的-4" not in page
    assert [odd.received.source_ref for odd in unmatched.waiting()[0]] == ["4"]
    pks = {one.source_ref: one.pk for one in Received.objects.filter(kind="用量")}
    for number, choice in (("1", True), ("2", True), ("3", False)):
        assert (f'name="row" value="{pks[number]}"' in page) == choice
    form = {"row": pks["1"], "kind": "暂留", "reason": "再查"}
    assert shy.post(address, form).status_code == 302
    assert "写错的-1" not in shy.get(address).content.decode()
    assert signed_in("lt").get(address).status_code == 403


# ── 形近 ──


def test_R052_多了零宽字符_全角_小写_O写成0的_提醒形近哪个_照送来的存(resource: str) -> None:
    wrong = (resource + ZERO_WIDTH, "Ｐ" + resource[1:], resource.lower(), resource.replace("-", "－", 1))
    for number, code in enumerate(wrong):
        if code == resource:
            continue
        taken = send("用量", usage(str(number), "1", code))
        assert f"，形近：{resource}" in taken.reminders[0], code
        assert Received.objects.get(source_ref=str(number), kind="用量").payload["资源"] == code
    page = signed_in("shy").get("/inbox/unmatched/").content.decode()
    assert page.count(f"形近：{resource}") == len(unmatched.waiting()[0]) >= 3


def test_R052_不像的不提示(resource: str) -> None:
    assert "形近" not in send("用量", usage("1", "1", resource + "X")).reminders[0]
    assert matching.alike({resource + "X", "", resource}) == {}


def test_形近的样子_库里折的与程序折的一样(resource: str) -> None:
    assert matching.alike({resource.replace("-", "_")}) == {resource.replace("-", "_"): resource}
    assert folding.likeness(resource + ZERO_WIDTH) == folding.likeness(resource.lower())


# ── 年度页 ──


def test_R075_各天都定了取哪一边_年度页不再说提交以前要了结(resource: str) -> None:
    send("用量", usage("1", "100", resource))
    send("用量", usage("1", "150", resource), source=file_of())
    run = measured()
    page = f"/settlement/{YEAR}/"
    words = "1 天的用量几个来源合计不等，还没有定取哪一边；提交以前要了结"
    assert words in signed_in("shy").get(page).content.decode()
    one = run.contested.get()
    other = file_of()
    arriving.choose(actor=cast()["shy"], on=run.on, run=run, rows=[one.pk], source=other, reason="照文件")
    assert "1 天的用量定了取另一边，要重新计量" in signed_in("shy").get(page).content.decode()
    arriving.choose(actor=cast()["shy"], on=run.on, run=run, rows=[one.pk], source=one.source, reason="照平台")
    said = signed_in("shy").get(page).content.decode()
    assert "合计不等" not in said
    assert "提交以前要了结" not in said
    assert "都了结了" in said
    assert list(arriving.unready(run)) == []
