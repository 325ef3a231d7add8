"""考核事件的登记和申辩（D62-附件5，R-091、R-093）：日期落在年度里，申辩附证据，复核以后才不计。"""

from __future__ import annotations

from datetime import date

import pytest

from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, appraised
from yunheng.assessment import operations, queries
from yunheng.assessment.models import Occurrence, Reply
from yunheng.audit.refused import NotYours, Refused
from yunheng.orgs.models import BusinessClock, Institution

pytestmark = pytest.mark.django_db


def recorded(on: date = date(2026, 3, 2), year: int | None = YEAR) -> Occurrence:
    unicom = Institution.objects.get(code="CU")
    return operations.record(
        actor=cast()["dsf"],
        on=JULY,
        provider=unicom,
        indicator="B",
        happened_on=on,
        text="投诉开通慢",
        responsibility="全部责任",
        reference="来函-1",
        files=[("来函.pdf", b"%PDF-1.7 letter")],
        year=year,
    )


@pytest.mark.parametrize("on", [date(2025, 6, 30), date(2026, 7, 1)])
def test_R091_事件的日期不在这个服务年度_拒绝并说明年度起止(on: date) -> None:
    with pytest.raises(Refused, match=r"不在 2025 服务年度（2025-07-01 至 2026-06-30（含）"):
        recorded(on)
    assert not Occurrence.objects.exists()


def test_R093_服务商申辩附证据_第三方看得到_复核认定不算才不扣() -> None:
    one = recorded()
    unicom = one.provider
    operations.reply(
        actor=cast()["lt"], on=JULY, occurrence=one, text="当日机房断电", name="断电通知.pdf", content=b"%PDF-1.7"
    )
    assert queries.mark(unicom, YEAR).scores["B"] != queries.mark(Institution.objects.get(code="CM"), YEAR).scores["B"]
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    for who, status in (("dsf", 200), ("lt", 200), ("dx", 404), ("mzj", 403)):
        client = signed_in(who)
        assert client.get(f"/assessment/replies/{Reply.objects.get().pk}/").status_code == status, who
    operations.find(actor=cast()["shy"], on=JULY, occurrence=one, counted=False, reason="机房断电，不可归责")
    assert queries.mark(unicom, YEAR).scores["B"] == queries.mark(Institution.objects.get(code="CM"), YEAR).scores["B"]


def test_R093_别家不能替它申辩_空话不收_审定以后不能再申辩() -> None:
    one = recorded()
    for who in ("dx", "dsf"):
        with pytest.raises(NotYours):
            operations.reply(actor=cast()[who], on=JULY, occurrence=one, text="不服")
    with pytest.raises(Refused, match="理由"):
        operations.reply(actor=cast()["lt"], on=JULY, occurrence=one, text=" ")
    appraised()
    with pytest.raises(Refused, match="审定锁定"):
        operations.reply(actor=cast()["lt"], on=JULY, occurrence=one, text="不服")
    assert not Reply.objects.exists()
