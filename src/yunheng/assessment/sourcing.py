"""来源编号是系统里的哪件办件、哪张工单，能不能作证据（D62-附件5，R-091）。

作得证据的：这家经办过的、有限期的服务任务，这家送来的工单，都要落在事件那个服务年度里。考核自己的办件、
结算、补录的、别家的，都说明不了这家做错了什么。

办件只说明办得及时不及时：单凭它只登记得了及时性的事件，而且要真的超了期；投诉、故障、瞒报、事故、违反制度的，
要附上来函、故障单那样的文件。页面把办件说明了什么（按期还是超期、哪天）照写（`shows`）。
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

from django.db.models import QuerySet

from yunheng.audit.refused import At, Refused
from yunheng.cases.models import Case
from yunheng.cases.queries import position, timed_in
from yunheng.ledger.effective import effective
from yunheng.ledger.models import Received
from yunheng.orgs.models import Institution
from yunheng.rules import periods
from yunheng.rules.procedures import procedure
from yunheng.rules.roles import Role
from yunheng.rules.scoring import INDICATORS

from .queries import TASKS, TIMELY
from .showing import shows

#: 一个工单号最多抄几条作证据：一张工单有几个资源、目录项
_MOST_ORDERS = 20
_ACCEPTED = (
    "系统里的出处只认这家经办的开通、迁移、变更、注销等办件的号，和这家送来的工单号，要在这个服务年度里；"
    "来函、故障单等系统外的，填它自己的号，附上文件（D62-附件5，R-091）"
)


def sourced(
    provider: Institution, indicator: str, reference: str, happened_on: date, on: date, *, bare: bool
) -> Case | None:
    """来源编号指的办件；不是系统里的号为 None。是系统里的而作不得证据的抛 Refused，写明认哪些。

    `bare` 是没有另附文件：只凭办件的，事件要是及时性的，那件要有这家超期的一步，事件不早于到期那天。
    """
    span = periods.service_year(periods.service_year_of(happened_on))
    until = periods.year_end(periods.service_year_of(happened_on))
    case = Case.objects.filter(number=reference).select_related("board__provider").first()
    if case is None:
        same = _orders(reference)
        mine = same.filter(source__provider=provider)
        days = [str(one.payload.get("完成日期") or "") for one in mine]
        if not days and same.exists():
            raise _unfit(f"工单 {reference} 不是{provider.name}送来的")
        if days and not any(span.start.isoformat() <= day < until.isoformat() for day in days):
            raise _unfit(f"工单 {reference} 的完成日期（{'、'.join(sorted(set(days)))}）不在这个服务年度")
        if indicator == TIMELY and bare and days:
            _require_late_order(reference, list(mine), on)
        return None
    table = procedure(case.procedure, case.version)
    if case.procedure not in TASKS:
        raise _unfit(f"{reference} 是“{table.name}”的办件，不是服务商的服务任务")
    if case.backfilled:
        raise _unfit(f"{reference} 是补录的办件，没有当时的经过")
    if case.board.provider != provider:
        raise _unfit(f"{reference} 不是{provider.name}经办的")
    handled = {step.code for step in table.steps if Role.PROVIDER in step.roles}
    spells = [
        one
        for one in position(case).visits
        if one.step in handled and one.since < until and (one.until is None or one.until >= span.start)
    ]
    if not spells:
        raise _unfit(f"{reference} 这个服务年度没有到过{provider.name}手上")
    if bare:
        _require_shown(case, indicator, happened_on, on)
    return case


def _require_shown(case: Case, indicator: str, happened_on: date, on: date) -> None:
    """只凭这件办件，说明得了这一起吗；说明不了抛 Refused，写明它说明了什么。"""
    title, known = INDICATORS[indicator].title, shows(case, on)
    if indicator != TIMELY:
        raise _unfit(f"{case.number} 只说明服务任务办得及时不及时（{known}），“{title}”单凭它")
    year = periods.service_year_of(happened_on)
    start, end = periods.service_year(year).start, periods.year_end(year)
    late = [one for one in timed_in(case, Role.PROVIDER) if one.late(on) and start <= one.due < end]
    provider = case.board.provider
    if not late:
        assert provider is not None
        raise _unfit(f"{case.number} 里{provider.name}这个服务年度没有超期（{known}），“{title}”单凭它")
    if happened_on < min(one.due for one in late):
        raise _unfit(f"{case.number} 到 {happened_on} 还没有超期（{known}），那一天的“{title}”单凭它")


def _require_late_order(number: str, orders: list[Received], on: date) -> None:
    """只凭工单登记及时性的：写明是哪件的，那几件都没有超期，就说明不了；没有写单号的、查不到的看不出来，照收。"""
    forms = {str(one.payload.get("单号") or "").split("/", 1)[0] for one in orders}
    cases = list(Case.objects.filter(number__in=forms, backfilled=False))
    if len(cases) == len(forms) and not any(one.late(on) for case in cases for one in timed_in(case, Role.PROVIDER)):
        known = "；".join(f"{case.number} {shows(case, on)}" for case in cases)
        raise _unfit(f"工单 {number} 的办件没有超期（{known}），“{INDICATORS[TIMELY].title}”单凭它")


def _unfit(why: str) -> Refused:
    return Refused([At("reference", f"来源编号：{why}，不能作证据。{_ACCEPTED}")])


def _orders(reference: str) -> QuerySet[Received]:
    """这个工单号算数的收件：退回、作废、更正掉的不算。"""
    return effective(Received.objects.filter(kind="工单", source_ref__startswith=f"{reference}/"))


def orders(provider: Institution, reference: str) -> Iterator[tuple[str, bytes]]:
    """来源编号是这家送来的工单号的，把收到的原样抄作证据。"""
    if reference:
        for one in _orders(reference).filter(source__provider=provider).order_by("pk")[:_MOST_ORDERS]:
            text = json.dumps(one.payload, ensure_ascii=False, indent=1, sort_keys=True)
            words = f"云管平台的工单 {one.source_ref}，收到的 SM3 {one.digest}：\n{text}\n"
            yield f"来源摘录-工单-{one.pk}.txt", words.encode()
