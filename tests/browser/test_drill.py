"""从工作台的总额点到平台日志：六下以内，每一步看到的和都等于看到的各行之和（ux U6）；一天的页、异议在真浏览器里办。"""

from __future__ import annotations

import re
from decimal import Decimal

from playwright.sync_api import Page, expect

from .conftest import Town, texts
from .test_year import measured


def money(text: str) -> Decimal:
    """页面上的金额。"""
    return Decimal(re.sub(r"[¥,\s]", "", text))


def footed(page: Page, column: int) -> Decimal:
    """这一页写的合计、和各行之和是同一个数。"""
    stated = {money(text) for text in texts(page.locator(".sum-chain b"))}
    rows = page.locator(f"table.data tbody tr:not(.group):not(.equation-row) td:nth-child({column})")
    shown = sum((money(text) for text in texts(rows) if text.strip() != "—"), Decimal(0))
    assert stated == {shown}
    expect(page.locator(".error-summary")).to_have_count(0)
    return shown


def test_U6_从工作台的总额到平台日志_六下以内_每一步的和等于下面各行之和(town: Town) -> None:
    measured(town, "滚动计量（算到昨天）")
    page, clicks = town["shy"].page, 0
    town["shy"].open("/")
    tile = page.locator(".tile", has_text="服务年度已计费用")
    total = money(tile.locator("b").inner_text())
    tile.click()
    clicks += 1
    for label in ("单位", "项目", "资源"):
        assert footed(page, 3) == total
        expect(page.locator(".sum-chain")).to_contain_text(f"个{label}之和")
        first = page.locator("table.data tbody tr").first
        total = money(first.locator("td:nth-child(3)").inner_text())
        first.locator("a").first.click()
        clicks += 1
    assert footed(page, 7) == total
    assert [money(b) for b in texts(page.locator(".crumbs b"))][-1] == total
    page.locator("table.days td.d-charged a").last.click()
    clicks += 1
    footed(page, 5)
    page.locator("table.data a[data-drawer]").first.click()
    clicks += 1
    drawer = page.locator("#drawer")
    for kind in ("单据", "工单", "日志", "单价", "条款"):
        expect(drawer.locator(".evidence li", has=page.locator(".kind", has_text=kind)).first).to_be_visible()
    expect(drawer).to_contain_text("首见")
    expect(drawer).to_contain_text("D62-七")
    assert clicks <= 6
    town.quiet()


def test_我有异议_服务商在一天的页上提_区科创中心答复_服务商看到(town: Town) -> None:
    measured(town, "滚动计量（算到昨天）")
    page = town["lt"].page
    town["lt"].open("/settlement/2025/")
    page.click("text=逐级看账")
    for _ in range(3):
        page.locator("table.data tbody tr").first.locator("a").first.click()
    page.locator("table.days td.d-charged a").first.click()
    page.locator("text=我有异议").first.click()
    page.fill("#text", "这一天已经停机")
    page.click("text=提交异议")
    expect(page.locator("h1")).to_contain_text("的异议")
    link = page.url
    shy = town["shy"].page
    town["shy"].open("/todo/?tab=read")
    shy.locator("a", has_text="提了异议").first.click()
    assert shy.url == link
    shy.fill("#text", "工单、日志都在用")
    shy.click("button:has-text('不采纳')")
    page.reload()
    expect(page.locator(".timeline")).to_contain_text("工单、日志都在用")
    town.quiet()
