"""送件方查自己送过什么、处理成什么样（R-052）：只看得到自己的。"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from . import adopting, arrivals, unmatched, unrecorded
from .models import Disposal, Received, Source

ACCEPTED, CORRECTED, ODD, PASSED_OVER = "已收", "已更正", "对不上", "没有采用"


#: 采不采用要看批次的（同一天的用量几个来源都送了，取哪一边）：由结算一章登记怎样说
_telling: list[Callable[[Sequence[Received]], Mapping[int, str]]] = []


def register_telling(tell: Callable[[Sequence[Received]], Mapping[int, str]]) -> None:
    """登记：这几件收件里没有采用的 → 为什么，取的是什么。"""
    _telling.append(tell)


@dataclass(frozen=True)
class Sent:
    """送过的一件：收件、现在怎样、为什么。"""

    received: Received
    state: str
    text: str

    @property
    def content(self) -> list[tuple[str, str]]:
        """给人看的内容，照列的次序。"""
        return arrivals.content(self.received)


def of_provider(provider: int, kind: str = "") -> QuerySet[Received]:
    """这家服务商各来源送过的，新的在前。"""
    rows = Received.objects.filter(source__provider=provider).select_related("source").order_by("-pk")
    return rows.filter(kind=kind) if kind else rows


def of_source(source: Source, after: int, limit: int) -> list[Received]:
    """这个来源送过的，序号在 `after` 之后的，最多 `limit` 件。"""
    return list(Received.objects.filter(source=source, pk__gt=after).order_by("pk")[:limit])


def described(rows: Sequence[Received]) -> list[Sent]:
    """各件现在怎样：更正过的写由哪一件更正（先前退回过的也写），退回、作废的写理由、不计入，认给的写换成了哪一件，

    暂留而还对不上的、没有处理而对不上的写为什么；没有采用的写账上照的是哪一张工单、哪一次台账更正、哪一个来源的用量；
    账上照它计费而台账还没有的也写。
    """
    later = dict(Received.objects.filter(corrects__in=rows).values_list("corrects", "source_ref"))
    last = {one.received_id: one for one in Disposal.objects.filter(received__in=rows).order_by("pk")}
    odd = unmatched.reasons([one.pk for one in rows])
    passed = adopting.passed_over(rows)
    for tell in _telling:
        passed |= tell(rows)
    missing = unrecorded.told_of(rows)
    found = []
    for one in rows:
        state, text = _state(last.get(one.pk), later.get(one.pk, ""), odd.get(one.pk, ()), passed.get(one.pk, ""))
        found.append(Sent(one, state, "；".join(filter(None, (text, missing.get(one.pk, ""))))))
    return found


def _state(disposal: Disposal | None, later: str, odd: Sequence[str], passed: str) -> tuple[str, str]:
    """最近怎样处理的、由哪一件更正、为什么还对不上、为什么没有采用 → 现在怎样、为什么。"""
    kind, reason = (disposal.kind, disposal.reason) if disposal else ("", "")
    if kind == Disposal.ASSIGN:
        return kind, f"{reason}；照 {later} 计入"
    if later:
        before = f"（先前{kind}：{reason}）" if kind in Disposal.DROPPED else ""
        return CORRECTED, f"由 {later} 更正{before}"
    if kind in Disposal.DROPPED:
        return kind, f"{reason}（不计入）"
    if passed:
        # 状态一栏已经写着“没有采用”
        return PASSED_OVER, "；".join([passed.removeprefix(f"{PASSED_OVER}："), *([reason] if reason else []), *odd])
    if odd:
        return kind or ODD, "；".join([*([reason] if reason else []), *odd])
    return ACCEPTED, ""
