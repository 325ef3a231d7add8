"""联合会商（M6-6，R-007）：挂在所涉事项上，年度结算也一样；不该提的、没写全的都拒绝。"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.support.people import cast, signed_in
from tests.support.year import JULY, approved, used
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases import consulting
from yunheng.cases.models import Case, Consultation
from yunheng.cases.queries import unread
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.orgs.models import BusinessClock, Institution

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 2)


def applied() -> Case:
    walk = Walk(cast(), "mzj", DAY, "new", project_name="要会商的系统").fill(**FILLED).submit()
    return walk.act("mzj-fzr", "approve").case


def departments(*codes: str) -> list[Institution]:
    kinds = {"财政": "finance", "科委": "authority"}
    return [Institution.objects.filter(kind=kinds[code]).order_by("pk").first() or pytest.fail(code) for code in codes]


def propose(case: Case, who: str = "shy", topic: str = "用市级还是区级资源") -> Consultation:
    return consulting.propose(
        actor=cast()[who], on=DAY, case=case, topic=topic, departments=departments("财政", "科委"), reason="两边都能供"
    )


def test_R007_提请会商_知会参加的部门_结论和纪要文件挂在事项上() -> None:
    case = applied()
    found = propose(case)
    assert any("请参加会商" in notice.text for notice in unread(cast()["cz"]))
    minutes = consulting.conclude(
        actor=cast()["shy"], on=date(2026, 3, 6), consultation=found, held_on=date(2026, 3, 5),
        text="区级能供，用区级", conclusion="用区级资源", file=("纪要.pdf", b"%PDF-1.7 x"),
    )  # fmt: skip
    assert minutes.attachment is not None
    assert minutes.attachment.case == case
    listed = consulting.consultations(cast()["kw"]).get(pk=found.pk)
    assert [one.conclusion for one in listed.minutes.all()] == ["用区级资源"]


def test_R007_年度结算也能提请会商_在办件页上看得到(tmp_path: Path) -> None:
    used()
    case = approved(tmp_path)
    consulting.propose(
        actor=cast()["kw"], on=JULY, case=case, topic="追加预算的口径", departments=departments("财政"), reason="数额大"
    )
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    client = signed_in("cz")
    page = client.get(f"/cases/{case.number}/").content.decode()
    assert "追加预算的口径" in page
    assert "还没有结论" in page


def test_R007_使用单位和服务商不能提请_议题缘由部门缺一不可() -> None:
    case = applied()
    for who in ("mzj", "lt"):
        with pytest.raises(NotYours, match="R-007"):
            propose(case, who)
    with pytest.raises(Refused) as refused:
        consulting.propose(actor=cast()["shy"], on=DAY, case=case, topic=" ", departments=[], reason="")
    assert len(refused.value.problems) == 3
    assert not Consultation.objects.exists()


def test_R007_别的单位不能记结论_会商日不能早于提请_也不能在将来_区科委可以记() -> None:
    found = propose(applied())
    with pytest.raises(NotYours):
        consulting.conclude(actor=cast()["cz"], on=DAY, consultation=found, held_on=DAY, text="记", conclusion="结")
    for held_on in (date(2026, 3, 1), date(2026, 3, 3)):
        with pytest.raises(Refused, match="会商日"):
            consulting.conclude(
                actor=cast()["shy"], on=DAY, consultation=found, held_on=held_on, text="记", conclusion="结"
            )
    with pytest.raises(Refused, match="纪要和结论"):
        consulting.conclude(actor=cast()["kw"], on=DAY, consultation=found, held_on=DAY, text="", conclusion="结")
    consulting.conclude(actor=cast()["kw"], on=DAY, consultation=found, held_on=DAY, text="记", conclusion="结")
