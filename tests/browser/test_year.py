"""真浏览器里办完一个服务年度：从滚动计量到最后一笔支付，各个人物接力；文件与冻结的结果逐分相同（R-073 至 R-082）。"""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import docx
import openpyxl
from playwright.sync_api import Page, expect

from tests.support.year import REPORT, YEAR
from yunheng.documents.money import amount_in_words
from yunheng.rules.money import yuan

from .conftest import Town, number_of, settled, texts
from .test_walks import inaccessible


def saved(page: Page, link: str, path: Path) -> Path:
    """点下载，存下来。"""
    with page.expect_download() as waiting:
        page.click(link)
    waiting.value.save_as(path)
    return path


def press(page: Page, name: str) -> None:
    """办理里的一个按钮。"""
    page.click(f".act-buttons button:has-text('{name}')")
    expect(page.locator(".note[role=status]")).to_contain_text("已办理")


def measured(town: Town, button: str) -> None:
    page = town["shy"].page
    town["shy"].open(f"/settlement/{YEAR}/")
    page.click(f"button:has-text('{button}')")
    expect(page.locator("main h2").nth(1)).to_contain_text(button[:4], timeout=60_000)
    expect(page.locator("#order .note")).to_have_count(0, timeout=60_000)


def appraised(town: Town) -> None:
    """第三方记满意率、起联通的考核；联通确认，区科创中心复核，区科委审定。"""
    third = town["dsf"].page
    town["dsf"].open(f"/assessment/?year={YEAR}")
    rate = third.locator("form[action='/assessment/rate/']")
    rate.locator("select[name=provider]").select_option("CU")
    rate.locator("input[name=rate]").fill("88.5")
    rate.locator("input[name=basis]").fill("问卷 20 份，收回 18 份")
    name, content = REPORT
    rate.locator("input[type=file]").set_input_files({"name": name, "mimeType": "application/pdf", "buffer": content})
    rate.locator("button").click()
    row = third.locator("tr", has_text="联通").first
    expect(row).to_contain_text("38.8")
    row.locator("text=起年度考核").click()
    number = number_of(third)
    press(third, "送服务商确认")
    for who, name in (("lt", "无异议"), ("shy", "复核通过"), ("kw", "审定")):
        town[who].open(f"/cases/{number}/")
        press(town[who].page, name)
    expect(town["kw"].page.locator(".paper")).to_contain_text("已锁定")


def offline(town: Town, folder: Path) -> tuple[Path, dict[str, Any]]:
    """第三方下载数据包，离线用命令行重算。"""
    third = town["dsf"].page
    package = saved(third, "text=下载数据包", folder / "数据包.zip")
    out = folder / "复算"
    subprocess.run(
        [sys.executable, "-m", "yunheng.config.cli", "settle", str(package), "--out", str(out), "--json-only"],
        check=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": "src"},
        capture_output=True,
    )
    return out / "结算.json", json.loads((out / "结算.json").read_bytes())


def test_办完一个服务年度_从滚动计量到付清_文件与冻结的结果逐分相同(own_town: Town) -> None:
    town = own_town
    shy, folder = town["shy"].page, town.downloads
    measured(town, "滚动计量（算到昨天）")
    appraised(town)
    measured(town, "年度计量")
    shy.click("text=起年度结算")
    number = number_of(shy)
    press(shy, "提交复算")
    town["dsf"].open(f"/cases/{number}/")
    third = town["dsf"].page
    path, frozen = offline(town, folder)
    third.set_input_files("input[name=file][accept='.json,.gz,.zip']", path)
    third.click("text=上传并比对")
    expect(third.locator(".st-ok", has_text="一致")).to_be_visible()
    press(third, "复算一致")
    town["kw"].open(f"/cases/{number}/")
    press(town["kw"].page, "批准")
    town["shy"].open(f"/cases/{number}/")
    planned(town, frozen)
    papers = {
        name: saved(shy, f"#plans >> text={name}", folder / name) for name in ("结算项目方案.docx", "结算明细.xlsx")
    }
    shy.click("text=去报送立项")
    press(shy, "报送立项")
    for who, name, field in (("kw", "批复", "approved"), ("shy", "报送区财政", "applied"), ("cz", "下达", "granted")):
        page = town[who].page
        town[who].open(f"/cases/{number}/")
        net = page.input_value(f"[name='field:{field}']")
        assert Decimal(net) == Decimal(frozen["summary"]["unified_net"])
        page.fill("[name='field:document']", f"松〔2026〕{who}")
        press(page, name)
    town["shy"].open(f"/cases/{number}/")
    for row in frozen["summary"]["unified"]:
        form = shy.locator("form[action$='/contract/']", has=shy.locator(f"input[value='{row['provider']}']"))
        form.locator("input[name=number]").fill(f"HT-{row['provider']}")
        assert form.locator("input[name=amount]").input_value() == row["net"]
        form.locator("button").click()
    press(shy, "合同已签齐")
    for row in frozen["summary"]["unified"]:
        form = shy.locator("form[action$='/pay/']", has_text=f"HT-{row['provider']}")
        form.locator("input[name=voucher]").fill(f"FK-{row['provider']}")
        form.locator("button").click()
    press(shy, "已付清，办结")
    expect(shy.locator(".head")).to_contain_text("已办结")
    agree(papers, frozen, shy)
    town.quiet()


def planned(town: Town, frozen: dict[str, Any]) -> None:
    """在方案页上写、存成一版：专项管理费超上限的退回来，写的还在；出好以后预览的应付、大写就是冻结的。"""
    shy = town["shy"].page
    shy.click("text=编结算项目方案")
    shy.fill("#p-overview", "全区用云概况。")
    shy.fill("[name='goal:3:target']", "支付不超过应付金额")
    # 示例的委托费用比这一年的上限多，先填的是上限
    assert Decimal(shy.input_value("#p-fee")) == Decimal(frozen["summary"]["supervision_fee_cap"])
    shy.fill("#p-fee", "999999999.00")
    shy.click("text=存成第 1 版")
    expect(shy.locator(".error-summary")).to_contain_text("R-082")
    assert shy.input_value("#p-overview") == "全区用云概况。"
    assert shy.input_value("[name='goal:3:target']") == "支付不超过应付金额"
    town["shy"].problems.clear()  # 浏览器把 422 也记成报错
    shy.fill("#p-fee", "0.00")
    shy.click("text=存成第 1 版")
    expect(shy.locator("#plans")).to_contain_text("结算明细.xlsx", timeout=60_000)
    fen = round(Decimal(frozen["summary"]["unified_net"]) * 100)
    sheet = shy.locator(".sheet")
    for text in (f"应付 {yuan(fen, grouped=True)} 元（{amount_in_words(fen)}）", frozen["digest"]):
        expect(sheet).to_contain_text(text)
    total = texts(sheet.locator("table", has_text="表 10　统一支付").locator("tr.group td"))
    assert total[-2:] == [yuan(fen, grouped=True), amount_in_words(fen)]
    expect(shy.locator(".checks .check-bad, .checks .check-wait")).to_have_count(0)
    expect(shy.locator(".checks li", has_text="大写等于数字")).to_contain_text("处都相符")
    assert inaccessible(shy) == []
    shy.click(".plan-outline >> text=十、预算与资金来源")
    expect(sheet.locator("h2, h3", has_text="十、预算与资金来源")).to_be_in_viewport()


def agree(papers: dict[str, Path], frozen: dict[str, Any], page: Page) -> None:
    """Word、Excel、屏幕都与 结算.json 逐分相同。"""
    net = Decimal(frozen["summary"]["unified_net"])
    words = "\n".join(p.text for p in docx.Document(str(papers["结算项目方案.docx"])).paragraphs)
    assert f"应付 {yuan(int(net * 100), grouped=True)} 元" in words
    assert frozen["digest"] in words
    assert "全区用云概况。" in words
    sheet = next(s for s in openpyxl.load_workbook(papers["结算明细.xlsx"], read_only=True) if "账目" in s.title)
    rows = list(sheet.iter_rows(values_only=True))
    head = next(n for n, row in enumerate(rows) if row and "金额" in "".join(str(cell) for cell in row))
    column = next(n for n, cell in enumerate(rows[head]) if cell and "金额" in str(cell))
    body = [row for row in rows[head + 1 :] if row[0] and isinstance(row[column], int | float)]
    cells = [Decimal(str(row[column])).quantize(Decimal("0.01")) for row in body]
    assert cells == [Decimal(line["amount"]) for line in frozen["lines"]]
    shown = settled(page).locator(".paper").inner_text()
    for row in frozen["summary"]["unified"]:
        assert f"{Decimal(row['net']):,.2f}" in shown
    assert f"{net:,.2f}" in shown
