"""读审计：查、核对整条链。"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from .chain import GENESIS, link
from .models import Entry


@dataclass(frozen=True)
class Verification:
    """核对结果。`broken` 是头一条对不上的序号，完好为 None；`count` 是核过的条数，`head` 是末条摘要。"""

    count: int
    head: str
    broken: int | None = None
    reason: str = ""


def verify() -> Verification:
    """从头重算整条链；断号、改动、删除都查得出。"""
    expected, digest = 1, GENESIS
    for entry in Entry.objects.order_by("seq").iterator(chunk_size=2000):
        if entry.seq != expected:
            return Verification(expected - 1, digest, expected, f"第 {expected} 条不见了，下一条是第 {entry.seq} 条")
        if entry.digest != link(digest, entry.content()):
            return Verification(expected - 1, digest, expected, f"第 {expected} 条的内容和摘要对不上")
        digest, expected = entry.digest, expected + 1
    return Verification(expected - 1, digest)


def search(text: str = "", action: str = "") -> QuerySet[Entry]:
    """按对象、姓名、机构找，最近的在前。"""
    found = Entry.objects.order_by("-seq")
    if text:
        found = found.filter(Q(subject__icontains=text) | Q(name__icontains=text) | Q(institution__icontains=text))
    return found.filter(action=action) if action else found
