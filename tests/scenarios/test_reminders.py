"""提醒：临期、当日、超期各一次，快到期的资源一次；按本人选的渠道送，送不成再送，重跑不重发（R-044、R-045、R-113）。"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError

from tests.scenarios.test_lifecycle_new import at_review
from tests.scenarios.test_lifecycle_others import extension, opened_temporary
from tests.support.people import cast
from yunheng.cases.models import Notice, Outgoing
from yunheng.cases.notifying import MAX_TRIES, remind, send_out
from yunheng.config.demo.stories import Walk
from yunheng.ledger.operations import remind_expiry
from yunheng.orgs.models import Person
from yunheng.orgs.operations import prefer

pytestmark = pytest.mark.django_db

#: 9-28 收到，五个工作日：10-11（调休上班）到期
SOON, DUE, OVER = date(2025, 10, 10), date(2025, 10, 11), date(2025, 10, 13)


def told(walk: Walk, role: str) -> list[str]:
    return list(Notice.objects.filter(case=walk.case, role=role).order_by("pk").values_list("text", flat=True))


def test_R045_到期前两个工作日_当日_超期各提醒一次在手的人_重跑不重发() -> None:
    walk = at_review()
    assert remind(date(2025, 9, 29)) == 0
    for day in (SOON, SOON, DUE, DUE, OVER, OVER):
        remind(day)
    texts = told(walk, "reviewer")
    assert [text.split("：")[0] for text in texts] == ["临期", "今天到期", "已超期"]
    assert walk.case.number in texts[2]
    assert "已超 1 个工作日" in texts[2]


def test_R045_超期另报区科委_没超期不报() -> None:
    walk = at_review()
    remind(DUE)
    assert told(walk, "authority") == []
    remind(OVER)
    assert len(told(walk, "authority")) == 1


def test_R045_补正停钟的不提醒() -> None:
    walk = at_review().act("shy", "return", opinion="补", marks={"contact": "写手机"})
    assert remind(OVER) == 0
    assert not any("超期" in text for text in told(walk, "clerk"))


def test_R045_办掉了换到下一步_按下一步的时限重新提醒() -> None:
    walk = at_review()
    remind(OVER)
    walk.on = OVER
    walk.act("shy", "approve")
    remind(OVER)
    assert len(told(walk, "provider")) == 1


def test_R044_快到期的资源提醒使用单位_写明延期最晚哪天提出_只一次() -> None:
    walk = opened_temporary()
    assert remind_expiry(date(2026, 2, 26)) == 0
    # 3-28 到期，前 20 个工作日起提醒
    assert remind_expiry(date(2026, 3, 2)) == 1
    assert remind_expiry(date(2026, 3, 3)) == 0
    (text,) = [t for t in told(walk, "clerk") if "到期" in t]
    assert "2026-03-28 到期；要延期最晚 2026-03-09 提出" in text


def test_R044_到期仍在用的_提醒使用单位_区科创中心_服务商回收() -> None:
    walk = opened_temporary()
    remind_expiry(date(2026, 3, 28))
    for role in ("clerk", "reviewer", "provider"):
        assert any("已于 2026-03-28 到期仍在用" in text for text in told(walk, role)), role


def test_R043_延期批了_按新的到期日再提醒() -> None:
    walk = opened_temporary()
    remind_expiry(date(2026, 3, 2))
    later = extension(walk, date(2026, 3, 4)).submit().act("mzj-fzr", "approve").act("sjx", "approve")
    later.act("szg", "approve")
    assert remind_expiry(date(2026, 3, 28)) == 0
    assert remind_expiry(date(2026, 6, 15)) == 1
    assert any("2026-06-30 到期" in text for text in told(later, "clerk"))


# ── 外发 ──


@pytest.fixture
def gateway(settings: Any) -> Iterator[list[dict[str, str]]]:
    """一个真的消息网关：收到什么记什么；`settings.WEBHOOK` 指着它。"""
    received: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.WEBHOOK = f"http://127.0.0.1:{server.server_port}/"
    yield received
    server.shutdown()
    server.server_close()


def wants(who: str, *channels: str) -> None:
    person = Person.objects.get(username=f"demo.{who}")
    prefer(actor=cast()[who], person=person, email=f"{who}@example.invalid", channels=set(channels))


def test_R113_要邮件的送邮件_不要的只有站内_送过不再送(settings: Any) -> None:
    settings.MAIL_READY = True
    wants("shy", "email")
    walk = at_review()
    remind(OVER)
    assert send_out() == {"sent": 1, "failed": 0}
    assert send_out() == {"sent": 0, "failed": 0}
    (message,) = mail.outbox
    assert message.to == ["shy@example.invalid"]
    assert walk.case.number in message.subject
    assert f"/cases/{walk.case.number}/" in message.body


def test_R113_消息网关收到谁_什么事_链接(gateway: list[dict[str, str]]) -> None:
    wants("shy", "webhook")
    walk = at_review()
    remind(OVER)
    send_out()
    (sent,) = gateway
    assert (sent["to"], sent["case"]) == ("demo.shy", walk.case.number)


def test_R113_网关不通留下原因_通了接着送_试够次数就不再试(settings: Any, gateway: list[dict[str, str]]) -> None:
    address = settings.WEBHOOK
    settings.WEBHOOK = "http://127.0.0.1:9/"
    wants("shy", "webhook")
    at_review()
    remind(OVER)
    assert send_out(limit=2) == {"sent": 0, "failed": 2}
    assert Outgoing.objects.get().error
    settings.WEBHOOK = address
    assert send_out() == {"sent": 1, "failed": 0}
    Outgoing.objects.update(sent_at=None, tries=MAX_TRIES)
    assert send_out() == {"sent": 0, "failed": 0}
    assert len(gateway) == 1


def test_R113_没配渠道的一条也不排队() -> None:
    wants("shy", "email", "webhook")
    at_review()
    remind(OVER)
    assert not Outgoing.objects.exists()


def test_R113_要邮件却没填邮箱_写法不对_不收() -> None:
    person = Person.objects.get(username="demo.shy")
    for email in ("", "不是邮箱"):
        with pytest.raises(ValidationError):
            prefer(actor=cast()["shy"], person=person, email=email, channels={"email"})
    assert Person.objects.get(pk=person.pk).preferences == {}
