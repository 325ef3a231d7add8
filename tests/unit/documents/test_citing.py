"""公文里的条款：写叫法，不写代号；需求编号不印（D62-八，R-080）。"""

from __future__ import annotations

import re

import pytest

from tests.support.papers import line, papers_of
from tests.unit.documents.test_paper import plan_of, words
from yunheng.documents.blocks import SUBTOTAL, Paragraph, Slot, Table
from yunheng.documents.citing import spoken, spoken_block
from yunheng.rules.money import fen


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("统一支付（D14-15、D62-七）", "统一支付（区办法第十五条、细则第七条）"),
        ("新增上限（D62-六(二)，R-037）", "新增上限（细则第六条（二））"),
        ("摘要相同（R-077）。", "摘要相同。"),
        ("考核（D62-附件5，R-078、R-093）", "考核（细则附件5）"),
        ("参照 M6-20", "参照 市办法第二十条"),
        ("批次 3 的 ECS-0021 不是条款", "批次 3 的 ECS-0021 不是条款"),
    ],
)
def test_代号写成叫法_需求编号去掉(written: str, read: str) -> None:
    assert spoken(written) == read


def test_人写的文字一个字不动() -> None:
    slot = Slot("overview", ("依据 D62-七 编制（R-080）",))
    assert spoken_block(slot) is slot
    assert spoken_block(Paragraph("D62-七")) == Paragraph("细则第七条")


def test_R080_方案全文没有代号() -> None:
    paper = plan_of(papers_of([line()]))
    text = words(paper) + "".join(
        cell for block in paper.blocks if isinstance(block, Table) for row in block.rows for cell in row
    )
    assert not re.search(r"R-\d{3}|\b(?:M6|M10|D14|D62)-", text)


def test_R080_附表按单位有小计_小计加起来就是合计() -> None:
    paper = plan_of(papers_of([line(payer="unified", amount="10.00"), line(payer="self", amount="2.50")]))
    table = next(
        block for block in paper.blocks if isinstance(block, Table) and block.columns[1].name == "名称"
        and block.columns[-1].name == "金额"
    )  # fmt: skip
    subtotals = [row for row in table.rows if row[0] == SUBTOTAL]
    assert [row[-1] for row in subtotals] == ["12.50"]
    plain = [row for row in table.rows[:-1] if row[0] != SUBTOTAL]
    assert sum(fen(row[-1].replace(",", "")) for row in plain) == fen(table.rows[-1][-1].replace(",", ""))
