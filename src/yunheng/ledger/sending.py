"""送件方查自己送过什么、处理成什么样（R-052）：只看得到自己的。"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from . import arrivals, unmatched
from .models import Disposal, Received, Source

ACCEPTED, CORRECTED, ODD = "已收", "已更正", "对不上"


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
    """各件现在怎样：更正过的写由哪一件更正，处理过的写怎样处理、理由，还对不上的写为什么。"""
    later = dict(Received.objects.filter(corrects__in=rows).values_list("corrects", "source_ref"))
    last = {one.received_id: one for one in Disposal.objects.filter(received__in=rows).order_by("pk")}
    odd = unmatched.reasons([one.pk for one in rows])
    found = []
    for one in rows:
        disposal = last.get(one.pk)
        if disposal:
            found.append(Sent(one, disposal.kind, disposal.reason))
        elif one.pk in later:
            found.append(Sent(one, CORRECTED, f"由 {later[one.pk]} 更正"))
        elif one.pk in odd:
            found.append(Sent(one, ODD, "；".join(odd[one.pk])))
        else:
            found.append(Sent(one, ACCEPTED, ""))
    return found
