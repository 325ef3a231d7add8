"""送服务商确认时的分（R-093）：当时存下，复核、审定以前与现在照规矩算的比内容，不同就先退回。

事件、满意率由 `operations` 拦着不让动；规则参数、口径、取数的规矩在别处改，拦不住，所以比算出来的分，不比从哪里改的。
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from yunheng.audit.append_only import newest
from yunheng.cases.operations import Doing
from yunheng.orgs.models import Institution
from yunheng.rules.digest import canonical, sm3
from yunheng.rules.scoring import INDICATORS

from .models import Appraisal, SentScore
from .queries import counted, mark, sent

_ASK = "请退回第三方重评，再送服务商确认（D62-附件5，R-093）"


def standing(provider: Institution, year: int) -> dict[str, Any]:
    """现在照规矩算的分，和计分的是哪几起。"""
    marked = mark(provider, year)
    events = counted(year).filter(provider=provider).values_list("pk", "indicator", "on")
    return {
        "scores": marked.scores,
        "total": marked.total,
        "deduction_rate": marked.rate,
        "satisfaction": marked.satisfaction,
        "events": [[pk, letter, on.isoformat()] for pk, letter, on in events],
    }


def keep(doing: Doing) -> None:
    """送服务商确认：存下送的是几分。"""
    appraisal = Appraisal.objects.select_related("provider").get(case=doing.case)
    content = standing(appraisal.provider, appraisal.service_year)
    SentScore.objects.create(appraisal=appraisal, content=content, digest=sm3(canonical(content)), on=doing.on)


def moved(appraisal: Appraisal) -> Iterator[str]:
    """送了确认、还没有审定的，现在算的与送出去的有什么不同；没有送、没有变的为空。"""
    if sent(appraisal.provider, appraisal.service_year) is None or hasattr(appraisal, "score"):
        return
    name = f"{appraisal.provider.name} {appraisal.service_year} 服务年度的考核"
    kept = newest(SentScore.objects.filter(appraisal=appraisal))
    if kept is None:
        yield f"{name}送服务商确认的时候没有存下送的是几分，看不出后来变没变，{_ASK}"
        return
    now = standing(appraisal.provider, appraisal.service_year)
    if changes := list(_changes(kept.content, now)):
        yield (
            f"{name}于 {kept.on} 送服务商确认的，与现在照规则参数、口径、事件算的不同：{'；'.join(changes)}。"
            f"服务商没有确认过现在的分，{_ASK}"
        )


def _changes(before: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """逐项：原来几分、现在几分，多了少了哪几起。"""
    for letter, one in INDICATORS.items():
        yield from _change(f"{one.title}得分", before["scores"][letter], now["scores"][letter])
    yield from _change("总分", before["total"], now["total"])
    yield from _change("扣减比例", before["deduction_rate"], now["deduction_rate"])
    yield from _change("满意率", before["satisfaction"], now["satisfaction"])
    earlier, later = ({tuple(one) for one in found["events"]} for found in (before, now))
    for words, events in (("多计了", later - earlier), ("少计了", earlier - later)):
        for _, letter, day in sorted(events):
            yield f"{words} {day} 的{INDICATORS[letter].title}一起"


def _change(name: str, before: str | None, now: str | None) -> Iterator[str]:
    if before != now:
        yield f"{name}由 {_shown(before)} 变成 {_shown(now)}"


def _shown(text: str | None) -> str:
    return "没有" if text is None else text
