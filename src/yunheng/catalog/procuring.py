"""采购：征询、报需求、汇总、框架协议，临期的催（R-015 至 R-018）。"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from yunheng.audit.actor import SYSTEM, Actor
from yunheng.audit.append_only import newest
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import At, NotYours, Refused
from yunheng.cases.models import Case
from yunheng.cases.notifying import first_time, tell
from yunheng.cases.operations import Doing, open_case, register_effect, register_guard
from yunheng.cases.queries import calendar
from yunheng.orgs.models import Institution
from yunheng.orgs.queries import providers
from yunheng.orgs.reading import decimal_of
from yunheng.rules import periods, rulebook
from yunheng.rules.digest import canonical, sm3
from yunheng.rules.money import UnitPrice
from yunheng.rules.roles import Role

from . import operations, queries
from .models import Agreement, Demand, Edition, EditionDraft, Inquiry, Listing
from .sheet import TEXTS, Row, checked

LEVEL = "市级"
#: 反馈期限前几个工作日起提醒；服务年度开始前几个工作日起催签框架协议
_NOTICE = 5
#: 部门预算截止前几个工作日起提醒还没有反馈的
_BUDGET_NOTICE = 10


def start(*, actor: Actor, on: date) -> Case:
    """起一次采购征询：征询单从最近的一版目录照抄，单价作预估。"""
    if actor.role != Role.CITY_OPERATOR or actor.institution is None:
        raise NotYours(["采购征询由市运管单位下发（M10-四(一)，R-015）"])
    with unit_of_work(actor):
        unit = Institution.objects.get(pk=actor.institution)
        case = open_case(actor=actor, on=on, procedure_code="inquiry", unit=unit, subject="采购征询")
        operations.begin(case, LEVEL)
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
            problems.append(At(f"qty:{item}", f"{listed[item]['名称']}：{error}（R-016）"))
            continue
        if quantity < 0:
            problems.append(At(f"qty:{item}", f"{listed[item]['名称']}：数量不能是负的（R-016）"))
        elif (measure := _counted(listed[item]["计价单位"])) and quantity % 1:
            wanted_whole = f"{listed[item]['名称']}：按“{measure}”计，请填整数，现在是 {text}（R-016）"
            problems.append(At(f"qty:{item}", wanted_whole))
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


def demanded() -> dict[str, Decimal]:
    """最近一次征询里各项的需求总量；区里说明不使用的、还没有征询的为空（R-017、R-022）。"""
    inquiry = newest(Inquiry.objects.select_related("case"))
    if inquiry is None or declined(inquiry) is not None:
        return {}
    return {one.item: one.quantity for one in summary(inquiry)}


def result_edition(provider: Institution, year: int, on: date) -> Edition | None:
    """这一年的协议照哪一版采购结果签：头一份照年初（晚签的照当天）现行的；另签的照这一年里最近的一版。"""
    span = periods.service_year(year)
    last = span.last if current_agreement(provider, year) else min(max(span.start, on), span.last)
    return queries.edition_on(LEVEL, last)


def current_agreement(provider: Institution, year: int) -> Agreement | None:
    """这一家这一年现行的协议：最近签的一份。"""
    return newest(Agreement.objects.filter(provider=provider, service_year=year))


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
    """登记框架协议：逐项与采购结果相同，多一项、少一项、差一分都不收；采购结果变了可以照新的另签（R-018）。"""
    if actor.role != Role.REVIEWER:
        raise NotYours(["框架协议由区科创中心与服务商签（D62-五，R-018）"])
    present = periods.service_year_of(on)
    if year not in (present, present + 1):
        raise Refused(
            [f"框架协议只签本服务年度、下一服务年度的（{present}、{present + 1}），现在是 {year}（D62-五，R-018）"]
        )
    edition = result_edition(provider, year, on)
    problems: list[str] = [] if edition else [f"{year} 服务年度还没有采购结果（M10-四(三)，R-017）"]
    if not number.strip():
        problems.append(At("number", "请填协议号（R-018）"))
    elif Agreement.objects.filter(number=number.strip()).exists():
        problems.append(At("number", f"协议号 {number} 已登记过（R-018）"))
    former = current_agreement(provider, year)
    if former and not unequal(former):
        problems.append(
            f"与{provider.name}的 {year} 服务年度框架协议 {former.number} 已登记过，"
            "单价仍与采购结果相同（D62-五，R-018）"
        )
    if signed_on > on:
        problems.append(At("signed_on", f"签订日 {signed_on} 还没到，今天是 {on}（R-018）"))
    good, wrong = checked(rows, LEVEL)
    problems += wrong
    if edition:
        problems += _differences(edition, provider, good)
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


#: 协议上的各栏都要与采购结果相同（单价另比）；文字的栏协议上空着不比
_AGREED = ("类别", "计价单位", "计价方式", "计费周期")


def _differences(edition: Edition, provider: Institution, given: Sequence[Row]) -> Iterator[str]:
    """协议单价表与采购结果逐项比：不同的各写一句。"""
    result, seen = result_for(edition, provider), dict[str, Row]()
    for row in given:
        place = f"第 {row.number} 行 {row.item}"
        if row.provider not in ("", provider.code):
            yield f"{place}：服务商写的是 {row.provider}，不是{provider.name}（M10-四(四)，R-018）"
        elif row.item in seen:
            yield f"{place}：与第 {seen[row.item].number} 行重复，一项只写一行（M10-四(四)，R-018）"
        else:
            seen[row.item] = row
    for item in sorted({*result, *seen}):
        if item not in seen:
            yield f"{item}：采购结果里有，协议上没有（M10-四(四)，R-018）"
        elif item not in result:
            yield f"{item}：采购结果里没有，协议上不能加（M10-四(四)，R-018）"
        else:
            yield from _compared(result[item], seen[item])


def _compared(result: Row, given: Row) -> Iterator[str]:
    if result.unit_price != given.unit_price:
        was, now = _text(result.unit_price), _text(given.unit_price)
        yield f"{given.item}：协议单价 {now} 不等于采购结果 {was}，不再议价（M10-四(四)，R-018）"
    expected, written = result.plain(), given.plain()
    for column in (*_AGREED, *(column for column in TEXTS if written[column])):
        if expected[column] != written[column]:
            yield (
                f"{given.item}：协议上{column}是“{written[column][:40]}”，采购结果是“{expected[column][:40] or '空'}”"
                "（M10-四(四)，R-018）"
            )


@dataclass(frozen=True)
class Unequal:
    """协议上一项的单价不再等于采购结果：协议单价、采购结果（元；没有了、按全市平均的写成字），自哪一版起。"""

    item: str
    name: str
    agreed: str
    result: str
    edition: Edition


def unequal(agreement: Agreement) -> list[Unequal]:
    """签了以后采购结果又变了的各项：与这个服务年度里最近的一版比（M10-四(四)，R-018）。"""
    edition = queries.edition_on(LEVEL, periods.service_year(agreement.service_year).last)
    if edition is None or edition.pk == agreement.edition_id:
        return []
    result = {item: (row.name, _text(row.unit_price)) for item, row in result_for(edition, agreement.provider).items()}
    agreed = {
        row["目录项"]: (row["名称"], _text(Decimal(row["单价"]) if row["单价"] else None)) for row in agreement.rows
    }
    return [
        Unequal(
            item,
            (result.get(item) or agreed[item])[0],
            agreed[item][1] if item in agreed else "协议上没有",
            result[item][1] if item in result else "已取消",
            edition,
        )
        for item in sorted({*result, *agreed})
        if result.get(item, ("", ""))[1] != agreed.get(item, ("", ""))[1]
    ]


def _text(price: Decimal | None) -> str:
    return "按全市平均" if price is None else str(UnitPrice(price))


def chase(on: date) -> int:
    """催：征询的反馈期限临近、已过，部门预算快截止了还没反馈的；框架协议还没签的、单价已与采购结果不等的（R-016、R-018）。返回新催几起。"""
    with unit_of_work(SYSTEM):
        return _chase_feedback(on) + _chase_agreements(on) + _chase_unequal(on)


def _chase_feedback(on: date) -> int:
    count = 0
    for inquiry in _unanswered():
        begins = calendar().before(inquiry.due_on, _NOTICE).date
        mark = "overdue" if on > inquiry.due_on else "soon" if on >= begins else ""
        if mark and first_time(inquiry.case, f"inquiry-{mark}", on):
            words = "已过" if mark == "overdue" else "快到"
            text = f"采购需求的反馈期限 {inquiry.due_on} {words}，请抓紧汇总备案（M10-四(二)，R-016）"
            _tell_district(inquiry, text, on)
            count += 1
        budget = budget_day(inquiry.on)
        if on >= calendar().before(budget, _BUDGET_NOTICE).date and first_time(inquiry.case, "inquiry-budget", on):
            text = (
                f"区里编报部门预算到 {budget} 截止，采购需求还没有汇总备案、反馈市里，"
                "请抓紧，免得列不进预算（M10-四(二)，R-016）"
            )
            _tell_district(inquiry, text, on)
            count += 1
    return count


def _tell_district(inquiry: Inquiry, text: str, on: date) -> None:
    for role in (Role.REVIEWER, Role.AUTHORITY, Role.FINANCE):
        tell(case=inquiry.case, role=role, institution=None, text=text, on=on)


def budget_day(on: date) -> date:
    """`on` 以后最近一次区里编报部门预算的截止日（含），需求要赶在它以前反馈（M10-四(二)，R-016）。"""
    month = rulebook.built_in().parameter("budget_month", on).whole
    this, following = (_month_end(year, month) for year in (on.year, on.year + 1))
    return this if on <= this else following


def _month_end(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def declined(inquiry: Inquiry) -> str | None:
    """区里说明不使用的理由；没有办过、退回以后又改为汇总的为 None。"""
    last = newest(inquiry.case.events.filter(step="collect", act__in=("gather", "decline")), "seq")
    return last.opinion if last and last.act == "decline" else None


def _unanswered() -> QuerySet[Inquiry]:
    """下发了、区里还没有反馈的征询。"""
    return Inquiry.objects.filter(case__board__step__in=("collect", "feedback", "finance")).select_related("case")


def winners(edition: Edition) -> list[Institution]:
    """采购结果里点了名的服务商；一家都没点名的是各家。"""
    named = providers().filter(pk__in=Listing.objects.filter(edition=edition).values("provider"))
    return list(named or providers())


def _chase_agreements(on: date) -> int:
    """服务年度首日前几个工作日起，中标的哪家还没签就催哪家。"""
    year = periods.service_year_of(on) + 1
    start_on = rulebook.service_year_start(year)
    edition = queries.edition_on(LEVEL, start_on)
    if edition is None or on < calendar().before(start_on, _NOTICE).date:
        return 0
    count = 0
    signed = set(Agreement.objects.filter(service_year=year).values_list("provider", flat=True))
    for provider in winners(edition):
        if provider.pk not in signed and first_time(None, f"agreement-{year}-{provider.code}", on):
            text = f"{start_on} 起是 {year} 服务年度，与{provider.name}的框架协议还没有签（D62-五，R-018）"
            _tell_centre(text, year, on)
            count += 1
    return count


def _chase_unequal(on: date) -> int:
    """本年度、下一年度的协议，采购结果一变就提醒照新的另签。"""
    count = 0
    years = Agreement.objects.filter(service_year__gte=periods.service_year_of(on)).order_by("pk")
    current = {(one.provider_id, one.service_year): one for one in years.select_related("provider")}
    for one in current.values():
        found = unequal(one)
        if found and first_time(None, f"agreement-unequal-{one.pk}-{found[0].edition.pk}", on):
            names = "、".join(each.name for each in found[:3])
            text = (
                f"与{one.provider.name}的框架协议 {one.number} 有 {len(found)} 项单价不再等于采购结果"
                f" {found[0].edition.number}（{names}{'等' if len(found) > 3 else ''}），"
                "请照新的另签（M10-四(四)，R-018）"
            )
            _tell_centre(text, one.service_year, on)
            count += 1
    return count


def _tell_centre(text: str, year: int, on: date) -> None:
    tell(case=None, role=Role.REVIEWER, institution=None, text=text, on=on, href=f"/procurement/?year={year}")


# ── 流程里的关口和效果 ──


def listed(doing: Doing) -> Iterator[str]:
    """下发之前：征询单有内容，期限还没到。"""
    if not EditionDraft.objects.get(case=doing.case).rows:
        yield "征询单一行都没有（M10-四(一)，R-015）"
    fields: Mapping[str, str] = doing.detail.get("fields", {})  # type: ignore[assignment]
    if "due_on" not in fields:
        return
    due, budget = date.fromisoformat(fields["due_on"]), budget_day(doing.on)
    if due <= doing.on:
        yield At("field:due_on", f"反馈期限 {due} 应晚于今天 {doing.on}（M10-四(一)，R-015）")
    elif due > budget:
        late = f"反馈期限 {due} 晚于区里编报部门预算的截止日 {budget}，需求赶不上列入预算"
        yield At("field:due_on", f"{late}，请定在 {budget} 或以前（M10-四(二)，R-016）")


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
        yield "还没有单位报需求；本区不用的，请办“本区不使用，说明”（M10-四(二)、M10-四(四)，R-016）"


def decline(doing: Doing) -> None:
    """本区不使用：告诉报过需求的单位，需求留着备查，不反馈市里。"""
    inquiry = Inquiry.objects.get(case=doing.case)
    text = f"{doing.case.number} 本区决定不使用这次采购的服务，报过的需求不再反馈市里（M10-四(四)，R-016）"
    _tell_units(inquiry, text, doing.on)


def terminate(doing: Doing) -> None:
    """流标、终止采购：告诉区里和报过需求的单位，现行目录不变。"""
    inquiry = Inquiry.objects.get(case=doing.case)
    text = f"{doing.case.number} 流标或终止采购，没有采购结果，现行目录和单价不变（M10-四(三)，R-017）"
    _tell_district(inquiry, text, doing.on)
    _tell_units(inquiry, text, doing.on)


def _tell_units(inquiry: Inquiry, text: str, on: date) -> None:
    href = f"/procurement/{inquiry.case.number}/"
    for unit in {one.unit for one in latest(inquiry) if one.quantity}:
        tell(case=inquiry.case, role=Role.CLERK, institution=unit, text=text, on=on, href=href)


def register() -> None:
    """启动时登记。"""
    register_guard("inquiry_rows", listed)
    register_guard("inquiry_demand", gathered)
    register_effect("inquiry", "issue", issue)
    register_effect("inquiry", "decline", decline)
    register_effect("inquiry", "terminate", terminate)
    register_effect("inquiry", "publish", operations.release)
