"""对不上的缘由两处判得一样：门上判新送的（Python），“对不上的收件”判已收下的（SQL）（R-052、R-075）。"""

from __future__ import annotations

import random
from datetime import date

import pytest

from tests.scenarios.test_arrivals import ITEM, file_of, platform, resource, send, usage
from tests.support.people import cast
from tests.support.year import JULY
from yunheng.applications.models import Draft
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger import matching, unmatched
from yunheng.ledger.matching import Oddity
from yunheng.ledger.models import Channel, Received, Source
from yunheng.ledger.receiving import source_of
from yunheng.orgs.models import Institution

pytestmark = pytest.mark.django_db
__all__ = ["resource"]

#: 进不了数据包的：门上是不收的
BARRED = {Oddity.UNBILLABLE, Oddity.DISORDERED, Oddity.GARBLED}


@pytest.fixture
def claimed() -> str:
    """单据批了、还没有开通的资源，台账上没有，归联通。"""
    walk = Walk(cast(), "mzj", date(2026, 3, 2), "new", project_name="等开通的系统")
    walk.fill(**{**FILLED, "services": {**FILLED["services"], ITEM: "1"}}).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve")
    return f"{Draft.objects.get(case=walk.case).project.code}-{ITEM}"


def drawn(rng: random.Random, kind: str, codes: list[str]) -> dict[str, str]:
    code = rng.choice([*codes, "谁家都不是", *(["　"] if kind != "工单" else [])])
    item = rng.choice([ITEM, "ZJ-CPU-X86", "目录外"])
    if kind == "日志":
        first, last = (rng.choice(["2025-09-01", "2025-10-01"]) for _ in range(2))
        return {"编号": "", "资源": code, "首见日期": first, "末见日期": last}
    if kind == "用量":
        return usage("", "5", code) | {"目录项": item}
    return {
        "工单号": "G", "单号": rng.choice(["", "SQ-1"]), "资源": code, "目录项": item,
        "动作": rng.choice(["新增", "变更", "释放"]), "数量": rng.choice(["", "4"]), "完成日期": "2025-10-01",
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_R075_随机的收件_门上判的与已收下的判的一样(resource: str, claimed: str, seed: int) -> None:
    rng = random.Random(seed)
    backfill = source_of(Institution.objects.get(code="CU"), Channel.BACKFILL)
    sources: list[Source] = [platform(), file_of("CT"), backfill]
    rows = []
    for number in range(300):
        kind, source = rng.choice(["工单", "日志", "用量"]), rng.choice(sources)
        payload = drawn(rng, kind, [resource, claimed])
        one = Received.objects.create(source=source, kind=kind, source_ref=f"随机-{number}", payload=payload, digest="")
        rows.append(one)
    unmatched.sweep()
    listed = unmatched.reasons([one.pk for one in rows])
    seen: set[Oddity] = set()
    for one in rows:
        verdict = matching.check(source=one.source, kind=one.kind, items={0: ("号", one.payload)}, on=JULY)
        expected: set[Oddity] = set()
        if one.source.channel_kind.outside:
            code, item = one.payload["资源"], one.payload.get("目录项", "")
            owned = bool(matching.owners([code]))
            expected |= set(matching.oddities(one.kind, one.payload, owned=owned, known=matching.cycles([item])))
        expected |= {Oddity.FOREIGN} if verdict.foreign else set()
        found = {Oddity(text) for text in listed.get(one.pk, ())}
        assert found - BARRED == expected, one.payload
        if one.source.channel_kind.outside:
            assert bool(found & BARRED) == bool(verdict.wrong), one.payload
            assert bool(verdict.reminders) == bool(expected - {Oddity.FOREIGN}), one.payload
        seen |= found
    assert seen == set(Oddity)


def test_R052_单据批了还没开通的_送来不提醒_也不列为对不上(claimed: str) -> None:
    assert send("用量", usage("1", "3", claimed, "2026-03-10")).reminders == ()
    assert unmatched.sweep() == 0
    assert unmatched.waiting() == ([], 0)
