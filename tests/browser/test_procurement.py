"""真浏览器里走完采购：征询 → 需求 → 备案 → 结果 → 框架协议 → 照新价估算的首次申请（R-015 至 R-018、R-087）。"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import openpyxl
from playwright.sync_api import Page, expect

from .conftest import Town, number_of, stored
from .test_walks import HOSTS
from .test_year import press, saved


def sheet_with(path: Path, item: str, price: str | None, keep: str | None = None) -> Path:
    """目录 Excel：把一项改成新价；`keep` 只留这家和各家都有的（框架协议的单价表）。"""
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    for row in list(sheet.iter_rows(min_row=2)):
        if price and row[0].value == item:
            row[6].value = price
    if keep is not None:
        own = {row[0].value for row in sheet.iter_rows(min_row=2) if row[7].value == keep}
        for row in reversed(list(sheet.iter_rows(min_row=2))):
            provider = row[7].value or ""
            if provider not in ("", keep) or (not provider and row[0].value in own):
                sheet.delete_rows(int(row[0].row or 0))
    book.save(path)
    return path


def clock(page: Page, site: str, day: str) -> None:
    """演示的业务日期拨到哪天。"""
    page.goto(site)
    page.fill("#clock-to", day)
    page.click("text=拨到这天")


def test_采购走完_框架协议单价等于结果_首次申请照新价估算(town: Town) -> None:
    city, folder = town["sdsj"].page, town.downloads
    town["sdsj"].open("/procurement/")
    city.click("text=起一次征询")
    number = number_of(city)
    city.fill("[name='field:due_on']", "2026-07-31")
    press(city, "下发征询")
    for who, quantity in (("mzj", "64"), ("jyj", "16")):
        page = town[who].page
        town[who].open("/procurement/")
        page.locator("tr", has_text=number).locator("text=报需求").click()
        # 要填的格子看得见边
        expect(page.locator("[name='qty:ZJ-CPU-X86']")).to_have_css("border-top-color", "rgb(124, 138, 153)")
        page.fill("[name='qty:ZJ-CPU-X86']", quantity)
        page.click("button:has-text('报需求')")
        expect(page.locator(".note")).to_contain_text("已报")
    town["shy"].open(f"/procurement/{number}/")
    expect(town["shy"].page.locator("tr", has_text="ZJ-CPU-X86").first).to_contain_text("36,480.00")
    for who, name in (("shy", "汇总完成"), ("kw", "确认，报区财政备案")):
        town[who].open(f"/cases/{number}/")
        press(town[who].page, name)
    town["cz"].open(f"/cases/{number}/")
    town["cz"].page.fill("[name='field:document']", "备〔2026〕8 号")
    press(town["cz"].page, "备案，反馈市里")
    town["sdsj"].open(f"/cases/{number}/")
    result = sheet_with(saved(city, "text=下载这一版 Excel", folder / "目录.xlsx"), "ZJ-CPU-X86", "400")
    city.fill("[name=effective_on]", "2026-08-01")
    city.fill("[name=basis]", "沪采〔2026〕15 号")
    city.click("text=存这一版")
    expect(city.locator("#catalog")).to_contain_text("2026-08-01 起生效")
    city.set_input_files("form[action$='/catalog/import/'] input[type=file]", result)
    city.click("text=导入预览")
    city.click("button:has-text('确认导入')")
    expect(city.locator("#catalog ins").first).to_contain_text("400")
    press(city, "发布采购结果")
    signed(town, folder)
    estimated(town)
    town.quiet()


def signed(town: Town, folder: Path) -> None:
    """与联通签框架协议：差一分不收，相等才收。"""
    page = town["shy"].page
    town["shy"].open("/catalog/?on=2026-08-01")
    sheet = saved(page, "text=下载 Excel", folder / "协议.xlsx")
    agreement = sheet_with(sheet, "ZJ-CPU-X86", "400.01", keep="CU")
    for price, answer in (("400.01", "不等于采购结果 400"), ("400", "KJ-CU")):
        sheet_with(agreement, "ZJ-CPU-X86", price)
        town["shy"].open("/procurement/?year=2027")
        row = page.locator("tr", has=page.locator("input[value=CU]"))
        row.locator("input[name=number]").fill("KJ-CU")
        row.locator("input[type=file]").set_input_files(agreement)
        row.locator("button").click()
        expect(page.locator("main")).to_contain_text(answer)
    town["shy"].problems.clear()


def estimated(town: Town) -> None:
    """业务日期到 8 月，首次申请的估算照新价。"""
    page = town["jyj"].page
    clock(page, town.site, "2026-08-03")
    try:
        town["jyj"].open("/apply/?kind=new")
        page.fill("#name", "照新价的系统")
        page.click("text=开始填写")
        number = number_of(page)
        page.click(".tasks b:has-text('架构与服务商')")
        page.check("input[name=architecture][value=X86]")
        page.check("input[name=iaas][value=联通]")
        stored(page)
        page.click(".tasks b:has-text('主机清单')")
        page.click("text=从 Excel 粘贴或导入")
        page.fill("#paste-text", HOSTS)
        page.click("text=预览")
        page.click("text=确认导入 2 行")
        town["jyj"].open(f"/apply/{number}/services/")
        expect(page.locator("#estimate")).to_contain_text("¥")
        text = page.locator("#estimate").inner_text()
        clock(page, town.site, "2026-07-08")
        town["jyj"].open(f"/apply/{number}/services/")
        before = page.locator("#estimate").inner_text()
        amounts = [Decimal(one.split("¥")[1].split("（")[0].replace(",", "").strip()) for one in (before, text)]
        # 32 核，每核一年由 456 元降到 400 元
        assert amounts[0] - amounts[1] == 32 * 56
    finally:
        clock(page, town.site, "2026-07-08")
