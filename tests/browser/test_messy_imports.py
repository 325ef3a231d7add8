"""乱的 Excel、带修订的 Word、按日子的裁定，在真浏览器里走一遍（R-032、R-047、R-075）。"""

from __future__ import annotations

import copy
import io
import re
from typing import Any

import docx
import openpyxl
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from playwright.sync_api import Page, Route, expect

from tests.golden.test_annexes import FORM
from tests.support.year import YEAR
from tests.unit.applications.test_human_hosts import cells, printed

from .conftest import Town, number_of, settled, texts

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def started(page: Page, name: str) -> str:
    """起一件新建，停在清单上；返回编号。"""
    page.fill("#name", name)
    page.click("text=开始填写")
    page.wait_for_url(re.compile(r"/apply/[^/?]+/$"))
    return number_of(page)


# ── 乱的 Excel ──


def messy() -> bytes:
    """一份人手里的主机清单：标题行、序号列、多出的一列、隐藏的行、合并的格、全角的数、合计行。"""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = "主机清单"
    for row in (
        ["民政局主机需求清单（2026 年）"],
        ["序号", "类型", "台数\n(台)", "CPU(核)", "内存(GB)", "操作系统 (版本)", "系统盘(TB)", "数据盘(TB)", "SSD",
         "区域", "备注", "", "使用科室"],
        [1, "云主机", "２", "８", 32, "麒麟 V10", 0.1, 0.5, "否", "政务外网", "应用", None, "办公室"],
        [2, "云主机", 1, 16, 64, "麒麟 V10", 0.1, 2, "是", "政务外网", "数据库", None, "办公室"],
        [3, "物理机", 1, 64, 256, "统信 20", 0.48, 7.68, "是", "互联网区", "备份机", None, "信息科"],
        ["合计", None, 4, 88, 352],
    ):  # fmt: skip
        sheet.append(row)
    sheet.merge_cells("A1:M1")
    sheet.merge_cells("K5:L5")
    sheet.row_dimensions[4].hidden = True
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


#: 预览里逐个点名的
NAMED = (
    "第 1 行：在表头以前，当作标题，没有读：“民政局主机需求清单（2026 年）”",
    "第 6 行：是合计行，没有读",
    "A 列“序号”：是序号，没有读",
    "要点头M 列“使用科室”：认不出是哪一列，没有读（3 行有内容）",
    "第 4 行：是隐藏（或筛选掉）的行，照读",
    "“K5:L5”第 5 行：横向合并，只有左边一格有内容",
    "“台数”第 3 行：去掉空白、千分位、单位，全角折成半角，如 “２”→“2”",
    "“CPU”第 3 行：去掉空白、千分位、单位，全角折成半角，如 “８”→“8”",
)


def test_R032_乱的Excel_预览逐个点名_点了头才导入_一次整批撤回(town: Town) -> None:
    page = town["mzj"].page
    town["mzj"].open("/apply/?kind=new")
    number = started(page, "表格乱的系统")
    town["mzj"].open(f"/apply/{number}/hosts/")
    page.click("text=从 Excel 粘贴或导入")
    page.set_input_files("#paste-file", {"name": "主机需求.xlsx", "mimeType": WORKBOOK, "buffer": messy()})
    page.click("button:text-is('预览')")
    preview = page.locator("#preview .preview")
    expect(preview).to_contain_text("读的是“主机清单”：表头在第 2 行，读了第 3–5 行，共 3 行。")
    preview.locator("summary", has_text="写法折成了一种").click()
    said = [" ".join(one.split()) for one in texts(preview.locator(".read-group li"))]
    assert [one for one in NAMED if one not in said] == []
    # 默认的按钮是回去改；没有点头的，浏览器不交
    expect(preview.locator(".btn-primary")).to_have_text("不导入，回去改文件")
    confirm = preview.locator("button", has_text="确认导入 3 行")
    assert not preview.locator("form.read-doubt").evaluate("form => form.checkValidity()")
    preview.locator("input[name=agreed]").check()
    confirm.click()
    expect(page.locator("#totals")).to_contain_text("4 台 · 96 核 · 384 GB")
    expect(page.locator("input[aria-label='CPU 核']")).to_have_count(3)
    assert [page.locator("input[aria-label='CPU 核']").nth(n).input_value() for n in range(3)] == ["8", "16", "64"]
    page.click("text=撤销刚才的导入")
    expect(page.locator(".note")).to_contain_text("已整批撤销最近一次导入")
    town["mzj"].open(f"/apply/{number}/hosts/")
    expect(page.locator("#totals")).to_contain_text("0 台 · 0 核 · 0 GB")
    expect(page.locator("input[aria-label='CPU 核']")).to_have_count(0)
    town.quiet()


# ── 带修订的 Word ──


def revised() -> bytes:
    """附件1：头一台主机的 CPU 在修订里由 8 改成 24，没有接受。"""
    document = docx.Document(io.BytesIO(printed()))
    old: Any = next(cell for cell in cells(document) if cell.text == "8").paragraphs[0].runs[0]._r
    new = copy.deepcopy(old)
    new.find(qn("w:t")).text = "24"
    old.find(qn("w:t")).tag = qn("w:delText")
    for tag, run in (("w:ins", new), ("w:del", old)):
        mark = OxmlElement(tag)
        old.addprevious(mark) if run is new else new.getparent().addprevious(mark)
        mark.append(run)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def kept_open(page: Page, html: str) -> Page:
    """另一个窗口里还开着的同一张预览：浏览器“后退”恢复的就是它。"""
    other = page.context.new_page()

    def show(route: Route) -> None:
        if route.request.method == "GET":
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        else:
            route.continue_()

    other.route(re.compile(r"/import/$"), show)
    other.goto(page.url)
    return other


def test_R047_带修订的Word_照接受以后读_写明有修订_退回去再确认一遍的不认(town: Town) -> None:
    page = town["mzj"].page
    town["mzj"].open("/apply/?kind=new")
    number = started(page, FORM.project)
    form = page.locator(f"form[action='/apply/{number}/import/']")
    form.locator("input[type=file]").set_input_files({"name": "附件1.docx", "mimeType": WORD, "buffer": revised()})
    form.locator("button").click()
    preview = page.locator(".preview")
    expect(preview).to_contain_text("有修订：照接受全部修订以后的样子读，插入的字读了，删去的没有读；请核对")
    changes = page.locator("table.data tr", has_text="主机清单").first
    expect(changes).to_contain_text("CPU 24核")
    other = kept_open(page, page.content())
    page.click("button:has-text('确认写入')")
    page.wait_for_url(f"**/apply/{number}/?tried=1")
    other.click("button:has-text('确认写入')")
    expect(other.locator("main")).to_contain_text("这次预览已经确认过了，没有再写一遍")
    other.close()
    town["mzj"].problems.clear()  # 浏览器把 422 也记成报错
    town["mzj"].open(f"/apply/{number}/hosts/")
    cores = page.locator("input[aria-label='CPU 核']")
    expect(cores).to_have_count(2)
    assert [cores.nth(n).input_value() for n in range(2)] == ["24", "16"]
    town.quiet()


# ── 裁定只管一段日子 ──


def measured(town: Town) -> str:
    """年度计量，等到新的批次出来；返回批次的账的地址。"""
    page = town["shy"].page
    town["shy"].open(f"/settlement/{YEAR}/")
    bill = settled(page).locator("a", has_text="逐级看账")
    before = bill.get_attribute("href") if bill.count() else ""
    page.click("button:has-text('年度计量')")
    fresh = page.locator(f"a[href^='/settlement/runs/']:not([href='{before}'])", has_text="逐级看账")
    expect(fresh).to_have_count(1, timeout=120_000)
    return str(fresh.get_attribute("href"))


def rule(town: Town, run: str, button: str, text: str, **days: str) -> None:
    """在差异页上勾那一条 D3，写依据、起止，裁定。"""
    page = town["shy"].page
    town["shy"].open(f"{run}differences/?code=D3")
    steps = page.locator(".timeline li")
    before = steps.count()
    page.check("input[name=row]")
    page.fill(".bulk input[name=text]", text)
    for name, day in days.items():
        page.fill(f".bulk input[name={name}]", day)
    page.click(f".bulk button:has-text('{button}')")
    expect(steps).to_have_count(before + 1)


def test_R075_裁七至九月不计费其余认可_重新计量_账切成计费的一段和不计费的一段_写明依据(disputed_town: Town) -> None:
    town = disputed_town
    shy = town["shy"].page
    run = measured(town)
    town["shy"].open(f"{run}differences/?code=D3")
    expect(shy.locator("input[name=row]")).to_have_count(1)
    resource = shy.locator("tr.group a").first.inner_text()
    rule(town, run, "裁定不计费", "机房搬迁，这三个月没有供上", from_on="2025-07-01", last_on="2025-09-30")
    expect(shy.locator("main")).to_contain_text("部分裁定")
    rule(town, run, "裁定认可，入账", "双方核对过，以工单为准", from_on="2025-10-01")
    expect(shy.locator("main")).to_contain_text("2025-07-01 至 2025-09-30（含）不计费")
    # 先前的批次不变：整年仍待核
    town["shy"].open(f"{run}?resource={resource}")
    expect(shy.locator("tr", has=shy.locator(".st-warn", has_text="待核 D3"))).to_contain_text("365")
    run = measured(town)
    town["shy"].open(f"{run}?resource={resource}")
    expect(shy.locator(".st-warn", has_text="待核")).to_have_count(0)
    cut = shy.locator("tr.with-equation", has_text="2025-10-01")
    expect(cut).to_have_count(1)
    charged = [" ".join(cell.split()) for cell in texts(cut.locator("td"))]
    assert charged[2:5] == ["2025-10-01", "2026-06-30", "273"]
    # 全年有别的项在计费，日历上看不出；变化的清单写明哪天起不计费、哪天起又计费
    told = [" ".join(one.split()) for one in texts(shy.locator("ol.changes li"))]
    assert f"2025-07-01 裁定不计费：{charged[0]}（至 2025-09-30（含））" in told
    assert f"2025-10-01 裁定不计费的到前一天，起计费：{charged[0]}" in told
    waived = shy.locator("section:has(h2:has-text('裁定不计费的')) tbody tr")
    expect(waived).to_have_count(1)
    shown = [" ".join(cell.split()) for cell in texts(waived.locator("td"))]
    assert (shown[0], shown[1]) == (charged[0], charged[1])
    assert shown[2:5] == ["2025-07-01", "2025-09-30", "92"]
    assert re.fullmatch(r"D3 裁定不计费 R-075 ?：机房搬迁，这三个月没有供上（.+ 2026-07-08）", shown[6])
    # 切开的前后两天：一天不计费、写明依据，一天计费
    for day, words in (("2025-09-30", "机房搬迁，这三个月没有供上"), ("2025-10-01", charged[0])):
        town["shy"].open(f"{run}days/{day}/?resource={resource}")
        expect(shy.locator("tr", has_text=charged[0]).first).to_contain_text(words)
    town.quiet()
