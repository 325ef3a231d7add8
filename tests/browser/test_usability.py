"""好不好用，能数的都数：步数、一次点到、只用键盘、页面多重（ux 第 15 节 U1、U3、U4、U10、U12）。"""

from __future__ import annotations

import gzip
from typing import Any

from playwright.sync_api import Page, expect

from .conftest import RESOURCE, SHOWN, Town, number_of, settled, texts
from .test_walks import act, upload

EIGHT = "\n".join(
    f"云主机\t1\t{cores}\t{cores * 4}\t麒麟 V10\t0.1\t0.5\t否\t政务外网\t\t\t{use}"
    for cores, use in (
        (8, "应用1"),
        (8, "应用2"),
        (8, "应用3"),
        (8, "应用4"),
        (16, "库1"),
        (16, "库2"),
        (4, "网关"),
        (4, "运维"),
    )
)


class Counted:
    """数步数的一双手：点一下、选一下、填一栏、粘贴一次，各算一步。"""

    def __init__(self, page: Page) -> None:
        self.page, self.steps = page, 0

    def __getattr__(self, name: str) -> Any:
        def step(*given: Any, **options: Any) -> Any:
            self.steps += 1
            return getattr(self.page, name)(*given, **options)

        return step


def test_U1_头一次填附件1_八台主机从Excel粘贴_四十步以内_一个字不丢(town: Town) -> None:
    page = town["jyj"].page
    town["jyj"].open("/")
    hand = Counted(page)
    hand.click("text=办申请")
    hand.click("text=我要给新项目申请云资源")
    hand.fill("#name", "数步数的系统")
    hand.click("text=开始填写")
    number = number_of(page)
    hand.click(".tasks b:has-text('单位与项目')")
    hand.fill("#i-leader", "顾卫东")
    hand.fill("#i-contact", "021-67001234")
    hand.check("input[name=classified][value=否]")
    hand.check("input[name=level][value=二级]")
    hand.click("text=保存并返回清单")
    hand.click(".tasks b:has-text('架构与服务商')")
    for name, value in (
        ("level_of_cloud", "市级政务云"),
        ("city_reason", "区级不能满足"),
        ("architecture", "X86"),
        ("iaas", "联通"),
    ):
        hand.check(f"input[name={name}][value={value}]")
    hand.fill("#i-planned_on", "2026-09-01")
    hand.click("text=保存并返回清单")
    hand.click(".tasks b:has-text('主机清单')")
    hand.click("text=从 Excel 粘贴或导入")
    hand.fill("#paste-text", EIGHT)
    hand.click("text=预览")
    hand.click("text=确认导入 8 行")
    hand.click("text=保存并返回清单")
    hand.click(".tasks b:has-text('附件与说明')")
    hand.fill("#i-statement", "八台主机，按压测结果测算")
    hand.click("text=保存并返回清单")
    page.wait_for_url(f"**/apply/{number}/?tried=1")
    upload(page, number, "信息化项目立项审查表（云资源）", town.downloads)
    hand.steps += 3
    town["jyj"].open(f"/apply/{number}/")
    hand.click("text=检查并提交")
    hand.click("text=提交签批")
    expect(page.locator(".receipt")).to_contain_text(f"已提交：{number}")
    expect(page.locator(".paper")).to_contain_text("合计 8 台 · 72 核 · 288 GB")
    assert hand.steps <= 40


def test_U3_粘贴五十行_五处错误逐行逐列说出_改好再导入(town: Town) -> None:
    page = town["jyj"].page
    town["jyj"].open("/apply/?kind=district")
    page.fill("#name", "五十行的系统")
    page.click("text=开始填写")
    page.click(".tasks b:has-text('主机清单')")
    lines = ["云主机\t1\t8\t32\t麒麟 V10\t0.1\t0.5\t否\t政务外网\t\t\t" for _ in range(50)]
    broken = list(lines)
    for row, (before, after) in {
        3: ("\t32\t", "\t\t"),
        11: ("\t8\t", "\t八\t"),
        22: ("政务外网", "外网"),
        37: ("\t0.1\t", "\t0.123\t"),
        49: ("云主机", "小型机"),
    }.items():
        broken[row] = broken[row].replace(before, after, 1)
    page.click("text=从 Excel 粘贴或导入")
    page.fill("#paste-text", "\n".join(broken))
    page.click("text=预览")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("共 50 行，5 行有错")
    for row, words in (
        (4, "内存不能为空"),
        (12, "CPU：应为数字"),
        (23, "网络区域：只能填"),
        (38, "系统盘：最多 2 位小数"),
        (50, "服务类型：只能填"),
    ):
        expect(preview.locator("tbody tr").nth(row - 1)).to_contain_text(words)
    assert preview.locator("td.wrong").count() == 5
    page.fill("#paste-text", "\n".join(lines))
    page.click("text=预览")
    page.click("text=确认导入 50 行")
    expect(page.locator("#totals")).to_contain_text("50 台 · 400 核")


def test_U4_审核员登录后不用点_最急的三件就在眼前_最急的在前(town: Town) -> None:
    page = town["shy"].page
    town["shy"].open("/")
    shown = texts(page.locator(".todo-list li"))
    first = [next(day for day in ("06-24", "07-02", "07-07") if f"2026-{day} 报的" in text) for text in shown[:3]]
    assert first == ["06-24", "07-02", "07-07"]
    assert "已超" in shown[0]
    town["shy"].open("/todo/")
    expect(page.locator(".card h2").first).to_contain_text("已超期")


def _tab_to(page: Page, selector: str) -> None:
    """只按 Tab，走到这一个为止。"""
    for _ in range(300):
        if page.evaluate("s => !!document.activeElement && document.activeElement.matches(s)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"按 300 次 Tab 也到不了 {selector}")


def _press(page: Page, selector: str, then: str) -> None:
    """走到这一个，按回车，等到下一页的那一个出来。"""
    _tab_to(page, selector)
    page.keyboard.press("Enter")
    page.wait_for_selector(then)
    settled(page)


def _type(page: Page, selector: str, text: str) -> None:
    _tab_to(page, selector)
    page.keyboard.type(text)


def test_U10_只用键盘_经办人填配额表提交_市经信核定(town: Town) -> None:
    clerk = town["mzj"].page
    town["mzj"].open("/apply/?kind=quota")
    _type(clerk, "#name", "只用键盘的系统")
    _press(clerk, "#name", ".tasks")
    number = number_of(clerk)
    _press(clerk, ".tasks a[href$='/project/']", "#i-leader")
    _type(clerk, "#i-leader", "周建国")
    _type(clerk, "#i-contact", "021-67001234")
    _tab_to(clerk, "input[name=classified]")
    clerk.keyboard.press("Space")
    _tab_to(clerk, "input[name=level]")
    clerk.keyboard.press("ArrowDown")
    _press(clerk, ".actions .btn-primary", ".tasks")
    _press(clerk, ".tasks a[href*='/quota/']", "[data-add-row]")
    if not clerk.locator("#grid tbody tr").count():
        _press(clerk, "[data-add-row]", "[name$=':dimension']")
    _type(clerk, "[name$=':dimension']", "CPU 核")
    _type(clerk, "[name$=':amount']", "64")
    _press(clerk, ".actions .btn-primary", ".tasks")
    _press(clerk, "a[href$='/check/']", ".actions .btn-primary")
    _press(clerk, ".actions .btn-primary", ".receipt")
    expect(clerk.locator(".receipt")).to_contain_text(f"已提交：{number}")
    act(town, "mzj-fzr", number, "同意并报送")
    reviewer = town["sjx"].page
    town["sjx"].open("/todo/")
    _press(reviewer, f"a[href='/cases/{number}/']", "#opinion")
    _type(reviewer, "#opinion", "核定")
    _press(reviewer, ".act-buttons .btn-primary", ".note")
    expect(reviewer.locator(".note")).to_contain_text("已办结")


def test_U12_常用的页连样式脚本压缩后不超过150KB(town: Town) -> None:
    page = town["shy"].page
    weights: dict[str, int] = {}
    page.on("response", lambda r: weights.update({r.url: len(gzip.compress(r.body()))}) if r.ok else None)
    page.context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
    for path in ("/", "/todo/", "/cases/", "/assets/", f"/cases/{SHOWN}/"):
        weights.clear()
        town["shy"].open(path)
        page.wait_for_load_state("networkidle")
        assert len(weights) > 3, path
        # 图的程序库不算：只有带图的页才取，取一次就留着
        total = sum(size for url, size in weights.items() if "/echarts-" not in url)
        assert total <= 150 * 1024, f"{path} {total / 1024:.0f} KB"


def test_证据抽屉_点开看得到单据工单_关了焦点回到原处_地址带着能再打开(town: Town) -> None:
    page = town["mzj"].page
    town["mzj"].open(f"/assets/{RESOURCE}/")
    first = page.locator("a[data-drawer]").first
    first.click()
    drawer = page.locator("#drawer")
    expect(drawer).to_contain_text(SHOWN)
    expect(drawer.locator(".evidence li", has_text="工单").first).to_be_visible()
    address = page.url
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    assert first.evaluate("link => link === document.activeElement")
    assert "#drawer" not in page.url
    page.goto("about:blank")
    page.goto(address)
    expect(drawer).to_contain_text(SHOWN)
    town.quiet()


def test_登录快到期_提前五分钟提醒_点一下就延长_到期当场重新登录(town: Town) -> None:
    visitor = town["jyj"]
    page = visitor.page
    page.clock.install()
    visitor.open("/apply/")
    page.clock.fast_forward("24:00")
    expect(page.locator("#idle")).to_be_hidden()
    page.clock.fast_forward("01:30")
    expect(page.locator("#idle")).to_contain_text("再过 5 分钟")
    page.click("#idle-more")
    expect(page.locator("#idle")).to_be_hidden()
    page.clock.fast_forward("30:10")
    expect(page.locator("#relogin")).to_be_visible()


def test_选单位可以打拼音首字母(town: Town) -> None:
    page = town["kw"].page
    town["kw"].open("/exemptions/")
    page.click(".ts-control")
    option = page.locator(".ts-dropdown .option")
    # 人看见列表展开了才打字；展开之前的一瞬，下拉会清掉输入框
    expect(option.first).to_be_visible()
    page.locator(".ts-control input").press_sequentially("mzj")
    expect(option).to_have_count(1)
    expect(option).to_contain_text("民政局")
    page.keyboard.press("Enter")
    page.fill("input[name=system]", "不宜上云的系统")
    page.fill("input[name=basis]", "某法第十条")
    page.click("main .btn-primary")
    expect(page.locator("table.data")).to_contain_text("民政局")
    town.quiet()
