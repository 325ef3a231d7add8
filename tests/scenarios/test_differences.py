"""差异由自己的一方说明：没有账目的（无工单、无单据、裁定不计费的）也看得到，分派给谁谁收到知会（D62-七，R-001、R-075）。"""

from __future__ import annotations

from datetime import date

import pytest

from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, measured, used
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Notice
from yunheng.cases.queries import unread
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger.models import Source
from yunheng.ledger.receiving import receive
from yunheng.orgs.models import BusinessClock, Institution
from yunheng.rules.roles import Role
from yunheng.settlement import handling
from yunheng.settlement.models import BillLine, Difference, Handling, Run, WaivedLine

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def unanswered() -> None:
    """教育局一件申请审核通过了，联通没有填回执：资源还没有平台编号。"""
    walk = Walk(cast(), "jyj", date(2025, 8, 1), "new", project_name="没回执的").fill(**FILLED).submit()
    walk.act("jyj-fzr", "approve").later(1).act("shy", "approve")


def found(run: Run, code: str, **which: str) -> Difference:
    row = Difference.objects.filter(run=run, code=code, **which).order_by("seq").first()
    assert row
    return row


def handled(row: Difference, who: str, kind: str, **given: object) -> Handling:
    options = {"text": "核过", **given}
    return handling.handle(
        actor=cast()[who], on=JULY, year=YEAR, code=row.code, resource=row.resource, item=row.item, kind=kind, **options
    )


def sees(who: str, run: Run, row: Difference) -> bool:
    page = signed_in(who).get(f"/settlement/runs/{run.pk}/differences/", {"q": row.resource or row.order})
    return f"{row.code}|{row.item}|{row.resource}" in page.content.decode()


def test_R075_无工单的差异没有账目_单据的单位和服务商看得到_能说明_别家不能() -> None:
    unanswered()
    run = measured()
    row = found(run, "D1")
    assert not BillLine.objects.filter(run=run, resource=row.resource).exists()
    for who in ("jyj", "lt"):
        assert sees(who, run, row), who
        assert handled(row, who, Handling.ARGUE).institution
    for who in ("mzj", "dx"):
        assert not sees(who, run, row), who
        with pytest.raises(NotYours, match="不能替别人说明"):
            handled(row, who, Handling.ARGUE)


def test_R075_裁定不计费的没有账目_单位和服务商还看得到_能再说明() -> None:
    used(with_logs=False)
    first = measured()
    row = found(first, "D5")
    for one in Difference.objects.filter(run=first, code="D5"):
        handled(one, "shy", Handling.RULE, ruling="不计费")
    run = measured()
    assert not BillLine.objects.filter(run=run, resource=row.resource).exists()
    assert WaivedLine.objects.filter(run=run, resource=row.resource).exists()
    for who in ("mzj", "lt"):
        assert sees(who, run, row), who
        handled(row, who, Handling.ARGUE)
    assert not sees("dx", run, row)


def stray() -> None:
    """平台日志里有一台谁都没有申请的主机。"""
    source, _ = Source.objects.get_or_create(
        code="联通云管平台", defaults={"provider": Institution.objects.get(code="CU")}
    )
    log = {"编号": "野", "资源": "ECS-STRAY", "首见日期": "2025-09-01", "末见日期": "2026-06-30"}
    receive(actor=cast()["lt"], on=JULY, source=source, kind="日志", items=[("野", log)])


def test_R075_谁的都不是的_分派给谁谁才看得到_收到知会_点开就是那几条() -> None:
    stray()
    used()
    run = measured()
    row = found(run, "D13")
    assert not sees("lt", run, row)
    with pytest.raises(NotYours):
        handled(row, "lt", Handling.ARGUE)
    unicom = Institution.objects.get(code="CU")
    handled(row, "shy", Handling.ASSIGN, text="是不是测试用的", assignee=unicom)
    notice = Notice.objects.latest("pk")
    assert (notice.role, notice.institution_id) == (Role.PROVIDER, unicom.pk)
    assert notice.href == f"/settlement/runs/{run.pk}/differences/?assigned=1"
    assert "D13 ECS-STRAY" in notice.text
    assert "是不是测试用的" in notice.text
    assert notice in unread(cast()["lt"])
    page = signed_in("lt").get(notice.href).content.decode()
    assert f"D13||{row.resource}" in page
    assert sees("lt", run, row)
    handled(row, "lt", Handling.ARGUE, text="压测用的，已删")
    for who in ("dx", "mzj"):
        assert not sees(who, run, row), who
        assert "没有符合条件的差异" in signed_in(who).get(notice.href).content.decode()


def test_R075_附的证据_分派到的和单据的两方都能下_别家不能() -> None:
    unanswered()
    run = measured()
    row = found(run, "D1")
    made = handled(row, "lt", Handling.ARGUE, evidence=("说明.pdf", b"%PDF-1.4"))
    url = f"/settlement/handlings/{made.pk}/"
    for who, status in (("shy", 200), ("jyj", 200), ("lt", 200), ("dsf", 200), ("mzj", 404), ("dx", 404)):
        assert signed_in(who).get(url).status_code == status, who
    handled(row, "shy", Handling.ASSIGN, assignee=Institution.objects.get(code="CT"))
    assert signed_in("dx").get(url).status_code == 200


def test_R075_只能分派给能说明的机构() -> None:
    stray()
    row = found(measured(), "D13")
    for code in (None, "KW", "CZJ"):
        assignee = Institution.objects.filter(code=code).first()
        with pytest.raises(Refused, match="使用单位、服务商或第三方"):
            handled(row, "shy", Handling.ASSIGN, assignee=assignee)
    assert not Notice.objects.filter(text__contains="分派").exists()
