"""目录项归到 FOCUS 1.2 的哪一大类、小类：只看名称里的词，认不出的按类别给，都是规范许有的值。"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from yunheng.catalog.models import Item

#: 名称里有左边任何一个词的，是右边的大类、小类；从上往下，先中的算数
WORDS: tuple[tuple[tuple[str, ...], tuple[str, str]], ...] = (
    (("灾备",), ("Management and Governance", "Disaster Recovery")),
    (("备份",), ("Storage", "Backup Storage")),
    (("系统盘", "数据盘", "云硬盘"), ("Storage", "Block Storage")),
    (("对象存储",), ("Storage", "Object Storage")),
    (("文件存储",), ("Storage", "File Storage")),
    (("表格存储",), ("Databases", "NoSQL Databases")),
    (("存储", "归档"), ("Storage", "Other (Storage)")),
    (("数据库审计", "扫描"), ("Security", "Security Posture Management")),
    (("分析型数据库",), ("Databases", "Data Warehouses")),
    (("内存数据库",), ("Databases", "Caching")),
    (("关系型数据库",), ("Databases", "Relational Databases")),
    (("数据库",), ("Databases", "Other (Databases)")),
    (("公有IP", "公有 IP", "带宽", "VPN"), ("Networking", "Network Connectivity")),
    (("负载均衡",), ("Networking", "Application Networking")),
    (("网闸", "网络访问控制", "入侵防御", "WAF"), ("Networking", "Network Security")),
    (("CDN",), ("Networking", "Content Delivery")),
    (("隐患感知", "防病毒", "防篡改"), ("Security", "Threat Detection and Response")),
    (("证书", "密码", "签名", "时间戳", "安全认证网关"), ("Security", "Other (Security)")),
    (("文字", "语音"), ("AI and Machine Learning", "Other (AI and Machine Learning)")),
    (("要素", "识别", "比对", "认证", "核验", "用户管理"), ("Identity", "Identity and Access Management")),
    (("数据传输",), ("Migration", "Data Migration")),
    (("实时计算",), ("Analytics", "Streaming Analytics")),
    (("离线计算",), ("Analytics", "Data Processing")),
    (("检索",), ("Analytics", "Search")),
    (("数据通道", "短信"), ("Integration", "Messaging")),
    (("中间件",), ("Integration", "Other (Integration)")),
    (("移动端",), ("Mobile", "Other (Mobile)")),
    (("生僻字",), ("Business Applications", "Other (Business Applications)")),
    (("云主机",), ("Compute", "Virtual Machines")),
    (("物理机", "GPU", "操作系统", "机房", "机柜"), ("Compute", "Other (Compute)")),
)
#: 名称认不出的，按目录的类别
BY_CATEGORY = {"基础设施": ("Compute", "Other (Compute)"), "平台软件": ("Web", "Application Platforms")}
#: 类别也没有对上的，和不是哪一项服务的（扣减、核定、补差）
OTHER = ("Other", "Other (Other)")


def service_of(name: str, category: str) -> tuple[str, str]:
    """一个目录项的大类、小类。"""
    found = (kind for words, kind in WORDS if any(word in name for word in words))
    return next(found, BY_CATEGORY.get(category, OTHER))


def services(items: Iterable[Item]) -> Mapping[str, tuple[str, str]]:
    """名称 → 大类、小类。同名的几项取目录项在前的那一项的：规范要一个 ServiceName 只归一类。"""
    found: dict[str, tuple[str, str]] = {}
    for item in sorted(items, key=lambda one: one.code):
        found.setdefault(item.name, service_of(item.name, item.category))
    return found
