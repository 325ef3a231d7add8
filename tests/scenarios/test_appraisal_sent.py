"""送服务商确认以后分数不再变（R-093）：动分数的操作逐个列全，每一步都拒绝；要改的先退回，再送确认。"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest

from tests.scenarios.test_leads import complained, dismissed, lead, take
from tests.support.appraisal import DAY, rated, record, sent, unicom
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act
from yunheng.assessment import evaluating, leading, operations, queries, surveying, wording
from yunheng.assessment.models import Evidence, Finding, Occurrence, Satisfaction, Score
from yunheng.audit.refused import Refused
from yunheng.cases import operations as cases
from yunheng.cases.models import Board, Case
from yunheng.cases.queries import unread
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.orgs.models import BusinessClock, ConventionDecision
from yunheng.rules import rulebook

pytestmark = pytest.mark.django_db


def survey() -> Case:
    return surveying.start(
        actor=cast()["dsf"], on=JULY, year=YEAR, mode="普查", ratio=100, seed="1", closes_on=date(2026, 7, 20)
    )


def find(counted: bool, **given: Any) -> Finding:
    one = Occurrence.objects.get(reference=given.pop("reference", "来函-1"))
    return operations.find(actor=cast()["shy"], on=JULY, occurrence=one, counted=counted, reason="又看了一遍")


def tallied() -> object:
    return operations.tallied(
        actor=cast()["dsf"], provider=unicom(), year=YEAR, rate=Decimal(60), basis="问卷", answers=9
    )


#: 动一家一年分数的操作 → 怎样动
CHANGES: dict[str, list[Callable[[], object]]] = {
    "operations.record": [
        lambda: record(reference="来函-9"),
        lambda: record(actor=cast()["shy"], reference="来函-9"),
        lambda: record(reference="来函-9", responsibility="无责任"),
    ],
    "operations.find": [lambda: find(False), lambda: find(True, reference="来函-2")],
    "operations.rate": [lambda: rated("60")],
    "operations.tallied": [tallied],
    "leading.take": [lambda: take(lead().key)],
    "surveying.start": [survey],
}
#: 写别的、不动一家一年分数的
OTHERS = {
    "operations.arise": "超期的不记，知会区科创中心",
    "operations.prove": "补证据不改计不计分",
    "operations.reply": "申辩不改计不计分，复核才改",
    "operations.start": "一年只有一件",
    "leading.dismiss": "线索本来就不扣分",
    "surveying.claim": "问卷的链接",
    "surveying.answer": "调查办着的时候没有满意率，考核送不出去；结束时由 tallied 计",
    "surveying.chase": "催填",
    "evaluating": "效能评估是另一件事，不进考核的分",
    "wording": "原文只管印，不管算",
}
#: 只读的
READS = {"leading.pending", "leading.locked_out", "leading.rectifications", "surveying.closed"}


def written() -> set[str]:
    """考核一章里公开的、带办理人或业务日的函数：写操作都在里面。"""
    found = set()
    for module in (operations, leading, surveying, evaluating, wording):
        chapter = module.__name__.rsplit(".", 1)[-1]
        for name, one in inspect.getmembers(module, inspect.isfunction):
            own = one.__module__ == module.__name__ and not name.startswith("_")
            if own and {"actor", "on"} & set(inspect.signature(one).parameters):
                found.add(chapter if chapter in OTHERS else f"{chapter}.{name}")
    return found


def test_R093_考核一章的操作都列在动分数的_不动分数的_只读的三样里_新添的要归一样() -> None:
    assert written() == set(CHANGES) | set(OTHERS) | READS


def at_step(step: str, rate: str = "95") -> Case:
    """有一起投诉计分、一起无责任的考核，满意率 `rate`，送到 `step` 那一步。"""
    record()
    record("C", "来函-2", responsibility="无责任")
    case = sent(rate)
    if step != "reply":
        act("lt", case, "accept")
    if step == "decide":
        act("shy", case, "approve")
    assert Board.objects.get(case=case).step == step
    return case


@pytest.mark.parametrize("step", ["reply", "review", "decide"])
def test_R093_送服务商确认以后_动分数的操作每一步都拒绝_审定的就是服务商看过的那张(step: str) -> None:
    case = at_step(step)
    complained()
    seen = queries.mark(unicom(), YEAR)
    assert seen.total == "95"
    for name, attempts in CHANGES.items():
        for attempt in attempts:
            with pytest.raises(
                Refused, match=rf"{case.number}）已送“.+，请区科创中心先退回第三方重评，改好再送服务商确认"
            ):
                attempt()
            assert queries.mark(unicom(), YEAR) == seen, name
    if step == "reply":
        act("lt", case, "accept")
    dismissed("已由市里处理")
    if step != "decide":
        act("shy", case, "approve")
    act("kw", case, "approve")
    assert (Score.objects.get().content["total"], Score.objects.get().content["scores"]) == (seen.total, seen.scores)


def parameter(monkeypatch: pytest.MonkeyPatch) -> None:
    """规则参数改了：有责投诉每起多扣一分。"""
    book = rulebook.built_in()
    old = book.parameters["assessment_b_penalty"]
    new = replace(old, versions=tuple(replace(one, value=Decimal(6)) for one in old.versions))
    altered = replace(book, parameters=MappingProxyType({**book.parameters, old.key: new}))
    monkeypatch.setattr(rulebook, "built_in", lambda: altered)


def convention(_: pytest.MonkeyPatch) -> None:
    """口径 K-06 往回改了（从前的版本许过）。"""
    ConventionDecision.objects.create(
        code="K-06", option="started", reason="定了", effective_on=date(2025, 7, 1), decided_on=JULY, by="科委",
    )  # fmt: skip


def event(_: pytest.MonkeyPatch) -> None:
    """绕过登记混进来一起。"""
    Occurrence.objects.create(
        provider=unicom(), indicator="A", responsibility="全部责任", on=DAY, text="慢", mark="混进来", by="第三方",
    )  # fmt: skip
    Evidence.objects.create(
        occurrence=Occurrence.objects.get(mark="混进来"), name="甲.txt", content=b"1", digest="0", on=JULY, by="第三方"
    )


def survey_answered(_: pytest.MonkeyPatch) -> None:
    """绕过调查记了一个满意率。"""
    Satisfaction.objects.create(provider=unicom(), service_year=YEAR, rate=Decimal("80"), basis="问卷", by="第三方")


def swapped(_: pytest.MonkeyPatch) -> None:
    """总分没变，计分的换了一起。"""
    one, other = Occurrence.objects.order_by("pk")[:2]
    Finding.objects.create(occurrence=one, counted=False, reason="换", on=JULY, by="区科创中心")
    Occurrence.objects.create(
        provider=unicom(), indicator="B", responsibility="全部责任", on=DAY, text="另一起", mark="另一起", by="第三方",
    )  # fmt: skip
    Evidence.objects.create(
        occurrence=Occurrence.objects.get(mark="另一起"), name="甲.txt", content=b"1", digest="0", on=JULY, by="第三方"
    )
    assert other.indicator == "C"


#: 从哪里动的 → 怎样动、拒绝时写明哪里变了
MOVED: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], str]] = {
    "规则参数": (parameter, r"有责投诉\(B\)得分由 5 变成 4；总分由 93.8 变成 92.8"),
    "口径": (convention, r"云服务满意率\(G\)得分由 38.8 变成 38.4；总分由 93.8 变成 93.4"),
    "事件": (event, r"服务任务完成及时性\(A\)得分由 10 变成 9；总分由 93.8 变成 92.8；多计了 2026-03-02 的服务任务"),
    "满意率": (survey_answered, "总分由 93.8 变成 87；扣减比例由 0 变成 0.05；满意率由 88.5 变成 80"),
    "换了一起": (swapped, "：多计了 2026-03-02 的有责投诉.*；少计了 2026-03-02 的有责投诉"),
}


@pytest.mark.parametrize("step", ["review", "decide"])
@pytest.mark.parametrize("where", list(MOVED))
def test_R093_送确认以后分从哪里变了都复核审定不了_写明变了什么_退回重送才行(
    monkeypatch: pytest.MonkeyPatch, where: str, step: str
) -> None:
    move, words = MOVED[where]
    case = at_step(step, "88.5")
    move(monkeypatch)
    who = "shy" if step == "review" else "kw"
    with pytest.raises(Refused, match=rf"{words}.*服务商没有确认过现在的分，请退回第三方重评"):
        act(who, case, "approve")
    assert not Score.objects.exists()
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    assert "服务商没有确认过现在的分" in signed_in("lt").get(f"/assessment/CU/{YEAR}/").content.decode()
    if step == "decide":
        act("kw", case, "return", opinion="分变了")
    act("shy", case, "return", opinion="分变了")
    for by, code in (("dsf", "file"), ("lt", "accept"), ("shy", "approve"), ("kw", "approve")):
        act(by, case, code)
    assert Score.objects.get().content["total"] == queries.mark(unicom(), YEAR).total


def test_R093_从前送出去没有存下几分的_复核不了_退回重送(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as earlier:
        earlier.setitem(cases._effects, ("appraisal", "send"), lambda _: None)
        case = at_step("review")
    with pytest.raises(Refused, match="没有存下送的是几分，看不出后来变没变，请退回第三方重评"):
        act("shy", case, "approve")


def test_R093_参数改了而这家的分不变的_照样审定(monkeypatch: pytest.MonkeyPatch) -> None:
    case = sent()
    parameter(monkeypatch)
    act("lt", case, "accept")
    act("shy", case, "approve")
    act("kw", case, "approve")
    assert Score.objects.get().content["total"] == "100"


def test_R093_同样的操作没有送确认以前都办得成_分跟着变() -> None:
    record()
    record("C", "来函-2", responsibility="无责任")
    complained()
    for name, attempts in CHANGES.items():
        rated("95")
        before = queries.mark(unicom(), YEAR)
        attempts[0]()
        assert queries.mark(unicom(), YEAR) != before, name


def test_R093_退回以后改了计不计分_服务商要重新确认_锁定的是改过的那张() -> None:
    case = at_step("decide")
    act("kw", case, "return", opinion="申辩有理")
    act("shy", case, "return", opinion="改为不计分")
    find(False)
    assert queries.mark(unicom(), YEAR).total == "100"
    with pytest.raises(Refused, match="没有这个动作"):
        act("dsf", case, "approve")
    act("dsf", case, "file")
    act("lt", case, "accept")
    act("shy", case, "approve")
    act("kw", case, "approve")
    assert Score.objects.get().content["total"] == "100"


def test_R093_送出以后维持原来计不计分的_写得成复核结论_分不变() -> None:
    at_step("review")
    find(True)
    find(False, reference="来函-2")
    assert Finding.objects.count() == 2
    assert queries.mark(unicom(), YEAR).total == "95"


def test_R093_送出以后申辩_补证据_认定线索不登记都可以_分不变() -> None:
    at_step("review")
    complained()
    one = Occurrence.objects.get(reference="来函-1")
    operations.reply(actor=cast()["lt"], on=JULY, occurrence=one, text="当日已回电")
    operations.prove(actor=cast()["shy"], on=JULY, occurrence=one, name="通话记录.txt", content=b"1")
    dismissed("已由市里处理")
    assert queries.mark(unicom(), YEAR).total == "95"


def test_R093_送出以后才看出来的超期不记_告诉区科创中心一次_退回以后再跑就记上() -> None:
    late = Walk(cast(), "mzj", date(2026, 6, 1), "new", project_name="逾期开通").fill(**FILLED).submit()
    late.act("mzj-fzr", "approve").act("shy", "approve")
    case = sent()
    for day in (JULY, date(2026, 7, 9)):
        assert operations.arise(day) == 0
    (told,) = [one for one in unread(cast()["shy"]) if "没有记成事件" in one.text]
    assert late.case.number in told.text
    assert not Occurrence.objects.exists()
    act("lt", case, "accept")
    act("shy", case, "return", opinion="漏了一起超期")
    assert operations.arise(JULY) == 1
    assert queries.mark(unicom(), YEAR).scores["A"] == "9"


def test_R093_考核表上写明送出以后怎样复核_改了计不计分的原样退回() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    at_step("review")
    complained()
    one = Occurrence.objects.get(reference="来函-1")
    client = signed_in("shy")
    assert "维持现在“计分”的可以写结论" in client.get(f"/assessment/CU/{YEAR}/").content.decode()
    given = {"counted": "0", "reason": "改判不计分"}
    response = client.post(f"/assessment/{one.pk}/find/", given)
    text = response.content.decode()
    assert (response.status_code, "不能再改计不计分" in text, "改判不计分" in text) == (422, True, True)
    assert not Finding.objects.exists()
