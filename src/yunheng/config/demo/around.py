"""示例区结算周边的事：预算、满意度调查、效能评估、会商、隔离区域、灾备分摊、汇交，让每一页打开都有东西看。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from yunheng.assessment import evaluating, surveying
from yunheng.assessment import operations as appraising
from yunheng.assessment.models import Evaluation, Survey, Ticket
from yunheng.cases import consulting
from yunheng.cases import operations as cases
from yunheng.cases.models import Board, Case
from yunheng.ledger import zoning
from yunheng.orgs import commissioning
from yunheng.orgs.models import Institution
from yunheng.rules.periods import service_year
from yunheng.rules.scopes import Scope
from yunheng.rules.scoring import FULLY, MAINLY
from yunheng.settlement import handover, recovery
from yunheng.settlement.runs import forecasting

from .cast import People

#: 示例里已结清的一年，和业务日期所在的一年
CLOSED, PRESENT = 2023, 2026
EVALUATED, SURVEYED = date(2025, 5, 12), date(2026, 7, 6)


def tell(people: People) -> None:
    """一件一件照真实的操作办。"""
    _money(people)
    _zones(people)
    _deliverable(people)
    _evaluation(people)
    _survey(people)
    _complaints(people)
    _consultation(people)


def _act(people: People, who: str, case: Case, code: str, on: date) -> None:
    cases.act(actor=people[who], on=on, case=case, act_code=code, seen=Board.objects.get(case=case).seq)


def _money(people: People) -> None:
    for year, amount in ((PRESENT - 1, "15600000.00"), (PRESENT, "15300000.00")):
        forecasting.set_budget(
            actor=people["cz"],
            on=service_year(year).start,
            year=year,
            amount=Decimal(amount),
            document=f"松财预〔{year}〕示例 18 号",
        )
    centre = Institution.objects.get(code="KCZX")
    city = Institution.objects.get(code="SDSJ")
    for code, name, kind, owner in (
        ("ZB-01", "同城灾备机房", "共用", city),
        ("ZB-02", "区级灾备存储", "独用", centre),
        ("ZB-03", "区级灾备存储运维", "运维", centre),
    ):
        recovery.register_asset(actor=people["shy"], on=EVALUATED, code=code, name=name, kind=kind, owner=owner)
    for code, ratios, amount in (
        ("ZB-01", {"SDSJ": "100"}, "240000.00"),
        ("ZB-02", {"KCZX": "66.67", "KW": "33.33"}, "86000.50"),
    ):
        recovery.decide(
            actor=people["kw"],
            on=EVALUATED,
            code=code,
            ratios={one: Decimal(ratio) for one, ratio in ratios.items()},
            document="松科委〔2024〕示例 6 号",
            from_year=CLOSED,
        )
        recovery.bill(
            actor=people["shy"],
            on=EVALUATED,
            code=code,
            year=CLOSED + 1,
            amount=Decimal(amount),
            document="灾备年度决算（示例）",
        )
    span = service_year(CLOSED)
    assert span.until is not None
    handover.hand_over(
        actor=people["shy"],
        on=date(2024, 8, 1),
        from_on=span.start,
        until_on=span.until,
        receiver="市大数据中心（示例）",
    )
    handover.feedback(
        actor=people["kw"],
        on=date(2024, 9, 2),
        provider=Institution.objects.get(code="CU"),
        year=CLOSED,
        level="较好",
        text="开通及时，两次变更超期；故障响应在一小时以内。",
    )


def _deliverable(people: People) -> None:
    """第三方交的 2023 服务年度计量计费成果。"""
    report = "2023 服务年度政务云资源计量计费和审价评估报告（示例）：独立复算与系统逐条相同。\n"
    commissioning.deliver(
        actor=people["dsf"],
        on=date(2024, 9, 24),
        commission=commissioning.commissions().get(number=f"WT-{CLOSED + 1}-01"),
        scope=Scope.METERING,
        title=f"{CLOSED} 服务年度计量计费报告",
        name="计量计费报告.txt",
        content=report.encode(),
    )


def _zones(people: People) -> None:
    for code, boundary in (("CU", "10.20.0.0/16"), ("CT", "10.40.0.0/16")):
        zoning.register(
            actor=people["sdsj"],
            on=EVALUATED,
            provider=Institution.objects.get(code=code),
            name=f"松江区租户（{code}）",
            boundary=boundary,
            document="逻辑隔离区域划分表（示例）",
        )


def _complaints(people: People) -> None:
    """上一个服务年度联通的两起事件，附了证据；一起服务商申辩了，等区科创中心复核。"""
    unicom = Institution.objects.get(code="CU")
    for indicator, day, text, reference, responsibility in (
        ("B", date(2026, 2, 10), "两次来电四小时没有回复，使用单位来函投诉（示例）", "来函〔2026〕示例 3 号", FULLY),
        ("C", date(2026, 4, 22), "存储割接致三个系统变慢一小时（示例）", "故障单-示例-0422", MAINLY),
    ):
        one = appraising.record(
            actor=people["dsf"],
            on=SURVEYED,
            provider=unicom,
            indicator=indicator,
            happened_on=day,
            text=text,
            responsibility=responsibility,
            reference=reference,
            files=[(f"{day}-记录.txt", f"{reference}：{text}".encode())],
            year=PRESENT - 1,
        )
    appraising.reply(
        actor=people["lt"],
        on=SURVEYED,
        occurrence=one,
        text="割接方案提前报备过，窗口由使用单位选定（示例）",
        name="割接方案.txt",
        content="割接方案（示例）".encode(),
    )


def _evaluation(people: People) -> None:
    """2023 服务年度的效能评估：发布了，联通有一条整改还没有回报。"""
    case = evaluating.start(actor=people["shy"], on=EVALUATED, year=CLOSED)
    _act(people, "shy", case, "file", EVALUATED)
    _act(people, "kw", case, "approve", EVALUATED)
    evaluation = Evaluation.objects.select_related("case__board").get(case=case)
    given: dict[str, dict[str, str]] = {}
    for number, row in enumerate(evaluating.rows(evaluation)):
        scores = {
            indicator["name"]: str(70 + (number * 7 + place * 5) % 30)
            for place, (indicator, _) in enumerate(row.scores)
        }
        given[row.institution.code] = scores | {"依据": "全年运行记录和现场抽查（示例）"}
    evaluating.grade(actor=people["dsf"], on=EVALUATED, evaluation=evaluation, given=given)
    _act(people, "dsf", case, "file", EVALUATED)
    evaluation = Evaluation.objects.select_related("case__board").get(case=case)
    evaluating.require(
        actor=people["kw"],
        on=EVALUATED,
        evaluation=evaluation,
        institution=Institution.objects.get(code="CU"),
        text="两次变更超期，报整改措施并说明怎样防止再发生",
        due_on=date(2025, 6, 30),
    )
    _act(people, "kw", case, "publish", EVALUATED)


def _survey(people: People) -> None:
    """2025 服务年度的满意度调查：发出去了，收回一份。"""
    case = surveying.start(
        actor=people["dsf"],
        on=SURVEYED,
        year=PRESENT - 1,
        mode=Survey.CENSUS,
        ratio=100,
        seed="2026-07-06",
        closes_on=date(2026, 7, 24),
    )
    _act(people, "dsf", case, "issue", SURVEYED)
    ticket = Ticket.objects.filter(survey__case=case).exclude(unit__name=people["mzj"].institution_name).first()
    if ticket is not None:
        asked = surveying.used_by(PRESENT - 1)[ticket.unit_id]
        surveying.answer(
            on=SURVEYED,
            token=surveying.mint(ticket),
            grades={one.code: "满意" for one in asked},
            comments={},
        )


def _consultation(people: People) -> None:
    """在办的迁移提请了会商，还没有结论。"""
    case = Case.objects.filter(procedure="migration", board__outcome="").order_by("pk").first()
    if case is not None:
        consulting.propose(
            actor=people["shy"],
            on=SURVEYED,
            case=case,
            topic="老系统整体迁移还是分批迁移",
            departments=[Institution.objects.get(code="KW"), Institution.objects.get(code="CZJ")],
            reason="涉及跨年度预算，分批迁移时间更长",
        )
