"""结算项目方案：谁编、怎样存一版、草稿、数据变了要更新、两版逐格对照、报送以前的核对（R-079 至 R-082，R-090）。"""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest

from tests.scenarios.test_funds import evaluated, verify
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act, approved, measured, used
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Board, Case
from yunheng.documents.blocks import Paper, Paragraph, Table, from_json
from yunheng.documents.data import GOALS
from yunheng.metering import result
from yunheng.orgs.models import BusinessClock
from yunheng.settlement import chaining, funding, queries
from yunheng.settlement.models import Freeze, Plan, PlanDraft
from yunheng.settlement.plans import checking, papering, planning
from yunheng.settlement.plans.planning import CONTENT, FAILED

pytestmark = pytest.mark.django_db
URL = f"/settlement/{YEAR}/plan/"
FENS = Decimal("0.01")


@pytest.fixture(autouse=True)
def _clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    used()


@pytest.fixture
def case(tmp_path: Path) -> Case:
    """区科委批准了计量结果，轮到编方案。"""
    return approved(tmp_path)


def write(case: Case, who: str = "shy", **changes: Any) -> Plan:
    given: dict[str, Any] = {"prose": {}, "supervision": Decimal(0)}
    return planning.write_plan(actor=cast()[who], on=JULY, case=case, **given | changes)


def made(plan: Plan) -> Paper:
    """后台出好文件，取存下的内容。"""
    while papering.write_next():
        pass
    return from_json(bytes(plan.files.get(name=CONTENT).content))


def table(paper: Paper, caption: str) -> Table:
    return next(block for block in paper.blocks if isinstance(block, Table) and block.caption.startswith(caption))


def typed(**changes: str) -> dict[str, str]:
    """表单里各栏：目标照默认。"""
    goals = {
        f"goal:{number}:{part}": text
        for number, goal in enumerate(GOALS)
        for part, text in zip(("indicator", "target"), goal, strict=True)
    }
    prose = {"prose:overview": "本区概况。", "prose:goal": "", "prose:arrangement": "一次付清。"}
    return goals | prose | {"supervision": "0.00", "seen": "0"} | changes


def page(who: str, url: str = URL, status: int = 200) -> str:
    response = signed_in(who).get(url)
    assert response.status_code == status, url
    return response.content.decode()


def states(case: Case) -> dict[str, str]:
    freeze, plan = queries.freeze_of(case), queries.latest_plan(case)
    assert freeze is not None
    file = plan.files.filter(name=CONTENT).first() if plan else None
    failed = plan.files.filter(name=FAILED).first() if plan else None
    checks = [
        *checking.bill_checks(YEAR, case, freeze),
        *checking.plan_checks(
            freeze, plan, from_json(bytes(file.content)) if file else None,
            bytes(failed.content).decode() if failed else "",
        ),
    ]  # fmt: skip
    return {one.name: one.state for one in checks}


# ── 谁编，什么时候能编 ──


@pytest.mark.parametrize("who", ["kw", "cz", "dsf", "xxk", "lt", "mzj"])
def test_R080_只有区科创中心编方案_别人存不了一版也要不了草稿(case: Case, who: str) -> None:
    with pytest.raises(NotYours, match="R-080"):
        write(case, who)
    with pytest.raises(NotYours, match="R-080"):
        planning.order_draft(actor=cast()[who], on=JULY, year=YEAR)
    assert signed_in(who).post(URL, typed()).status_code == 403
    assert not Plan.objects.exists()


def test_R080_各角色看方案_只有区科创中心有可写的地方_使用单位服务商不能看(case: Case) -> None:
    made(write(case, prose={"overview": "本区概况写在这里。"}))
    for who in ("shy", "kw", "cz", "dsf", "xxk"):
        shown = page(who)
        assert "本区概况写在这里。" in shown
        assert ('id="p-overview"' in shown) == (who == "shy")
    for who in ("lt", "mzj", "mzj-fzr", "sjx"):
        page(who, status=403)


def test_R080_报送立项以后不能再存一版_退回来才能(case: Case) -> None:
    write(case)
    act("shy", case, "report")
    with pytest.raises(Refused, match=r"现在“立项批复”.*R-080"):
        write(case)
    assert 'id="p-overview"' not in page("shy")
    act("kw", case, "return", opinion="写清楚支付安排")
    assert write(case).version == 2


def test_R080_别人先存了一版_照旧版改的不能盖过去_写的还在(case: Case) -> None:
    write(case, prose={"overview": "先存的"})
    response = signed_in("shy").post(URL, typed(**{"prose:overview": "后写的", "seen": "0"}))
    assert response.status_code == 422
    shown = response.content.decode()
    assert "已存了第 1 版" in shown
    assert "后写的</textarea>" in shown
    assert signed_in("shy").post(URL, typed(**{"prose:overview": "后写的", "seen": "1"})).status_code == 302
    assert Plan.objects.get(version=2).prose["overview"] == "后写的"


# ── 写的文字、绩效目标、专项管理费 ──


def test_R082_专项管理费超上限一分_不存_写的文字和目标值都还给人(case: Case) -> None:
    freeze = Freeze.objects.get(case=case)
    cap = Decimal(freeze.run.head["summary"]["supervision_fee_cap"])
    given = typed(
        **{"supervision": str(cap + FENS), "goal:1:target": "两家第三方都重算", "prose:overview": "写了很久的一段"}
    )
    response = signed_in("shy").post(URL, given)
    assert response.status_code == 422
    shown = response.content.decode()
    for text in (
        "区办法·16(监管机制)（R-082）",
        "写了很久的一段</textarea>",
        'value="两家第三方都重算"',
        f'value="{cap + FENS}"',
    ):
        assert text in shown
    assert not Plan.objects.exists()
    assert signed_in("shy").post(URL, given | {"supervision": "一万"}).status_code == 422
    assert signed_in("shy").post(URL, given | {"supervision": str(cap)}).status_code == 302
    assert Plan.objects.get().supervision == cap


def test_R080_绩效目标改得了_现值照算出来的_Word和Excel里都是新的(case: Case) -> None:
    goals = [("数量指标", "全部资源逐日计量"), *GOALS[1:]]
    plan = write(case, goals=goals)
    paper = made(plan)
    row = table(paper, "表 11").rows[0]
    assert tuple(row[:2]) == goals[0]
    assert str(row[2]).startswith(f"账目 {plan.run.line_count:,} 条")
    files = {file.name: bytes(file.content) for file in plan.files.all()}
    cells = [
        cell.text for t in docx.Document(io.BytesIO(files["结算项目方案.docx"])).tables for cell in t.columns[0].cells
    ]
    assert "数量指标" in cells
    sheet = openpyxl.load_workbook(io.BytesIO(files["结算明细.xlsx"]))["绩效目标"]
    assert [cell.value for cell in sheet[2]] == list(row)


@pytest.mark.parametrize(
    ("goals", "words"),
    [
        ([("", "目标"), *GOALS[1:]], "第 1 行的指标不能为空"),
        ([*GOALS[:4], ("满意度", "  ")], "第 5 行的目标值不能为空"),
        ([("数" * 21, "目标"), *GOALS[1:]], "第 1 行的指标有 21 个字，最多 20 个"),
        ([("数量", "目" * 201), *GOALS[1:]], "第 1 行的目标值有 201 个字，最多 200 个"),
        (list(GOALS[:4]), "应有 5 行，现在是 4 行"),
    ],
)
def test_R080_绩效目标空着_太长_少一行都拒绝_说明在第几行(case: Case, goals: Any, words: str) -> None:
    with pytest.raises(Refused, match=f"{words}.*R-080"):
        write(case, goals=goals)
    assert not Plan.objects.exists()


def test_R080_一段文字太长不悄悄截断_说有几个字(case: Case) -> None:
    with pytest.raises(Refused, match="“项目概况”有 5001 个字，最多 5000 个"):
        write(case, prose={"overview": "长" * 5001})


def test_R080_字体里没有的字_文件没有出成_报送不了_说明是哪个字(case: Case) -> None:
    write(case, prose={"overview": "一个印不出来的字\U0010fffd"})
    assert papering.write_next()
    assert "U+10FFFD" in page("kw")
    assert states(case)["文件出好了"] == "bad"
    with pytest.raises(Refused, match="没有出成"):
        act("shy", case, "report")
    made(write(case))
    act("shy", case, "report")


# ── 草稿 ──


def test_R090_账单没锁定_页上说先完成几项_要办的都有去处_看不到方案() -> None:
    shown = page("kw")
    assert "账单尚未锁定，先完成 5 项" in shown
    assert f'href="/settlement/{YEAR}/"' in shown
    assert 'class="sheet' not in shown
    assert "照最近的计量出一份草稿" not in shown


def test_R080_没有计量过_要不了草稿_说先计量() -> None:
    response = signed_in("shy").post(URL, {"do": "draft"})
    assert response.status_code == 422
    assert "还没有计量过" in response.content.decode()
    assert not PlanDraft.objects.exists()


def test_R080_草稿每一样都带水印_不建议立项_只给区科创中心_不能当方案报送(tmp_path: Path) -> None:
    run = measured()
    assert signed_in("shy").post(URL, {"do": "draft"}).status_code == 302
    assert "正在出草稿" in page("shy")
    assert papering.write_next()
    assert not papering.write_next()
    draft = PlanDraft.objects.get(run=run)
    paper = from_json(bytes(draft.files.get(name=CONTENT).content))
    assert (paper.mark, paper.title.endswith("（草稿）")) == ("草稿", True)
    assert not any("建议予以立项" in block.text for block in paper.blocks if isinstance(block, Paragraph))
    files = {file.name: bytes(file.content) for file in draft.files.all()}
    header = docx.Document(io.BytesIO(files["结算项目方案.docx"])).sections[0]
    for one in (header.header, header.even_page_header):
        assert 'string="草稿"' in one._element.xml
    book = openpyxl.load_workbook(io.BytesIO(files["结算明细.xlsx"]))
    for sheet in book:
        assert sheet.oddHeader is not None
        assert "草稿" in str(sheet.oddHeader.left.text)
        assert sheet.oddHeader.center.text == "&G"
    assert files["结算项目方案.pdf"].startswith(b"%PDF-")
    links = re.findall(r'href="(/settlement/drafts/[^"]+)"', page("shy"))
    assert len(links) >= 3
    for who in ("kw", "cz", "dsf", "xxk", "mzj", "lt"):
        assert signed_in(who).get(links[0]).status_code == 403, who
    assert signed_in("shy").get(links[0]).status_code == 200
    case = approved(tmp_path)
    with pytest.raises(Refused, match="草稿不能报送"):
        act("shy", case, "report")
    assert Board.objects.get(case=case).step == "plan"


def test_R087_年度还没完_草稿照滚动计量_叫预估稿() -> None:
    measured("滚动", date(2026, 1, 15))
    planning.order_draft(actor=cast()["shy"], on=JULY, year=YEAR)
    assert papering.write_next()
    paper = from_json(bytes(PlanDraft.objects.get().files.get(name=CONTENT).content))
    assert (paper.mark, paper.title.endswith("（预估稿）")) == ("草稿", True)


def test_R080_同一批次只出一份草稿_没出成的再要一次就重出() -> None:
    run = measured()
    for _ in range(2):
        planning.order_draft(actor=cast()["shy"], on=JULY, year=YEAR)
    draft = PlanDraft.objects.get(run=run)
    PlanDraft.objects.filter(pk=draft.pk).update(problem="断在中间")
    assert not papering.write_next()
    assert "断在中间" in page("shy")
    planning.order_draft(actor=cast()["shy"], on=JULY, year=YEAR)
    assert papering.write_next()
    assert draft.files.filter(name=CONTENT).exists()


def test_R080_草稿照的数据包与批次对不上_什么文件都不出(monkeypatch: pytest.MonkeyPatch) -> None:
    measured()
    draft = planning.order_draft(actor=cast()["shy"], on=JULY, year=YEAR)
    monkeypatch.setattr(result, "write", lambda *_: "sm3:别的")
    assert papering.write_next()
    draft.refresh_from_db()
    assert "摘要" in draft.problem
    assert not draft.files.exists()


# ── 数据变了 ──


def test_R079_存了一版以后又核定_标出要更新_报送不了_再存一版就照新的(case: Case) -> None:
    freeze = Freeze.objects.get(case=case)
    first = write(case, prose={"overview": "写好的概况"})
    made(first)
    assert "更新数据" not in page("shy")
    evaluated()
    verify(freeze, "-100.00")
    shown = page("shy")
    assert "更新数据，存成第 2 版" in shown
    assert "写好的概况</textarea>" in shown
    assert states(case)["效能核定都算进去了"] == "bad"
    with pytest.raises(Refused, match="请重编一版"):
        act("shy", case, "report")
    second = write(case, prose={"overview": "写好的概况"})
    assert second.total == first.total - 100
    assert f"{second.total:,.2f}" in str(table(made(second), "表 10-1").rows[-1])
    assert set(states(case).values()) == {"ok"}


# ── 核对清单 ──


def test_R080_核对清单_存一版以前还轮不到_出好以后全对(case: Case) -> None:
    assert states(case)["大写等于数字"] == "wait"
    made(write(case, supervision=Decimal("1.00")))
    assert set(states(case).values()) == {"ok"}
    shown = page("kw")
    assert shown.count('class="check-ok"') == len(states(case))
    assert "去报送立项" not in shown
    assert "去报送立项" in page("shy")


def test_R080_内容里大写和数字差一分_核对清单上是不对(case: Case) -> None:
    plan = write(case)
    paper = made(plan)
    freeze = Freeze.objects.get(case=case)
    wrong = replace(paper, blocks=(*paper.blocks, Paragraph("合计 100.01 元（人民币壹佰元整）。")))
    found = {one.name: one for one in checking.plan_checks(freeze, plan, wrong, "")}
    assert found["大写等于数字"].state == "bad"
    assert "100.01" in found["大写等于数字"].text
    pairs = list(checking.amounts(paper))
    assert f"{plan.total:,.2f}" in {figure for figure, _ in pairs}
    assert len(pairs) > 5


def test_R075_有待核的_只提醒不拦着(tmp_path: Path) -> None:
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    case = approved(tmp_path)
    made(write(case))
    assert states(case)["差异都已裁定"] == "warn"
    shown = page("shy")
    assert "待核" in shown
    assert "去报送立项" in shown
    act("shy", case, "report")


# ── 两版对照、金额链、文件 ──


def test_R080_两版对照_变了的格子有原值新值和差_没变的默认不列(case: Case) -> None:
    freeze = Freeze.objects.get(case=case)
    first = write(case, prose={"overview": "初稿"})
    evaluated()
    verify(freeze, "-100.00")
    second = write(case, prose={"overview": "改过的"}, goals=[("数量", "一条不漏"), *GOALS[1:]])
    made(second)
    url = f"/settlement/plans/{first.pk}..{second.pk}/"
    shown = page("kw", url)
    before, after = f"{first.total:,.2f}", f"{second.total:,.2f}"
    assert re.search(
        rf"<small>原</small> {before}</del><ins><small>改为</small> {after}</ins><small class=\"delta\">差 -100.00",
        shown,
    )
    assert re.search(
        r"<del><small>原</small> 期内全部在用资源逐日计量，无遗漏</del><ins><small>改为</small> 一条不漏", shown
    )
    for text in ("初稿", "改过的", "表 10-1"):
        assert text in shown
    assert "表 2　" not in shown
    assert "表 2　" in page("kw", f"{url}?all")
    page("mzj", url, status=403)


def test_R080_内容还没出好也对照得了写的文字(case: Case) -> None:
    plans = [write(case, prose={"overview": text}) for text in ("初稿", "改过的")]
    shown = page("kw", f"/settlement/plans/{plans[0].pk}..{plans[1].pk}/")
    assert "还没有出好" in shown
    assert re.search(r"原：</span>初稿</del>", shown)
    assert re.search(r"改为：</span>改过的</ins>", shown)


def test_R080_两件结算的方案不能对照_不是这一年的版次是404(case: Case) -> None:
    plan = write(case)
    page("kw", f"{URL}?v=2", status=404)
    page("kw", f"{URL}?v=x", status=404)
    page("kw", f"/settlement/plans/{plan.pk}..{plan.pk + 9}/", status=404)
    page("kw", "/settlement/2031/plan/", status=404)


def test_R081_标题下的金额链_每步有金额_日子_文号_与上一步的差(case: Case) -> None:
    write(case, supervision=Decimal("100.00"))
    act("shy", case, "report")
    total = funding.figure(case, "need")
    assert total is not None
    act("kw", case, "grant", fields={"approved": str(total - 1), "document": "松科委〔2026〕12号"})
    step = next(one for one in chaining.chain(case) if one.name == "批复金额")
    assert (step.amount, step.gap, step.on, step.document) == (total - 1, Decimal(-1), JULY, "松科委〔2026〕12号")
    shown = page("cz")
    for text in ("比上一步少 1.00", "比上一步多 100.00", "松科委〔2026〕12号", "还没有办"):
        assert text in shown


def test_R080_旧的一版照样看得到_只能看(case: Case) -> None:
    made(write(case, prose={"overview": "第一版写的"}))
    made(write(case, prose={"overview": "第二版写的"}))
    old = page("shy", f"{URL}?v=1")
    assert "第一版写的" in old
    assert 'id="p-overview"' not in old
    assert "第二版写的</textarea>" in page("shy")


def test_R080_正在出的时候反复问_出好了叫页面换新(case: Case) -> None:
    write(case)
    client = signed_in("shy")
    waiting = client.get(URL, headers={"HX-Request": "true"})
    assert "HX-Trigger" not in waiting.headers
    assert "正在出第 1 版" in waiting.content.decode()
    assert papering.write_next()
    done = client.get(URL, headers={"HX-Request": "true"})
    assert done.headers["HX-Trigger"] == "made"
    assert "看新的" in done.content.decode()
