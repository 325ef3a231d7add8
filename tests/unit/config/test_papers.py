"""随机数据包的文件：什么怪数据都出得来，Excel 的合计、Word 的大写都等于 结算.json；不然就说清哪个字印不出。"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from docx import Document

from tests.support.packages import random_package, write_folder
from yunheng.config import settling
from yunheng.documents.money import amount_in_words
from yunheng.documents.pdf import FontProblem
from yunheng.metering.problems import PackageError
from yunheng.rules.money import fen

BATCHES = [range(700, 706), range(706, 712)]


@pytest.mark.parametrize("seeds", BATCHES, ids=lambda seeds: f"{seeds.start}起")
def test_随机数据包的文件都与结算相符(seeds: range, tmp_path: Path) -> None:
    made = 0
    refusals: list[tuple[Path, Exception]] = []
    for seed in seeds:
        package, out = tmp_path / f"包{seed}", tmp_path / f"出{seed}"
        write_folder(package, *random_package(seed))
        try:
            settling.settle_to(package, out, settling.Choices({}))
        except (PackageError, FontProblem) as error:
            refusals.append((out, error))
            continue
        made += 1
        content = json.loads((out / "结算.json").read_text(encoding="utf-8"))
        summary = content["summary"]
        book: Any = openpyxl.load_workbook(out / "结算明细.xlsx", data_only=True)
        for name, key in (("账目", "lines"), ("待核", "disputed")):
            rows = [row for row in book[name].iter_rows(min_row=2, values_only=True) if row[0] not in ("合计", "没有")]
            assert [round(row[16] * 100) for row in rows] == [fen(entry["amount"]) for entry in content[key]]
        assert book["差异"].max_row - 1 == max(len(content["differences"]), 1)
        text = "\n".join(p.text for p in Document(str(out / "结算项目方案.docx")).paragraphs)
        assert amount_in_words(fen(summary["unified_net"])) in text
        assert len(list(out.glob("附件5-*.docx"))) == len(content["assessments"])
        year_end = f"{content['service_year'] + 1}-07-01"
        assert ("预估" in Document(str(out / "结算项目方案.docx")).paragraphs[0].text) == (content["until"] < year_end)
    assert made
    for folder, refusal in refusals:
        assert not folder.exists()
        assert isinstance(refusal, PackageError) or "U+" in str(refusal)
