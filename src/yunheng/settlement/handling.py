"""处理差异：分派、说明、裁定、撤回裁定、沿用去年的裁定（R-075、R-076）。一批同一个依据，有一条不成一条都不记。"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from yunheng.audit.actor import Actor
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.notifying import tell
from yunheng.orgs import commissioning
from yunheng.orgs.models import Institution, Kind
from yunheng.orgs.reading import MAX_ATTACHMENT
from yunheng.rules import periods
from yunheng.rules.digest import sm3_bytes
from yunheng.rules.overlay import covers
from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope
from yunheng.settlement import disputing, queries, rulings
from yunheng.settlement.models import Handling, HandlingFile, Run, spans_of

#: 阻断差异里不能裁定的
_UNRULED = ("D10",)
_RULED = ("D3", "D4", "D5", "D6", "D7")


def handle(*, code: str, resource: str, item: str, **same: Any) -> Handling:
    """处理一条差异：与 `handle_all` 同一条规矩。"""
    return handle_all(rows=[(code, resource, item)], **same)[0]


def handle_all(  # noqa: PLR0913 一条差异的主键和依据都由调用的人点名
    *,
    actor: Actor,
    on: date,
    year: int,
    rows: Sequence[tuple[str, str, str]],
    kind: str,
    text: str,
    ruling: str = "",
    from_on: date | None = None,
    until_on: date | None = None,
    assignee: Institution | None = None,
    evidence: tuple[str, bytes] | None = None,
) -> list[Handling]:
    """处理一批差异（差异, 资源, 目录项），依据相同；有一条不成，一条都不记（R-075）。

    区科创中心分派、裁定；使用单位、服务商、第三方说明，都可附证据（文件名, 内容）。
    裁定可以只管一段日子 `[from_on, until_on)`，空的是服务年度的两端；撤回到没有裁定也是一条裁定。
    冻结以后照样可以裁定：已冻结的不变，待核的账目裁定以后由补差另行结算（R-083）。
    """
    # 同一条交了两遍，只处理一次
    rows = list(dict.fromkeys(rows))
    if not rows:
        raise Refused(["请先勾选要处理的差异（R-075）"])
    run = queries.latest_run(year)
    known = disputing.difference_keys(run, {resource for _, resource, _ in rows})
    problems = [
        f"{year} 服务年度最近一次计量里没有这条差异：{code} {resource} {item}（R-075）"
        for code, resource, item in rows
        if (code, resource, item) not in known
    ]
    if not text.strip():
        problems.append("说明不能为空：写明依据（R-075）")
    if kind == Handling.ARGUE:
        if actor.role not in (Role.CLERK, Role.PROVIDER, Role.THIRD_PARTY, Role.REVIEWER):
            raise NotYours(["差异由使用单位、服务商和第三方说明（D62-七，R-075）"])
        if run and not problems:
            _refuse_others(actor, run, rows)
        commissioning.require(actor, on, Scope.METERING)
    else:
        _require_centre(actor)
    if kind == Handling.RULE:
        problems += _unruled({code for code, _, _ in rows}, ruling)
        problems += _outside(year, from_on, until_on)
    elif from_on or until_on:
        problems.append("只有裁定写起止（R-075）")
    if kind == Handling.ASSIGN and (assignee is None or assignee.kind not in _ANSWERS):
        problems.append("请选择分派给谁：使用单位、服务商或第三方（R-075）")
    name, content = evidence or ("", b"")
    if len(content) > MAX_ATTACHMENT:
        problems.append(f"证据“{name}”超过 {MAX_ATTACHMENT // 1048576} MB，请压缩或分开上传（R-075）")
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        hold(Lock.YEAR, year)
        made, file = [], None
        if content:
            file = HandlingFile.objects.create(name=name[-200:], content=content, digest=sm3_bytes(content))
        before = _ruled_before(year, rows) if kind == Handling.RULE else {}
        for code, resource, item in rows:
            made.append(
                one := Handling(
                    service_year=year,
                    resource=resource,
                    item=item,
                    code=code,
                    kind=kind,
                    ruling=ruling if kind == Handling.RULE else "",
                    from_on=from_on,
                    until_on=until_on,
                    text=text.strip()[:1000],
                    file=file,
                    assignee=assignee,
                    institution=actor.institution_name,
                    by=str(actor),
                    on=on,
                )
            )
            if kind == Handling.RULE:
                _overlay(one, before[code, resource, item])
            one.save()
            last = periods.last_day(until_on) if until_on else ""
            days = {"起": str(from_on or ""), "至（含）": str(last)} if from_on or until_on else {}
            after = {"裁定": ruling, "说明": text, "目录项": item, **days}
            journal.note(f"差异{kind}", f"{code} {resource}", after=after)
        if kind == Handling.ASSIGN and assignee and run:
            _tell_assignee(assignee, run, rows, text.strip(), on)
    return made


def reuse(*, actor: Actor, on: date, year: int, rows: Sequence[tuple[str, str, str]]) -> list[Handling]:
    """沿用上一服务年度对同样的（差异, 资源, 目录项）的裁定：日子挪一年，再裁一次；有一条不成，一条都不记（R-075）。

    沿用也是新的裁定，留痕、关口与 `handle_all` 同一条路。去年没有裁过的、今年那些日子已经裁过的抛 Refused；
    冻结以后的裁定要写这一次自己的依据，不能沿用（R-083）。
    """
    _require_centre(actor)
    rows = list(dict.fromkeys(rows))
    if not rows:
        raise Refused(["请先勾选要沿用的差异（R-075）"])
    with unit_of_work(actor):
        hold(Lock.YEAR, year)
        if freeze := queries.frozen(year):
            raise Refused(
                [
                    f"{year} 服务年度的结算已于 {freeze.on} 冻结，不能沿用去年的裁定："
                    "冻结以后要写这一次的依据另作裁定，由补差结清（D62-七，R-083）"
                ]
            )
        resources = {resource for _, resource, _ in rows}
        known, now = rulings.precedents(year, resources), rulings.in_force(year, resources)
        problems = []
        for code, resource, item in rows:
            found = known.get((resource, item, code))
            if found is None or not found.moved:
                problems.append(f"{year - 1} 服务年度没有裁定过 {code} {resource} {item}，不能沿用（R-075）")
            elif not found.fits(now.get((resource, item, code), ())):
                problems.append(f"{code} {resource} {item} 今年这些日子已经裁过，要改请另作裁定（R-075）")
        if problems:
            raise Refused(problems)
        first, final = periods.service_year(year).start, periods.year_end(year)
        return [
            handle(
                actor=actor,
                on=on,
                year=year,
                code=code,
                resource=resource,
                item=item,
                kind=Handling.RULE,
                ruling=span.ruling,
                from_on=None if span.start == first else span.start,
                until_on=None if span.until == final else span.until,
                text=f"沿用 {year - 1} 服务年度的裁定：{span.record.text}（{span.record.by} {span.record.on}）",
            )
            for code, resource, item in rows
            for span in known[resource, item, code].moved
        ]


def _require_centre(actor: Actor) -> None:
    if actor.role != Role.REVIEWER:
        raise NotYours(["差异由区科创中心分派和裁定（D62-四，R-075）"])


def _ruled_before(year: int, rows: Sequence[tuple[str, str, str]]) -> dict[tuple[str, str, str], list[Handling]]:
    """这几条差异以前的裁定，先作的在前；要在年度的锁里。"""
    found: dict[tuple[str, str, str], list[Handling]] = {row: [] for row in rows}
    resources = {resource for _, resource, _ in rows}
    for one in Handling.objects.filter(service_year=year, kind=Handling.RULE, resource__in=resources).order_by("pk"):
        if (key := (one.code, one.resource, one.item)) in found:
            found[key].append(one)
    return found


def _overlay(one: Handling, before: list[Handling]) -> None:
    """新的裁定叠上去以后全年是不是都裁定过；没有可撤回的抛 Refused。"""
    start, until = one.days
    if one.ruling == Handling.WITHDRAW and not any(
        span.start < until and start < span.until for span in spans_of(before)
    ):
        raise Refused([f"{one.code} {one.resource} {one.item} 这些日子没有裁定，不用撤回（R-075）"])
    before.append(one)
    year = one.service_year
    one.whole = covers(spans_of(before), periods.service_year(year).start, periods.year_end(year))


def _outside(year: int, from_on: date | None, until_on: date | None) -> Iterator[str]:
    """裁定的起止为什么不行。`until_on` 不含当日。"""
    first, final = periods.service_year(year).start, periods.year_end(year)
    start, until = from_on or first, until_on or final
    if start >= until:
        yield f"裁定的起 {start} 应不晚于至（含）{periods.last_day(until)}（R-075）"
    elif start < first or until > final:
        yield f"裁定的起、至应在 {year} 服务年度内：{first} 至 {periods.last_day(final)}（含，D62-五，R-075）"


def _refuse_others(actor: Actor, run: Run, rows: Sequence[tuple[str, str, str]]) -> None:
    """使用单位、服务商只说明自己的（R-001）。"""
    asked = queries.differences_of(run).filter(resource__in={resource for _, resource, _ in rows})
    own = set(disputing.concerning(actor, run.service_year, asked).values_list("code", "resource", "item"))
    if others := sorted({resource for code, resource, item in rows if (code, resource, item) not in own}):
        raise NotYours([f"{'、'.join(others)} 不是本单位、本家的资源，不能替别人说明（R-001、R-075）"])


#: 分派给哪一类机构，知会谁
_ANSWERS = {Kind.USING_UNIT: Role.CLERK, Kind.PROVIDER: Role.PROVIDER, Kind.THIRD_PARTY: Role.THIRD_PARTY}


def _tell_assignee(assignee: Institution, run: Run, rows: Sequence[tuple[str, str, str]], text: str, on: date) -> None:
    """知会被分派的机构：几条、要说明什么，点开就是分派给它的。"""
    code, resource, _ = rows[0]
    which = f"{code} {resource}" + (f" 等 {len(rows)} 条" if len(rows) > 1 else "")
    tell(
        case=None,
        role=_ANSWERS[Kind(assignee.kind)],
        institution=assignee,
        text=f"{run.service_year} 服务年度的差异 {which}分派给{assignee.name}说明：{text}（D62-七，R-075）",
        on=on,
        href=f"/settlement/runs/{run.pk}/differences/?assigned=1",
    )


def _unruled(codes: set[str], ruling: str) -> Iterator[str]:
    """这几种差异为什么不能这样裁定。"""
    for code in sorted(codes):
        if code in _UNRULED:
            yield f"{code} 不能裁定：要等市级发布全市用量（M10-四(四)，R-076）"
        elif code not in _RULED:
            yield f"{code} 不阻断结算，不需要裁定（R-075）"
    if codes <= set(_RULED) and ruling not in Handling.RULINGS:
        yield "裁定只有“认可”“不计费”，和“撤回”到没有裁定（R-075）"
