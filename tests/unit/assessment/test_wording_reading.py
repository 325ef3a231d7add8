"""读官方附件5：一字不改，没有读的点名；指标、分值、末段对不上的写明在哪一格（D62-附件5）。"""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import docx
import pytest

from tests.support.annex5 import CLOSING, TITLES, annex5, rows
from yunheng.assessment.wording_reading import Found, read
from yunheng.rules.scoring import INDICATORS
from yunheng.tables.limits import Unreadable
from yunheng.tables.notes import Outcome

DAY = date(2026, 7, 1)


def found(content: bytes) -> Found:
    return read(content, "附件5.docx", DAY)


def changed(row: int, column: int, text: str) -> bytes:
    given = rows()
    given[row][column] = text
    return annex5(given)


def said(one: Found, outcome: Outcome) -> list[str]:
    return [str(note) for note in one.notes if note.outcome == outcome]


def test_七项和末段一字不改_没有要说的() -> None:
    one = found(annex5())
    assert list(one.rows) == list(INDICATORS)
    assert one.rows["A"] == ("编的标准A：每回减 1。", "编的解释A：\n第二行。")
    assert one.closing == CLOSING
    assert (one.problems, one.notes) == ([], [])


def test_整份细则一起传的_别的段落和表逐条点名_不用点头() -> None:
    content = annex5(before=("某细则", "一、总则", "附件 5"), after=("某办公室", "2023 年印发"))
    one = found(content)
    assert one.closing == CLOSING
    assert said(one, Outcome.UNREAD) == [
        "正文：“某细则”没有读", "正文：“一、总则”没有读", "正文：“某办公室”没有读", "正文：“2023 年印发”没有读",
    ]  # fmt: skip
    assert not any(note.doubtful for note in one.notes)


def test_末段并在表尾一格里的也读() -> None:
    one = found(annex5(closing=(), merged="\n".join(CLOSING)))
    assert one.closing == CLOSING
    assert one.problems == []


def test_列的先后不同照表头认_多出的一列点名要点头() -> None:
    given = [[row[0], row[1], "区里加的", row[3], row[2]] for row in rows()]
    one = found(annex5(given, titles=("考核指标", "分 值", "备注", "指标解释", "评分标准")))
    assert one.rows["B"][0].startswith("编的标准B")
    assert one.problems == []
    assert said(one, Outcome.UNREAD) == ["第 1 张表第 3 列“备注”：不在四栏里，没有读：“区里加的”"]
    assert [(note.doubtful, note.cells) for note in one.notes] == [(True, 7)]


@pytest.mark.parametrize("marks", ["1234567", "一二三四五六七", "①②③④⑤⑥⑦"])
def test_序号一列合成一条_不用点头(marks: str) -> None:
    given = [[mark, *row] for mark, row in zip(marks, rows(), strict=True)]
    one = found(annex5(given, titles=("序号", *TITLES)))
    assert [str(note) for note in one.notes] == ["第 1 张表第 1 列“序号”：是序号，没有读"]
    assert not any(note.doubtful for note in one.notes)
    assert one.problems == []


def test_序号一列里写了别的话_要点头() -> None:
    given = [[f"{number}", *row] for number, row in enumerate(rows(), start=1)]
    given[2][0] = "作废"
    (note,) = found(annex5(given, titles=("序号", *TITLES))).notes
    assert note.doubtful
    assert "“作废”" in note.text


def merged(column: int) -> Found:
    """第三、四行的这一栏跨行合并，只剩上面的字。"""
    document = docx.Document(io.BytesIO(annex5()))
    table = document.tables[0]
    text = table.cell(3, column).text
    table.cell(4, column).text = ""
    table.cell(3, column).merge(table.cell(4, column)).text = text
    out = io.BytesIO()
    document.save(out)
    return found(out.getvalue())


@pytest.mark.parametrize(("column", "title"), [(2, "评分标准"), (3, "指标解释")])
def test_两项的原文合并在一格_各录同样的一段_写明(column: int, title: str) -> None:
    one = merged(column)
    assert one.problems == []
    assert one.rows["C"][column - 2] == one.rows["D"][column - 2]
    assert said(one, Outcome.FOLDED) == [
        f"第 1 张表第 4 行第 {column + 1} 格：故障发生数(C)、故障上报准确数(D) 的{title}合并在一格里，各录同样的一段"
    ]


def test_两项的分值合并在一格_不收() -> None:
    assert any("分值在跨行合并的格里" in problem for problem in merged(1).problems)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (changed(1, 0, "有责投诉数 (B)"), "第 1 张表第 3 行第 1 格：写的是“有责投诉数 (B)”，B 项应当是有责投诉(B)"),
        (changed(1, 0, "响应速度"), "第 1 张表第 3 行第 1 格：“响应速度”不是七项指标里的一项"),
        (changed(2, 1, "15"), "第 1 张表第 4 行第 2 格：故障发生数(C) 的分值写着“15”，系统照规则按 10 分算"),
        (changed(3, 2, " "), "第 1 张表第 5 行第 3 格：故障上报准确数(D) 的评分标准是空的"),
        (changed(6, 3, ""), "第 1 张表第 8 行第 4 格：云服务满意率(G) 的指标解释是空的"),
        (annex5(rows()[:6]), "第 1 张表里没有 云服务满意率(G) 这一行"),
        (annex5([*rows(), rows()[0]]), "第 1 张表第 9 行第 1 格：服务任务完成及时性(A) 出现了不止一行"),
        (annex5(closing=()), "表后没有末段的扣减规则"),
        (annex5(closing=("另行通知。",)), "表后没有末段的扣减规则"),
        (changed(4, 3, "长" * 3001), "第 1 张表第 6 行第 4 格：指标解释超过 3000 个字"),
    ],
)
def test_与七项指标对不上的写明在哪一格(content: bytes, problem: str) -> None:
    assert any(text.startswith(problem) for text in found(content).problems)


def test_没有那张表_不是Word_打不开的_整份不收() -> None:
    with pytest.raises(ValueError, match="里没有附件5 的表：要有一张表头写着考核指标、分值、评分标准、指标解释的表"):
        found(annex5(titles=(*TITLES[:3], "说明")))
    with pytest.raises(Unreadable, match=r"不是 \.docx 文件"):
        read(b"x", "附件5.pdf", DAY)
    with pytest.raises(Unreadable, match="打不开"):
        found(b"PK\x03\x04")


def test_扣几分_扣几成与规则不同的请人看一眼_照收() -> None:
    one = found(changed(0, 2, "编的标准：每回减 9。"))
    assert one.problems == []
    assert said(one, Outcome.NAMED) == [
        "第 1 张表第 2 行第 2 格：服务任务完成及时性(A) 的评分标准里没有“1”，系统照规则每起（每档）扣 1，请核对"
    ]
    (text,) = said(found(annex5(closing=(CLOSING[0], *CLOSING[2:], "低于 90 分另定"))), Outcome.NAMED)
    assert text.startswith("末段：没有同时写着“90”分和“5%”")


def test_修订照接受以后的读_写明() -> None:
    content = annex5()
    marked = _insert(content, "编的标准A：每回减 1。", "另加一句。")
    one = found(marked)
    assert one.rows["A"][0] == "编的标准A：每回减 1。另加一句。"
    assert said(one, Outcome.NAMED) == ["Word：有修订：照接受全部修订以后的样子读，请与正式印发的核对"]


def test_原文里的上标_白字_点名_分值里的圈号上标不收() -> None:
    document = docx.Document(io.BytesIO(annex5()))
    table = document.tables[0]
    table.rows[1].cells[TITLES.index("评分标准")].paragraphs[0].add_run("2").font.superscript = True
    hidden = table.rows[2].cells[TITLES.index("评分标准")].paragraphs[0].add_run("另扣 5 分")
    hidden.font.color.rgb = docx.shared.RGBColor(255, 255, 255)
    one = found(saved(document))
    assert one.problems == []
    assert "有上标或下标的字“2”" in "\n".join(said(one, Outcome.NAMED))
    assert "的字“另扣 5 分”没有读" in "\n".join(str(note) for note in one.notes if note.doubtful)
    points = TITLES.index("分值")
    assert "的分值写着" in "\n".join(found(changed(0, points, rows()[0][points] + "①")).problems)
    table.rows[1].cells[points].paragraphs[0].add_run("1").font.superscript = True
    assert "的分值写着" in "\n".join(found(saved(document)).problems)


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _insert(content: bytes, after: str, text: str) -> bytes:
    """在一句后面加一段修订里插入的字。"""
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            body = source.read(name)
            if name == "word/document.xml":
                mark = f"<w:t>{after}</w:t></w:r>"
                assert mark in body.decode()
                new = f'{mark}<w:ins w:id="1" w:author="甲"><w:r><w:t>{text}</w:t></w:r></w:ins>'
                body = body.decode().replace(mark, new).encode()
            target.writestr(name, body)
    return out.getvalue()
