"""采购：征询、报需求、汇总、框架协议，临期的催（R-015 至 R-018）。"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from yunheng.audit.actor import SYSTEM, Actor
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Case
from yunheng.cases.notifying import first_time, tell
from yunheng.cases.operations import Doing, open_case, register_effect, register_guard
from yunheng.cases.queries import calendar
from yunheng.orgs.models import Institution
from yunheng.orgs.queries import providers
from yunheng.orgs.reading import decimal_of
from yunheng.rules import periods
from yunheng.rules.digest import canonical, sm3
from yunheng.rules.roles import Role

from . import operations, queries
from .models import Agreement, Demand, Edition, EditionDraft, Inquiry
from .sheet import Row, checked

LEVEL = "市级"
#: 反馈期限前几个工作日起提醒；服务年度开始前几个工作日起催签框架协议
_NOTICE = 5


def start(*, actor: Actor, on: date) -> Case:
    """起一次采购征询：征询单从现行目录照抄，单价作预估。"""
    if actor.role != Role.CITY_OPERATOR or actor.institution is None:
        raise NotYours(["采购征询由市运管单位下发（M10-四(一)，R-015）"])
    with unit_of_work(actor):
        unit = Institution.objects.get(pk=actor.institution)
        case = open_case(actor=actor, on=on, procedure_code="inquiry", unit=unit, subject="采购征询")
        rows = [row.plain() for row in queries.listed(LEVEL, on)]
        EditionDraft.objects.create(case=case, level=LEVEL, rows=rows)
    return case


#: 一个一个数的计价单位，数量要是整数
_COUNTED = frozenset({"次", "个", "台", "套"})
#: 一项一年大约到这么多（元），提醒核对数量
_DOUBTFUL = Decimal(100_000_000)


def ask(*, actor: Actor, on: date, inquiry: Inquiry, wanted: Mapping[str, str]) -> list[Demand]:
    """使用单位报需求：目录项 → 数量，留空是不要；一次全检查，有错什么都不记（R-016）。"""
    if actor.role != Role.CLERK or actor.institution is None:
        raise NotYours(["需求由使用单位经办人报（M10-四(二)，R-016）"])
    if inquiry.case.board.step != "collect":
        raise Refused([f"{inquiry.case.number} 不在征集需求，现在“{inquiry.case.board.step_name}”（R-016）"])
    listed = {row["目录项"]: row for row in inquiry.rows}
    now = {one.item: one.quantity for one in latest(inquiry) if one.unit_id == actor.institution}
    problems, demands = [], []
    for item, text in wanted.items():
        if item not in listed:
            problems.append(f"征询单里没有目录项 {item}（R-015）")
            continue
        try:
            quantity = decimal_of(text or "0", 3)
        except ValueError as error:
            problems.append(f"{listed[item]['名称']}：{error}（R-016）")
            continue
        if quantity < 0:
            problems.append(f"{listed[item]['名称']}：数量不能是负的（R-016）")
        elif (measure := _counted(listed[item]["计价单位"])) and quantity % 1:
            problems.append(f"{listed[item]['名称']}：按“{measure}”计，请填整数，现在是 {text}（R-016）")
        elif quantity != now.get(item, Decimal(0)):
            demands.append(
                Demand(inquiry=inquiry, unit_id=actor.institution, item=item, quantity=quantity, by=str(actor), on=on)
            )
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        Demand.objects.bulk_create(demands)
        if demands:
            journal.note("报采购需求", inquiry.case.number, after={one.item: str(one.quantity) for one in demands})
    return demands


def _counted(unit: str) -> str:
    """一个一个数的计价单位是哪个；别的为空。"""
    measure = unit.partition("·")[0]
    return measure if measure in _COUNTED else ""


def latest(inquiry: Inquiry) -> list[Demand]:
    """各单位各项最近报的；数量为 0 的是撤了。"""
    rows = Demand.objects.filter(inquiry=inquiry).select_related("unit")
    return list(rows.order_by("unit", "item", "-pk").distinct("unit", "item"))


@dataclass(frozen=True)
class Wanted:
    """汇总的一项：几个单位要，共多少，照预估单价一年大约多少（元；按次、一次性、阶梯的没有）。"""

    item: str
    name: str
    unit: str
    units: int
    quantity: Decimal
    price: Decimal | None
    estimate: Decimal | None

    @property
    def doubtful(self) -> bool:
        """大得不像，要核对数量。"""
        return self.estimate is not None and self.estimate >= _DOUBTFUL


def summary(inquiry: Inquiry) -> list[Wanted]:
    """各单位需求的汇总，照征询单的次序。"""
    sums: dict[str, list[Decimal]] = {}
    for demand in latest(inquiry):
        if demand.quantity:
            sums.setdefault(demand.item, []).append(demand.quantity)
    rows: dict[str, Mapping[str, str]] = {}
    for row in inquiry.rows:
        rows.setdefault(row["目录项"], row)
    found = []
    for item, row in rows.items():
        if item in sums:
            total = sum(sums[item], Decimal(0))
            price = Decimal(row["单价"]) if row["单价"] else None
            times = {"年": 1, "月": 12}.get(row["计费周期"])
            estimate = (total * price * times).quantize(Decimal("0.01")) if price is not None and times else None
            found.append(Wanted(item, row["名称"], row["计价单位"], len(sums[item]), total, price, estimate))
    return found


def sign(
    *,
    actor: Actor,
    on: date,
    provider: Institution,
    year: int,
    number: str,
    signed_on: date,
    rows: Sequence[Mapping[str, str]],
) -> Agreement:
    """登记框架协议：协议上这家的每个单价都要等于采购结果，多一项、少一项、差一分都不收（R-018）。"""
    if actor.role != Role.REVIEWER:
        raise NotYours(["框架协议由区科创中心与服务商签（D62-五，R-018）"])
    edition = queries.edition_on(LEVEL, periods.service_year(year).start)
    problems = [] if edition else [f"{year} 服务年度还没有采购结果（M10-四(三)，R-017）"]
    if not number.strip():
        problems.append("协议号不能为空")
    elif Agreement.objects.filter(number=number.strip()).exists():
        problems.append(f"协议号 {number} 已登记过")
    if Agreement.objects.filter(provider=provider, service_year=year).exists():
        problems.append(f"与{provider.name}的 {year} 服务年度框架协议已登记过（D62-五，R-018）")
    if signed_on > on:
        problems.append(f"签订日 {signed_on} 还没到，今天是 {on}")
    good, wrong = checked(rows, LEVEL)
    problems += wrong
    if edition:
        problems += list(_price_problems(edition, provider, {row.item: row.unit_price for row in good}))
    if problems:
        raise Refused(problems)
    assert edition is not None
    with unit_of_work(actor) as journal:
        agreement = Agreement.objects.create(
            provider=provider,
            service_year=year,
            number=number.strip(),
            signed_on=signed_on,
            edition=edition,
            rows=[row.plain() for row in good],
            by=str(actor),
        )
        journal.note("签框架协议", number, after={"服务商": provider.name, "服务年度": year, "签订日": str(signed_on)})
    return agreement


def result_for(edition: Edition, provider: Institution) -> dict[str, Row]:
    """采购结果里这家的各行：带这家的优先于各家都有的；别家的不算。"""
    rows: dict[str, Row] = {}
    for row in queries.rows_of(edition):
        if row.provider == provider.code or (not row.provider and row.item not in rows):
            rows[row.item] = row
    return rows


def _price_problems(edition: Edition, provider: Institution, given: Mapping[str, Decimal | None]) -> Iterator[str]:
    result = {item: row.unit_price for item, row in result_for(edition, provider).items()}
    for item in sorted({*result, *given}):
        if item not in given:
            yield f"{item}：采购结果里有，协议上没有（M10-四(四)，R-018）"
        elif item not in result:
            yield f"{item}：采购结果里没有，协议上不能加（M10-四(四)，R-018）"
        elif result[item] != given[item]:
            was, now = _text(result[item]), _text(given[item])
            yield f"{item}：协议单价 {now} 不等于采购结果 {was}，不再议价（M10-四(四)，R-018）"


def _text(price: Decimal | None) -> str:
    return "按全市平均" if price is None else f"{price.normalize():f}"


def chase(on: date) -> int:
    """催：征询的反馈期限临近、已过；7 月 1 日前框架协议还没签的（R-016、R-018）。返回新催几起。"""
    count = 0
    with unit_of_work(SYSTEM):
        for inquiry in Inquiry.objects.filter(case__board__step__in=("collect", "feedback", "finance")).select_related(
            "case"
        ):
            begins = calendar().before(inquiry.due_on, _NOTICE).date
            mark = "overdue" if on > inquiry.due_on else "soon" if on >= begins else ""
            if mark and first_time(inquiry.case, f"inquiry-{mark}", on):
                words = "已过" if mark == "overdue" else "快到"
                text = f"采购需求的反馈期限 {inquiry.due_on} {words}，请抓紧汇总备案（M10-四(二)，R-016）"
                for role in (Role.REVIEWER, Role.AUTHORITY, Role.FINANCE):
                    tell(case=inquiry.case, role=role, institution=None, text=text, on=on)
                count += 1
        year = periods.service_year_of(on) + 1
        start_on = periods.service_year(year).start
        edition = queries.edition_on(LEVEL, start_on)
        if edition and edition.case and on >= calendar().before(start_on, _NOTICE).date:
            signed = set(Agreement.objects.filter(service_year=year).values_list("provider", flat=True))
            for provider in providers():
                if provider.pk not in signed and first_time(edition.case, f"agreement-{year}-{provider.code}", on):
                    text = f"{start_on} 起是 {year} 服务年度，与{provider.name}的框架协议还没有签（D62-五，R-018）"
                    tell(case=edition.case, role=Role.REVIEWER, institution=None, text=text, on=on)
                    count += 1
    return count


# ── 流程里的关口和效果 ──


def listed(doing: Doing) -> Iterator[str]:
    """下发之前：征询单有内容，期限还没到。"""
    if not EditionDraft.objects.get(case=doing.case).rows:
        yield "征询单一行都没有（M10-四(一)，R-015）"
    fields: Mapping[str, str] = doing.detail.get("fields", {})  # type: ignore[assignment]
    if "due_on" in fields and date.fromisoformat(fields["due_on"]) <= doing.on:
        yield f"反馈期限 {fields['due_on']} 应晚于今天 {doing.on}（M10-四(一)，R-015）"


def issue(doing: Doing) -> None:
    """下发：征询单定下来。"""
    draft = EditionDraft.objects.get(case=doing.case)
    fields: Mapping[str, str] = doing.detail["fields"]  # type: ignore[assignment]
    due = date.fromisoformat(fields["due_on"])
    inquiry = Inquiry.objects.create(
        case=doing.case, due_on=due, rows=draft.rows, digest=sm3(canonical(draft.rows)), on=doing.on
    )
    text = f"采购征询已下发，请在 {inquiry.due_on} 前报需求（M10-四(一)）"
    tell(case=doing.case, role=Role.CLERK, institution=None, text=text, on=doing.on)


def gathered(doing: Doing) -> Iterator[str]:
    """汇总完成之前：至少有一个单位报了。"""
    if not summary(Inquiry.objects.get(case=doing.case)):
        yield "还没有单位报需求；确实没有的，请退回市里说明（M10-四(二)，R-016）"


def register() -> None:
    """启动时登记。"""
    register_guard("inquiry_rows", listed)
    register_guard("inquiry_demand", gathered)
    register_effect("inquiry", "issue", issue)
    register_effect("inquiry", "publish", operations.release)
