"""从空表到台账：真浏览器里各个人物接力（R-034、R-040、R-047、R-101；U2、U5、U9、U11）。"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from .conftest import Town, number_of, settled, stored
from .papers import differences, download

AXE = Path(__file__).parent / "vendor" / "axe-core-4.14.1" / "axe.min.js"
HOSTS = (
    "云主机\t2\t8\t32\t麒麟 V10\t0.1\t0.5\t否\t政务外网\t\t\t应用\n"
    "云主机\t1\t16\t64\t麒麟 V10\t0.1\t2\t是\t政务外网\t\t\t数据库"
)


def fill_new(town: Town, name: str) -> str:
    """经办人从空表填到提交，返回编号。"""
    page = town["mzj"].page
    town["mzj"].open("/apply/?kind=new")
    page.fill("#name", name)
    page.click("text=开始填写")
    number = number_of(page)
    page.click("text=单位与项目")
    page.fill("#i-leader", "周建国")
    page.fill("#i-contact", "021-67001234")
    page.check("input[name=classified][value=否]")
    page.check("input[name=level][value=二级]")
    stored(page)
    page.click("text=架构与服务商")
    page.check("input[value=市级政务云]")
    page.check("input[value=区级不能满足]")
    page.check("input[name=architecture][value=X86]")
    page.check("input[name=iaas][value=联通]")
    page.fill("#i-planned_on", "2026-09-01")
    stored(page)
    page.click("text=主机清单")
    page.click("text=从 Excel 粘贴或导入")
    page.fill("#paste-text", HOSTS)
    page.click("text=预览")
    expect(page.locator("#preview")).to_contain_text("共 2 行，都没有问题")
    page.click("text=确认导入 2 行")
    expect(page.locator("#totals")).to_contain_text("3 台 · 32 核 · 128 GB")
    stored(page)
    page.click("text=附件与说明")
    page.fill("#i-statement", "面向办事群众，日均 3,000 人次")
    stored(page)
    upload(page, number, "信息化项目立项审查表（云资源）", town.downloads)
    town["mzj"].open(f"/apply/{number}/")
    page.click("text=检查并提交")
    page.click("text=提交签批")
    expect(page.locator(".receipt")).to_contain_text(f"已提交：{number}")
    return number


def upload(page: Page, number: str, kind: str, folder: Path) -> None:
    """在“附件与说明”里传一份材料。"""
    path = folder / "材料.pdf"
    path.write_bytes(b"%PDF-1.4")
    page.goto(page.url.split("/apply/")[0] + f"/apply/{number}/files/")
    page.select_option("#f-attachments select[name=kind]", label=kind)
    page.set_input_files("#f-attachments input[type=file]", path)
    page.click("text=上传附件")
    expect(page.locator(".files")).to_contain_text(kind)


def act(town: Town, who: str, number: str, button: str) -> None:
    town[who].open(f"/cases/{number}/")
    town[who].page.click(f".act-buttons >> text={button}")
    expect(town[who].page.locator(".note")).to_contain_text("已办理")


def test_新建_从空表到台账_Word与屏幕相同(town: Town) -> None:
    number = fill_new(town, "浏览器走完的系统")
    act(town, "mzj-fzr", number, "同意并报送")
    act(town, "shy", number, "审核通过")
    provider = town["lt"].page
    town["lt"].open(f"/cases/{number}/")
    provider.fill("#fill-order", "GD-2026-1")
    provider.fill("#fill-prefix", "ECS-BR-")
    provider.click("[data-fill]")
    provider.click("text=填报开通回执")
    expect(provider.locator(".note")).to_contain_text("测试期")
    clerk = town["mzj"].page
    town["mzj"].open(f"/cases/{number}/")
    clerk.click(".act-buttons >> text=验证通过")
    for _ in range(6):
        form = clerk.locator("#gate form").first
        form.locator("input[name=note]").fill("材料编号 2026-1")
        form.locator("button").click()
    act(town, "shy", number, "正式开通")
    town["shy"].open("/assets/?q=ECS-BR-001")
    expect(town["shy"].page.locator("table.data tbody tr")).to_have_count(1)
    expect(town["shy"].page.locator("table.data")).to_contain_text("8 核 · 32 GB")
    printed = download(town["mzj"], number, (1,), town.downloads)
    assert differences(town["mzj"], printed) == []
    town.quiet()


def test_U2_填到一半会话失效_同页重新登录_一个字不丢(town: Town) -> None:
    page = town["jyj"].page
    town["jyj"].open("/apply/?kind=new")
    page.fill("#name", "会话失效的系统")
    page.click("text=开始填写")
    page.click("text=附件与说明")
    page.context.clear_cookies(name="yunheng_session")
    page.fill("#i-statement", "会话失效前后打的字")
    expect(page.locator("#relogin")).to_be_visible()
    page.fill("#relogin input[name=username]", "demo.jyj")
    page.fill("#relogin input[name=password]", "Yunheng-demo-1")
    page.click("#relogin button")
    expect(page.locator("#saved")).to_contain_text("已保存")
    page.reload()
    expect(page.locator("#i-statement")).to_have_value("会话失效前后打的字")


def test_U5_审核员点栏目退回_经办人一点到那一栏(town: Town) -> None:
    number = fill_new(town, "要补正的系统")
    act(town, "mzj-fzr", number, "同意并报送")
    page = town["shy"].page
    town["shy"].open(f"/cases/{number}/")
    page.fill("#opinion", "请补充")
    page.click("text=退回补正")
    page.click("[data-place=contact]")
    page.fill("[name='mark:contact']", "请写手机号")
    page.click("text=退回补正")
    expect(page.locator(".note")).to_contain_text("补正中")
    clerk = town["mzj"].page
    town["mzj"].open(f"/apply/{number}/")
    clerk.click(".warn-summary a")
    expect(clerk.locator("#i-contact")).to_be_focused()
    expect(clerk.locator("#f-contact")).to_contain_text("请写手机号")


PAGES = {
    "mzj": [
        "/",
        "/todo/",
        "/apply/",
        "/apply/?kind=new",
        "/cases/",
        "/assets/",
        "/assets/calendar/",
        "/me/",
        "/password/",
        "/survey/",
        "/evaluations/",
        "/rectifications/",
        "/budgets/",
    ],
    "shy": [
        "/",
        "/todo/",
        "/cases/",
        "/assets/",
        "/procedures/",
        "/search/?q=mzj",
        "/policy/D62-七/",
        "/consultations/",
        "/evaluations/",
        "/rectifications/",
        "/zones/",
        "/licences/",
        "/settlement/recovery/",
        "/settlement/handover/",
        "/settlement/2025/forecast/",
        "/settlement/2025/plan/",
        "/catalog/tiers/",
    ],
    "kw": ["/", "/settlement/recovery/", "/assessment/"],
    "dsf": ["/surveys/"],
    "cz": ["/settlement/2025/forecast/", "/budgets/"],
    "sjgly": ["/", "/audit/?verify=1"],
    "xtgly": ["/admin/institutions/", "/admin/people/"],
}


def inaccessible(page: Page) -> list[str]:
    """这一页不合无障碍要求的地方。"""
    settled(page).evaluate(AXE.read_text(encoding="utf-8"))
    result = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})")
    return [f"{v['id']}：{v['nodes'][0]['html'][:120]}" for v in result["violations"]]


@pytest.mark.parametrize("who", sorted(PAGES))
def test_无障碍_没有严重问题_控制台没有报错(town: Town, who: str) -> None:
    found = []
    for path in PAGES[who]:
        visitor = town[who]
        visitor.open(path)
        found += [f"{path} {one}" for one in inaccessible(visitor.page)]
    assert found == []
    town.quiet()


def test_断网时说未保存_通了自动存上(town: Town) -> None:
    page = town["jyj"].page
    town["jyj"].open("/apply/?kind=new")
    page.fill("#name", "断网的系统")
    page.click("text=开始填写")
    page.click("text=附件与说明")
    settled(page).context.set_offline(True)
    page.fill("#i-statement", "断网时打的字")
    expect(page.locator("#saved")).to_contain_text("未保存，网络不通", timeout=10_000)
    page.context.set_offline(False)
    expect(page.locator("#saved")).to_contain_text("已保存", timeout=20_000)


def test_只用键盘_填一行主机_回车向下_Ctrl_D复制上一格(town: Town) -> None:
    page = town["jyj"].page
    town["jyj"].open("/apply/?kind=new")
    page.fill("#name", "键盘的系统")
    page.click("text=开始填写")
    page.click("text=主机清单")
    settled(page).keyboard.press("Tab")
    page.focus("[data-add-row]")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("8")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+d")
    expect(page.locator("input[aria-label='CPU 核']").nth(1)).to_have_value("8")
    expect(page.locator("#saved")).to_contain_text("已保存")


def test_自动保存的回音还没到就点保存_等它回来再交_不和自己撞(town: Town) -> None:
    page = town["mzj"].page
    town["mzj"].open("/apply/?kind=quota")
    page.fill("#name", "网慢的系统")
    page.click("text=开始填写")
    number = number_of(page)
    page.click(".tasks b:has-text('单位与项目')")
    held: list[tuple[Route, APIResponse]] = []

    def slow(route: Route) -> None:
        """自动保存：服务器已经存上，回音压在手里。"""
        if route.request.headers.get("hx-request") and not held:
            held.append((route, route.fetch()))
        else:
            route.continue_()

    page.route(f"**/apply/{number}/project/", slow)
    page.fill("#i-leader", "周建国")
    for _ in range(200):
        if held:
            break
        page.wait_for_timeout(50)
    page.fill("#i-contact", "021-67001234")
    page.click("text=保存并返回清单", no_wait_after=True)
    page.wait_for_timeout(500)
    route, response = held[0]
    route.fulfill(response=response)
    page.wait_for_url(f"**/apply/{number}/?tried=1")
    town["mzj"].open(f"/apply/{number}/project/")
    assert page.input_value("#i-leader") == "周建国"
    assert page.input_value("#i-contact") == "021-67001234"


def test_字打得比脚本到得早_也会自动保存(town: Town) -> None:
    page = town["mzj"].page
    town["mzj"].open("/apply/?kind=quota")
    page.fill("#name", "脚本来得晚的系统")
    page.click("text=开始填写")
    path = page.url.partition("?")[0] + "project/"
    held: list[Route] = []

    def late(route: Route) -> None:
        """脚本压在手里。"""
        held.append(route)

    page.route("**/app.js?*", late)
    with page.expect_request("**/app.js?*"):
        page.goto(path, wait_until="commit")
    page.fill("#i-leader", "周建国")
    with page.expect_response(lambda response: response.request.method == "POST" and response.ok):
        held.pop().continue_()
    page.unroute("**/app.js?*")
    page.goto(path)
    assert page.input_value("#i-leader") == "周建国"
