"""读目录：某日的单价、预估费用（R-087）。定价只有 rules/pricing 一处。"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from yunheng.rules import editions, periods, pricing
from yunheng.rules.money import number_typed
from yunheng.rules.problems import NotInForce

from .models import Edition, Item, Listing, Price
from .sheet import TEXTS, Row, digest


def price_book() -> pricing.PriceBook:
    """全部价格版本。"""
    rows = Price.objects.values_list("item__code", "provider__code", "unit_price", "during")
    return pricing.PriceBook(
        pricing.PriceVersion(item, price, periods.Period(during.lower, during.upper), provider)
        for item, provider, price, during in rows
        if price is not None
    )


def folded(level: str, extra: tuple[date, Mapping[editions.Key, Decimal | None]] | None = None) -> list[editions.Span]:
    """由各版折出的价格版本；库里的 Price 应与它相同（`prove` 核对）。`extra` 是再加一版（生效日、各行）会怎样。"""
    listings: dict[int, dict[editions.Key, Decimal | None]] = {}
    rows = Listing.objects.filter(edition__level=level)
    for edition, item, provider, price in rows.values_list("edition", "item__code", "provider__code", "unit_price"):
        listings.setdefault(edition, {})[item, provider] = price
    published = Edition.objects.filter(level=level).order_by("pk").values_list("pk", "effective_on")
    every = [editions.Edition(on, listings.get(pk, {})) for pk, on in published]
    return editions.fold([*every, editions.Edition(*extra)] if extra else every)


def price_differences() -> Iterator[str | None]:
    """逐级：价格版本与各版目录的折叠是否相同。"""
    for level in ("市级", "区级"):
        stored = {
            (item, provider, price, during.lower, during.upper)
            for item, provider, price, during in Price.objects.filter(item__level=level).values_list(
                "item__code", "provider__code", "unit_price", "during"
            )
        }
        derived = {(s.item, s.provider, s.unit_price, s.start, s.until) for s in folded(level)}
        yield None if stored == derived else f"{level}目录的价格版本与各版不符：{len(stored ^ derived)} 处"


def edition_on(level: str, on: date) -> Edition | None:
    """`on` 这天现行的一版。"""
    return Edition.objects.filter(level=level, effective_on__lte=on).order_by("-effective_on", "-pk").first()


def previous(edition: Edition) -> Edition | None:
    """这一版之前的一版。"""
    earlier = Edition.objects.filter(level=edition.level, effective_on__lt=edition.effective_on)
    return earlier.order_by("-effective_on", "-pk").first()


def latest(level: str) -> Edition | None:
    """这一级生效日最晚的一版，发布了还没生效的也算：下一版从它改起。"""
    return Edition.objects.filter(level=level).order_by("-effective_on", "-pk").first()


def rows_of(edition: Edition, *, as_published: bool = False) -> list[Row]:
    """一版目录的各行，按目录项、服务商；`as_published` 是照发布时的先后。"""
    listings = Listing.objects.filter(edition=edition).select_related("item", "provider")
    order = ("pk",) if as_published else ("item__code", "provider__code")
    return [
        Row(
            number=number,
            item=one.item.code,
            category=one.item.category,
            name=one.name,
            unit=one.item.unit,
            pricing=one.item.pricing,
            cycle=one.item.cycle,
            unit_price=one.unit_price,
            provider=one.provider.code if one.provider else "",
            logged=one.item.logged,
            dimension=one.item.dimension,
            architecture=one.item.architecture,
            level=edition.level,
            content=one.content,
            standard=one.standard,
        )
        for number, one in enumerate(listings.order_by(*order), start=1)
    ]


def edition_differences() -> Iterator[str | None]:
    """逐版：看到的各行与发布时的摘要是否相同；升级前录入的没有摘要，不核。"""
    for edition in Edition.objects.exclude(digest="").order_by("pk"):
        shown = digest(rows_of(edition, as_published=True))
        yield None if shown == edition.digest else f"目录 {edition.number} 的各行与发布时的摘要不符"


def listed(level: str, on: date) -> list[Row]:
    """`on` 这天现行的各行；还没有一版为空。"""
    edition = edition_on(level, on)
    return rows_of(edition) if edition else []


@dataclass(frozen=True)
class Moved:
    """两版之间变了的一行：原价、现价；`before` 为 None 且 `new` 为真是新增，`gone` 为真是取消。"""

    item: str
    name: str
    provider: str
    unit: str
    before: Decimal | None
    after: Decimal | None
    new: bool = False
    gone: bool = False

    @property
    def ratio(self) -> Decimal | None:
        """涨跌幅；新增、取消、阶梯的没有。"""
        if self.before is None or self.after is None or not self.before:
            return None
        return (self.after - self.before) / self.before


def moved(before: Iterable[Row], after: Iterable[Row]) -> list[Moved]:
    """两版的差：新增、取消、改价。"""
    old = {(row.item, row.provider): row for row in before}
    new = {(row.item, row.provider): row for row in after}
    found = []
    for key in sorted({*old, *new}):
        a, b = old.get(key), new.get(key)
        one = b or a
        assert one is not None
        if a is None or b is None or a.unit_price != b.unit_price:
            found.append(
                Moved(
                    one.item,
                    one.name,
                    one.provider,
                    one.unit,
                    a.unit_price if a else None,
                    b.unit_price if b else None,
                    new=a is None,
                    gone=b is None,
                )
            )
    return found


@dataclass(frozen=True)
class Reworded:
    """两版之间改了文字的一处：名称、服务内容或服务标准。"""

    item: str
    name: str
    provider: str
    column: str
    before: str
    after: str


def reworded(before: Iterable[Row], after: Iterable[Row]) -> list[Reworded]:
    """两版都有的行里改了的文字；不动单价，账目不受影响。"""
    old = {(row.item, row.provider): row.plain() for row in before}
    new = {(row.item, row.provider): row.plain() for row in after}
    return [
        Reworded(key[0], new[key]["名称"], key[1], column, old[key][column], new[key][column])
        for key in sorted({*old} & {*new})
        for column in ("名称", *TEXTS)
        if old[key][column] != new[key][column]
    ]


def items() -> dict[str, Item]:
    """目录项代码 → 目录项。"""
    return {item.code: item for item in Item.objects.select_related("provider")}


def dimensions() -> dict[str, str]:
    """主机规格的目录项 → 是哪一维。"""
    return dict(Item.objects.exclude(dimension="").values_list("code", "dimension"))


@dataclass(frozen=True)
class EstimateLine:
    """预估的一行：一整个服务年度的费用（分）；按次计的、没有单价的 `fen` 为 None，`note` 说明。"""

    item: Item
    quantity: Decimal
    unit_price: Decimal | None
    fen: int | None
    note: str = ""


@dataclass(frozen=True)
class Estimate:
    """预估：逐行和合计。合计等于各行之和。"""

    lines: tuple[EstimateLine, ...]

    @property
    def fen(self) -> int:
        """年化合计（分）。"""
        return sum(line.fen or 0 for line in self.lines)


@dataclass(frozen=True)
class Prices:
    """某日对某家服务商的全部单价：目录和价格版本各取一次，页面上的单价和估算共用。"""

    items: Mapping[str, Item]
    book: pricing.PriceBook
    provider: str
    on: date

    def unit_price(self, item: Item) -> Decimal | None:
        """这一项当日的单价；平台软件、授权类按它自己的服务商。没有单价为 None。"""
        try:
            return self.book.price_on(
                item.code, item.provider.code if item.provider else self.provider, self.on
            ).unit_price
        except NotInForce:
            return None


def prices(provider: str, on: date) -> Prices:
    """取一次，整页用。"""
    return Prices(items(), price_book(), provider, on)


def estimate(quantities: Mapping[str, Decimal], at: Prices) -> Estimate:
    """按当日单价，这些数量用满一个服务年度要多少钱；只作参考，以计量为准（D62-七，R-087）。"""
    return Estimate(tuple(_line(at.items[code], amount, at) for code, amount in quantities.items() if code in at.items))


def _line(item: Item, quantity: Decimal, at: Prices) -> EstimateLine:
    price = at.unit_price(item)
    if price is None:
        note = "阶梯计价，按全市平均单价" if item.pricing == "阶梯" else f"目录在 {at.on} 没有单价"
        return EstimateLine(item, quantity, None, None, note)
    year = periods.service_year_of(at.on)
    whole = periods.service_year(year)
    if item.cycle == "年":
        amount: Fraction = pricing.yearly(quantity, price, whole, year)
    elif item.cycle == "月":
        amount = pricing.monthly(quantity, price, whole)
    elif item.cycle == "一次性":
        amount = pricing.each(quantity, price)
    else:
        return EstimateLine(item, quantity, price, None, "按次计，以实际用量为准")
    return EstimateLine(item, quantity, price, int(pricing.to_fen(amount) * 100))


def host_quantities(
    hosts: Iterable[Mapping[str, object]], architecture: str, known: Mapping[str, Item]
) -> dict[str, Decimal]:
    """主机清单折成目录项的数量：按架构选目录项，数据盘按是否 SSD 分开；物理机按台。"""
    by_dimension = {
        (item.dimension, item.architecture): item.code
        for item in known.values()
        if item.dimension and item.level == "市级"
    }
    result: dict[str, Decimal] = {}

    def number_in(value: object) -> Decimal:
        return number_typed(str(value)) or Decimal(0)

    def add(dimension: str, amount: Decimal) -> None:
        code = by_dimension.get((dimension, architecture)) or by_dimension.get((dimension, ""))
        if code and amount:
            result[code] = result.get(code, Decimal(0)) + amount

    for host in hosts:
        count = number_in(host.get("count") or 1)
        if host.get("type") == "物理机":
            add("物理机", count)
            continue
        add("CPU 核", number_in(host.get("cores") or 0) * count)
        add("内存 GB", number_in(host.get("memory") or 0) * count)
        add("系统盘 TB", number_in(host.get("system_disk") or 0) * count)
        disk = "SSD TB" if host.get("ssd") else "数据盘 TB"
        add(disk, number_in(host.get("data_disk") or 0) * count)
    return result
