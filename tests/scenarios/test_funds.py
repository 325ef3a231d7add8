"""结算周边的钱：效能核定、灾备分摊、市经信核定（R-079、R-085、R-086）。"""

from __future__ import annotations

import io
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest

from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act, appraised, approved, measured, recomputed, used
from yunheng.assessment import evaluating
from yunheng.assessment.models import Evaluation
from yunheng.audit.models import Entry
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Board, Case
from yunheng.orgs.models import BusinessClock, Institution, Nature
from yunheng.orgs.operations import decide_convention
from yunheng.settlement import chaining, funding, operations, paying, proofs, queries, recovery
from yunheng.settlement.models import Freeze, Plan, RecoveryCost, RecoveryShare, Verified
from yunheng.settlement.plans import papering, planning, verifying

pytestmark = pytest.mark.django_db


def unicom() -> Institution:
    return Institution.objects.get(code="CU")


def evaluated(score: str = "70") -> None:
    """发布一次效能评估，各项都打 `score` 分。"""
    case = evaluating.start(actor=cast()["shy"], on=JULY, year=YEAR)
    evaluation = Evaluation.objects.get(case=case)
    act("shy", case, "file")
    act("kw", case, "approve")
    given = {
        row.institution.code: {i["name"]: score for i, _ in row.scores} | {"依据": "全年记录"}
        for row in evaluating.rows(evaluation)
    }
    fresh = Evaluation.objects.select_related("case__board").get(pk=evaluation.pk)
    evaluating.grade(actor=cast()["dsf"], on=JULY, evaluation=fresh, given=given)
    act("dsf", case, "file")
    act("kw", case, "publish")


def at_plan(folder: Path) -> tuple[Case, Freeze]:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    used()
    case = approved(folder)
    freeze = queries.freeze_of(case)
    assert freeze is not None
    return case, freeze


def verify(freeze: Freeze, amount: str, who: str = "kw", document: str = "松科委〔2026〕9号") -> Verified:
    return verifying.verify(
        actor=cast()[who], on=JULY, freeze=Freeze.objects.get(pk=freeze.pk), provider=unicom(), amount=Decimal(amount),
        reason="评估 70 分，核减", document=document,
    )  # fmt: skip


def written(case: Case) -> Plan:
    return planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=Decimal(0))


# ── R-079 ──


def test_R079_核定单列_计量结果和摘要不变_方案合同照核定后的(tmp_path: Path) -> None:
    case, freeze = at_plan(tmp_path)
    evaluated()
    before = funding.payable(freeze, "CU", None)
    assert before is not None
    digest = freeze.run.digest
    stale = written(case)
    verify(freeze, "-100.00")
    assert funding.payable(freeze, "CU", None) == before - 100
    freeze.run.refresh_from_db()
    assert freeze.run.digest == digest
    assert freeze.run.head["summary"]["unified"][0]["net"] == str(before)
    with pytest.raises(Refused, match="请重编一版"):
        act("shy", case, "report")
    plan = written(case)
    assert (stale.total, plan.total) == (before, before - 100)
    act("shy", case, "report")
    total = str(funding.figure(case, "need"))
    act("kw", case, "grant", fields={"approved": total, "document": "松科委〔2026〕12号"})
    act("shy", case, "apply", fields={"applied": total})
    act("cz", case, "grant", fields={"granted": total, "document": "松科委〔2026〕12号"})
    with pytest.raises(Refused, match="应等于结算书上的应付"):
        paying.sign(
            actor=cast()["shy"], on=JULY, freeze=freeze, provider=unicom(), number="HT-1", amount=before, signed_on=JULY
        )
    paying.sign(
        actor=cast()["shy"], on=JULY, freeze=freeze, provider=unicom(), number="HT-1", amount=before - 100,
        signed_on=JULY,
    )  # fmt: skip
    assert not [problem for problem in proofs.money_problems() if problem]
    names = {step.name for step in chaining.chain(case)}
    assert "效能评估核定以后" in names


def test_R079_方案的文件里单列核定_写明评估结果和决定人(tmp_path: Path) -> None:
    case, freeze = at_plan(tmp_path)
    evaluated()
    verify(freeze, "-100.00")
    plan = written(case)
    from docx import Document

    content = papering.documents(plan)["结算项目方案.docx"]
    document = Document(io.BytesIO(content))
    text = "\n".join(
        [p.text for p in document.paragraphs] + [c.text for t in document.tables for r in t.rows for c in r.cells]
    )
    assert "效能评估核定" in text
    assert "松科委〔2026〕9号" in text
    assert "-100.00" in text
    assert f"{plan.total:,.2f}" in text


def test_R079_没有发布的评估结果_不能核定(tmp_path: Path) -> None:
    _, freeze = at_plan(tmp_path)
    with pytest.raises(Refused, match="没有发布的效能评估结果"):
        verify(freeze, "-1.00")


def test_R079_减成负数_是零_没有文号_不是区科委_核定两次_都拒绝(tmp_path: Path) -> None:
    case, freeze = at_plan(tmp_path)
    evaluated()
    for amount in ("0", "-99999999"):
        with pytest.raises(Refused):
            verify(freeze, amount)
    with pytest.raises(Refused, match="文号"):
        verify(freeze, "-1.00", document="")
    with pytest.raises(NotYours):
        verify(freeze, "-1.00", who="shy")
    verify(freeze, "-1.00")
    with pytest.raises(Refused, match="现在的核定相同"):
        verify(freeze, "-1.00")
    written(case)
    act("shy", case, "report")
    Verified.objects.get()
    with pytest.raises(Refused, match="编方案时才核定"):
        verify(freeze, "-2.00")


def test_R079_核定错了报送以前重新核定_替下原来的_方案照新的_原来的留着(tmp_path: Path) -> None:
    case, freeze = at_plan(tmp_path)
    evaluated()
    metered = funding.payable(freeze, "CU", None)
    assert metered is not None
    first = verify(freeze, "-100.00")
    stale = written(case)
    second = verify(freeze, "-10.00", document="松科委〔2026〕10号")
    assert second.replaces == first
    assert funding.payable(freeze, "CU", None) == metered - 10
    with pytest.raises(Refused, match="请重编一版"):
        act("shy", case, "report")
    plan = written(case)
    assert (stale.total, plan.total, plan.verified) == (metered - 100, metered - 10, [second.pk])
    act("shy", case, "report")
    # 区科委退回来，还可以再改
    with pytest.raises(Refused, match="请先退回修改方案"):
        verify(freeze, "-20.00")
    act("kw", case, "return", opinion="核定再议")
    verify(freeze, "-20.00")
    assert Verified.objects.count() == 3
    entry = Entry.objects.filter(action="改效能核定").order_by("pk")[0]
    assert entry.before == {"调整": "-100.00", "理由": "评估 70 分，核减"}
    page = signed_in("kw").get(f"/cases/{case.number}/").content.decode()
    assert "<del>−100.00</del>" in page
    assert "已重新核定" in page


def test_R079_重新核定的减得比应付多_拒绝_应付不含替下的那一条(tmp_path: Path) -> None:
    _, freeze = at_plan(tmp_path)
    evaluated()
    metered = funding.payable(freeze, "CU", None)
    assert metered is not None
    verify(freeze, "500.00")
    with pytest.raises(Refused, match=f"应付只有 {metered} 元"):
        verify(freeze, str(-metered - 1))
    verify(freeze, str(-metered))
    assert funding.unified_net(freeze) == 0


def test_R079_改成零就是不调整了_方案里不再列_再改零就拒绝(tmp_path: Path) -> None:
    case, freeze = at_plan(tmp_path)
    evaluated()
    metered = funding.payable(freeze, "CU", None)
    verify(freeze, "-100.00")
    verify(freeze, "0", document="松科委〔2026〕11号")
    assert funding.payable(freeze, "CU", None) == metered
    plan = written(case)
    assert (plan.total, plan.verified) == (metered, [])
    assert "效能评估核定以后" not in {step.name for step in chaining.chain(case)}
    with pytest.raises(Refused, match="调整不能是 0"):
        verify(freeze, "0", document="松科委〔2026〕12号")
    act("shy", case, "report")


# ── R-085 ──


def asset(kind: str = "共用", owner: str = "SDSJ") -> None:
    recovery.register_asset(
        actor=cast()["shy"], on=JULY, code="ZB-1", name="同城灾备机房", kind=kind,
        owner=Institution.objects.get(code=owner),
    )  # fmt: skip


def decided(**ratios: str) -> RecoveryShare:
    given = {code: Decimal(ratio) for code, ratio in ratios.items()}
    return recovery.decide(
        actor=cast()["kw"], on=JULY, code="ZB-1", ratios=given, document="松科委〔2026〕3号", from_year=YEAR
    )


def billed(amount: str = "100.00", reason: str = "") -> RecoveryCost:
    return recovery.bill(
        actor=cast()["shy"],
        on=JULY,
        code="ZB-1",
        year=YEAR,
        amount=Decimal(amount),
        document="决算单 7",
        reason=reason,
    )


def test_R085_自己付账的街镇_非预算单位不算区级财力_独用的不能分给它_运维的不进预算合计() -> None:
    own = Institution.objects.filter(nature=Nature.NON_BUDGET).order_by("code")[0]
    asset("独用", "KCZX")
    with pytest.raises(Refused, match=f"由区级财力承担，不能分给{own.name}"):
        decided(**{"KCZX": "50", own.code: "50"})
    asset("运维", own.code)
    decided(**{own.code: "100"})
    billed("300.00")
    assert recovery.borne(YEAR) == 0
    asset("运维", "KCZX")
    decided(KCZX="100")
    billed("300.00", "归属登记错了")
    assert recovery.borne(YEAR) == 300


def test_R085_一笔费用按最大余额法拆到分_合计一分不差() -> None:
    asset()
    decided(SDSJ="33.333333", SJX="33.333333", SZG="33.333334")
    cost = billed("100.00")
    assert cost.shares == {"SDSJ": "33.33", "SJX": "33.33", "SZG": "33.34"}
    assert sum(map(Decimal, cost.shares.values())) == 100


def test_R085_比例自定的那年起用_以后改了不动已拆的() -> None:
    asset()
    decided(SDSJ="60", SJX="40")
    first = billed("0.03")
    decided(SDSJ="100")
    assert first.shares == {"SDSJ": "0.02", "SJX": "0.01"}
    share = recovery.share_of("ZB-1", YEAR)
    assert share is not None
    assert share.ratios == {"SDSJ": "100"}
    assert recovery.share_of("ZB-1", YEAR - 1) is None
    with pytest.raises(Refused, match="已记过"):
        billed()


def test_R085_合计不到一百_没有定比例_没有登记资产_都拒绝() -> None:
    with pytest.raises(Refused, match="没有登记过"):
        decided(SDSJ="100")
    asset()
    with pytest.raises(Refused, match=r"合计 99.9%"):
        decided(SDSJ="60", SJX="39.9")
    with pytest.raises(Refused, match="没有代码是"):
        decided(SDSJ="60", XX="40")
    with pytest.raises(Refused, match="还没有定"):
        billed()
    with pytest.raises(NotYours):
        recovery.decide(
            actor=cast()["shy"], on=JULY, code="ZB-1", ratios={"SDSJ": Decimal(100)}, document="x", from_year=YEAR
        )
    assert not RecoveryCost.objects.exists()


def test_R085_页面上的比例_从名单里选机构_只填一半_一家选两遍_不是数_没有的机构拒绝_填过的还在() -> None:
    asset()
    client, url = signed_in("kw"), "/settlement/recovery/"
    page = client.get(url).content.decode()
    market = Institution.objects.get(code="SDSJ").name
    assert f'<option value="SDSJ">{market}</option>' in page
    assert 'name="ratios"' not in page
    given = {"do": "share", "code": "ZB-1", "document": "文", "year": str(YEAR)}
    for who, percent, why in (
        (["XX"], ["100"], "没有代码是"),
        (["SDSJ", "SDSJ"], ["60", "40"], "第 2 家：同一家选了两遍"),
        (["SDSJ", ""], ["60", "40"], "第 2 家：机构和比例都要填"),
        (["SDSJ", "SJX"], ["60", ""], "第 2 家：机构和比例都要填"),
        (["SDSJ"], ["一百"], "第 1 家的比例"),
        (["", ""], ["", ""], "比例合计 0%"),
        (["SDSJ", "SJX"], ["60", "30"], "比例合计 90%"),
    ):
        answer = client.post(url, given | {"who": who, "percent": percent})
        assert (answer.status_code, why in answer.content.decode()) == (422, True), why
    assert 'value="SJX" selected' in answer.content.decode()
    assert recovery.share_of("ZB-1", YEAR) is None
    four = {"who": ["SDSJ", "SJX", "", ""], "percent": ["60%", "40", "", ""]}
    assert client.post(url, given | four).status_code == 302
    share = recovery.share_of("ZB-1", YEAR)
    assert share is not None
    assert share.ratios == {"SDSJ": "60", "SJX": "40"}


def test_R085_运维费按资产归属_只能由归属单位承担() -> None:
    asset("运维", "KCZX")
    with pytest.raises(Refused, match="按资产归属"):
        decided(KCZX="50", KW="50")
    decided(KCZX="100")
    # 定了以后更正归属：不照旧的收，要重新定
    asset("运维", "KW")
    with pytest.raises(Refused, match=r"由区科委承担.*请区科委重新定"):
        billed()
    decided(KW="100")
    assert billed().shares == {"KW": "100"}


def test_R085_扩容由区与中标方签付_不定比例也不拆() -> None:
    asset("扩容", "KCZX")
    with pytest.raises(Refused, match="另签合同"):
        decided(KCZX="100")
    with pytest.raises(Refused, match=r"另签合同.*M10-五"):
        billed()
    # 定了比例以后才更正为扩容的，也不拆
    asset("独用", "KCZX")
    decided(KCZX="100")
    asset("扩容", "KCZX")
    with pytest.raises(Refused, match="另签合同"):
        billed()
    assert not RecoveryCost.objects.exists()


def test_R085_共用的由市级承担_独用的由区级承担_服务商不承担() -> None:
    asset("共用")
    for payer in ("KCZX", "CU"):
        with pytest.raises(Refused, match="共用部分，由市级财力承担"):
            decided(SDSJ="60", **{payer: "40"})
    decided(SDSJ="100")
    # 定了以后更正为独用：记费用时再看一遍
    asset("独用", "KCZX")
    with pytest.raises(Refused, match="独用部分，由区级财力承担，不能分给市大数据中心"):
        billed()
    with pytest.raises(Refused, match="独用部分，由区级财力承担"):
        decided(SDSJ="100")
    decided(KCZX="50", KW="50")
    assert billed().shares == {"KCZX": "50", "KW": "50"}


def test_R085_记错的费用再记一条更正_写明理由_旧的留着_只算新的() -> None:
    asset()
    with pytest.raises(Refused, match="还没有定"):
        billed(reason="没有记过")
    decided(SDSJ="100")
    with pytest.raises(Refused, match="没有可更正的"):
        billed(reason="没有记过")
    first = billed("1000.00")
    with pytest.raises(Refused, match="写明更正的理由"):
        billed("100.00")
    again = billed("100.00", reason="多写了一个零")
    assert again.replaces == first
    assert [cost.amount for cost in recovery.costs()] == [Decimal("100.00")]
    assert RecoveryCost.objects.count() == 2
    last = billed("110.00", reason="又核了一遍")
    assert list(recovery.costs()) == [last]
    page = signed_in("shy").get("/settlement/recovery/").content.decode()
    assert "原为 100.00 元：又核了一遍" in page


def test_R085_方案报送以前灾备费用能更正_报送以后不能_退回重编的又能(tmp_path: Path) -> None:
    used()
    case = approved(tmp_path)
    asset()
    decided(SDSJ="100")
    billed("1000.00")
    # 计量结果冻结了，方案还在编：决算单这时才到，打错了能改
    billed("100.00", reason="多写了一个零")
    planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=Decimal(0))
    act("shy", case, "report")
    with pytest.raises(Refused, match=f"方案已经报送（{case.number}），算进了预算的灾备费用不能再更正"):
        billed("90.00", reason="又核了一遍")
    act("kw", case, "return", opinion="灾备的数再核")
    billed("90.00", reason="又核了一遍")
    assert [cost.amount for cost in recovery.costs()] == [Decimal("90.00")]


# ── R-086 ──


def test_R086_有市级单位用的_结算书先报市经信核定(tmp_path: Path) -> None:
    used()
    Institution.objects.filter(name=cast()["mzj"].institution_name).update(level="city")
    appraised()
    run = measured()
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    act("shy", case, "file")
    operations.recompute(actor=cast()["dsf"], on=JULY, run=run, file=BytesIO(recomputed(run, tmp_path)))
    act("dsf", case, "match")
    assert Board.objects.get(case=case).step_name == "市经信核定"
    with pytest.raises(NotYours):
        act("kw", case, "approve")
    act("sjx", case, "approve")
    act("kw", case, "approve")
    assert queries.freeze_of(case) is not None


def test_R086_口径定了都报的_区级单位的也报_市经信退回就重新计量(tmp_path: Path) -> None:
    used()
    appraised()
    decide_convention(actor=cast()["kw"], on=JULY, code="K-16", option="always", reason="市里要求", effective_on=JULY)
    run = measured()
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    act("shy", case, "file")
    operations.recompute(actor=cast()["dsf"], on=JULY, run=run, file=BytesIO(recomputed(run, tmp_path)))
    act("dsf", case, "match")
    with pytest.raises(Refused, match="意见"):
        act("sjx", case, "return")
    act("sjx", case, "return", opinion="差异说明不清")
    assert Board.objects.get(case=case).step == "draft"
    assert queries.freeze_of(case) is None


def test_R086_都是区级单位的_不用报市经信(tmp_path: Path) -> None:
    case, _ = at_plan(tmp_path)
    assert "city" not in set(case.events.values_list("step", flat=True))
