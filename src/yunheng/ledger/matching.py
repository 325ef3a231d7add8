"""收件与送件人、日期、目录对不对得上：接口、文件、代为导入都在这一处判（D62-七，R-052、R-075）。

三类：别家名下的资源，整批拒绝（403）；日期、编号、用量的目录项不对，整批拒绝（422）；谁家都不是的资源、没有单号、
工单的目录项不在目录、新增没写数量、释放写了数量，照收，列为提醒，进“对不上的收件”，照数据包的规矩参与对账。
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from django.db import connection

from yunheng.catalog.models import Price
from yunheng.orgs.alike import alike_in

from .models import Resource, Source

#: 来源编号最长几个字：库里那一栏的宽
MAX_REFERENCE = 100
#: 用量只收这种计费周期的目录项
BY_COUNT = "次"
#: 拒绝、提醒最多逐条列几条，多的写明还有几条
MOST = 100
#: 台账上形近的编号，前面写这几个字
ALIKE = "形近："
#: 编号的几栏
_CODES = ("工单号", "单号", "编号", "资源", "目录项")
Payload = Mapping[str, object]


class Oddity(StrEnum):
    """收下了而对不上的缘由：门上的提醒、“对不上的收件”都照这几种；没有主、没有单号、目录里没有、没有数量的只看门外送来的，别家的和后三种不计入。"""

    NO_OWNER = "资源台账和已通过的单据里都没有"
    FOREIGN = "资源是别家服务商名下的：不计入"
    NO_FORM = "没有单号"
    NO_ITEM = "目录里没有这一项"
    NO_QUANTITY = "新增没有写数量"
    RELEASED_PART = "释放写了数量，没有用：整项停用；只减一部分的请送变更和变更以后的数量"
    UNBILLABLE = "目录里没有这一项，或不按次计费：不计入"
    DISORDERED = "首见晚于末见：不计入"
    GARBLED = "编号、日期、数字或动作的写法读不懂：不计入"


@dataclass(frozen=True)
class Owned:
    """一个资源在 [`start`, `until`) 归哪家服务商。"""

    provider: int
    start: date = date.min
    until: date = date.max


@dataclass
class Verdict:
    """一批的判断，各按第几条（从 0 起）：别家的、不对的、照收而要提醒的。

    `clashing` 是与这一批里或以前收过的同号而内容不同的；`known` 是以前收过、内容相同的。
    """

    foreign: dict[int, str] = field(default_factory=dict)
    wrong: dict[int, str] = field(default_factory=dict)
    reminders: dict[int, str] = field(default_factory=dict)
    clashing: dict[int, str] = field(default_factory=dict)
    #: 照收，也对得上，只是与同一资源的另一段日志断开了：不进“对不上的收件”
    broken: dict[int, str] = field(default_factory=dict)
    #: 照收，也对得上，只是多半写错了：更正换了资源、日期，一天的用量大得不像
    doubtful: dict[int, str] = field(default_factory=dict)
    known: set[int] = field(default_factory=set)


#: 台账里还没有、已通过的单据上有主的：各章登记怎样找
_claims: list[Callable[[Collection[str]], Mapping[str, int]]] = []


def register_claims(find: Callable[[Collection[str]], Mapping[str, int]]) -> None:
    """登记：这些资源编号里，已通过的单据写明归哪家服务商的 → 服务商。"""
    _claims.append(find)


def owners(codes: Collection[str]) -> dict[str, tuple[Owned, ...]]:
    """资源编号 → 哪天归哪家；台账上有的照台账，没有的看已通过的单据，都没有的不在里面。"""
    # 导出时一次问全部资源，十几万个：一个数组参数，不逐个写进语句
    with connection.cursor() as cursor:
        cursor.execute("SELECT code, provider_id FROM ledger_resource WHERE code = ANY(%s)", [list(codes)])
        known: dict[str, int] = dict(cursor.fetchall())
    known |= claimed({code for code in codes if code not in known})
    return {code: (Owned(provider),) for code, provider in known.items()}


def claimed(codes: Collection[str]) -> dict[str, int]:
    """台账上没有的这些资源里，已通过的单据写明归哪家的 → 服务商。"""
    known: dict[str, int] = {}
    for find in _claims:
        if left := {code for code in codes if code not in known}:
            known |= find(left)
    return known


def cycles(codes: Collection[str]) -> dict[str, str]:
    """目录项 → 计费周期；没有过价格版本的不在里面，数据包的目录也没有它。"""
    return dict(Price.objects.filter(item__code__in=codes).values_list("item__code", "item__cycle").distinct())


def alike(codes: Collection[str]) -> dict[str, str]:
    """台账上没有的这些资源编号里，与台账上的形近（`orgs.alike`）的 → 台账上的。

    不代改：接口照送来的存，是不是同一个由人看。
    """
    return alike_in(Resource, "code", codes)


def check(*, source: Source, kind: str, items: Mapping[int, tuple[str, Payload]], on: date) -> Verdict:
    """判一批新的：第几条 →（来源编号, 内容）。归属不论从哪条路来都查；补录、回执的日期、目录项，查单据时已经判过。"""
    if not items:
        return Verdict()
    held = owners({str(one.get("资源", "")) for _, one in items.values()})
    if not source.channel_kind.outside:
        return Verdict(foreign=dict(foreigners(kind, items, held, source.provider_id)))
    known = cycles({str(one.get("目录项", "")) for _, one in items.values()})
    near = alike({code for _, one in items.values() if (code := str(one.get("资源", ""))) not in held})
    return judge(kind, items, held, known, source, on, near)


def judge(
    kind: str,
    items: Mapping[int, tuple[str, Payload]],
    held: Mapping[str, Sequence[Owned]],
    known: Mapping[str, str],
    source: Source,
    on: date,
    near: Mapping[str, str] = MappingProxyType({}),
) -> Verdict:
    """纯的那一半：归属 `held`、目录 `known`、送件的 `source`、今天 `on`、形近的 `near` 都给好了。"""
    verdict = Verdict(foreign=dict(foreigners(kind, items, held, source.provider_id)))
    for number, (reference, one) in items.items():
        if wrong := "；".join(_wrong(kind, reference, one, known, on)):
            verdict.wrong[number] = wrong
        spans = held.get(str(one.get("资源", "")), ())
        if odd := "；".join(_told(which, one, near) for which in oddities(kind, one, owned=bool(spans), known=known)):
            verdict.reminders[number] = odd
    return verdict


def foreigners(
    kind: str, items: Mapping[int, tuple[str, Payload]], held: Mapping[str, Sequence[Owned]], sender: int
) -> Iterator[tuple[int, str]]:
    """不是送件的这家名下的：（第几条, 为什么）。"""
    for number, (_, one) in items.items():
        if foreign := _foreign(kind, one, held.get(str(one.get("资源", "")), ()), sender):
            yield number, foreign


def days(kind: str, one: Payload) -> tuple[date, date] | None:
    """这一件说的是哪些天，含首尾：工单看完成日期，用量看用量日，日志看首见到末见；没有写的为 None。"""
    names = {"工单": ("完成日期",) * 2, "用量": ("日期",) * 2, "日志": ("首见日期", "末见日期")}[kind]
    if not all(one.get(name) for name in names):
        return None
    first, last = (date.fromisoformat(str(one[name])) for name in names)
    return first, last


def _foreign(kind: str, one: Payload, spans: Sequence[Owned], sender: int) -> str:
    """资源在它说的那些天归不归送件的这家；跨两家的日志要分段送。"""
    said = days(kind, one)
    if said is None:
        return ""
    first, last = said
    touched = [span for span in spans if span.start <= last and first < span.until]
    others = [span for span in touched if span.provider != sender]
    if not others:
        return ""
    what = f"资源 {one['资源']}"
    if len(others) < len(touched):
        begins = max(first, min(span.start for span in others))
        return f"{what} 首见到末见跨了两家服务商，{begins} 起的日子不是本家的，请按日子分段送（D62-七，R-052）"
    day = f"{first}" if first == last else f"{first} 至 {last}"
    return f"{what} 在 {day} 是别家服务商名下的，只能由那一家送（D62-七，R-052）"


def _wrong(kind: str, reference: str, one: Payload, known: Mapping[str, str], on: date) -> Iterator[str]:
    if len(reference) > MAX_REFERENCE:
        yield f"来源编号“{reference[:20]}…”超过 {MAX_REFERENCE} 个字，请缩短工单号、资源或目录项的编号（R-052）"
    for name in _CODES:
        text = str(one.get(name, ""))
        if text != text.strip():
            yield f"{name}“{text}”首尾有空白，请去掉（R-052）"
    if said := days(kind, one):
        first, last = said
        if first > last:
            yield f"首见日期 {first} 晚于末见日期 {last}（R-052）"
        if max(first, last) > on:
            yield f"{max(first, last)} 还没到，今天是 {on}，只收已发生的（R-052）"
    if kind == "用量":
        item = str(one.get("目录项", ""))
        if item not in known:
            yield f"目录里没有“{item}”这一项，用量不知道算在哪里（R-052、R-073）"
        elif known[item] != BY_COUNT:
            yield f"“{item}”按{known[item]}计费，只有按次的才送用量（R-052、R-073）"


def oddities(kind: str, one: Payload, *, owned: bool, known: Mapping[str, str]) -> Iterator[Oddity]:
    """照收而对不上的：谁家都不是的资源、没有单号、工单的目录项不在目录、新增没写数量、释放写了数量（R-052、R-075）。

    `unmatched` 对已收下的用 SQL 判，判得一样（tests/scenarios/test_arrivals_alike.py）。
    """
    if not owned:
        yield Oddity.NO_OWNER
    if kind != "工单":
        return
    if not one.get("单号"):
        yield Oddity.NO_FORM
    if str(one.get("目录项", "")) not in known:
        yield Oddity.NO_ITEM
    if one.get("动作") == "新增" and not one.get("数量"):
        yield Oddity.NO_QUANTITY
    if one.get("动作") == "释放" and str(one.get("数量") or "") not in ("", "0"):
        yield Oddity.RELEASED_PART


def _told(which: Oddity, one: Payload, near: Mapping[str, str]) -> str:
    """提醒里写明是哪个资源（台账上有形近的也写）、哪一项。"""
    if which == Oddity.NO_OWNER:
        code = str(one.get("资源", ""))
        hint = f"，{ALIKE}{near[code]}" if code in near else ""
        return f"资源 {code} {which.removeprefix('资源')}{hint}"
    return f"目录里没有“{one.get('目录项', '')}”这一项" if which == Oddity.NO_ITEM else which


def listed(found: Mapping[int, str], word: str = "条") -> tuple[str, ...]:
    """逐条写成“第 n 条 …”；太多的列前面的，写明还有几条。"""
    lines = [f"第 {number + 1} {word} {text}" for number, text in sorted(found.items())[:MOST]]
    if len(found) > MOST:
        lines.append(f"另有 {len(found) - MOST:,} {word}同样有问题，没有逐条列出")
    return tuple(lines)
