"""迁移、变更、注销、临时加延期：真浏览器里从空表到台账，附件与屏幕逐栏相同（R-035 至 R-043、R-047）。"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from playwright.sync_api import Page, expect

from .conftest import Town, number_of, stored, texts
from .papers import NOT_ON_CHANGE, differences, download
from .test_walks import HOSTS, act, fill_new, upload


def begin(town: Town, who: str, kind: str, *, name: str = "", project: str = "") -> str:
    """选事项，起草，返回编号。"""
    page = town[who].page
    town[who].open(f"/apply/?kind={kind}")
    if project:
        page.select_option("#project", label=page.locator("#project option", has_text=project).first.inner_text())
    else:
        page.fill("#name", name)
    page.click("text=开始填写")
    return number_of(page)


def part(
    page: Page, title: str, texts: Iterable[tuple[str, str]] = (), choices: Iterable[tuple[str, str]] = ()
) -> None:
    """填一部分的文字和单选，存了回清单。"""
    page.click(f".tasks b:has-text('{title}')")
    for key, value in texts:
        page.fill(f"#i-{key}", value)
    for key, value in choices:
        page.check(f"input[name={key}][value='{value}']")
    stored(page)


PROJECT = (("leader", "周建国"), ("contact", "021-67001234")), (("classified", "否"), ("level", "二级"))


def place(page: Page) -> None:
    part(
        page,
        "架构与服务商",
        [("planned_on", "2026-09-01")],
        [
            ("level_of_cloud", "市级政务云"),
            ("city_reason", "区级不能满足"),
            ("architecture", "X86"),
            ("iaas", "联通"),
        ],
    )


def hosts(page: Page) -> None:
    page.click(".tasks >> text=主机清单")
    page.click("text=从 Excel 粘贴或导入")
    page.fill("#paste-text", HOSTS)
    page.click("text=预览")
    page.click("text=确认导入 2 行")
    stored(page)


def submit(page: Page, number: str) -> None:
    page.click("text=检查并提交")
    assert texts(page.locator(".error-summary")) == []
    page.click("text=提交签批")
    expect(page.locator(".receipt")).to_contain_text(f"已提交：{number}")


def deliver(town: Town, number: str, prefix: str = "") -> None:
    page = town["lt"].page
    town["lt"].open(f"/cases/{number}/")
    page.fill("#fill-order", f"GD-{number}")
    if prefix:
        page.fill("#fill-prefix", prefix)
    page.click("[data-fill]")
    page.click(".act-buttons button")
    expect(page.locator(".note")).to_contain_text("已办理")


def opinion(town: Town, who: str, number: str, button: str, text: str) -> None:
    town[who].open(f"/cases/{number}/")
    town[who].page.fill("#opinion", text)
    town[who].page.click(f".act-buttons >> text={button}")
    expect(town[who].page.locator(".note")).to_contain_text("已办理")


def opened(town: Town, name: str, prefix: str) -> str:
    """一个已开通、在测试期里的新建系统。"""
    number = fill_new(town, name)
    act(town, "mzj-fzr", number, "同意并报送")
    act(town, "shy", number, "审核通过")
    deliver(town, number, prefix)
    return number


def assets(town: Town, query: str) -> list[str]:
    """台账里查到的各行文字。"""
    town["shy"].open(f"/assets/?q={query}")
    return texts(town["shy"].page.locator("table.data tbody tr"))


def test_迁移_附件2加附件1_第三方评估_双审_到台账(town: Town) -> None:
    page = town["jyj"].page
    number = begin(town, "jyj", "migration", name="浏览器里迁移的系统")
    part(page, "单位与项目", *PROJECT)
    page.click(".tasks >> text=已建系统情况")
    for key, value in (
        ("unit_address", "示例路 1 号"),
        ("unit_contact", "林晓"),
        ("unit_phone", "021-67002345"),
        ("online_on", "2019-03-01"),
        ("running", "7 年 4 个月"),
        ("maintainer", "示例运维公司"),
        ("maintainer_contact", "运维联系人甲"),
        ("maintainer_phone", "021-67003456"),
    ):
        page.fill(f"#i-{key}", value)
    for key, value in (
        ("trusted", "否"),
        ("scope", "单部门应用"),
        ("ownership", "自有服务器"),
        ("reason", "上级要求"),
        ("maintenance", "定期维护"),
    ):
        page.check(f"input[name={key}][value={value}]")
    page.click("[data-add-row]")
    row = page.locator("#grid tbody tr").last
    for label, value in (
        ("CPU（核）", "32"),
        ("内存（GB）", "128"),
        ("存储（TB）", "4"),
        ("操作系统", "CentOS 7"),
        ("部署区域", "局机房"),
        ("用途", "应用"),
        ("数量", "2"),
    ):
        row.get_by_label(label, exact=True).fill(value)
    stored(page)
    place(page)
    hosts(page)
    part(page, "附件与说明", [("statement", "学籍系统整体迁移")])
    page.click("text=检查并提交")
    expect(page.locator(".error-summary")).to_contain_text("还没有上传“上云原因的佐证依据”")
    upload(page, number, "上云原因的佐证依据", town.downloads)
    town["jyj"].open(f"/apply/{number}/")
    submit(page, number)
    act(town, "jyj-fzr", number, "同意并报送")
    assessor = town["dsf"].page
    town["dsf"].open(f"/cases/{number}/")
    assessor.set_input_files("input[type=file]", _file(town.downloads, "现场评估报告.pdf"))
    assessor.click("text=上传附件")
    opinion(town, "dsf", number, "评估合格", "现场评估合格")
    act(town, "xxk", number, "审核通过")
    act(town, "shy", number, "审核通过")
    deliver(town, number, "ECS-QY-")
    assert len(assets(town, "ECS-QY-")) == 3
    printed = download(town["jyj"], number, (2, 1), town.downloads)
    assert differences(town["jyj"], printed) == []
    assert any("签字：刘洋" in cell for cell in printed.cells)
    town.quiet()


def test_变更_服务商先确认_扩内存_释放一台_到台账(town: Town) -> None:
    opened(town, "浏览器里变更的系统", "ECS-BG-")
    page = town["mzj"].page
    number = begin(town, "mzj", "change", project="浏览器里变更的系统")
    part(page, "单位与项目", *PROJECT)
    page.click(".tasks >> text=拟变更的主机")
    page.click("[data-resource=ECS-BG-001][data-action=变更]")
    page.locator("#grid tbody tr").nth(0).get_by_label("内存 GB").fill("36")
    page.click("[data-resource=ECS-BG-002][data-action=释放]")
    page.locator("#grid tbody tr").nth(1).locator("select[name$=':backup']").select_option("已完成")
    stored(page)
    part(page, "变更说明", [("statement", "业务量增加，扩内存，并掉一台")])
    submit(page, number)
    act(town, "mzj-fzr", number, "同意并报送")
    act(town, "lt", number, "可以满足")
    act(town, "shy", number, "审核通过")
    deliver(town, number)
    grown, released = assets(town, "ECS-BG-001"), assets(town, "ECS-BG-002")
    assert "8 核 · 36 GB" in grown[0]
    town["shy"].open("/assets/ECS-BG-002/")
    expect(town["shy"].page.locator("main")).to_contain_text("2026-07-09")
    assert len(released) == 1
    printed = download(town["mzj"], number, (3,), town.downloads)
    assert differences(town["mzj"], printed, NOT_ON_CHANGE) == []
    assert any("签字：钱浩" in cell for cell in printed.cells)
    town.quiet()


def test_注销_备份确认_审核次日停计_服务商释放(town: Town) -> None:
    opened(town, "浏览器里注销的系统", "ECS-ZX-")
    page = town["mzj"].page
    number = begin(town, "mzj", "deregistration", project="浏览器里注销的系统")
    page.click(".tasks >> text=注销申请")
    page.check("[data-all=release]")
    page.fill("#i-reason", "系统下线，业务并入新平台")
    page.check("input[name=backup][value=尚未完成]")
    page.fill("#i-backup_note", "计划下周备份到灾备中心")
    stored(page)
    page.click("text=检查并提交")
    expect(page.locator(".error-summary")).to_contain_text("数据还没有备份或迁移，不能注销")
    town["mzj"].open(f"/apply/{number}/release/")
    page.check("input[name=backup][value=已完成]")
    page.fill("#i-backup_note", "已备份到灾备中心")
    stored(page)
    submit(page, number)
    act(town, "mzj-fzr", number, "同意并报送")
    act(town, "shy", number, "审核通过")
    opinion(town, "lt", number, "确认已释放", "已全部释放")
    town["shy"].open("/assets/ECS-ZX-001/")
    # 7 月 8 日审核通过，当日照常计费，9 日起停
    expect(town["shy"].page.locator("main")).to_contain_text("2026-07-09")
    expect(town["shy"].page.locator("main")).to_contain_text("释放")
    printed = download(town["mzj"], number, (4,), town.downloads)
    assert differences(town["mzj"], printed) == []
    town.quiet()


def test_临时资源加延期_到期日换成新的(town: Town) -> None:
    page = town["mzj"].page
    number = begin(town, "mzj", "temporary", name="浏览器里的临时系统")
    part(page, "单位与项目", *PROJECT)
    part(
        page,
        "属于哪种情形",
        [("document", "年度重点工作第 12 项"), ("purpose", "专项救助"), ("expires_on", "2026-12-31")],
        [("circumstance", "列入市委、市政府年度重点工作")],
    )
    place(page)
    hosts(page)
    part(page, "附件与说明", [("statement", "专项工作期间使用")])
    upload(page, number, "列入重点工作或专题会议明确的文件", town.downloads)
    town["mzj"].open(f"/apply/{number}/")
    submit(page, number)
    act(town, "mzj-fzr", number, "同意并报送")
    act(town, "sjx", number, "审核通过")
    deliver(town, number, "ECS-LS-")
    assert "2026-12-31" in assets(town, "ECS-LS-001")[0]
    printed = download(town["mzj"], number, (1,), town.downloads)
    assert differences(town["mzj"], printed) == []
    later = begin(town, "mzj", "extension", project="浏览器里的临时系统")
    part(
        page,
        "延期",
        [("original", number), ("expires_on", "2027-03-31"), ("reason", "专项工作未结束")],
    )
    submit(page, later)
    act(town, "mzj-fzr", later, "同意并报送")
    act(town, "sjx", later, "审核通过")
    act(town, "szg", later, "审核通过")
    assert "2027-03-31" in assets(town, "ECS-LS-001")[0]
    town.quiet()


def _file(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(b"%PDF-1.4")
    return path
