"""阶梯价的各档和全市年度总量（M10-四(四)，R-019、R-076）：市里发布，更正是下一版。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from yunheng.audit.actor import Actor
from yunheng.audit.append_only import newest
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.orgs.reading import decimal_of
from yunheng.rules.roles import Role

from .models import CityUsage, Item, Tier

MODES = ("累进", "到达")
#: 单价的整数部分最多几位（数据包版本 2 第 4 处）
PRICE_WHOLE = 9


def publish_usage(*, actor: Actor, on: date, item: Item, year: int, total: Decimal) -> CityUsage:
    """发布一项的全市年度总量；不是阶梯的、不大于 0 的抛 Refused。"""
    _only_city(actor)
    problems = []
    if item.pricing != "阶梯":
        problems.append(f"{item.name}不是阶梯计价，不用全市总量（M10-四(四)，R-019）")
    if total <= 0:
        problems.append(f"全市总量应大于 0，现在是 {total}（R-076）")
    if not _tiers(item, year):
        problems.append(f"{item.name} {year} 服务年度的各档单价还没有，先发布各档（R-019）")
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        # 两个人同时发布的排队，后到的是下一版
        hold(Lock.TIERS, item.pk)
        version = CityUsage.objects.filter(item=item, service_year=year).count() + 1
        made = CityUsage.objects.create(item=item, service_year=year, version=version, total=total)
        journal.note("发布全市用量", item.code, after={"服务年度": year, "全市总量": str(total), "日期": str(on)})
    return made


def publish_tiers(*, actor: Actor, on: date, item: Item, year: int, mode: str, text: str) -> list[Tier]:
    """发布一项的各档：`text` 一行一档“起 止 单价”，末档的止写“—”；不连、不从 0 起、单价不是数的抛 Refused。"""
    _only_city(actor)
    problems = []
    if item.pricing != "阶梯":
        problems.append(f"{item.name}不是阶梯计价（M10-四(四)，R-019）")
    if mode not in MODES:
        problems.append("方式只有累进、到达两种（R-019）")
    rows: list[tuple[Decimal, Decimal | None, Decimal]] = []
    for number, line in enumerate(text.strip().splitlines(), start=1):
        cells = line.split()
        try:
            if len(cells) != 3:
                raise ValueError("应是“起 止 单价”三个，用空格隔开，末档的止写“—”")
            until = None if cells[1] in ("—", "-") else decimal_of(cells[1], 6)
            rows.append((decimal_of(cells[0], 6), until, decimal_of(cells[2], 6, PRICE_WHOLE)))
        except ValueError as error:
            problems.append(f"第 {number} 档：{error}（R-019）")
    if not rows and not problems:
        problems.append("一档都没有（R-019）")
    expected: Decimal | None = Decimal(0)
    for number, (start, until, price) in enumerate(rows, start=1):
        if start != expected:
            problems.append(f"第 {number} 档应接着上一档的止 {expected or '—'}，现在从 {start} 起（R-019）")
        if (until is not None and until <= start) or price < 0:
            problems.append(f"第 {number} 档的止应大于起，单价不能是负的（R-019）")
        expected = until
    if rows and expected is not None:
        problems.append("末档不封顶，止写“—”（R-019）")
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        hold(Lock.TIERS, item.pk)
        last = newest(Tier.objects.filter(item=item, service_year=year), "version")
        version = last.version + 1 if last else 1
        made = Tier.objects.bulk_create(
            Tier(item=item, service_year=year, version=version, mode=mode, start=start, until=until, unit_price=price)
            for start, until, price in rows
        )
        journal.note("发布阶梯价", item.code, after={"服务年度": year, "方式": mode, "各档": text, "日期": str(on)})
    return made


def _only_city(actor: Actor) -> None:
    if actor.role != Role.CITY_OPERATOR:
        raise NotYours(["阶梯价和全市用量由市运管单位发布（M10-四(四)，R-019）"])


def _tiers(item: Item, year: int) -> list[Tier]:
    """这一年现行的各档。"""
    last = newest(Tier.objects.filter(item=item, service_year=year), "version")
    return (
        list(Tier.objects.filter(item=item, service_year=year, version=last.version).order_by("start")) if last else []
    )


def shown(year: int) -> list[tuple[Item, list[Tier], CityUsage | None]]:
    """各阶梯项这一年的各档和全市总量。"""
    usage = CityUsage.objects.filter(service_year=year).order_by("item", "-version").distinct("item")
    totals = {one.item_id: one for one in usage}
    return [
        (item, _tiers(item, year), totals.get(item.pk)) for item in Item.objects.filter(pricing="阶梯").order_by("code")
    ]
