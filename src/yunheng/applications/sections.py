"""各类申请有哪些部分、每部分有哪些栏：叫法照附件，页面、检查、打印都照这一份。"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "long", "date", "choice", "multi", "number", "contact"]


@dataclass(frozen=True)
class Field:
    """一栏。`when` 是（另一栏, 值）：那一栏是这个值才要填。"""

    key: str
    label: str
    kind: Kind = "text"
    choices: tuple[str, ...] = ()
    required: bool = True
    hint: str = ""
    clause: str = ""
    most: int = 200
    when: tuple[str, str] | None = None


@dataclass(frozen=True)
class Section:
    """一部分：任务清单上的一行。`form` 是怎样填：栏目、主机清单、服务清单、变更清单、释放清单、附件、配额。"""

    code: str
    title: str
    form: Literal["fields", "hosts", "services", "changes", "release", "files", "quota", "machines"]
    gist: str
    fields: tuple[Field, ...] = ()
    optional: bool = False


PROJECT = Section(
    "project", "单位与项目", "fields", "申请单位、项目名称、负责人，等保级别",
    (
        Field("leader", "项目负责人"),
        Field("contact", "联系方式", "contact", hint="手机或座机，例如 021-67000000"),
        Field("approval_number", "立项文号", required=False, hint="已立项的填批复文号"),
        Field("classified", "是否涉密系统", "choice", ("否", "是"), clause="D62-六(一)"),
        Field("level", "等保级别", "choice", ("一级", "二级", "三级", "四级", "五级"), clause="M6-7"),
    ),
)  # fmt: skip

PLACEMENT = Section(
    "placement", "架构与服务商", "fields", "提供方、系统架构，选哪家服务商",
    (
        Field("level_of_cloud", "提供方", "choice", ("市级政务云", "区级政务云"), clause="D14-11"),
        Field(
            "city_reason", "使用市级政务云的理由", "choice", ("市级条线要求", "区级不能满足"), clause="D14-10",
            when=("level_of_cloud", "市级政务云"),
        ),
        Field("architecture", "系统架构", "choice", ("X86", "XC"), hint="XC 是信创"),
        Field("iaas", "基础设施服务商", "choice", ("联通", "移动", "电信"), clause="D62-四"),
        Field("paas", "平台软件服务商", "multi", ("联通", "移动", "电信"), required=False),
        Field("planned_on", "计划上云时间", "date", clause="D14-11"),
    ),
)  # fmt: skip

HOSTS = Section("hosts", "主机清单", "hosts", "云主机、物理机逐行填，可以从 Excel 粘贴", optional=True)
SERVICES = Section("services", "服务项目与数量", "services", "存储、网络、安全、平台软件、软件授权", optional=True)
FILES = Section("files", "附件与说明", "files", "申请单位情况说明和要附的材料")

LEGACY = Section(
    "legacy", "已建系统情况（附件2）", "machines", "系统现在怎样运行、为什么上云、谁在维护",
    (
        Field("unit_address", "单位地址"),
        Field("unit_contact", "联系人"),
        Field("unit_phone", "电话", "contact"),
        Field("unit_mobile", "手机", "contact", required=False),
        Field("trusted", "是否满足信创", "choice", ("是", "否")),
        Field("scope", "应用范围", "choice", ("单部门应用", "跨部门应用")),
        Field("online_on", "系统上线时间", "date"),
        Field("running", "系统运行时长", hint="例如 3 年 4 个月"),
        Field("ownership", "服务器归属", "choice", ("自有服务器", "租用社会云资源")),
        Field("vendor", "租用厂商", when=("ownership", "租用社会云资源")),
        Field(
            "reason", "上云原因", "choice", ("设备老旧", "上级要求"), hint="选上级要求的要附佐证依据",
            clause="D62-六(一)2",
        ),
        Field("maintainer", "运维公司"),
        Field("maintainer_contact", "运维联系人"),
        Field("maintainer_mail", "联系邮箱", required=False),
        Field("maintainer_phone", "联系电话", "contact"),
        Field("maintenance", "维护方式", "choice", ("定期维护", "不定期维护")),
    ),
)  # fmt: skip

BASIS = {
    "development": Section(
        "basis", "用途与期限", "fields", "开发什么、用多久",
        (
            Field("purpose", "用途", "long", most=1000),
            Field("internal_only", "不对外提供服务", "choice", ("是", "否"), clause="M6-22"),
            Field("expires_on", "用到哪天", "date", clause="M6-22", hint="自配置起不超过 3 个月"),
        ),
    ),
    "emergency": Section(
        "basis", "应急事由与期限", "fields", "什么应急、用多久",
        (
            Field("purpose", "应急事由", "long", most=1000),
            Field("expires_on", "用到哪天", "date", clause="M6-23", hint="自配置起不超过 3 个月"),
        ),
    ),
    "temporary": Section(
        "basis", "属于哪种情形、用多久", "fields", "临时资源只有两种情形可以申请",
        (
            Field(
                "circumstance", "属于哪种情形", "choice",
                ("列入市委、市政府年度重点工作", "市委、市政府专题会议明确且已申报立项", "都不属于"), clause="M6-24",
            ),
            Field("document", "文件名称或会议", hint="例如 年度重点工作安排第 12 项"),
            Field("purpose", "用途", "long", most=1000),
            Field("expires_on", "用到哪天", "date", clause="M6-24", hint="自配置起不超过 6 个月"),
        ),
    ),
}  # fmt: skip

CHANGES = Section("changes", "拟变更的主机", "changes", "从现状里挑要变更、释放的，或新增", optional=True)
SERVICE_CHANGES = Section("services", "拟变更的服务项", "services", "服务项名称、数量、变更说明", optional=True)
REASON = Section(
    "reason", "变更说明", "fields", "为什么变更；超出 20% 的要说明理由",
    (
        Field("statement", "申请单位说明", "long", most=2000, clause="D62-六(二)"),
        Field("growth_reason", "超出年度新增上限的理由", "long", required=False, most=2000, clause="D62-六(二)"),
    ),
)  # fmt: skip
RELEASE = Section(
    "release", "注销申请（附件4）", "release", "哪个项目、什么原因，要释放的清单",
    (
        Field("reason", "原因", "long", most=1000, clause="D62-六(三)"),
        Field("backup", "数据备份或迁移", "choice", ("已完成", "不需要", "尚未完成"), clause="D62-六(三)"),
        Field("backup_note", "备份或迁移的情况", hint="备份到哪里、谁负责、哪天完成"),
    ),
)  # fmt: skip
EXTENSION = Section(
    "extension", "延期", "fields", "原来的哪件、延到哪天、为什么",
    (
        Field("original", "原申请编号", hint="应急（YJ）或临时（LS）资源的申请编号", clause="M6-23"),
        Field("expires_on", "延到哪天", "date"),
        Field("reason", "延期理由", "long", most=1000),
    ),
)  # fmt: skip
QUOTA = Section("quota", "配额", "quota", "各维度的量；业务有周期的，写明哪几个月是多少")

_FULL = (PLACEMENT, HOSTS, SERVICES, FILES)
SECTIONS: dict[str, tuple[Section, ...]] = {
    "new": (PROJECT, *_FULL),
    "migration": (PROJECT, LEGACY, *_FULL),
    "change": (PROJECT, CHANGES, SERVICE_CHANGES, REASON),
    "deregistration": (RELEASE,),
    "quota": (PROJECT, QUOTA),
    "district": (PROJECT, *_FULL),
    "development": (PROJECT, BASIS["development"], *_FULL),
    "emergency": (PROJECT, BASIS["emergency"], *_FULL),
    "temporary": (PROJECT, BASIS["temporary"], *_FULL),
    "extension": (EXTENSION,),
}


@dataclass(frozen=True)
class Column:
    """主机清单的一列：叫法照附件1。`decimals` 是数字最多几位小数，None 是文字。"""

    key: str
    label: str
    unit: str = ""
    decimals: int | None = None
    required: bool = False
    choices: tuple[str, ...] = ()
    width: int = 70


HOST_COLUMNS: tuple[Column, ...] = (
    Column("type", "服务类型", choices=("云主机", "物理机"), required=True, width=84),
    Column("count", "台数", "台", 0, required=True, width=52),
    Column("cores", "CPU", "核", 0, required=True, width=56),
    Column("memory", "内存", "GB", 0, required=True, width=60),
    Column("os", "操作系统（版本）", required=True, width=132),
    Column("system_disk", "系统盘", "TB", 2, required=True, width=64),
    Column("data_disk", "数据盘", "TB", 2, width=64),
    Column("ssd", "SSD", choices=("否", "是"), width=56),
    Column("zone", "网络区域", choices=("政务外网", "互联网区", "公共网络区"), required=True, width=96),
    Column("eip", "EIP", "个", 0, width=52),
    Column("bandwidth", "带宽", "Mb", 0, width=60),
    Column("note", "备注", width=150),
)
