"""一个办完的服务年度：网页的操作一步步办出来，2025-07-01 至 2026-06-30。"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path

from tests.support.people import cast
from yunheng.applications.models import Draft
from yunheng.assessment import operations as assessment
from yunheng.cases import operations as cases
from yunheng.cases.models import Board, Case, Event
from yunheng.cases.queries import position
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger.models import Project, Received, Source
from yunheng.ledger.receiving import receive
from yunheng.metering import engine, result
from yunheng.metering.opening import opened
from yunheng.orgs.models import Institution
from yunheng.settlement import funding, operations, paying, queries, recovering
from yunheng.settlement.models import Run, RunFile
from yunheng.settlement.plans import planning
from yunheng.settlement.runs import running

YEAR = 2025
JULY = date(2026, 7, 8)


def used(
    name: str = "全年在用的系统", prefix: str = "ECS-YR-", *, with_logs: bool = True, on: date = date(2025, 7, 1)
) -> Project:
    """民政局一个项目，`on` 申请，两天后（2025-07-03）由联通下发；`with_logs` 是平台日志齐全。"""
    walk = Walk(cast(), "mzj", on, "new", project_name=name).fill(**FILLED).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve").later(1).deliver("lt", prefix)
    project = Draft.objects.get(case=walk.case).project
    if with_logs:
        logged(project)
    return project


def mismatched(name: str = "数量不符的系统", prefix: str = "ECS-D3-") -> str:
    """平台工单的数量与申请表不同（D3）的一个资源；2025-03-05 下发，测试期在服务年度以前就满了，有全年的日志。"""
    project = used(name, prefix, on=date(2025, 3, 3), with_logs=False)
    code = str(project.resources.filter(code__startswith=prefix).order_by("code").values_list("code", flat=True)[0])
    reply = Received.objects.filter(kind="工单", payload__资源=code, payload__动作="新增").order_by("pk")[0]
    provider = reply.source.provider
    assert provider
    source, _ = Source.objects.get_or_create(code=f"{provider.name}云管平台", defaults={"provider": provider})
    sent = reply.payload | {"工单号": "PT-D3", "数量": str(Decimal(reply.payload["数量"]) + 4)}
    receive(actor=cast()["lt"], on=JULY, source=source, kind="工单", items=[("PT-D3", sent)])
    log = {"编号": "D3-日志", "资源": code, "首见日期": "2025-03-05", "末见日期": "2026-07-31"}
    receive(actor=cast()["lt"], on=date(2026, 7, 31), source=source, kind="日志", items=[("D3-日志", log)])
    return code


def self_paid(iaas: str = "", by: str = "lt", prefix: str = "ECS-JD-") -> None:
    """街道自费单位的一个项目，区科委同意以后由联通（或 `iaas` 那家的 `by`）下发，平台日志齐全。"""
    given = FILLED | ({"iaas": iaas} if iaas else {})
    walk = Walk(cast(), "jd", date(2025, 7, 1), "new", project_name="街道自费的系统").fill(**given).submit()
    walk.act("jd-fzr", "approve").act("kw", "approve").later(1).act("shy", "approve").later(1).deliver(by, prefix)
    logged(Draft.objects.get(case=walk.case).project)


def logged(project: Project) -> None:
    """项目的各资源都有全年的平台日志。"""
    for provider in Institution.objects.filter(resources__project=project).distinct():
        source, _ = Source.objects.get_or_create(code=f"{provider.name}云管平台", defaults={"provider": provider})
        logs = [
            (f"{code}-日志", {"编号": f"{code}-日志", "资源": code, "首见日期": "2025-07-03", "末见日期": "2026-07-31"})
            for code in project.resources.filter(provider=provider).values_list("code", flat=True)
        ]
        receive(actor=cast()["lt"], on=date(2026, 7, 31), source=source, kind="日志", items=logs)


#: 手填满意率要附的、第三方出具的文件
REPORT = ("满意度调查报告.pdf", b"%PDF-1.7 report")


def appraised(on: date = JULY, rates: dict[str, str] | None = None, only: Collection[str] = ()) -> None:
    """各家（或 `only` 那几家）服务商考核审定：满意率默认 95。"""
    people = cast()
    reply = {"CU": "lt", "CT": "dx"}
    for provider in Institution.objects.filter(kind="provider").order_by("code"):
        if only and provider.code not in only:
            continue
        assessment.rate(
            actor=people["dsf"], on=on, provider=provider, year=YEAR, basis="问卷 20 份", answers=20, document=REPORT,
            rate=Decimal((rates or {}).get(provider.code, "95")),
        )  # fmt: skip
        case = assessment.start(actor=people["dsf"], on=on, provider=provider, year=YEAR)
        act("dsf", case, "file", on)
        day = on
        if provider.code in reply:
            act(reply[provider.code], case, "accept", on)
        else:
            # 没有人登录的几家不会答复：期满由区科创中心办
            due = position(case).due
            assert due is not None
            day = due.date + timedelta(days=1)
            act("shy", case, "lapse", day, "考核表已送达，期满没有答复")
        act("shy", case, "approve", day)
        act("kw", case, "approve", day)


def seen(case: Case) -> int:
    return Board.objects.get(case=case).seq


def act(
    who: str, case: Case, code: str, on: date = JULY, opinion: str = "", fields: dict[str, str] | None = None
) -> Event:
    return cases.act(
        actor=cast()[who], on=on, case=case, act_code=code, seen=seen(case), opinion=opinion,
        detail={"fields": fields or {}},
    )  # fmt: skip


def measured(kind: str = "年度", on: date = JULY) -> Run:
    """要一次计量，等它办完。"""
    order = operations.order_run(actor=cast()["shy"], on=on, year=YEAR, kind=kind)
    while running.work_once():
        pass
    order.refresh_from_db()
    assert order.problems == []
    assert order.run is not None
    return order.run


def recomputed(run: Run, folder: Path) -> bytes:
    """第三方拿数据包离线重算，给出 结算.json。"""
    path = folder / f"{run.pk}.zip"
    path.write_bytes(bytes(RunFile.objects.get(run=run, name=running.PACKAGE).content))
    with opened(path) as package, (folder / "结算.json").open("wb") as file:
        result.write(engine.settle(package), file)
    return (folder / "结算.json").read_bytes()


def approved(folder: Path, rates: dict[str, str] | None = None) -> Case:
    """办到区科委批准计量结果，可以编方案；`rates` 是各家的满意率。"""
    appraised(rates=rates)
    run = measured()
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    act("shy", case, "file")
    operations.recompute(actor=cast()["dsf"], on=JULY, run=run, file=BytesIO(recomputed(run, folder)))
    act("dsf", case, "match")
    act("kw", case, "approve")
    return case


def budgeted(folder: Path) -> Case:
    """办到预算下达，可以签合同。"""
    case = approved(folder)
    planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=Decimal(0))
    act("shy", case, "report")
    total = str(funding.figure(case, "need"))
    act("kw", case, "grant", fields={"approved": total, "document": "松科委〔2026〕12号"})
    act("shy", case, "apply", fields={"applied": total})
    act("cz", case, "grant", fields={"granted": total, "document": "松财〔2026〕8号"})
    return case


def altered(content: bytes) -> bytes:
    """改过一条账目的 结算.json，摘要照改后的重写，看上去是完整的。"""
    data = json.loads(content)
    data["lines"][0]["amount"] = f"{Decimal(data['lines'][0]['amount']) + Decimal('0.01'):.2f}"
    data["digest"] = result.digest_of(data)
    return json.dumps(data, ensure_ascii=False).encode()


def paid(folder: Path) -> Case:
    """办到付清。"""
    case = budgeted(folder)
    settled(case)
    return case


def supervisor() -> Institution:
    """受委托监管的第三方机构。"""
    return Institution.objects.get(pk=cast()["dsf"].institution or 0)


def settled(case: Case) -> None:
    """签齐、付清、办结；补差的同样办。"""
    freeze = queries.freeze_of(case)
    assert freeze is not None
    shy = cast()["shy"]
    for one in funding.dues(freeze):
        if not one.unit and one.payable:
            paying.sign(
                actor=shy, on=JULY, freeze=freeze, provider=Institution.objects.get(code=one.provider),
                number=f"HT-{freeze.number}-{one.provider}", amount=one.payable, signed_on=JULY,
            )  # fmt: skip
    if (fee := funding.fee_payable(case)) > 0:
        paying.sign_fee(
            actor=shy, on=JULY, freeze=freeze, institution=supervisor(), number=f"JG-{freeze.number}", amount=fee,
            signed_on=JULY,
        )  # fmt: skip
    if (due := funding.recovery_payable(case)) > 0:
        recovering.pay(
            actor=shy, on=JULY, freeze=freeze, amount=due, paid_on=JULY, payee="灾备平台", voucher=f"ZB-{freeze.number}"
        )
    act("shy", case, "signed")
    for contract in freeze.contracts.all():
        paying.pay(
            actor=shy, on=JULY, contract=contract, amount=contract.amount, paid_on=JULY, voucher=f"FK-{contract.number}"
        )
    act("shy", case, "paid")
