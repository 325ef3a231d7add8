"""示例区的三种文件：Excel 由账目格子重算、Word 的数字和大写、PDF 的文字，都与 结算.json 一致。"""

from __future__ import annotations

import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from docx import Document

from yunheng.config.cli import main
from yunheng.documents.money import amount_in_words
from yunheng.rules.money import fen, yuan

PUBLISHED = Path(__file__).parents[2] / "examples" / "songjiang-2023"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("文件") / "出"
    assert main(["settle", str(PUBLISHED), "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def settlement(out: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((out / "结算.json").read_text(encoding="utf-8"))
    return content


@pytest.fixture(scope="module")
def book(out: Path) -> Any:
    return openpyxl.load_workbook(out / "结算明细.xlsx", data_only=True)


def body(sheet: Any) -> Iterator[tuple[Any, ...]]:
    return (row for row in sheet.iter_rows(min_row=2, values_only=True) if row[0] not in ("合计", None))


def cents(value: float) -> int:
    return round(value * 100)


def test_工作簿十二页俱全(book: Any) -> None:
    expected = "汇总 按服务商 按单位 按项目 账目 待核 差异 考核 阶梯均价 口径 绩效目标 数据说明"
    assert book.sheetnames == expected.split()


def test_账目格子逐条等于结算_由它重算的汇总等于结算(book: Any, settlement: dict[str, Any]) -> None:
    rows = list(body(book["账目"]))
    assert [(r[0], r[2], r[4], r[5], r[8], cents(r[16])) for r in rows] == [
        (e["unit"], e["project"], e["resource"], e["item"], e["provider"], fen(e["amount"]))
        for e in settlement["lines"]
    ]
    unified: dict[str, int] = defaultdict(int)
    own: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        if row[17] == "统一支付":
            unified[row[8]] += cents(row[16])
        else:
            own[row[0], row[8]] += cents(row[16])
    summary = settlement["summary"]
    assert unified == {entry["provider"]: fen(entry["gross"]) for entry in summary["unified"]}
    assert own == {(entry["unit"], entry["provider"]): fen(entry["gross"]) for entry in summary["self"]}
    assert sum(cents(row[16]) for row in body(book["待核"])) == fen(summary["disputed_gross"])


def test_待核里算不出的_写明几条_不让人当成0元(book: Any, settlement: dict[str, Any]) -> None:
    number = sum("D10" in entry["differences"] for entry in settlement["disputed"])
    assert number > 0
    said = f"其中 {number} 条阶梯计价缺全市总量或阶梯价，算不出，写作 0，不是 0 元（D10）"
    for sheet in ("汇总", "数据说明"):
        texts = [str(cell) for row in book[sheet].iter_rows(values_only=True) for cell in row if cell]
        assert any(said in text for text in texts), sheet


@pytest.mark.parametrize(("name", "column"), [("按单位", 6), ("按项目", 7), ("账目", 16)])
def test_每页的合计等于印出来的各行之和(book: Any, settlement: dict[str, Any], name: str, column: int) -> None:
    printed = cents(sum(row[column] for row in body(book[name])))
    total = next(row for row in book[name].iter_rows(values_only=True) if row[0] == "合计")
    summary = settlement["summary"]
    assert cents(total[column]) == printed == fen(summary["unified_gross"]) + fen(summary["self_gross"])


def test_方案的数字和大写都等于结算(out: Path, settlement: dict[str, Any]) -> None:
    document = Document(str(out / "结算项目方案.docx"))
    tables = [[[cell.text for cell in row.cells] for row in table.rows] for table in document.tables]
    amounts = next(rows for rows in tables if rows[0][-1] == "大写")
    summary = settlement["summary"]
    expected = [
        [yuan(fen(entry[key]), grouped=True) for key in ("gross", "deduction", "net")]
        + [amount_in_words(fen(entry["net"]))]
        for entry in summary["unified"]
    ]
    assert [row[1:] for row in amounts[1:-1]] == expected
    assert amounts[-1][3:] == [
        yuan(fen(summary["unified_net"]), grouped=True),
        amount_in_words(fen(summary["unified_net"])),
    ]
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    for key in ("unified_net", "supervision_fee_cap", "self_net"):
        assert yuan(fen(summary[key]), grouped=True) in text
        assert amount_in_words(fen(summary[key])) in text
    assert settlement["digest"] in text


def test_方案各章俱全_次序照编制要求(out: Path) -> None:
    text = [paragraph.text for paragraph in Document(str(out / "结算项目方案.docx")).paragraphs]
    chapters = [line for line in text if re.match(r"[一二三四五六七八九十]+、|附表", line)]
    assert chapters == [
        "一、项目概况", "二、编制依据", "三、上云总体情况", "四、计量工作说明", "五、计量与计费结果", "六、阶梯与授权",
        "七、绩效考核与扣减", "八、结算金额", "九、使用效能", "十、预算与资金来源", "十一、支付计划", "十二、结论",
        "附表 1　按单位", "附表 2　按项目", "附表 3　待核",
    ]  # fmt: skip


def test_PDF与Word同一份文字(out: Path, settlement: dict[str, Any]) -> None:
    pdf = subprocess.run(
        ["pdftotext", "-layout", str(out / "结算项目方案.pdf"), "-"], capture_output=True, text=True, check=True
    ).stdout
    joined = re.sub(r"\s+", "", pdf)
    for paragraph in Document(str(out / "结算项目方案.docx")).paragraphs[2:]:
        # 段落可能跨页，中间夹着页脚：只比前 12 个字
        assert re.sub(r"\s+", "", paragraph.text)[:12] in joined
    assert yuan(fen(settlement["summary"]["unified_net"]), grouped=True) in joined


def test_四个服务商各有一份考核表_得分和扣减等于结算(out: Path, settlement: dict[str, Any]) -> None:
    forms = sorted(out.glob("附件5-*.docx"))
    assert len(forms) == len(settlement["assessments"]) == 4
    for path, entry in zip(forms, settlement["assessments"], strict=True):
        rows = [[cell.text for cell in row.cells] for row in Document(str(path)).tables[0].rows]
        assert rows[0][:4] == ["考核指标", "分值", "评分标准", "指标解释"]
        assert [row[-1] for row in rows[1:8]] == list(entry["scores"].values())
        assert rows[8][-1] == entry["total"]


def test_办公软件打得开_Word和Excel都转得出页(out: Path, tmp_path: Path) -> None:
    names = ["结算项目方案.docx", "结算明细.xlsx", "附件5-绩效考核表-01-CM.docx"]
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", "pdf",
         "--outdir", str(tmp_path), *(str(out / name) for name in names)],
        check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    pages = {}
    for name in names:
        shown = subprocess.run(
            ["pdfinfo", str(tmp_path / f"{Path(name).stem}.pdf")], check=True, capture_output=True, text=True
        ).stdout
        pages[name] = int(re.findall(r"Pages:\s+(\d+)", shown)[0])
    assert 10 <= pages["结算项目方案.docx"] <= 40
    assert pages["附件5-绩效考核表-01-CM.docx"] == 1
    assert pages["结算明细.xlsx"] > 11
