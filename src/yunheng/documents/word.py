"""公文的 Word：版面照 GB/T 9704-2012，表格照给定的列宽，图是画好的 PNG。"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor

from .blocks import Block, Cell, Chart, Column, Grid, Heading, PageBreak, Paper, Paragraph, Slot, Table
from .data import STAMP

#: 版心宽
WIDTH_MM = 156
#: 附件表单的宽
FORM_WIDTH_MM = 180
BODY, TITLE, BLACK, LATIN = "仿宋", "宋体", "黑体", "Times New Roman"
_TWIPS_PER_MM = 56.7


def write_word(paper: Paper, path: Path, image: Callable[[Chart], bytes]) -> None:
    """写 docx。`image` 把图画成 PNG。"""
    document = Document()
    properties = document.core_properties
    properties.title, properties.author, properties.comments = paper.title, "云衡", paper.footnote
    properties.created = properties.modified = STAMP
    form = paper.layout == "form"
    _page(document, paper.landscape, form)
    _footer(document, paper.footnote)
    if paper.mark:
        _watermark(document, paper.mark)
    if form:
        _line(document, paper.label, font=BLACK, spacing=22)
        _line(document, paper.title, size=18, font=TITLE, bold=True, align=WD_ALIGN_PARAGRAPH.CENTER, spacing=28)
        _line(document, paper.subtitle, size=12, align=WD_ALIGN_PARAGRAPH.RIGHT, spacing=20)
    else:
        _line(document, paper.title, size=22, font=TITLE, bold=True, align=WD_ALIGN_PARAGRAPH.CENTER, spacing=32)
        _line(document, paper.subtitle, size=14, align=WD_ALIGN_PARAGRAPH.CENTER, after=14)
    for block in paper.blocks:
        _block(document, block, image, _width(paper))
    buffer = io.BytesIO()
    document.save(buffer)
    path.write_bytes(_timeless(buffer.getvalue()))


def _width(paper: Paper) -> float:
    """版心宽，毫米；横放的附件左右各留 15。"""
    if paper.layout == "form":
        return 267 if paper.landscape else FORM_WIDTH_MM
    return 240 if paper.landscape else WIDTH_MM


def _timeless(content: bytes) -> bytes:
    """压缩包里的时刻写定。"""
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), source.read(name), zipfile.ZIP_DEFLATED)
    return output.getvalue()


def _page(document: Any, landscape: bool, form: bool) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    if form:
        section.top_margin = section.bottom_margin = section.left_margin = section.right_margin = Mm(15)
    if landscape:
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height = Mm(297), Mm(210)
        section.top_margin, section.bottom_margin = Mm(18), Mm(18)
    section.footer_distance = Mm(8 if landscape or form else 24)
    style = document.styles["Normal"]
    style.font.name, style.font.size = LATIN, Pt(16)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), BODY)
    style.paragraph_format.space_before = style.paragraph_format.space_after = Pt(0)


def _font(run: Any, size: float, font: str, bold: bool = False) -> None:
    run.font.size, run.font.name, run.bold = Pt(size), LATIN, bold
    run._element.rPr.rFonts.set(qn("w:eastAsia"), font)


def _line(  # noqa: PLR0913 段落的各项样子就是这么多
    document: Any,
    text: str,
    *,
    size: float = 16,
    font: str = BODY,
    bold: bool = False,
    align: Any = WD_ALIGN_PARAGRAPH.JUSTIFY,
    indent: bool = False,
    spacing: float = 29,
    before: float = 0,
    after: float = 0,
) -> Any:
    """一段；行距 29 磅，版心恰好 22 行。"""
    paragraph = document.add_paragraph()
    form = paragraph.paragraph_format
    form.alignment = align
    form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(spacing)
    form.space_before, form.space_after = Pt(before), Pt(after)
    if indent:
        form.first_line_indent = Pt(size * 2)
    _font(paragraph.add_run(text), size, font, bold)
    return paragraph


def _footer(document: Any, note: str) -> None:
    """页码单页居右、双页居左，下面一行小字。"""
    document.settings.odd_and_even_pages_header_footer = True
    section = document.sections[0]
    for footer, align in (
        (section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        paragraph = footer.paragraphs[0]
        paragraph.alignment = align
        _font(paragraph.add_run("— "), 14, TITLE)
        for kind in ("begin", "", "end"):
            run = paragraph.add_run()
            _font(run, 14, TITLE)
            mark = OxmlElement("w:fldChar" if kind else "w:instrText")
            if kind:
                mark.set(qn("w:fldCharType"), kind)
            else:
                mark.text = "PAGE"
            run._element.append(mark)
        _font(paragraph.add_run(" —"), 14, TITLE)
        run = footer.add_paragraph().add_run(note)
        _font(run, 7, BODY)
        run.font.color.rgb = RGBColor(110, 110, 110)


def _watermark(document: Any, mark: str) -> None:
    """每页正中斜着的大字，垫在文字下面；Word 和 WPS 都照这种写法认作水印。"""
    section = document.sections[0]
    for number, header in enumerate((section.header, section.even_page_header), start=1):
        header.paragraphs[0]._p.append(parse_xml(_WATERMARK.format(number=number, mark=escape(mark, {'"': "&quot;"}))))


#: 136 号形状是艺术字；z-index 为负，在正文下面
_WATERMARK = (
    f'<w:r {nsdecls("w")} xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office">'
    '<w:pict><v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" adj="10800"'
    ' path="m@7,l@8,m@5,21600l@6,21600e"><v:path textpathok="t"/><v:textpath on="t" fitshape="t"/></v:shapetype>'
    '<v:shape id="Watermark{number}" o:spid="_x0000_s205{number}" type="#_x0000_t136" fillcolor="#e4e4e4" stroked="f"'
    ' style="position:absolute;width:320pt;height:150pt;rotation:315;z-index:-25165875{number};'
    "mso-position-horizontal:center;mso-position-horizontal-relative:margin;"
    'mso-position-vertical:center;mso-position-vertical-relative:margin">'
    '<v:textpath style="font-family:&quot;黑体&quot;;font-size:1pt" string="{mark}"/></v:shape></w:pict></w:r>'
)


def _block(document: Any, block: Block, image: Callable[[Chart], bytes], width: float) -> None:
    if isinstance(block, Heading):
        first = block.level == 1
        paragraph = _line(document, block.text, font=BLACK if first else "楷体", bold=not first, indent=True, before=6)
        paragraph.paragraph_format.keep_with_next = True
        level = OxmlElement("w:outlineLvl")
        level.set(qn("w:val"), str(block.level - 1))
        paragraph._element.get_or_add_pPr().append(level)
    elif isinstance(block, Paragraph):
        if block.style == "note":
            # 分了行的不两端对齐：换行处的一行会被拉开
            align = WD_ALIGN_PARAGRAPH.LEFT if "\n" in block.text else WD_ALIGN_PARAGRAPH.JUSTIFY
            _line(document, block.text, size=10.5, spacing=16, before=3, after=5, align=align)
        else:
            right = block.style == "right"
            align = WD_ALIGN_PARAGRAPH.RIGHT if right else WD_ALIGN_PARAGRAPH.JUSTIFY
            _line(document, block.text, align=align, indent=not right)
    elif isinstance(block, Slot):
        for line in block.lines:
            _line(document, line, indent=True)
    elif isinstance(block, Table):
        _table(document, block, width)
    elif isinstance(block, Grid):
        _grid(document, block, width)
    elif isinstance(block, Chart):
        _caption(document, block.caption)
        if block.values:
            picture = document.add_paragraph()
            picture.alignment = WD_ALIGN_PARAGRAPH.CENTER
            picture.paragraph_format.keep_with_next = True
            picture.add_run().add_picture(io.BytesIO(image(block)), width=Mm(WIDTH_MM))
        _line(document, block.sentence, size=10, spacing=15, after=6)
    elif isinstance(block, PageBreak):
        document.add_page_break()


def _caption(document: Any, text: str) -> None:
    if text:
        paragraph = _line(
            document, text, size=10.5, font=BLACK, align=WD_ALIGN_PARAGRAPH.CENTER, spacing=18, before=8, after=2
        )
        paragraph.paragraph_format.keep_with_next = True


def _table(document: Any, table: Table, width: float) -> None:
    """整张表的 XML 一次拼好：逐格用接口写，几百行就要几十秒。"""
    _caption(document, table.caption)
    scale = width * _TWIPS_PER_MM / sum(column.width for column in table.columns)
    widths = [round(column.width * scale) for column in table.columns]
    head = _row(table.columns, [column.name for column in table.columns], widths, header=True)
    body = [
        _row(table.columns, row, widths, bold=number >= len(table.rows) - table.totals)
        for number, row in enumerate(table.rows)
    ]
    _insert_table(document, widths, [head, *body])


def _insert_table(document: Any, widths: Sequence[int], rows: Sequence[str]) -> None:
    edges = "".join(
        f'<w:{edge} w:val="single" w:sz="4" w:space="0" w:color="000000"/>'
        for edge in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    grid = "".join(f'<w:gridCol w:w="{size}"/>' for size in widths)
    element = parse_xml(
        f'<w:tbl {nsdecls("w")}><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/><w:jc w:val="center"/>'
        f'<w:tblBorders>{edges}</w:tblBorders><w:tblLayout w:type="fixed"/>'
        '<w:tblCellMar><w:left w:w="40" w:type="dxa"/><w:right w:w="40" w:type="dxa"/></w:tblCellMar>'
        f"</w:tblPr><w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>"
    )
    document.element.body.insert_element_before(element, "w:sectPr")
    _line(document, "", size=4, spacing=6)


def _grid(document: Any, grid: Grid, width: float) -> None:
    """照格子排；跨行的格子在下面各行用“接着上格”占位，WPS 和 Word 都认。"""
    scale = width * _TWIPS_PER_MM / sum(grid.widths)
    widths = [round(size * scale) for size in grid.widths]
    covered: dict[int, tuple[int, int]] = {}
    rows = []
    for row in grid.rows:
        cells, column, waiting = [], 0, iter(row)
        height = max((cell.height for cell in row), default=0)
        while column < len(widths):
            if column in covered:
                left, span = covered.pop(column)
                cells.append(_grid_cell(Cell("", span), widths, column, merge="continue"))
                if left > 1:
                    covered[column] = (left - 1, span)
                column += span
                continue
            cell = next(waiting)
            cells.append(_grid_cell(cell, widths, column, merge="restart" if cell.rowspan > 1 else ""))
            if cell.rowspan > 1:
                covered[column] = (cell.rowspan - 1, cell.colspan)
            column += cell.colspan
        if next(waiting, None) is not None:
            raise ValueError("一行的格子比列多")
        tall = f'<w:trHeight w:val="{height * 20}" w:hRule="atLeast"/>' if height else ""
        rows.append(f"<w:tr><w:trPr><w:cantSplit/>{tall}</w:trPr>{''.join(cells)}</w:tr>")
    _insert_table(document, widths, rows)


def _grid_cell(cell: Cell, widths: Sequence[int], column: int, *, merge: str) -> str:
    size = sum(widths[column : column + cell.colspan])
    span = f'<w:gridSpan w:val="{cell.colspan}"/>' if cell.colspan > 1 else ""
    joined = f'<w:vMerge w:val="{merge}"/>' if merge else ""
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{size}" w:type="dxa"/>{span}{joined}<w:vAlign w:val="center"/></w:tcPr>'
        f"{_cell_text(cell.text, cell.align, size=18)}</w:tc>"
    )


def _cell_text(text: str, align: str, *, bold: bool = False, size: int = 20) -> str:
    breaks = '</w:t><w:br/><w:t xml:space="preserve">'.join(escape(part) for part in text.split("\n"))
    return (
        f'<w:p><w:pPr><w:spacing w:line="260" w:lineRule="exact" w:before="30" w:after="30"/>'
        f'<w:jc w:val="{align}"/></w:pPr>'
        f'<w:r><w:rPr><w:rFonts w:ascii="{LATIN}" w:hAnsi="{LATIN}" w:eastAsia="{TITLE}"/>'
        f'{"<w:b/>" if bold else ""}<w:sz w:val="{size}"/></w:rPr>'
        f'<w:t xml:space="preserve">{breaks}</w:t></w:r></w:p>'
    )


def _row(
    columns: Sequence[Column], texts: Sequence[str], widths: Sequence[int], *, header: bool = False, bold: bool = False
) -> str:
    cells = []
    for column, text, width in zip(columns, texts, widths, strict=True):
        shade = '<w:shd w:val="clear" w:color="auto" w:fill="EBEBEB"/>' if header else ""
        cells.append(
            f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{shade}<w:vAlign w:val="center"/></w:tcPr>'
            f"{_cell_text(text, 'center' if header else column.align, bold=header or bold)}</w:tc>"
        )
    repeat = "<w:tblHeader/>" if header else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{repeat}</w:trPr>{''.join(cells)}</w:tr>"
