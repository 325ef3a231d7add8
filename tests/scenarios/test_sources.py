"""收件的来源：一个来源一直是一家的，内部的来源没有口令，归属不论从哪条路来都查（D62-七，R-052）。"""

from __future__ import annotations

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from tests.scenarios.test_arrivals import platform, provider, send, usage
from tests.support.people import cast
from yunheng.audit.actor import SYSTEM
from yunheng.audit.models import Entry
from yunheng.audit.refused import NotYours, Refused
from yunheng.config.administrators import source_key
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger.models import Channel, Received, Resource, Source
from yunheng.ledger.operations import issue_key
from yunheng.ledger.receiving import source_of
from yunheng.rules.digest import sm3

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def people() -> None:
    cast()


def test_R052_登记来源给口令_再办一次是换口令_登记和换口令都记审计() -> None:
    first, second = source_key("联通云管平台", "CU"), source_key("联通云管平台", "CU")
    source = Source.objects.get(code="联通云管平台")
    assert first != second
    assert (source.provider.code, source.channel, source.key_digest) == ("CU", Channel.API, sm3(second))
    entries = Entry.objects.filter(subject="联通云管平台").order_by("pk")
    assert list(entries.values_list("action", flat=True)) == ["登记接口来源", "换接口口令", "换接口口令"]


@pytest.mark.parametrize("other", ["CT", "SDSJ"])
def test_R052_已有的来源不能换成别家_原来的口令照旧能用(other: str) -> None:
    key = source_key("联通云管平台", "CU")
    with pytest.raises(ValueError, match=r"不能换成|没有代码为"):
        source_key("联通云管平台", other)
    source = Source.objects.get(code="联通云管平台")
    assert (source.provider.code, source.key_digest) == ("CU", sm3(key))


@pytest.mark.parametrize("name", ["CU-补录", "XX-回执", "CU-文件", "CU－补录", "CU—回执", "随便-文件"])
def test_R052_内部来源的名字不能登记成接口的来源(name: str) -> None:
    with pytest.raises(Refused, match="是系统自己记"):
        source_key(name, "CU")
    assert not Source.objects.filter(code=name).exists()


@pytest.mark.parametrize("channel", [Channel.FILE, Channel.BACKFILL, Channel.RECEIPT])
def test_R052_内部的来源发不出口令_命令_操作_库里都不行(channel: Channel) -> None:
    inner = source_of(provider("CU"), channel)
    with pytest.raises(Refused, match="不能有接口的口令"):
        source_key(inner.code, "CU")
    with pytest.raises(Refused, match="不能有接口的口令"):
        issue_key(actor=SYSTEM, source=inner)
    with pytest.raises(IntegrityError), transaction.atomic():
        Source.objects.filter(pk=inner.pk).update(key_digest=sm3("猜的"))
    assert Source.objects.get(pk=inner.pk).key_digest == ""


@pytest.mark.parametrize("name", ["", "联" * 33, "联通\u200b云", "ＬＴ云", "lt云", "Lt 云"])
def test_R052_来源的名字空的_太长的_有看不见的字的_与已有的形近的都拒绝(name: str) -> None:
    source_key("LT云", "CU")
    with pytest.raises(Refused):
        source_key(name, "CU")
    assert list(Source.objects.values_list("code", flat=True)) == ["LT云"]


def test_R052_内部来源的名字被别的来源占了_收件不记到那里() -> None:
    Source.objects.create(code="CU-回执", provider=provider("CT"))
    with pytest.raises(Refused, match="不能记在它名下"):
        source_of(provider("CU"), Channel.RECEIPT)


@pytest.mark.parametrize("channel", list(Channel))
def test_R052_别家名下的资源_不论从哪条路来都不收(channel: Channel) -> None:
    walk = Walk(cast(), "mzj", date(2025, 7, 1), "new", project_name="联通的系统")
    walk.fill(**FILLED).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve").later(1).deliver("lt", "ECS-YC-")
    theirs = Resource.objects.filter(provider__code="CU").first()
    assert theirs is not None
    source = platform("CT") if channel == Channel.API else source_of(provider("CT"), channel)
    before = Received.objects.count()
    with pytest.raises(NotYours, match="别家服务商名下的"):
        send("用量", usage("1", "999", theirs.code), source=source)
    assert Received.objects.count() == before
