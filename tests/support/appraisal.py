"""考核的测试常用的几步：登记一起、记满意率、起考核、送确认、审定，看页面。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from tests.support.people import cast, signed_in
from tests.support.year import JULY, REPORT, YEAR, act
from yunheng.assessment import operations
from yunheng.assessment.models import Occurrence, Score
from yunheng.cases.models import Case
from yunheng.orgs.models import BusinessClock, Institution

DAY = date(2026, 3, 2)


SHEET = f"/assessment/CU/{YEAR}/"


def unicom() -> Institution:
    return Institution.objects.get(code="CU")


def record(indicator: str = "B", reference: str = "来函-1", **changed: Any) -> Occurrence:
    """第三方登记联通一起事件。"""
    given: dict[str, Any] = {
        "actor": cast()["dsf"], "on": JULY, "provider": unicom(), "happened_on": DAY, "text": "开通慢，来函投诉",
        "responsibility": "全部责任", "year": YEAR, "files": [("来函.pdf", b"%PDF-1.7 letter")],
    }  # fmt: skip
    return operations.record(**{**given, "indicator": indicator, "reference": reference, **changed})


def rated(rate: str = "95") -> None:
    operations.rate(
        actor=cast()["dsf"],
        on=JULY,
        provider=unicom(),
        year=YEAR,
        rate=Decimal(rate),
        basis="问卷 20 份",
        answers=20,
        document=REPORT,
    )


def started() -> Case:
    return operations.start(actor=cast()["dsf"], on=JULY, provider=unicom(), year=YEAR)


def sent(rate: str = "95") -> Case:
    """满意率记了，考核送到服务商手上。"""
    rated(rate)
    case = started()
    act("dsf", case, "file")
    return case


def decided(*replies: str) -> Score:
    """从送出办到区科委审定；有一起投诉，服务商申辩，复核仍计分。"""
    one = record(files=[("来函.pdf", b"%PDF-1.7")])
    for text in replies:
        operations.reply(actor=cast()["lt"], on=JULY, occurrence=one, text=text, name="回执.txt", content=b"ok")
    operations.find(actor=cast()["shy"], on=JULY, occurrence=one, counted=True, reason="回电在三小时以后")
    case = sent()
    act("lt", case, "appeal", opinion="见申辩")
    act("shy", case, "approve")
    act("kw", case, "approve")
    return Score.objects.get()


def at_july() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def page(who: str, url: str, **query: str) -> str:
    response = signed_in(who).get(url, query)
    assert response.status_code == 200, (who, url, response.status_code)
    return response.content.decode()
