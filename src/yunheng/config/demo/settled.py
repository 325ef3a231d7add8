"""示例区办完的一年：考核、差异裁定、年度结算一步步办到付清，用的都是真实的操作。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from yunheng.assessment import leading
from yunheng.assessment import operations as assessment
from yunheng.assessment.models import Occurrence
from yunheng.audit.actor import Actor
from yunheng.cases import operations as cases
from yunheng.cases.models import Board, Case
from yunheng.catalog import procuring
from yunheng.catalog import queries as catalog
from yunheng.metering import example
from yunheng.orgs import commissioning
from yunheng.orgs.models import Institution
from yunheng.orgs.queries import providers
from yunheng.rules.roles import Role
from yunheng.rules.scoring import BLAMELESS, FULLY, MAINLY
from yunheng.settlement import disputing, funding, handling, operations, paying, queries
from yunheng.settlement.bill import objecting
from yunheng.settlement.models import ADJUST, YEARLY, Freeze, Handling, ObjectionReply, Run
from yunheng.settlement.plans import planning
from yunheng.settlement.runs import running

from .cast import People
from .year import Rows

YEAR = example.YEAR
#: 补录完了以后，2024 年秋天一步步办
MEASURED, RULED, APPRAISED = date(2024, 8, 21), date(2024, 9, 2), date(2024, 9, 10)
APPROVED, REPORTED, GRANTED = date(2024, 9, 20), date(2024, 9, 27), date(2024, 10, 25)
SIGNED, PAID, ADJUSTED = date(2024, 11, 8), date(2024, 12, 6), date(2025, 3, 14)
#: 没有演示登录的服务商，办事人的叫法
_STAFF = "经办人（示例）"


def score(rows: Rows, people: People) -> None:
    """考核事件和满意率，照示例数据包；另有几起申辩、复核过的。"""
    known = {one.code: one for one in providers()}
    third = people["dsf"]
    for number, row in enumerate(rows["考核"], start=1):
        assessment.record(
            actor=third,
            on=APPRAISED,
            provider=known[row["服务商"]],
            indicator=row["指标"],
            happened_on=date.fromisoformat(row["日期"]),
            text=row["说明"],
            responsibility=FULLY if row["指标"] != "C" else MAINLY,
            reference=f"示例-{number:02d}",
            files=[_proof(row["说明"], row["日期"])],
            mark_=f"示例/{number}",
        )
    for row in rows["满意度"]:
        assessment.rate(
            actor=third,
            on=APPRAISED,
            provider=known[row["服务商"]],
            year=YEAR,
            rate=Decimal(row["满意率"]),
            basis="年度问卷（示例）",
            document=("满意度调查报告（示例）.txt", f"{row['服务商']} 满意率 {row['满意率']}%".encode()),
        )
    for code, who in (("CU", "lt"), ("CT", "dx")):
        _argue(people, known[code], people[who])


def _argue(people: People, provider: Institution, own: Actor) -> None:
    """一家的三起：申辩了仍计分的，申辩以后不计的，登记时就无责任的。"""
    third, shy = people["dsf"], people["shy"]
    stands = Occurrence.objects.filter(provider=provider).order_by("indicator", "on").first()
    assert stands is not None
    assessment.reply(
        actor=own, on=APPRAISED, occurrence=stands, text="备件到货晚了两天（示例）",
        name="到货单.txt", content="备件到货单（示例）".encode(),
    )  # fmt: skip
    assessment.find(
        actor=shy, on=APPRAISED, occurrence=stands, counted=True, reason="备件由服务商自备，仍负全部责任（示例）"
    )
    postponed = assessment.record(
        actor=third, on=APPRAISED, provider=provider, indicator="A", happened_on=date(2024, 1, 15),
        text="扩容任务逾期完成（示例）", responsibility=MAINLY, reference=f"示例-{provider.code}-21",
        files=[_proof("扩容任务逾期", "2024-01-15")], year=YEAR,
    )  # fmt: skip
    assessment.reply(
        actor=own, on=APPRAISED, occurrence=postponed, text="使用单位来函推迟了停机窗口（示例）",
        name="推迟函.txt", content="推迟停机窗口的来函（示例）".encode(),
    )  # fmt: skip
    assessment.find(
        actor=shy, on=APPRAISED, occurrence=postponed, counted=False, reason="来函属实，不是服务商的责任（示例）"
    )
    assessment.record(
        actor=third, on=APPRAISED, provider=provider, indicator="C", happened_on=date(2024, 5, 8),
        text="市电中断，两个系统变慢四十分钟（示例）", responsibility=BLAMELESS, reference=f"示例-{provider.code}-22",
        files=[_proof("市电中断", "2024-05-08")], year=YEAR,
    )  # fmt: skip


def _proof(text: str, day: str) -> tuple[str, bytes]:
    return f"{day}-记录.txt", f"{day} {text}：处理记录（示例）".encode()


def rule(rows: Rows, people: People) -> None:
    """先算一遍，照示例数据包裁定差异；没有对应差异的裁定不记。"""
    run = running.measure(actor=people["shy"], on=MEASURED, year=YEAR, kind=YEARLY)
    known = disputing.difference_keys(run, {row["资源"] for row in rows["差异裁定"]})
    for row in rows["差异裁定"]:
        if (row["差异"], row["资源"], row["目录项"]) in known:
            handling.handle(
                actor=people["shy"],
                on=RULED,
                year=YEAR,
                code=row["差异"],
                resource=row["资源"],
                item=row["目录项"],
                kind=Handling.RULE,
                ruling=row["裁定"],
                from_on=_day(row["起"]),
                until_on=_day(row["止"]),
                text=row["说明"],
            )


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def appraise(people: People) -> None:
    """线索逐条认定不登记，写明理由；各家考核审定。"""
    own = {actor.institution: actor for name, actor in people.items() if name in ("lt", "dx")}
    for lead in leading.pending(YEAR, APPRAISED):
        leading.dismiss(
            actor=people["dsf"],
            on=APPRAISED,
            year=YEAR,
            key=lead.key,
            reason="差异已由区科创中心核实、裁定，不是服务商的过错，不登记成考核事件（示例）",
        )
    for provider in providers():
        case = assessment.start(actor=people["dsf"], on=APPRAISED, provider=provider, year=YEAR)
        staff = own.get(provider.pk) or Actor(
            f"{provider.name}{_STAFF}", Role.PROVIDER, provider.name, institution=provider.pk
        )
        for actor, code in (
            (people["dsf"], "file"),
            (staff, "accept"),
            (people["shy"], "approve"),
            (people["kw"], "approve"),
        ):
            _act(actor, case, code, APPRAISED)


def agree(people: People) -> None:
    """各服务年度开始前都签了框架协议，单价照采购结果。"""
    for year in (2023, 2024, 2025, 2026):
        signed = date(year, 6, 20)
        edition = catalog.edition_on(procuring.LEVEL, date(year, 7, 1))
        assert edition is not None
        for provider in providers():
            procuring.sign(
                actor=people["shy"],
                on=signed,
                provider=provider,
                year=year,
                number=f"KJ-{year}-{provider.code}",
                signed_on=signed,
                rows=[row.plain() for row in procuring.result_for(edition, provider).values()],
            )


def close(people: People) -> None:
    """年度结算办到付清。"""
    shy, kw = people["shy"], people["kw"]
    run = running.measure(actor=shy, on=APPROVED, year=YEAR, kind=YEARLY)
    _object(people, run)
    case = operations.start(actor=shy, on=APPROVED, year=YEAR)
    _act(shy, case, "file", APPROVED)
    operations.recompute(actor=people["dsf"], on=APPROVED, run=run, file=running.result_file(run))
    _act(people["dsf"], case, "match", APPROVED)
    _act(kw, case, "approve", APPROVED)
    planning.write_plan(
        actor=shy,
        on=REPORTED,
        case=case,
        prose={
            "overview": "示例区各单位使用市级政务云，按申请表、工单、日志三方核对计量。",
            "goal": "按时足额支付，差异全部处理，第三方复算一致。",
            "arrangement": "合同签订后一次付清。",
        },
        supervision=commissioning.fees(YEAR),
    )
    _act(shy, case, "report", REPORTED)
    total = str(funding.figure(case, "need"))
    for actor, code, key, on, number in (
        (kw, "grant", "approved", REPORTED, "示例科委〔2024〕15号"),
        (shy, "apply", "applied", REPORTED, "示例科创〔2024〕22号"),
        (people["cz"], "grant", "granted", GRANTED, "示例财预〔2024〕31号"),
    ):
        _act(actor, case, code, on, {key: total, "document": number})
    _settle(people, case, "ZWY", SIGNED, PAID)


def _object(people: People, run: Run) -> None:
    """联通不认一条待核的账目；核过，不采纳。"""
    line = run.lines.filter(provider="CU", disputed=True).order_by("seq")[0]
    made = objecting.object_to(
        actor=people["lt"],
        on=APPROVED,
        run=run,
        line=line,
        text="平台日志是后来补采的，首见日期不准；起点以工单为准，应计入合计。",
    )
    objecting.answer(
        actor=people["shy"],
        on=APPROVED,
        objection=made,
        kind=ObjectionReply.REJECT,
        text="补采的日志没有依据可核，起点还不能认定；先列待核，补了依据再裁定，由补差结清。",
    )


def adjust(people: People) -> None:
    """次年春天裁定了一台没有日志的，补差办到付清。"""
    shy = people["shy"]
    freeze = Freeze.objects.get(service_year=YEAR)
    held = [row for row in disputing.differences(freeze.run) if row.code == "D5" and not row.ruled]
    for row in held:
        handling.handle(
            actor=shy,
            on=ADJUSTED,
            year=YEAR,
            code="D5",
            resource=row.resource,
            item=row.item,
            kind=Handling.RULE,
            ruling="认可",
            text="平台补来了运行截图，以工单为准（示例）",
        )
    run = running.measure(actor=shy, on=ADJUSTED, year=YEAR, kind=ADJUST)
    case = operations.adjust(actor=shy, on=ADJUSTED, year=YEAR)
    _act(shy, case, "file", ADJUSTED, opinion="无日志的资源已裁定认可")
    operations.recompute(actor=people["dsf"], on=ADJUSTED, run=run, file=running.result_file(run))
    _act(people["dsf"], case, "match", ADJUSTED)
    _act(people["kw"], case, "approve", ADJUSTED)
    _act(
        people["cz"],
        case,
        "grant",
        ADJUSTED,
        {"granted": str(funding.figure(case, "need")), "document": "示例财预〔2025〕7号"},
    )
    _settle(people, case, "BC", ADJUSTED, ADJUSTED)


def _settle(people: People, case: Case, prefix: str, signed: date, paid: date) -> None:
    """各家签约、付清、办结。"""
    freeze = queries.freeze_of(case)
    assert freeze is not None
    contracts = [
        paying.sign(
            actor=people["shy"],
            on=signed,
            freeze=freeze,
            provider=Institution.objects.get(code=one.provider),
            number=f"{prefix}-{YEAR}-{one.provider}",
            amount=one.payable,
            signed_on=signed,
        )
        for one in funding.dues(freeze)
        if not one.unit and one.payable
    ]
    if (fee := funding.fee_payable(case)) > 0:
        contracts.append(
            paying.sign_fee(
                actor=people["shy"],
                on=signed,
                freeze=freeze,
                institution=Institution.objects.get(pk=people["dsf"].institution or 0),
                number=f"{prefix}-{YEAR}-JG",
                amount=fee,
                signed_on=signed,
            )
        )
    _act(people["shy"], case, "signed", signed)
    for contract in contracts:
        paying.pay(
            actor=people["shy"],
            on=paid,
            contract=contract,
            amount=contract.amount,
            paid_on=paid,
            voucher=f"FK-{contract.number}",
        )
    _act(people["shy"], case, "paid", paid)


def _act(
    actor: Actor, case: Case, code: str, on: date, fields: dict[str, str] | None = None, opinion: str = ""
) -> None:
    seen = Board.objects.get(case=case).seq
    detail = {"fields": fields or {}}
    cases.act(actor=actor, on=on, case=case, act_code=code, seen=seen, opinion=opinion, detail=detail)
