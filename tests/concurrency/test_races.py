"""同时来：配额不超、两个审核员只有一个成、同一张工单只记一次、编号不重不跳（R-031、R-045、R-052）。"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import connection

from tests.support.people import cast, signed_in
from tests.support.year import REPORT
from yunheng.applications import operations as applications
from yunheng.applications.guards import live_filings
from yunheng.applications.models import Draft, Filing
from yunheng.assessment import operations as appraising
from yunheng.assessment.models import Finding, Score
from yunheng.assessment.queries import live_sheet
from yunheng.audit.queries import verify
from yunheng.audit.refused import Refused, Stale
from yunheng.cases import operations as cases
from yunheng.cases.models import Board, Case, Event
from yunheng.cases.numbering import next_number
from yunheng.catalog import tiering
from yunheng.catalog.models import CityUsage, Item, Tier
from yunheng.config.demo.stories import FILLED, HOSTS, Walk
from yunheng.config.proving import prove
from yunheng.documents.appraisal import restored
from yunheng.ledger.models import Received, Source
from yunheng.ledger.operations import Conflict
from yunheng.ledger.receiving import receive
from yunheng.orgs.models import BusinessClock, Confirmation, Institution
from yunheng.orgs.previewed import confirmed, keep

pytestmark = pytest.mark.usefixtures("committed")

DAY = date(2026, 3, 2)


def together(jobs: list[Callable[[], Any]], workers: int = 8) -> list[Any]:
    """几个线程同时办，各用各的连接；返回结果或异常。"""

    def run(job: Callable[[], Any]) -> Any:
        try:
            return job()
        except (Refused, Conflict) as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, jobs))


def proven() -> None:
    assert [(proof.name, proof.problems) for proof in prove() if proof.problems] == []


def test_两百件申请同时提交到一个配额_合起来也不超() -> None:
    people = cast()
    quota = Walk(people, "mzj", DAY, "quota", project_name="限额系统").fill(
        leader="周",
        contact="021-67000000",
        classified="否",
        level="二级",
        quota=[{"dimension": "CPU 核", "amount": "80"}],
    )
    quota.submit().act("mzj-fzr", "approve").act("sjx", "approve", opinion="核定")
    project = Draft.objects.get(case=quota.case).project
    one = {
        **FILLED,
        "hosts": [{**HOSTS[0], "count": "1", "cores": "4"}],
        "services": {},
        "unticked": dict.fromkeys(FILLED["services"], "不用"),
    }
    walks = [Walk(people, "mzj", DAY, "new", project=project).fill(**one).attach() for _ in range(200)]
    results = together([partial(applications.submit, actor=w.clerk, on=DAY, case=w.case, seen=0) for w in walks])
    assert sum(isinstance(result, Event) for result in results) == 20
    assert all("超过项目配额 80" in str(result) for result in results if isinstance(result, Exception))
    assert sum(Decimal(f.content["hosts"][0]["cores"]) for f in live_filings(project)) == 80
    assert Filing.objects.filter(project=project, case__procedure="new").count() == 20
    proven()


def test_两个审核员同时办_一个成_另一个看到别人办了什么() -> None:
    for _ in range(10):
        walk = Walk(cast(), "mzj", DAY, "new", project_name=f"系统{Case.objects.count()}").fill(**FILLED).submit()
        walk.act("mzj-fzr", "approve")
        seen, reviewer = walk.seq, walk.people["shy"]

        def decide(code: str, walk: Walk = walk, seen: int = seen) -> Event:
            return cases.act(
                actor=walk.people["shy"],
                on=DAY,
                case=Case.objects.get(pk=walk.case.pk),
                act_code=code,
                seen=seen,
                opinion="意见",
            )

        results = together([partial(decide, "approve"), partial(decide, "reject")], 2)
        assert [type(result) for result in results if isinstance(result, Exception)] == [Stale]
        (refusal,) = [result for result in results if isinstance(result, Stale)]
        assert reviewer.name in str(refusal)
        assert walk.case.events.count() == 3
    proven()


def test_同一张工单从八个连接发一千次_只收一次() -> None:
    source = Source.objects.create(code="联通云管", provider=Institution.objects.get(code="CU"))
    actor, payload = cast()["lt"], {"资源": "ECS-1", "数量": "8"}
    results = together(
        [
            lambda: receive(actor=actor, on=DAY, source=source, kind="工单", items=[("GD-1", payload)])
            for _ in range(1000)
        ]
    )
    (first,) = [one for one in results if one.new]
    assert (first.new, first.known) == (1, 0)
    assert [(one.new, one.known) for one in results].count((0, 1)) == 999
    assert Received.objects.count() == 1


def test_同号不同内容的工单被拒_原来的不变() -> None:
    source = Source.objects.create(code="联通云管", provider=Institution.objects.get(code="CU"))
    actor = cast()["lt"]
    receive(actor=actor, on=DAY, source=source, kind="工单", items=[("GD-1", {"数量": "8"})])
    both = [("GD-2", {"数量": "1"}), ("GD-1", {"数量": "9"})]
    with pytest.raises(Conflict, match="GD-1 以前收过，内容不同"):
        receive(actor=actor, on=DAY, source=source, kind="工单", items=both)
    assert list(Received.objects.values_list("source_ref", "payload")) == [("GD-1", {"数量": "8"})]


def test_同一件用量被八个连接同时更正_只有一个成_其余指出已经更正过() -> None:
    source = Source.objects.create(code="联通云管", provider=Institution.objects.get(code="CU"))
    base = {"资源": "R", "目录项": "RZ-ESYS2", "日期": "2026-03-01"}
    receive(actor=cast()["lt"], on=DAY, source=source, kind="用量", items=[("0", base | {"用量": "5"})])

    def correct(number: int) -> object:
        row = base | {"用量": str(number), "更正": "0"}
        return receive(actor=cast()["lt"], on=DAY, source=source, kind="用量", items=[(str(number), row)])

    results = together([partial(correct, number) for number in range(1, 41)])
    assert len([one for one in results if not isinstance(one, Refused)]) == 1
    assert all("已由" in str(one) for one in results if isinstance(one, Refused))
    assert Received.objects.filter(corrects__source_ref="0").count() == 1
    proven()


def test_更正与原件同时来_要么连上原件_要么因没有原件被拒_没有连不上的更正() -> None:
    source = Source.objects.create(code="联通云管", provider=Institution.objects.get(code="CU"))
    base = {"资源": "R", "目录项": "RZ-ESYS2", "日期": "2026-03-01"}

    def send(reference: str, row: dict[str, str]) -> object:
        return receive(actor=cast()["lt"], on=DAY, source=source, kind="用量", items=[(reference, row)])

    for number in range(10):
        original, later = f"{number}", f"{number}改"
        both = (
            partial(send, original, base | {"用量": "5"}),
            partial(send, later, base | {"用量": "7", "更正": original}),
        )
        answers = together(list(both), 2)
        assert not isinstance(answers[0], Exception)
        kept = Received.objects.filter(source_ref=later).first()
        assert (kept is None) == isinstance(answers[1], Refused)
        assert kept is None or (kept.corrects is not None and kept.corrects.source_ref == original)


def test_同时取号_不重不跳() -> None:
    def take() -> str:
        from django.db import transaction

        with transaction.atomic():
            return next_number("SQ", DAY)

    assert sorted(map(str, together([take] * 100))) == [f"SQ-2026-{n:04d}" for n in range(1, 101)]


def test_同时写审计_链不断() -> None:
    people = cast()
    before = verify().count
    together([partial(Walk, people, "mzj", DAY, "new", project_name=f"并发{n}") for n in range(40)])
    after = verify()
    assert (after.broken, after.count > before + 40) == (None, True)
    assert Board.objects.count() == 40


def test_R093_审定与登记_申辩_补证据同时来_锁定的那张表一条不多一条不少() -> None:
    people, july = cast(), date(2026, 7, 8)
    unicom = Institution.objects.get(code="CU")
    one = appraising.record(
        actor=people["dsf"], on=july, provider=unicom, indicator="B", happened_on=DAY, text="来函投诉",
        responsibility="全部责任", reference="来函-1", year=2025, files=[("来函.pdf", b"%PDF-1.7 letter")],
    )  # fmt: skip
    appraising.rate(
        actor=people["dsf"], on=july, provider=unicom, year=2025, rate=Decimal(95), basis="问卷", document=REPORT
    )
    case = appraising.start(actor=people["dsf"], on=july, provider=unicom, year=2025)
    for seen, (who, code) in enumerate((("dsf", "file"), ("lt", "accept"), ("shy", "approve"))):
        cases.act(actor=people[who], on=july, case=case, act_code=code, seen=seen)
    jobs: list[Callable[[], Any]] = []
    for number in range(12):
        jobs += [
            partial(appraising.reply, actor=people["lt"], on=july, occurrence=one, text=f"申辩 {number}"),
            partial(appraising.prove, actor=people["dsf"], on=july, occurrence=one, name=f"{number}.txt", content=b"1"),
            partial(
                appraising.find, actor=people["shy"], on=july, occurrence=one, counted=number % 2 == 0, reason="核过"
            ),
        ]
    jobs.insert(len(jobs) // 2, partial(cases.act, actor=people["kw"], on=july, case=case, act_code="approve", seen=3))
    results = together(jobs)
    assert sum(isinstance(result, Event) for result in results) == 1
    # 改计不计分的，锁定以前是已送确认，以后是已锁定，哪个时候都改不了
    refused = ("已审定锁定", "不能再改计不计分")
    assert all(any(word in str(result) for word in refused) for result in results if isinstance(result, Exception))
    assert not Finding.objects.filter(counted=False).exists()
    score = Score.objects.get()
    assert restored(score.content["sheet"]) == live_sheet(unicom, 2025)
    proven()


def test_R052_同一次预览八个窗口同时确认_只写一遍_别的说已经确认过() -> None:
    actor, text = cast()["lt"], keep(["一次"], "试")

    def confirm() -> str:
        with confirmed(actor=actor, text=text, purpose="试", agreed=False) as taken:
            return str(taken[0])

    results = together([confirm] * 8)
    assert [one for one in results if not isinstance(one, Exception)] == ["一次"]
    assert all("这次预览已经确认过了" in str(one) for one in results if isinstance(one, Exception))
    assert Confirmation.objects.count() == 1


def test_两个人同时发布阶梯价和全市用量_排成先后两版_没有出错的() -> None:
    item = Item.objects.filter(pricing="阶梯").order_by("code")[0]
    publish = partial(tiering.publish_tiers, actor=cast()["sdsj"], on=DAY, item=item, year=2025, mode="累进")
    results = together([partial(publish, text=f"0 — {price}") for price in (300, 301, 302, 303)])
    assert [one for one in results if isinstance(one, Exception)] == []
    assert sorted(Tier.objects.filter(item=item, service_year=2025).values_list("version", flat=True)) == [1, 2, 3, 4]
    usage = partial(tiering.publish_usage, actor=cast()["sdsj"], on=DAY, item=item, year=2025)
    results = together([partial(usage, total=Decimal(total)) for total in (10, 11, 12, 13)])
    assert [one for one in results if isinstance(one, Exception)] == []
    assert CityUsage.objects.filter(item=item, service_year=2025).count() == 4


def test_R045_几个窗口同时起同一家的考核_一个办成_其余说清刚被别人办了_没有出错的页() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": date(2026, 7, 8)})
    clients = [signed_in("dsf") for _ in range(4)]
    given = {"provider": "CU", "year": "2025"}
    answers = together([partial(client.post, "/assessment/start/", given) for client in clients], 4)
    assert sorted(one.status_code for one in answers)[0] == 302
    late = [one for one in answers if one.status_code != 302]
    assert len(late) == 3
    assert {one.status_code for one in late} <= {409, 422}
    assert all("R-" in one.content.decode() for one in late)
    assert Case.objects.filter(procedure="appraisal").count() == 1
