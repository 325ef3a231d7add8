"""年度结算：计量、对账、复算、审批、方案、立项、预算、合同、支付，一步一步，金额分毫不差（R-075 至 R-082、R-090）。"""

from __future__ import annotations

import gzip
import json
import zipfile
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.support.people import cast, signed_in
from tests.support.year import (
    JULY,
    YEAR,
    act,
    altered,
    appraised,
    approved,
    budgeted,
    measured,
    recomputed,
    self_paid,
    used,
)
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Board
from yunheng.config import cli
from yunheng.metering import result
from yunheng.orgs.models import Institution
from yunheng.orgs.operations import decide_convention
from yunheng.settlement import chaining, disputing, funding, handling, operations, paying, proofs, queries
from yunheng.settlement.footing import footing
from yunheng.settlement.models import BillLine, BillSum, Contract, Freeze, Handling, Payment, Recomputation, RunOrder
from yunheng.settlement.plans import checking, planning
from yunheng.settlement.runs import recomputing, running

pytestmark = pytest.mark.django_db
FENS = Decimal("0.01")


@pytest.fixture(autouse=True)
def project() -> None:
    used()


def refused(fragment: str) -> Any:
    return pytest.raises(Refused, match=fragment)


# ── 计量 ──


def test_R073_年度计量_账目逐条入库_各级合计与汇总分毫不差() -> None:
    run = measured()
    lines = BillLine.objects.filter(run=run, disputed=False)
    assert run.line_count == lines.count() > 5
    assert list(footing(run)) == []
    host = lines.get(resource="ECS-YR-01", item="ZJ-CPU-X86")
    # 2025-07-03 下发，三个月测试期，10-03 起计
    assert (host.from_on, host.until_on, host.days) == (date(2025, 10, 3), date(2026, 7, 1), 271)
    shown = queries.days(host)
    assert len(shown) == 271
    assert sum(amount for _, amount in shown) == host.amount


def test_R071_服务年度没完_不能算年度的_滚动的算到前一天() -> None:
    with refused("还不|才完"):
        operations.order_run(actor=cast()["shy"], on=date(2026, 6, 30), year=YEAR, kind="年度")
    run = measured("滚动", date(2026, 1, 15))
    assert run.until_on == date(2026, 1, 15)
    assert max(BillLine.objects.filter(run=run).values_list("until_on", flat=True)) == date(2026, 1, 15)


def test_R073_一个年度同时只办一次计量_不是区科创中心的不能要() -> None:
    operations.order_run(actor=cast()["shy"], on=JULY, year=YEAR, kind="年度")
    with refused("排队"):
        operations.order_run(actor=cast()["shy"], on=JULY, year=YEAR, kind="滚动")
    with pytest.raises(NotYours):
        operations.order_run(actor=cast()["lt"], on=JULY, year=YEAR, kind="年度")
    assert RunOrder.objects.count() == 1


def test_R077_太大的复算不整份读_列头二十处不同_写法不同的判不了(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = measured()
    content = recomputed(run, tmp_path)
    monkeypatch.setattr(recomputing, "WHOLE", 1000)
    third: dict[str, Any] = {"actor": cast()["dsf"], "on": JULY, "run": run}
    assert operations.recompute(**third, file=BytesIO(content)).equal
    with BytesIO() as buffer:
        result.write(result.Loaded(json.loads(altered(content))), buffer)
        changed = buffer.getvalue()
    other = operations.recompute(**third, file=BytesIO(gzip.compress(changed)))
    assert not other.equal
    # 改了的那一条和摘要，两处
    assert other.report.count("；复算第") == 2
    shorter = json.loads(content)
    gone = shorter["lines"].pop(2)
    with BytesIO() as buffer:
        result.write(result.Loaded(shorter), buffer)
        missing = operations.recompute(**third, file=BytesIO(buffer.getvalue()))
    # 少了一条的，只说那一条和摘要两处，后面的不因错开一行都算不同
    assert missing.report.count("；复算第") == 2
    assert f'"resource":"{gone["resource"]}"' in missing.report
    assert "；复算第" in missing.report
    assert "行：没有" in missing.report
    rewritten = json.dumps(json.loads(content), ensure_ascii=False).encode()
    assert operations.recompute(**third, file=BytesIO(rewritten)).equal, "写法不同而摘要相同"
    with monkeypatch.context() as smaller:
        smaller.setattr(recomputing, "_HEAD", 100)
        with refused(f"写法不一样.*{run.code_version} 版"):
            operations.recompute(**third, file=BytesIO(rewritten))
    with refused("被改动过"):
        operations.recompute(**third, file=BytesIO(changed.replace(b'"amount":"', b'"amount":"1', 1)))
    with refused("不是 结算.json"):
        operations.recompute(**third, file=BytesIO(b"x" * 2000))
    with refused("没有传完"):
        operations.recompute(**third, file=BytesIO(gzip.compress(content)[:-20]))


def test_R077_账目另存Parquet的复算_压成一个zip收得下_缺一份的拒绝(tmp_path: Path) -> None:
    run = measured()
    package = tmp_path / "数据包.zip"
    package.write_bytes(bytes(run.files.get(name=running.PACKAGE).content))
    out = tmp_path / "结果"
    assert cli.main(["settle", str(package), "--out", str(out), "--json-only", "--lines", "parquet"]) == 0
    third: dict[str, Any] = {"actor": cast()["dsf"], "on": JULY, "run": run}

    def zipped(*names: str) -> BytesIO:
        buffer = BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                archive.write(out / name, name)
        buffer.seek(0)
        return buffer

    with refused("账目.parquet"):
        operations.recompute(**third, file=zipped("结算.json", "待核.parquet"))
    with refused(r"压成一个 \.zip"):
        operations.recompute(**third, file=BytesIO((out / "结算.json").read_bytes()))
    with refused(r"没有 结算\.json"):
        operations.recompute(**third, file=zipped("账目.parquet"))
    assert not run.recomputations.exists()
    assert operations.recompute(**third, file=zipped("结算.json", "账目.parquet", "待核.parquet")).equal


def test_R077_第三方没有上传自己复算的_不能先下载系统的结果(tmp_path: Path) -> None:
    run, third = measured(), signed_in("dsf")
    url = f"/settlement/runs/{run.pk}/files/{running.RESULT}"
    assert "先上传自己离线复算的结果" in third.get(url).content.decode()
    assert third.get(f"/settlement/runs/{run.pk}/files/{running.PACKAGE}").status_code == 200
    # 交一份不一致的也不给：下载了原样传回来就“一致”了
    wrong = BytesIO(altered(recomputed(run, tmp_path)))
    assert not operations.recompute(actor=cast()["dsf"], on=JULY, run=run, file=wrong).equal
    assert "一致了再下载系统的" in third.get(url).content.decode()
    operations.recompute(actor=cast()["dsf"], on=JULY, run=run, file=BytesIO(recomputed(run, tmp_path)))
    assert third.get(url).status_code == 200


def test_R075_无日志的待核_裁定认可再计量就入账_裁定不计费就没有这些账目() -> None:
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    run = measured()
    found = [d for d in disputing.differences(run) if d.blocking]
    assert {d.code for d in found} == {"D5"}
    assert run.disputed_count == BillLine.objects.filter(run=run, disputed=True).count() > 0
    one = found[0]
    key: dict[str, Any] = {"year": YEAR, "code": "D5", "resource": one.resource, "item": one.item}
    with pytest.raises(NotYours):
        handling.handle(actor=cast()["lt"], on=JULY, kind="裁定", text="认", ruling="认可", **key)
    handling.handle(actor=cast()["lt"], on=JULY, kind="说明", text="平台升级期间没有记日志", **key)
    with refused("认可.*不计费"):
        handling.handle(actor=cast()["shy"], on=JULY, kind="裁定", text="认", ruling="也许", **key)
    with refused("说明不能为空"):
        handling.handle(actor=cast()["shy"], on=JULY, kind="裁定", text=" ", ruling="认可", **key)
    for row in found:
        ruling = "不计费" if row.resource == one.resource else "认可"
        handling.handle(
            actor=cast()["shy"], on=JULY, year=YEAR, code="D5", resource=row.resource, item=row.item,
            kind="裁定", text="以工单为准", ruling=ruling,
        )  # fmt: skip
    again = measured()
    assert again.disputed_count == 0
    assert not BillLine.objects.filter(run=again, resource=one.resource).exists()
    assert again.line_count > run.line_count
    assert [h.kind for h in Handling.objects.filter(resource=one.resource).order_by("pk")][:2] == ["说明", "裁定"]


def test_R075_没有这条差异_不阻断的_都不能裁定() -> None:
    measured()
    key: dict[str, Any] = {
        "actor": cast()["shy"],
        "on": JULY,
        "year": YEAR,
        "kind": "裁定",
        "text": "认",
        "ruling": "认可",
    }
    with refused("没有这条差异"):
        handling.handle(code="D5", resource="没有的资源", item="ZJ-CPU-X86", **key)


# ── 复算、审批、冻结 ──


def test_R077_没有复算结果_改过一分的_都不能说一致(tmp_path: Path) -> None:
    appraised()
    run = measured()
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    act("shy", case, "file")
    with refused("还没有上传离线复算"):
        act("dsf", case, "match")
    content = recomputed(run, tmp_path)
    with refused("不是 结算.json"):
        operations.recompute(actor=cast()["dsf"], on=JULY, run=run, file=BytesIO(b"{}"))
    tampered = json.loads(content)
    tampered["lines"][0]["amount"] = "0.00"
    with refused("被改动过"):
        operations.recompute(
            actor=cast()["dsf"], on=JULY, run=run, file=BytesIO(json.dumps(tampered, ensure_ascii=False).encode())
        )
    elsewhere = json.loads(content)
    elsewhere["service_year"] = YEAR - 1
    elsewhere["digest"] = result.digest_of(elsewhere)
    with refused(f"这是 {YEAR - 1} 服务年度的结算"):
        operations.recompute(
            actor=cast()["dsf"], on=JULY, run=run, file=BytesIO(json.dumps(elsewhere, ensure_ascii=False).encode())
        )
    assert not Recomputation.objects.exists()
    assert not operations.recompute(actor=cast()["dsf"], on=JULY, run=run, file=BytesIO(altered(content))).equal
    with refused("不一致，不能提交"):
        act("dsf", case, "match")
    assert operations.recompute(actor=cast()["dsf"], on=JULY, run=run, file=BytesIO(gzip.compress(content))).equal
    act("dsf", case, "match")
    assert Board.objects.get(case=case).step == "approve"


def test_R078_考核没有审定_不能提交复算() -> None:
    measured()
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    with refused("考核还没有审定"):
        act("shy", case, "file")


def test_R078_计量以后才审定考核_评分与计量时不同_要重新计量() -> None:
    measured()
    appraised()
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    with refused("请重新计量"):
        act("shy", case, "file")


def test_R090_区科委没有批准_不能编方案_批准了就冻结_不能重算也不能再裁定(tmp_path: Path) -> None:
    appraised()
    run = measured()
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    act("shy", case, "file")
    with refused("没有经区科委批准"):
        planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=Decimal(0))
    operations.recompute(actor=cast()["dsf"], on=JULY, run=run, file=BytesIO(recomputed(run, tmp_path)))
    act("dsf", case, "match")
    with pytest.raises(NotYours):
        act("shy", case, "approve")
    act("kw", case, "approve")
    assert Freeze.objects.get(service_year=YEAR).run == run
    with refused("已于 2026-07-08 冻结"):
        operations.order_run(actor=cast()["shy"], on=JULY, year=YEAR, kind="年度")


def test_R080_服务年度没完不能起结算_一年只起一件() -> None:
    with refused("才完"):
        operations.start(actor=cast()["shy"], on=date(2026, 6, 30), year=YEAR)
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    with refused(case.number):
        operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    with pytest.raises(NotYours):
        operations.start(actor=cast()["kw"], on=JULY, year=YEAR)


# ── 方案、预算、合同、支付 ──


def test_R082_专项管理费超过百分之十一分_拒绝_正好百分之十可以(tmp_path: Path) -> None:
    case = approved(tmp_path)
    cap = Decimal(queries.freeze_of(case).run.head["summary"]["supervision_fee_cap"])  # type: ignore[union-attr]
    with refused(r"D14-16\(监管机制\)，R-082"):
        planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=cap + FENS)
    plan = planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=cap)
    assert plan.version == 1


@pytest.mark.parametrize(
    ("step", "who", "code", "field"),
    [(0, "kw", "grant", "approved"), (1, "shy", "apply", "applied"), (2, "cz", "grant", "granted")],
)
def test_R081_批复_申请_下达_超过上一步一分就拒绝_写明超出多少(
    tmp_path: Path, step: int, who: str, code: str, field: str
) -> None:
    case = approved(tmp_path)
    with refused("还没有编结算项目方案"):
        act("shy", case, "report")
    planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={"overview": "概况"}, supervision=Decimal(0))
    act("shy", case, "report")
    total = funding.figure(case, "need")
    assert total is not None
    before = [("kw", "grant", "approved"), ("shy", "apply", "applied")][:step]
    for one, act_code, key in before:
        act(one, case, act_code, fields={key: str(total), "document": "松科委〔2026〕12号"})
    with refused("超出 0.01 元"):
        act(who, case, code, fields={field: str(total + FENS), "document": "松科委〔2026〕12号"})
    with refused("不能为空"):
        act(who, case, code)
    with refused("金额应为元"):
        act(who, case, code, fields={field: "十万", "document": "松科委〔2026〕12号"})
    act(who, case, code, fields={field: str(total), "document": "松科委〔2026〕12号"})
    assert funding.figure(case, field) == total


def test_R081_合同差一分_支付超合同_重号_都拒绝_付清才办结(tmp_path: Path) -> None:
    case = budgeted(tmp_path)
    freeze = Freeze.objects.get(case=case)
    row = freeze.run.head["summary"]["unified"][0]
    provider, due = Institution.objects.get(code=row["provider"]), Decimal(row["net"])
    given: dict[str, Any] = {
        "actor": cast()["shy"],
        "on": JULY,
        "freeze": freeze,
        "provider": provider,
        "signed_on": JULY,
    }
    with refused("差 -0.01 元"):
        paying.sign(number="HT-1", amount=due - FENS, **given)
    with refused("签订日"):
        paying.sign(number="HT-1", amount=due, **{**given, "signed_on": date(2026, 7, 9)})
    with refused("还没有与"):
        act("shy", case, "signed")
    for number, one in enumerate(freeze.run.head["summary"]["unified"]):
        paying.sign(
            number=f"HT-{number}", amount=Decimal(one["net"]),
            **{**given, "provider": Institution.objects.get(code=one["provider"])},
        )  # fmt: skip
    with refused("已登记过"):
        paying.sign(number="HT-0", amount=due, **given)
    act("shy", case, "signed")
    contract = Contract.objects.get(number="HT-0")
    given_pay: dict[str, Any] = {"actor": cast()["shy"], "on": JULY, "contract": contract, "paid_on": JULY}
    with refused("最多还能付"):
        paying.pay(amount=contract.amount + FENS, voucher="P1", **given_pay)
    paying.pay(amount=contract.amount - FENS, voucher="P1", **given_pay)
    with refused("还差 0.01 元"):
        act("shy", case, "paid")
    with refused("凭证号 P1 已登记过"):
        paying.pay(amount=FENS, voucher="P1", **given_pay)
    paying.pay(amount=FENS, voucher="P2", **given_pay)
    for other in Contract.objects.exclude(pk=contract.pk):
        paying.pay(
            actor=cast()["shy"], on=JULY, contract=other, paid_on=JULY, amount=other.amount, voucher=f"P-{other.number}"
        )
    act("shy", case, "paid")
    board = Board.objects.get(case=case)
    assert board.state == "已办结"
    amounts = [step.amount for step in chaining.chain(case)]
    assert len(set(amounts)) == 1
    assert [p for p in proofs.money_problems() if p] == []
    assert Payment.objects.count() == Contract.objects.count() + 1


def test_R080_方案出Word_PDF_Excel_金额与冻结的结果逐字相同_写的文字和专项管理费都在(tmp_path: Path) -> None:
    import io

    import docx
    import openpyxl

    from yunheng.rules.money import yuan
    from yunheng.settlement.plans.papering import write_next

    case = approved(tmp_path)
    freeze = Freeze.objects.get(case=case)
    cap = Decimal(freeze.run.head["summary"]["supervision_fee_cap"])
    prose = {"overview": "本区概况写在这里。", "goal": "绩效目标写在这里。", "arrangement": "一次付清。"}
    plan = planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose=prose, supervision=cap)
    assert write_next()
    assert not write_next()
    files = {file.name: bytes(file.content) for file in plan.files.all()}
    assert {"结算项目方案.docx", "结算项目方案.pdf", "结算明细.xlsx"} <= set(files)
    document = docx.Document(io.BytesIO(files["结算项目方案.docx"]))
    words = "\n".join(paragraph.text for paragraph in document.paragraphs)
    for text in prose.values():
        assert text in words
    net = freeze.run.head["summary"]["unified_net"]
    assert f"应付 {yuan(int(Decimal(net) * 100), grouped=True)} 元" in words
    total = yuan(int((Decimal(net) + cap) * 100), grouped=True)
    assert f"预算合计 {total} 元" in words
    assert freeze.run.digest in words
    assert files["结算项目方案.pdf"].startswith(b"%PDF-")
    book = openpyxl.load_workbook(io.BytesIO(files["结算明细.xlsx"]), read_only=True)
    assert any("账目" in name for name in book.sheetnames)


def test_R088_自行支付的单位_同样计量_单独出账_自己签约付款_不进统一支付(tmp_path: Path) -> None:
    self_paid()
    case = budgeted(tmp_path)
    freeze = Freeze.objects.get(case=case)
    (row,) = [row for row in freeze.run.head["summary"]["self"] if row["unit"] == "U35"]
    assert row["deduction"] == "0.00"
    provider, unit = Institution.objects.get(code=row["provider"]), Institution.objects.get(code="U35")
    given: dict[str, Any] = {
        "on": JULY, "freeze": freeze, "provider": provider, "unit": unit, "number": "ZX-1",
        "amount": Decimal(row["net"]), "signed_on": JULY,
    }  # fmt: skip
    with pytest.raises(NotYours, match="自行支付的由使用单位签"):
        paying.sign(actor=cast()["shy"], **given)
    with pytest.raises(NotYours):
        paying.sign(actor=cast()["mzj"], **given)
    with refused("差 1.00 元"):
        paying.sign(actor=cast()["jd"], **{**given, "amount": Decimal(row["net"]) + 1})
    contract = paying.sign(actor=cast()["jd"], **given)
    with pytest.raises(NotYours):
        paying.pay(actor=cast()["shy"], on=JULY, contract=contract, amount=contract.amount, paid_on=JULY, voucher="P")
    paying.pay(actor=cast()["jd"], on=JULY, contract=contract, amount=contract.amount, paid_on=JULY, voucher="P")
    assert contract.left == 0
    # 统一支付的金额链里没有它：合同、支付两步还空着
    assert [step.amount for step in chaining.chain(case)][-2:] == [None, None]


def test_R083_合计与账目差一分_区科委批不了_说明差在哪里_什么都没有冻结(tmp_path: Path) -> None:
    appraised()
    run = measured()
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    act("shy", case, "file")
    operations.recompute(actor=cast()["dsf"], on=JULY, run=run, file=BytesIO(recomputed(run, tmp_path)))
    act("dsf", case, "match")
    one = BillSum.objects.filter(run=run).order_by("pk")[0]
    BillSum.objects.create(
        run=run, unit=one.unit, project=f"{one.project}-X", provider=one.provider, payer="unified", disputed=False,
        lines=1, amount=FENS,
    )  # fmt: skip
    with refused(f"{one.project}-X.*0.01"):
        act("kw", case, "approve")
    assert not Freeze.objects.exists()


@pytest.mark.parametrize("option", ["yes", "no"])
def test_R078_口径定了自行支付的同样扣减_只有自行支付的那家考核也要先审定(option: str) -> None:
    self_paid("电信", "dx", "ECS-CT-JD-")
    decide_convention(
        actor=cast()["kw"], on=date(2025, 6, 1), code="K-11", option=option, reason="区科委会议定",
        effective_on=date(2025, 7, 1),
    )  # fmt: skip
    appraised(only={"CU"})
    run = measured()
    assert {row["provider"] for row in run.head["summary"]["unified"]} == {"CU"}
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    (check,) = [one for one in checking.bill_checks(YEAR, case, None) if one.name == "各家考核已审定"]
    if option == "yes":
        assert (check.state, check.text) == ("bad", "还没有审定的：电信")
        with refused("电信.*考核还没有审定，扣减没有依据.*R-078"):
            act("shy", case, "file")
        appraised(only={"CT"})
        measured()
    else:
        assert check.state == "ok"
    act("shy", case, "file")
    assert Board.objects.get(case=case).step == "recheck"
