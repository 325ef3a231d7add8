"""差异按资源聚成一组；去年怎样裁的写在旁边，一键沿用也是一次新裁定（D62-七，R-001、R-075、R-083）。"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, approved, measured, used
from yunheng.audit.models import Entry
from yunheng.audit.refused import NotYours, Refused
from yunheng.orgs.models import BusinessClock
from yunheng.rules.overlay import Span
from yunheng.settlement import handling, queries, rulings
from yunheng.settlement.bill import grouping
from yunheng.settlement.bill.grouping import Entry as Shown
from yunheng.settlement.models import Difference, Handling, Run

pytestmark = pytest.mark.django_db
LAST = YEAR - 1
BASIS = "双方核过，以工单为准"


@pytest.fixture(autouse=True)
def _clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


@pytest.fixture
def row() -> Difference:
    """没有日志的系统的一条 D5：10-03 起计费，没有裁定，全在待核。"""
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    return Difference.objects.filter(run=measured(), code="D5").order_by("seq")[0]


def past(row: Difference, ruling: str = "认可", from_on: date | None = None, until_on: date | None = None) -> Handling:
    """去年对同一资源、目录项、差异的裁定。"""
    return Handling.objects.create(
        service_year=LAST, resource=row.resource, item=row.item, code=row.code, kind=Handling.RULE, ruling=ruling,
        from_on=from_on, until_on=until_on, whole=from_on is None, text=BASIS, institution="区科创中心",
        by="审核员", on=date(2025, 7, 20),
    )  # fmt: skip


def reuse(*rows: Difference, who: str = "shy") -> list[Handling]:
    return handling.reuse(
        actor=cast()[who], on=JULY, year=YEAR, rows=[(one.code, one.resource, one.item) for one in rows]
    )


def this_year() -> list[Handling]:
    return list(Handling.objects.filter(service_year=YEAR).order_by("pk"))


def shown(row: Difference, who: str = "shy") -> Shown:
    """页上的这一条。"""
    page = signed_in(who).get(url(row), {"q": row.resource}).context["page"]
    (found,) = [
        one for group in page.groups for one in group.entries if one.key == f"{row.code}|{row.item}|{row.resource}"
    ]
    assert isinstance(found, Shown)
    return found


def url(row: Difference) -> str:
    return f"/settlement/runs/{row.run_id}/differences/"


# ── 聚成一组 ──


def test_R075_一个资源一组_写单位_项目_服务商_三方各自的日期(row: Difference) -> None:
    page = signed_in("shy").get(url(row))
    groups = page.context["page"].groups
    assert [one.resource for one in groups] == sorted({one.resource for one in Difference.objects.filter(run=row.run)})
    (mine,) = [one for one in groups if one.resource == row.resource]
    assert len(mine.entries) == Difference.objects.filter(run=row.run, resource=row.resource).count() > 1
    assert mine.held == sum(line.amount for line in queries.lines_of(row.run).filter(resource=row.resource))
    text = page.content.decode()
    for words in ("民政局（虚构） · 没有日志的系统 · ", "2025-07-02 审核通过", "2025-07-03 完成", "平台日志里没有"):
        assert words in text, words


def test_R075_按资源翻页_往后往前都不重不漏(row: Difference, monkeypatch: pytest.MonkeyPatch) -> None:
    used("又一个没有日志的", "ECS-MORE-", with_logs=False)
    run = measured()
    monkeypatch.setattr(grouping, "PAGE", 2)
    client, every = signed_in("shy"), sorted({one.resource for one in Difference.objects.filter(run=run)})
    where, pages = f"/settlement/runs/{run.pk}/differences/", list[Any]()
    asked = {"after": ""}
    while True:
        page = client.get(where, asked).context["page"]
        pages.append([group.resource for group in page.groups])
        if not page.after:
            break
        asked = {"after": page.after}
    assert [name for each in pages for name in each] == every
    assert len(pages) > 2
    assert row.resource in every
    back = client.get(where, {"before": page.before}).context["page"]
    assert [group.resource for group in back.groups] == pages[-2]
    assert (back.before, back.after) == (pages[-2][0], pages[-2][-1])
    first = client.get(where, {"before": pages[1][0]}).context["page"]
    assert ([group.resource for group in first.groups], first.before) == (pages[0], "")


def test_R075_筛掉的写明还有几条(row: Difference) -> None:
    handling.handle(
        actor=cast()["shy"], on=JULY, year=YEAR, code=row.code, resource=row.resource, item=row.item,
        kind=Handling.RULE, text=BASIS, ruling="认可",
    )  # fmt: skip
    page = signed_in("shy").get(url(row), {"state": "ruled"})
    (group,) = page.context["page"].groups
    assert [one.difference.pk for one in group.entries] == [row.pk]
    assert f"另有 {group.others} 条不在筛选里" in page.content.decode()
    assert group.others == Difference.objects.filter(run=row.run, resource=row.resource).count() - 1


# ── 沿用去年的裁定 ──


def test_R075_沿用是一次新的裁定_写明出自哪一条_照它重新计量(row: Difference) -> None:
    old = past(row)
    assert shown(row).reusable
    assert signed_in("shy").post(url(row), {"reuse": shown(row).key}).status_code == 302
    (made,) = this_year()
    assert (made.ruling, made.from_on, made.until_on, made.whole) == ("认可", None, None, True)
    assert made.text == f"沿用 {LAST} 服务年度的裁定：{BASIS}（审核员 2025-07-20）"
    assert made.by == str(cast()["shy"])
    assert Handling.objects.get(service_year=LAST) == old
    assert Entry.objects.filter(action="差异裁定", subject=f"{row.code} {row.resource}").count() == 1
    run = measured()
    lines = queries.lines_of(run).filter(resource=row.resource, item=row.item)
    assert [one.disputed for one in lines] == [False]


def test_R075_只裁了一段的_日子挪一年(row: Difference) -> None:
    past(row, "不计费", date(2024, 9, 1), date(2025, 3, 1))
    past(row, "认可", date(2025, 3, 1), None)
    assert shown(row).precedent.stated.startswith("2024-07-01 至 2024-08-31（含）没有裁定，待核；")  # type: ignore[union-attr]
    reuse(row)
    assert [(one.ruling, one.from_on, one.until_on, one.whole) for one in this_year()] == [
        ("不计费", date(2025, 9, 1), date(2026, 3, 1), False),
        ("认可", date(2026, 3, 1), None, False),
    ]


def test_R075_去年没有裁过_撤回了的_不给沿用_一批里有一条就都不记(row: Difference) -> None:
    other = Difference.objects.filter(run=row.run, code="D5").exclude(pk=row.pk)[0]
    past(row)
    past(other)
    past(other, Handling.WITHDRAW)
    assert shown(other).precedent is None
    assert "没有裁过" in signed_in("shy").get(url(row), {"q": other.resource}).content.decode()
    with pytest.raises(Refused, match=f"{LAST} 服务年度没有裁定过 D5 {other.resource} {other.item}"):
        reuse(row, other)
    assert not this_year()


def test_R075_别的目录项_别的差异_别的年度的裁定不算(row: Difference) -> None:
    kept = past(row)
    Handling.objects.create(**_columns(kept) | {"item": "别的项"})
    other = Difference.objects.filter(run=row.run, code="D5", resource=row.resource).exclude(pk=row.pk)[0]
    Handling.objects.create(**_columns(kept) | {"item": other.item, "code": "D6"})
    Handling.objects.create(**_columns(kept) | {"item": other.item, "service_year": LAST - 1})
    assert shown(other).precedent is None
    assert shown(row).precedent is not None


def _columns(one: Handling) -> dict[str, Any]:
    return {
        name: getattr(one, name)
        for name in ("service_year", "resource", "item", "code", "kind", "ruling", "text", "institution", "by", "on")
    }


def test_R075_同一条交了两遍_只沿用一次_另裁也只记一条(row: Difference) -> None:
    past(row, "认可", date(2024, 7, 1), date(2024, 10, 1))
    assert len(reuse(row, row)) == 1
    assert len(this_year()) == 1
    made = handling.handle_all(
        actor=cast()["shy"], on=JULY, year=YEAR, rows=[(row.code, row.resource, row.item)] * 2, kind=Handling.RULE,
        ruling="不计费", text="另有依据",
    )  # fmt: skip
    assert len(made) == 1
    assert len(this_year()) == 2


def test_R075_今年那些日子已经裁过_再点一次_都不行(row: Difference) -> None:
    past(row, "认可", date(2024, 7, 1), date(2024, 10, 1))
    reuse(row)
    assert not shown(row).reusable
    with pytest.raises(Refused, match="今年这些日子已经裁过"):
        reuse(row)
    assert len(this_year()) == 1


def test_R001_服务商_使用单位_区科委都不能沿用_页上也没有按钮(row: Difference) -> None:
    past(row)
    for who in ("lt", "mzj", "dsf", "kw"):
        with pytest.raises(NotYours, match="由区科创中心分派和裁定"):
            reuse(row, who=who)
    for who in ("lt", "mzj"):
        assert 'name="reuse"' not in signed_in(who).get(url(row)).content.decode()
        assert signed_in(who).post(url(row), {"reuse": shown(row).key}).status_code in (403, 422)
    assert 'name="reuse"' in signed_in("shy").get(url(row)).content.decode()
    assert not this_year()


def test_R083_冻结以后不能沿用_要写这一次的依据另作裁定(tmp_path: Path) -> None:
    used()
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    approved(tmp_path)
    run = queries.latest_run(YEAR)
    assert isinstance(run, Run)
    row = Difference.objects.filter(run=run, code="D5")[0]
    past(row)
    assert shown(row).precedent is not None
    assert not shown(row).reusable
    with pytest.raises(Refused, match="冻结，不能沿用去年的裁定"):
        reuse(row)
    assert not this_year()


def test_R075_不阻断的_没有勾选的_不能沿用(row: Difference) -> None:
    with pytest.raises(Refused, match="请先勾选要沿用的差异"):
        reuse()
    note = Difference(run=row.run, code="D8", resource=row.resource, item="")
    past(note)
    with pytest.raises(Refused, match="没有这条差异"):
        reuse(note)
    assert not this_year()


def test_R075_去年那个闰日_今年没有的_不沿用() -> None:
    leap, after = date(2024, 2, 29), date(2024, 3, 1)

    def moved(start: date, until: date) -> list[tuple[date, date]]:
        one = Handling(ruling="认可")
        found = rulings.Precedent(2023, [Span(start, until, "认可", one)])
        return [(span.start, span.until) for span in found.moved]

    assert moved(leap, after) == []
    assert moved(date(2024, 2, 1), leap) == [(date(2025, 2, 1), date(2025, 3, 1))]
    assert moved(leap, date(2024, 4, 1)) == [(date(2025, 3, 1), date(2025, 4, 1))]
    # 到 2 月末为止的，闰年也到 2 月末
    assert moved(date(2023, 7, 1), date(2023, 3, 1)) == []
    assert moved(date(2023, 2, 1), date(2023, 3, 1)) == [(date(2024, 2, 1), date(2024, 3, 1))]


def test_R075_只看去年裁过的_全选就一次沿用一批(row: Difference) -> None:
    other = Difference.objects.filter(run=row.run, code="D5").exclude(pk=row.pk)[0]
    past(row)
    past(other, "不计费")
    client = signed_in("shy")
    page = client.get(url(row), {"past": "1", "state": "open"})
    keys = [one.key for group in page.context["page"].groups for one in group.entries]
    assert sorted(keys) == sorted(f"{one.code}|{one.item}|{one.resource}" for one in (row, other))
    assert "共 2 条" in page.content.decode()
    assert client.post(url(row), {"do": "沿用", "row": keys}).status_code == 302
    assert sorted(one.ruling for one in this_year()) == ["不计费", "认可"]


def listed_past(row: Difference) -> int:
    """“只看去年裁过的”列出几条。"""
    return int(signed_in("shy").get(url(row), {"past": "1", "q": row.resource}).context["count"])


def test_R075_只看去年裁过的_去年裁了又撤回的不列_只撤回一段的照列_与沿用的判法相同(row: Difference) -> None:
    past(row)
    assert listed_past(row) == 1
    past(row, "撤回", date(2024, 7, 1), date(2025, 1, 1))
    assert listed_past(row) == 1
    past(row, "撤回", date(2025, 1, 1), date(2025, 7, 1))
    assert listed_past(row) == 0
    with pytest.raises(Refused, match="没有裁定过"):
        reuse(row)
    past(row, "不计费", date(2025, 3, 1), date(2025, 4, 1))
    assert listed_past(row) == 1
    past(row, "撤回")
    assert listed_past(row) == 0


def test_R075_只看去年裁过的_先撤回后裁的_前年的撤回_都不算撤回(row: Difference) -> None:
    past(row, "撤回")
    assert listed_past(row) == 0
    past(row)
    assert listed_past(row) == 1
