"""历史补录的写法：释放的数量写“—”“全部”，数量带着单位，种类、归属的另几种叫法，日志写了两段（R-084）。"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.scenarios.test_backfill import HISTORY, altered, problems, read_book, workbook
from tests.support.year import JULY
from yunheng.applications.history import workbook as sheets
from yunheng.orgs.models import BusinessClock

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


@pytest.mark.parametrize("blank", ["-", "—", "–", "/", "无", "全部"])
def test_R084_释放的数量写横杠_无_全部的当作没有填_新增这样写的拒绝(blank: str) -> None:
    given = sheets.read(altered("单据明细", 6, 5, blank), "补录.xlsx")
    assert given.refused == ()
    assert given.rows["单据明细"][4][1]["数量"] == ""
    assert any("当作没有填" in note.text for note in given.notes)
    assert problems(altered("单据明细", 6, 5, blank)) == []
    for sheet, column in (("单据明细", 5), ("工单", 6)):
        found = problems(altered(sheet, 2, column, blank))
        assert any(f"“{blank}”只有释放可以这样写，新增、变更请填数" in one for one in found), found


def test_R084_释放的数量写了认不出的话_说请留空_新增的不这样说() -> None:
    (problem,) = problems(altered("单据明细", 6, 5, "整机"))
    assert "“整机”不是数，请填数，如 8；单位不换算；这一行是释放，数量请留空" in problem
    assert "请留空" not in "".join(problems(altered("单据明细", 2, 5, "整机")))


def test_R084_数量带着目录项的单位照读并写明_别的单位拒绝() -> None:
    rows = [list(one) for one in HISTORY["单据明细"]]
    rows[1][4], rows[2][4] = "8核", "32 GB"
    given = sheets.read(workbook(单据明细=rows), "补录.xlsx")
    assert given.refused == ()
    assert [row["数量"] for _, row in given.rows["单据明细"][:2]] == ["8", "32"]
    assert any("去掉单位" in note.text for note in given.notes)
    rows[2][4] = "32G"
    assert problems(workbook(单据明细=rows)) == []
    for wrong in ("32TB", "32核", "32万", "约32", "8 16", "32Gb"):
        rows[2][4] = wrong
        found = problems(workbook(单据明细=rows))
        assert any("“单据明细”第 3 行“数量”" in one for one in found), (wrong, found)


def test_R084_种类_归属常见的另几种写法认得_认不出的说只能填哪几种() -> None:
    def change(book: Any) -> None:
        book["单据"]["B2"], book["单据"]["B3"], book["单据"]["B4"] = "首次申请（新建）", "变更申请", "注销申请"
        book["项目"]["D2"] = "区级财政"

    found = read_book(change)
    assert [row["种类"] for _, row in found.rows["单据"]] == ["首次申请", "变更", "注销"]
    assert found.rows["项目"][0][1]["费用归属"] == "区级"
    assert found.refused == ()
    assert any("只能填 首次申请、变更、注销" in one for one in problems(altered("单据", 2, 2, "扩容")))
    assert any("只能填 区级、自费" in one for one in problems(altered("项目", 2, 4, "市级")))


def test_R084_一个资源的日志写了两段_说怎样并成一行_断过的到哪里导() -> None:
    rows = [*HISTORY["日志"], ["LS-ECS-1", date(2026, 7, 8), date(2026, 7, 8)]]
    (problem,) = problems(workbook(日志=rows))
    assert "一个资源的日志只能一行，与第 2 行重复：首尾相接的几段并成一行" in problem
    assert "中间断过的不要并，请到“平台数据”按段导入" in problem
