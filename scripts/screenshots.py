"""手册和 README 的图：对着起好的演示环境（./run）截屏，写到 docs/图。用法：python scripts/screenshots.py http://127.0.0.1:8000"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

SHOTS = (
    ("demo.shy", "/", "工作台"),
    ("demo.mzj", "/apply/SQ-2026-0001/hosts/?tried=1", "主机清单"),
    ("demo.shy", "/cases/QY-2026-0001/", "办件"),
    ("demo.shy", "/assets/", "资源台账"),
)

if __name__ == "__main__":
    folder = Path(__file__).parents[1] / "docs" / "图"
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for who, path, name in SHOTS:
            page = browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN").new_page()
            page.goto(f"{sys.argv[1]}/login/")
            page.fill("#u", who)
            page.fill("#p", "Yunheng-demo-1")
            page.click(".login-card .btn-primary")
            page.goto(sys.argv[1] + path)
            page.screenshot(path=folder / f"{name}.png")
        browser.close()
