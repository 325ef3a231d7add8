"""手册和 README 的图：对着起好的演示环境（./run）截屏，写到 docs/图。

用法：python scripts/screenshots.py http://127.0.0.1:8000 [目录 [宽 高]]
"""

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

#: 人物、地址、图名；一人一次登录
SHOTS = (
    ("demo.mzj", "/", "经办人-工作台"),
    ("demo.mzj", "/apply/", "经办人-选事项"),
    ("demo.mzj", "/apply/SQ-2026-0001/", "经办人-任务清单"),
    ("demo.mzj", "/apply/SQ-2026-0001/hosts/?tried=1", "主机清单"),
    ("demo.mzj", "/apply/SQ-2026-0001/services/", "经办人-服务项目"),
    ("demo.mzj", "/apply/SQ-2026-0001/check/", "经办人-检查"),
    ("demo.mzj-fzr", "/", "负责人-工作台"),
    ("demo.shy", "/", "工作台"),
    ("demo.shy", "/todo/", "审核员-待办"),
    ("demo.shy", "/cases/QY-2026-0001/", "办件"),
    ("demo.shy", "/assets/", "资源台账"),
    ("demo.shy", "/assets/ECS-0001/", "资源"),
    ("demo.shy", "/assets/calendar/", "到期日历"),
    ("demo.shy", "/settlement/package/", "结算数据包"),
    ("demo.kw", "/conventions/", "区科委-口径"),
    ("demo.kw", "/", "区科委-工作台"),
    ("demo.kw", "/settlement/2026/forecast/", "预测"),
    ("demo.kw", "/evaluations/XN-2025-0001/", "效能评估"),
    ("demo.dsf", "/cases/DC-2026-0001/", "满意度调查"),
    ("demo.xxk", "/todo/", "信息化管理科-待办"),
    ("demo.lt", "/todo/", "服务商-待办"),
    ("demo.shy", "/assets/ECS-0001/", "证据"),
    ("demo.shy", "/settlement/2023/", "结算-年度"),
    ("demo.shy", "/settlement/runs/2/", "结算-逐级看账"),
    ("demo.shy", "/settlement/runs/2/?resource=ECS-0021", "结算-资源"),
    ("demo.shy", "/settlement/runs/2/days/2024-03-15/?resource=ECS-0021", "结算-一天"),
    ("demo.lt", "/settlement/objections/1/", "结算-异议"),
    ("demo.shy", "/settlement/runs/2/lines/1/", "结算-为什么"),
    ("demo.shy", "/settlement/runs/2/differences/?code=D3", "结算-差异"),
    ("demo.kw", "/cases/JS-2024-0001/", "结算-办件"),
    ("demo.kw", "/settlement/2023/plan/", "结算-方案"),
    ("demo.kw", "/cases/BC-2025-0001/", "补差"),
    ("demo.mzj", "/catalog/", "服务目录"),
    ("demo.shy", "/procurement/", "采购"),
    ("demo.dsf", "/assessment/?year=2023", "考核"),
    ("demo.dx", "/assessment/CT/2023/", "考核表"),
    ("demo.lt", "/inbox/", "服务商-平台数据"),
    ("demo.dsf", "/inbox/", "第三方-平台数据"),
    ("demo.sjx", "/cases/", "市经信-办件"),
    ("demo.xtgly", "/admin/people/", "系统管理员-人员"),
    ("demo.sjgly", "/audit/?verify=1", "审计管理员-审计"),
)


#: 照之前先点一下
CLICKS = {"证据": "a[data-drawer]"}


def signed_in(browser: Browser, site: str, who: str, size: tuple[int, int]) -> Page:
    """登录好的一个窗口。"""
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="zh-CN").new_page()
    page.goto(f"{site}/login/")
    page.fill("#u", who)
    page.fill("#p", "Yunheng-demo-1")
    page.click(".login-card .btn-primary")
    page.wait_for_selector(".side")
    return page


if __name__ == "__main__":
    site = sys.argv[1]
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parents[1] / "docs" / "图"
    size = (int(sys.argv[3]), int(sys.argv[4])) if len(sys.argv) > 4 else (1366, 768)
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        pages: dict[str, Page] = {}
        for who, path, name in SHOTS:
            if who not in pages:
                pages[who] = signed_in(browser, site, who, size)
            pages[who].goto(site + path)
            if name in CLICKS:
                pages[who].locator(CLICKS[name]).first.click()
                pages[who].wait_for_timeout(800)
            pages[who].screenshot(path=folder / f"{name}.png")
        browser.close()
