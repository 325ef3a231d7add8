"""公文的网页：同一份内容排成 HTML，文字与 Word、PDF 相同；图是一张数据表和一句话。只出内容，样子由样式表定。"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from .blocks import SUBTOTAL, Block, Chart, Column, Grid, Heading, PageBreak, Paper, Paragraph, Slot, Table


def outline(paper: Paper) -> list[tuple[str, str]]:
    """各章的（锚点, 标题）。"""
    return [
        (anchor(number), block.text)
        for number, block in enumerate(paper.blocks)
        if isinstance(block, Heading) and block.level == 1
    ]


def anchor(number: int) -> str:
    """第几块的锚点。"""
    return f"b-{number}"


def block_html(block: Block, number: int) -> str:
    """一块内容；`number` 是第几块，标题、表、图凭它有锚点。"""
    return "".join(_pieces(block, number))


def _pieces(block: Block, number: int) -> Iterator[str]:
    if isinstance(block, Heading):
        tag = f"h{block.level + 1}"
        yield f'<{tag} id="{anchor(number)}">{escape(block.text)}</{tag}>'
    elif isinstance(block, Paragraph):
        yield f'<p class="p-{block.style}">{escape(block.text)}</p>'
    elif isinstance(block, Slot):
        yield from (f'<p class="p-body">{escape(line)}</p>' for line in block.lines)
    elif isinstance(block, Table):
        yield from _table(block, number)
    elif isinstance(block, Grid):
        yield from _grid(block)
    elif isinstance(block, Chart):
        yield from _chart(block, number)
    elif isinstance(block, PageBreak):
        yield '<hr class="page-break">'


def _table(table: Table, number: int) -> Iterator[str]:
    yield f'<div class="table-wrap"><table class="data dense" id="{anchor(number)}">'
    yield f"<caption>{escape(table.caption)}</caption>"
    yield from _head(table.columns)
    last = len(table.rows) - table.totals
    for count, row in enumerate(table.rows):
        cells = "".join(
            f"<td{_align(column)}>{_text(text)}</td>" for column, text in zip(table.columns, row, strict=True)
        )
        yield f'<tr class="group">{cells}</tr>' if count >= last or row[0] == SUBTOTAL else f"<tr>{cells}</tr>"
    yield "</tbody></table></div>"


def _head(columns: Sequence[Column]) -> Iterator[str]:
    whole = sum(column.width for column in columns)
    widths = "".join(f'<col width="{100 * column.width / whole:.1f}%">' for column in columns)
    names = "".join(f'<th scope="col"{_align(column)}>{escape(column.name)}</th>' for column in columns)
    yield f"<colgroup>{widths}</colgroup><thead><tr>{names}</tr></thead><tbody>"


def _align(column: Column) -> str:
    return {"left": "", "center": ' class="mid"', "right": ' class="num"'}[column.align]


def _grid(grid: Grid) -> Iterator[str]:
    yield '<div class="table-wrap"><table class="data dense"><tbody>'
    for row in grid.rows:
        cells = (f'<td colspan="{cell.colspan}" rowspan="{cell.rowspan}">{_text(cell.text)}</td>' for cell in row)
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</tbody></table></div>"


def _chart(chart: Chart, number: int) -> Iterator[str]:
    yield f'<figure class="chart-sheet" id="{anchor(number)}"><p class="p-caption">{escape(chart.caption)}</p>'
    if chart.values:
        most = max(*chart.values, 0.000001)
        yield '<table class="chart-data"><tbody>'
        for label, value, shown in zip(chart.labels, chart.values, chart.shown, strict=True):
            bar = f'<span class="meter"><i data-width="{max(0.5, 100 * value / most):.1f}%"></i></span>'
            yield f'<tr><th scope="row">{escape(label)}</th><td>{bar}</td><td class="num">{escape(shown)}</td></tr>'
        yield "</tbody></table>"
    yield f'<p class="p-note">{escape(chart.sentence)}</p></figure>'


def _text(text: str) -> str:
    return "<br>".join(escape(part) for part in text.split("\n"))
