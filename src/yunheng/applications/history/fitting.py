"""补录的各条与系统里已有的接不接得上：形近的编号、同名的项目、不像真的数量、与台账接不上的动作，都要人点头才写（R-051、R-084）。

格式、引用对不对在 `checks`，那里的拦着不写；这里的写得成，只是多半写错了，写下去就是重复计费，或该停的没停。
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations

from yunheng.applications.usual import DIMENSIONS
from yunheng.cases.models import Case
from yunheng.catalog.models import Item
from yunheng.ledger.matching import alike
from yunheng.ledger.models import Action, Fact, Project, Resource, Segment
from yunheng.ledger.operations import PHYSICAL, folded, hosted
from yunheng.ledger.sequencing import sequenced
from yunheng.ledger.timeline import Recorded, applied
from yunheng.orgs.alike import alike_in
from yunheng.tables import folding
from yunheng.tables.notes import Note, Outcome, told_rows

from .checks import registered_projects
from .workbook import Rows

#: 主机规格照 `usual`，别的目录项照这个
_MANY = 1_000_000
#: 计价单位头一段是这些的，数量可以有小数；别的是一个一个数的
_MEASURED = {"TB", "GB", "MB", "Mb", "Mbps", "平方米"}
_CPU = "CPU 核"


def _note(sheet: str, numbers: Iterable[int], text: str) -> Note:
    return Note(Outcome.NAMED, told_rows(numbers), text, sheet, doubtful=True)


def before(rows: Rows) -> Iterator[Note]:
    """写以前就看得出的：形近的、同名的、数量不像的。"""
    yield from _alike(rows)
    yield from _same_projects(rows)
    yield from _quantities(rows)


def _alike(rows: Rows) -> Iterator[Note]:
    """与系统里已有的形近的单号、项目、资源：多半是同一个，照补就成了两个。"""
    resources = _places(rows["单据明细"], "资源")
    known = set(Resource.objects.filter(code__in=resources).values_list("code", flat=True))
    for sheet, column, places, near, told in (
        ("单据", "单号", (own := _places(rows["单据"], "单号")), alike_in(Case, "number", set(own)),
         "是同一张的已经登记过，请从表里删去；确是另一张才照补（R-084）"),
        ("项目", "项目", (own := _places(rows["项目"], "项目")), alike_in(Project, "code", set(own)),
         "是同一个的请在“单据”表里写已有的编号；确是另一个才照补（R-084）"),
        ("单据明细", "资源", resources, alike(set(resources) - known),
         "是同一台的请照台账的编号写，照补就另成一台，重复计费（R-051）"),
    ):  # fmt: skip
        for code, kept in sorted(near.items()):
            yield _note(sheet, places[code], f"{column} {code} 与系统里已有的 {kept} 形近：{told}")


def _places(numbered: Sequence[tuple[int, Mapping[str, str]]], column: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for number, row in numbered:
        if row[column]:
            found[row[column]].append(number)
    return found


def _same_projects(rows: Rows) -> Iterator[Note]:
    """新项目与已有的、与这一份里另一个同单位，名称相同（空白、括号不看）或一个是另一个的一部分。"""
    known: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for row in registered_projects():
        told = f"系统里已有的 {row['项目']}“{row['名称'][:40]}”（{row['费用归属']}）"
        known[row["单位"]].append((row["项目"], _plainly(row["名称"]), told))
    for number, row in rows["项目"]:
        name, others = _plainly(row["名称"]), known[row["单位"]]
        new = all(code != row["项目"] for code, _, _ in others)
        same = [told for code, other, told in others if code != row["项目"] and other == name]
        part = [told for _, other, told in others if new and other and (other in name or name in other)]
        # 一个单位名下相近的可能有几个，列头三个
        if name and (found := same or part):
            how = "单位、名称都相同" if same else "单位相同、名称是另一个的一部分"
            text = f"{row['项目']}“{row['名称'][:40]}”与{'、'.join(found[:3])}{how}"
            yield _note("项目", [number], f"{text}：是同一个的请用那个编号，确是另一个才照补（R-084）")
        others.append((row["项目"], name, f"第 {number} 行的 {row['项目']}"))


def _plainly(name: str) -> str:
    """项目名称怎样比：空白、括号、横不看，全半角、大小写不分。"""
    return re.sub(r"[\W_]+", "", folding.compact(name))


def _quantities(rows: Rows) -> Iterator[Note]:
    """写得成而不像真的数量：0、不该有的小数、大得不像一台或一项的。"""
    items = {item.code: item for item in Item.objects.all()}
    found: dict[str, list[int]] = defaultdict(list)
    for number, row in rows["单据明细"]:
        if row["动作"] != Action.RELEASE and row["数量"] and (item := items.get(row["目录项"])):
            for text in _odd(item, Decimal(row["数量"])):
                found[text].append(number)
    for text, numbers in found.items():
        yield _note("单据明细", numbers, text)


def _odd(item: Item, quantity: Decimal) -> Iterator[str]:
    unit = item.unit.partition("·")[0]
    if not quantity:
        yield "数量是 0：不计费；停用请写释放，不计费的请从表里删去"
    if unit not in _MEASURED and quantity % 1:
        yield f"{item.code} 按{unit}计，数量有小数，请与原件核对"
    most = DIMENSIONS.get(item.dimension, _MANY)
    if quantity > most:
        each = "一台" if item.dimension else "一项"
        yield f"{item.code} {each}超过 {most:,} {unit}，像是写错了位数或单位，请与原件核对"


def after(rows: Rows) -> Iterator[Note]:
    """真的写了一遍以后看台账：没有在用的变更、释放，在用又新增，同一台主机两项重着计费的。要在退回以前看。"""
    entries: dict[tuple[str, ...], list[int]] = defaultdict(list)
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, row in rows["单据明细"]:
        entries[row["单号"], row["资源"], row["目录项"], row["动作"]].append(number)
        places[row["资源"], row["目录项"]].append(number)
    codes = {resource for resource, _ in places}
    facts = Fact.objects.filter(resource__code__in=codes).select_related("case", "resource", "item").order_by("pk")
    parted: dict[tuple[str, str], list[Fact]] = defaultdict(list)
    for fact in facts:
        parted[_pair(fact)].append(fact)
    numbers = {row["单号"] for _, row in rows["单据"]}
    for pair in sorted(places.keys() & parted.keys()):
        for fact, text in _unfit(parted[pair], numbers):
            form = fact.case.number if fact.case else ""
            yield _note("单据明细", entries.get((form, *pair, fact.action)) or places[pair], text)
    yield from _overlapping(codes, places)


def _unfit(facts: Sequence[Fact], numbers: Collection[str]) -> Iterator[tuple[Fact, str]]:
    """一个（资源, 目录项）的各条事实里接不上的：`numbers` 这几张单据的，和因为有了它们才接不上的。"""
    known = {fact.pk: fact for fact in facts}
    own = {fact.pk for fact in facts if fact.case and fact.case.number in numbers}
    before = sequenced(folded(fact) for fact in facts if fact.pk not in own)
    earlier = {one.number: held for one, held in applied(before)}
    for one, held in applied(sequenced(map(folded, facts))):
        fact = known[one.number]
        text = _why(fact, one, held)
        if text and fact.pk in own:
            yield fact, text
        elif text and not _why(fact, one, earlier[one.number]):
            yield fact, f"照补以后，台账已有的一条接不上了：{text}"


def _pair(fact: Fact) -> tuple[str, str]:
    return fact.resource.code, fact.item.code


def _why(fact: Fact, one: Recorded, held: Decimal | None) -> str:
    """这一条与那时的台账怎么接不上；接得上为空。"""
    what = f"{fact.resource.code} 的 {fact.item.code} {one.effective_on} "
    if held is None and one.action == Action.RELEASE:
        return f"{what}没有在用，释放不到什么：编号写错了的，该停的那一项还在计费（R-051）"
    if held is None and one.action == Action.CHANGE:
        return f"{what}没有可变更的在用量，不生效（差异 D11 无主变更，R-075）"
    if held is not None and one.action == Action.ADD and one.quantity is not None:
        kept, total = _plain(one.quantity), _plain(held + one.quantity)
        added = f"再新增照变更处理：以后是 {kept}，不是 {total}"
        return f"{what}已在用 {_plain(held)}，{added}；要加的请写变更和以后的总量（R-073）"
    return ""


def _plain(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"


def _overlapping(codes: Collection[str], places: Mapping[tuple[str, str], list[int]]) -> Iterator[Note]:
    """同一台主机的同一样规格用着两项（区级、市级的 CPU），或主机的编号上又记服务项：各计各的费。"""
    segments = Segment.objects.filter(resource__code__in=codes).select_related("resource", "item").order_by("pk")
    parted: dict[str, list[Segment]] = defaultdict(list)
    for segment in segments:
        parted[segment.resource.code].append(segment)
    for code, spans in sorted(parted.items()):
        said: set[object] = set()
        for one, other in combinations(spans, 2):
            first, second = sorted((one, other), key=lambda span: span.item.code)
            pair = first.item.code, second.item.code
            where = [number for item in pair for number in places.get((code, item), ())]
            # 主机上记的一个服务项说一次，不与主机的各项各说一遍
            service = next((span.item.code for span in (first, second) if not hosted(span.item)), "")
            key = service if hosted(first.item) != hosted(second.item) else pair
            if not where or key in said or pair[0] == pair[1] or not (why := _rivals(first.item, second.item)):
                continue
            if starts := _shared(first, second):
                said.add(key)
                yield _note("单据明细", where, f"{code} 自 {starts} 起同时用着 {pair[0]} 和 {pair[1]}，{why}（R-051）")


def _rivals(one: Item, other: Item) -> str:
    """这两项不该记在同一个编号上：为什么；可以的为空。"""
    if {one.dimension, other.dimension} == {PHYSICAL, _CPU}:
        return "物理机整台计价，不再按 CPU 计；两项都计费，多的请先释放"
    if one.dimension and one.dimension == other.dimension:
        return f"都是{one.dimension}；两项都计费，换成另一项的请先释放原来的"
    if hosted(one) != hosted(other):
        return "主机的编号上又记了服务项；服务项请用自己的资源编号"
    return ""


def _shared(one: Segment, other: Segment) -> str:
    """两段同时在用的头一天；没有为空。"""
    start = max(one.during.lower, other.during.lower)
    ends = [span.during.upper for span in (one, other) if span.during.upper is not None]
    return f"{start}" if not ends or start < min(ends) else ""
