"""结算数据包的格式，版本 1 和 2：有哪些表、哪些列、每列收什么。

这里只有数据，没有读写。读取、校验、空白模板、示例区、说明文档都照这一份。
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

MANIFEST = "数据包"
#: 空白工作簿里给人看的两张，不是数据：说明、示例
GUIDES = ("填写说明", "填写示例")
MANIFEST_FORMAT = "yunheng.settlement-package"
#: 收哪几版；写出来的一律用最后一版
VERSIONS = (1, 2)
MANIFEST_VERSION = VERSIONS[-1]
#: 服务年度收到哪一年
FIRST_YEAR, LAST_YEAR = 1900, 9990

#: Unicode White_Space 属性的全部字符；单元格首尾的这些字符不算内容。
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"

Kind = Literal["text", "date", "number", "choice", "year"]
Row = Mapping[str, str]
Tables = Mapping[str, Sequence[Row]]
"""通过校验的数据包正文：14 张表都在，每行各列都在，单元格已去首尾空白，空单元格是空串。"""


@dataclass(frozen=True)
class Column:
    """一列。`decimals` 是数字最多几位小数，`digits` 是整数部分最多几位（版本 2 前导零也算，版本 1 不算）。

    `since` 是从哪一版起有这一列；`old_decimals` 是版本 1 收几位小数，没写同 `decimals`。
    年度（year）是四位数字的服务年度起始年。
    `reference` 是（表, 列）：值必须在那里出现过；`reference_types` 只用于引用机构时限定其类型。
    """

    name: str
    kind: Kind = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    decimals: int = 0
    digits: int = 12
    reference: tuple[str, str] | None = None
    reference_type: str | None = None
    hint: str = ""
    since: int = 1
    old_decimals: int | None = None


@dataclass(frozen=True)
class Table:
    """一张表。`key` 是主键列（重复是错误），没有主键的表为空；`required` 的表必须存在。"""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    required: bool = False
    hint: str = ""

    def column(self, name: str) -> Column:
        """按名取列；没有这一列抛 KeyError。"""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


@dataclass(frozen=True)
class Manifest:
    """数据包的说明（`数据包.json` 或同名工作表），已校验。

    `version` 是数据包的版本，定用哪一版算法；`service_year` 是服务年度的起始年；
    `cutoff` 是数据截止日（含当日），没有填为 None；`conventions` 只有填了的口径。
    """

    version: int
    service_year: int
    district: str
    cutoff: date | None
    conventions: Mapping[str, str]


ACTIONS = ("新增", "变更", "释放")
UNIT, PROVIDER = "使用单位", "云服务商"

TABLES: tuple[Table, ...] = (
    Table(
        "机构",
        (
            Column("代码", required=True, hint="全表唯一"),
            Column("名称", required=True),
            Column(
                "类型",
                "choice",
                required=True,
                choices=(UNIT, PROVIDER, "运行管理单位", "主管部门", "第三方机构", "财政部门"),
            ),
            Column("预算性质", "choice", choices=("区级", "街镇", "非预算"), hint="使用单位必填，决定谁付钱"),
        ),
        key=("代码",),
        required=True,
        hint="使用单位、云服务商等机构的名录",
    ),
    Table(
        "目录",
        (
            Column("目录项", required=True, hint="同一项可有多行，每行一个价格版本"),
            Column("类别", "choice", required=True, choices=("基础设施", "平台软件", "软件授权")),
            Column("名称", required=True),
            Column("计价单位", required=True),
            Column("计价方式", "choice", required=True, choices=("单价", "阶梯", "授权")),
            Column("计费周期", "choice", required=True, choices=("年", "月", "次", "一次性")),
            Column("单价", "number", decimals=6, digits=9, hint="元；阶梯留空，其余必填"),
            Column("生效日期", "date", required=True),
            Column("失效日期", "date", hint="不含当日，晚于生效日期；空=至今"),
            Column("服务商", reference=("机构", "代码"), reference_type=PROVIDER, hint="空=全部服务商"),
            Column("级别", "choice", choices=("市级", "区级"), hint="空=市级"),
            Column("日志", "choice", choices=("有", "无"), hint="云管平台有没有这一项的资源日志；空=有"),
        ),
        required=True,
        hint="服务目录的价格版本",
    ),
    Table(
        "阶梯",
        (
            Column("目录项", required=True, reference=("目录", "目录项")),
            Column("服务年度", "year", required=True, hint="起始年，如 2023"),
            Column("方式", "choice", required=True, choices=("累进", "到达")),
            Column("起", "number", required=True, decimals=6),
            Column("止", "number", decimals=6, hint="空=不封顶"),
            Column("单价", "number", required=True, decimals=6, digits=9),
        ),
        hint="阶梯计价的各档单价",
    ),
    Table(
        "全市用量",
        (
            Column("目录项", required=True, reference=("目录", "目录项")),
            Column("服务年度", "year", required=True, hint="起始年，如 2023"),
            Column("全市总量", "number", required=True, decimals=6, hint="次类为次数，年类为单位·年"),
        ),
        key=("目录项", "服务年度"),
        hint="阶梯目录项的全市年度总量",
    ),
    Table(
        "项目",
        (
            Column("项目", required=True),
            Column("名称", required=True),
            Column("单位", required=True, reference=("机构", "代码"), reference_type=UNIT),
            Column("费用归属", "choice", required=True, choices=("区级", "自费")),
        ),
        key=("项目",),
        required=True,
        hint="上云项目，与附件1 的“上云项目归属”一致",
    ),
    Table(
        "单据",
        (
            Column("单号", required=True),
            Column("种类", "choice", required=True, choices=("首次申请", "变更", "注销")),
            Column("项目", required=True, reference=("项目", "项目")),
            Column("服务商", required=True, reference=("机构", "代码"), reference_type=PROVIDER),
            Column("审核日期", "date", hint="审核通过日；空=未通过"),
        ),
        key=("单号",),
        required=True,
        hint="申请表、变更表、注销申请",
    ),
    Table(
        "单据明细",
        (
            Column("单号", required=True, reference=("单据", "单号")),
            Column("资源", required=True),
            Column("目录项", required=True, reference=("目录", "目录项")),
            Column("动作", "choice", required=True, choices=ACTIONS),
            Column("数量", "number", decimals=3, hint="动作后的数量；新增、变更必填"),
        ),
        key=("单号", "资源", "目录项", "动作"),
        required=True,
        hint="每张单据要办的资源动作",
    ),
    Table(
        "工单",
        (
            Column("工单号", required=True),
            Column("单号"),
            Column("资源", required=True),
            Column("目录项", required=True),
            Column("动作", "choice", required=True, choices=ACTIONS),
            Column("数量", "number", decimals=3),
            Column("完成日期", "date", required=True),
        ),
        key=("工单号",),
        required=True,
        hint="云管平台的工单",
    ),
    Table(
        "日志",
        (
            Column("资源", required=True),
            Column("首见日期", "date", required=True),
            Column("末见日期", "date", required=True, hint="含当日"),
        ),
        key=("资源",),
        required=True,
        hint="云管平台日志里每个资源的首末出现日",
    ),
    Table(
        "用量",
        (
            Column("资源", required=True),
            Column("目录项", required=True, reference=("目录", "目录项")),
            Column("日期", "date", required=True),
            Column("用量", "number", required=True, decimals=3),
        ),
        hint="按次计费的每日用量",
    ),
    Table(
        "考核",
        (
            Column("服务商", required=True, reference=("机构", "代码"), reference_type=PROVIDER),
            Column("指标", "choice", required=True, choices=("A", "B", "C", "D", "E", "F")),
            Column("日期", "date", required=True),
            Column("说明", required=True),
        ),
        hint="附件5 的扣分事件，一行一起",
    ),
    Table(
        "满意度",
        (
            Column("服务商", required=True, reference=("机构", "代码"), reference_type=PROVIDER),
            Column(
                "满意率", "number", required=True, decimals=9, digits=3, hint="0~100 的百分数，如 88.5", old_decimals=12
            ),
        ),
        key=("服务商",),
        hint="附件5 指标 G",
    ),
    Table(
        "差异裁定",
        (
            Column("资源", required=True),
            Column("目录项", required=True, reference=("目录", "目录项")),
            Column("差异", "choice", required=True, choices=("D3", "D4", "D5", "D6", "D7")),
            Column("裁定", "choice", required=True, choices=("认可", "不计费")),
            Column("说明", required=True),
            Column("起", "date", hint="裁定管哪些日子：从这天起，空=服务年度首日", since=2),
            Column("止", "date", hint="不含当日，晚于起；空=服务年度末日也在内", since=2),
        ),
        key=("资源", "目录项", "差异", "起"),
        hint="对阻断差异的裁定，可以只管一段日子；同一差异的各段不得相交",
    ),
    Table(
        "日历",
        (
            Column("日期", "date", required=True),
            Column("工作日", "choice", required=True, choices=("是", "否")),
        ),
        key=("日期",),
        hint="覆盖内置的放假安排",
    ),
)

TABLE: Mapping[str, Table] = {table.name: table for table in TABLES}


def tables_of(version: int) -> tuple[Table, ...]:
    """`version` 版的各表：没有以后各版才有的列，主键里也没有。"""
    made = []
    for table in TABLES:
        columns = tuple(column for column in table.columns if column.since <= version)
        key = tuple(name for name in table.key if table.column(name).since <= version)
        made.append(replace(table, columns=columns, key=key))
    return tuple(made)
