"""空白数据包工作簿：表头、下拉、日期格式都照 `format.TABLES`；表是空的，示例另在一张工作表上，不会当成数据读。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import xlsxwriter

from yunheng.metering.format import GUIDES, MANIFEST, MANIFEST_FORMAT, MANIFEST_VERSION, TABLES, Column, Table
from yunheng.metering.writing import drafted
from yunheng.rules import conventions

#: 示例行都在“填写示例”这一张上：各表是空的，填的人忘了删也不会带进去
INSTRUCTIONS, EXAMPLES = GUIDES
#: 下拉、格式铺到第几行；更长的表照样读，只是没有下拉
LAST_ROW = 5000
YEAR = 2023

_NOTES = (
    "一张工作表一张表，表名、列名不要改；列的先后、行的先后不影响结果，多余的列和工作表忽略。",
    "深色表头是必填列；鼠标停在表头上有说明，点选单元格有填写提示。",
    "各表都是空的，从第 2 行填起；怎么填看“填写示例”那一张（价格是虚构的，那一张不读）。",
    "日期填成日期或 2023-07-01 这样的文本；数字不带千分位和单位；编号一律按文本填，前面的 0 不会丢。",
    "数据表里不要合并单元格，不要用公式（请粘贴为数值）：有一处就整包退回，并逐条指出。",
    "“数据包”表里，服务年度、区必须填；口径留空即按默认；数据截止日留空即算到服务年度末日。",
    "填好后先校验：yunheng check 本文件；再结算：yunheng settle 本文件 --out 新目录。",
)

_EXAMPLE: Mapping[str, Mapping[str, str]] = {
    "机构": {"代码": "U01", "名称": "示例单位", "类型": "使用单位", "预算性质": "区级"},
    "目录": {
        "目录项": "DX-SL",
        "类别": "平台软件",
        "名称": "示例短信服务（虚构价）",
        "计价单位": "条",
        "计价方式": "阶梯",
        "计费周期": "次",
        "生效日期": "2023-07-01",
        "级别": "市级",
        "日志": "有",
    },
    "阶梯": {"目录项": "DX-SL", "服务年度": str(YEAR), "方式": "累进", "起": "0", "单价": "0.05"},
    "全市用量": {"目录项": "DX-SL", "服务年度": str(YEAR), "全市总量": "1000000"},
    "项目": {"项目": "P-001", "名称": "示例系统", "单位": "U01", "费用归属": "区级"},
    "单据": {
        "单号": "SQ-2023-0001",
        "种类": "首次申请",
        "项目": "P-001",
        "服务商": "CM",
        "审核日期": "2023-07-10",
    },
    "单据明细": {"单号": "SQ-2023-0001", "资源": "DX-0001", "目录项": "DX-SL", "动作": "新增", "数量": "1"},
    "工单": {
        "工单号": "GD-2023-0001",
        "单号": "SQ-2023-0001",
        "资源": "DX-0001",
        "目录项": "DX-SL",
        "动作": "新增",
        "数量": "1",
        "完成日期": "2023-07-12",
    },
    "日志": {"资源": "DX-0001", "首见日期": "2023-07-12", "末见日期": "2024-06-30"},
    "用量": {"资源": "DX-0001", "目录项": "DX-SL", "日期": "2023-08-01", "用量": "1000"},
    "考核": {"服务商": "CM", "指标": "A", "日期": "2023-10-11", "说明": "示例：一起超期任务"},
    "满意度": {"服务商": "CM", "满意率": "92.5"},
    "差异裁定": {
        "资源": "DX-0001",
        "目录项": "DX-SL",
        "差异": "D3",
        "裁定": "认可",
        "说明": "示例：没有对应的差异时，裁定不起作用",
    },
    "日历": {"日期": "2024-02-09", "工作日": "是"},
}
#: 服务商也是机构：单据要引用它，机构表的示例因此有两行
_EXAMPLE_PROVIDER = {"代码": "CM", "名称": "示例云服务商", "类型": "云服务商"}


def example_rows(table: Table) -> list[Mapping[str, str]]:
    """这张表的示例行；各表合起来是一个能结算的小数据包。"""
    rows = [_EXAMPLE[table.name]]
    return [*rows, _EXAMPLE_PROVIDER] if table.name == "机构" else rows


def write_template(path: Path) -> None:
    """写出空白数据包工作簿。不是 .xlsx 抛 ValueError；`path` 已存在抛 FileExistsError，不覆盖别人填好的。"""
    if path.suffix.lower() != ".xlsx":
        raise ValueError(f"模板是 Excel 工作簿，文件名要以 .xlsx 结尾：{path.name}")
    with drafted(path) as draft, draft.open("wb") as file:
        _write_book(file)


def _write_book(file: IO[bytes]) -> None:
    book = xlsxwriter.Workbook(file)
    styles = _Styles(book)
    _write_instructions(book, styles, "结算数据包填写说明", _NOTES, TABLES)
    _write_examples(book, styles, TABLES)
    _write_manifest(book, styles)
    for table in TABLES:
        _write_table(book, styles, table)
    book.close()


def blank(title: str, notes: Sequence[str], tables: Sequence[Table]) -> bytes:
    """只有其中几张表的空白工作簿：表头、下拉、示例与整包的相同。"""
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    styles = _Styles(book)
    _write_instructions(book, styles, title, notes, tables)
    _write_examples(book, styles, tables)
    for table in tables:
        _write_table(book, styles, table)
    book.close()
    return buffer.getvalue()


class _Styles:
    def __init__(self, book: Any) -> None:
        head = {"bold": True, "border": 1, "align": "center"}
        self.required = book.add_format({**head, "bg_color": "#1F4E79", "font_color": "#FFFFFF"})
        self.optional = book.add_format({**head, "bg_color": "#DDEBF7"})
        self.title = book.add_format({"bold": True, "font_size": 16})
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self.text = book.add_format({"num_format": "@"})
        self.date = book.add_format({"num_format": "yyyy-mm-dd"})
        self.number = book.add_format({"num_format": "General"})

    def of(self, column: Column) -> Any:
        return {"date": self.date, "number": self.number}.get(column.kind, self.text)


def _write_instructions(book: Any, styles: _Styles, title: str, notes: Sequence[str], tables: Sequence[Table]) -> None:
    sheet = book.add_worksheet(INSTRUCTIONS)
    sheet.set_column(0, 0, 12)
    sheet.set_column(1, 1, 34)
    sheet.set_column(2, 2, 60)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.write(0, 0, title, styles.title)
    for number, note in enumerate(notes, start=1):
        sheet.write_number(number, 0, number, styles.wrap)
        sheet.merge_range(number, 1, number, 2, note, styles.wrap)
        sheet.set_row(number, 32)
    row = len(notes) + 2
    for column, name in enumerate(("表", "用途", "列（* 必填）")):
        sheet.write_string(row, column, name, styles.optional)
    for table in tables:
        row += 1
        columns = "、".join(f"{c.name}{'*' if c.required else ''}" for c in table.columns)
        purpose = f"{table.hint}（{'必须有' if table.required else '可以没有'}）"
        for column, text in enumerate((table.name, purpose, columns)):
            sheet.write_string(row, column, text, styles.wrap)


def _write_examples(book: Any, styles: _Styles, tables: Sequence[Table]) -> None:
    """每张表的表头和示例行，一张接一张；都是文本，不是可以填的地方。"""
    sheet = book.add_worksheet(EXAMPLES)
    sheet.set_column(0, max(len(table.columns) for table in tables), 16, styles.text)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.write_string(0, 0, "各表怎么填（虚构的例子，这一张不读）", styles.title)
    row = 1
    for table in tables:
        row += 1
        sheet.write_string(row, 0, table.name, styles.required)
        for index, column in enumerate(table.columns, start=1):
            sheet.write_string(row, index, column.name, styles.required if column.required else styles.optional)
        for example in example_rows(table):
            row += 1
            for index, column in enumerate(table.columns, start=1):
                sheet.write_string(row, index, example.get(column.name, ""), styles.text)
        row += 1


def _write_manifest(book: Any, styles: _Styles) -> None:
    sheet = book.add_worksheet(MANIFEST)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, 0, 16, styles.text)
    sheet.set_column(1, 1, 32, styles.text)
    sheet.write_string(0, 0, "键", styles.required)
    sheet.write_string(0, 1, "值", styles.required)
    values = {
        "格式": MANIFEST_FORMAT,
        "版本": str(MANIFEST_VERSION),
        "服务年度": "",
        "区": "",
        "数据截止日": "",
    }
    hints = {
        "服务年度": "必填，起始年：2023 指 2023-07-01 至 2024-06-30（D62-五）",
        "区": "必填，区的名称",
        "数据截止日": "含当日，须在服务年度内；留空即算到服务年度末日",
    }
    row = 0
    for row, (key, value) in enumerate(values.items(), start=1):
        sheet.write_string(row, 0, key, styles.text)
        sheet.write_string(row, 1, value, styles.text)
        if key in hints:
            sheet.write_comment(row, 0, hints[key])
    for code, default in conventions.defaults(MANIFEST_VERSION).items():
        row += 1
        options = conventions.CONVENTIONS[code].options
        sheet.write_string(row, 0, f"口径.{code}", styles.text)
        sheet.write_string(row, 1, default, styles.text)
        meaning = "\n".join(f"{option}：{text}" for option, text in options.items())
        sheet.write_comment(
            row, 0, f"{conventions.CONVENTIONS[code].question}\n{meaning}", {"x_scale": 3, "y_scale": 2}
        )
        sheet.data_validation(row, 1, row, 1, {"validate": "list", "source": list(options)})


def _write_table(book: Any, styles: _Styles, table: Table) -> None:
    sheet = book.add_worksheet(table.name)
    sheet.freeze_panes(1, 0)
    for index, column in enumerate(table.columns):
        style = styles.of(column)
        sheet.set_column(index, index, max(12, 2 * len(column.name) + 4), style)
        sheet.write_string(0, index, column.name, styles.required if column.required else styles.optional)
        sheet.write_comment(0, index, _hint(table, column))
        sheet.data_validation(1, index, LAST_ROW, index, _validation(table, column))


def _hint(table: Table, column: Column) -> str:
    parts = ["必填" if column.required else "可空"]
    if column.name in table.key:
        parts.append(
            "主键" if len(table.key) == 1 else f"与{'、'.join(k for k in table.key if k != column.name)}合为主键"
        )
    if column.kind == "date":
        parts.append("日期，如 2023-07-01")
    if column.kind == "number":
        parts.append(f"数字，不为负，最多 {column.decimals} 位小数" if column.decimals else "非负整数")
    if column.choices:
        parts.append("选：" + "、".join(column.choices))
    if column.reference:
        kind = f"（{column.reference_type}）" if column.reference_type else ""
        parts.append(f"须是“{column.reference[0]}”表里的{column.reference[1]}{kind}")
    if column.hint:
        parts.append(column.hint)
    return "；".join(parts)


def _validation(table: Table, column: Column) -> dict[str, Any]:
    """Excel 的填写提示最多 255 字、标题最多 32 字。"""
    rule: dict[str, Any] = {"validate": "any", "input_title": column.name, "input_message": _hint(table, column)[:255]}
    if column.choices:
        rule |= {"validate": "list", "source": list(column.choices), "error_message": "请从下拉中选"}
    elif column.kind == "date":
        rule |= {"validate": "date", "criteria": ">=", "value": date(2000, 1, 1), "error_message": "请填日期"}
    elif column.kind == "number":
        kind = "decimal" if column.decimals else "integer"
        rule |= {"validate": kind, "criteria": ">=", "value": 0, "error_message": "请填不小于 0 的数"}
    return rule
