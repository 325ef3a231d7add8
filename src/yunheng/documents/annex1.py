"""附件1 后半张：服务项目的分组和印出来的叫法，照附件的先后。键是目录项代码。"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

#: 附件1 印好已勾选的四项安全服务（R-048）
PRE_TICKED = ("AQ-FWKZ", "AQ-RQFY", "AQ-YHGL", "AQ-SFRZ")

#: 一行一组：大类 | 小类 | 代码=印的叫法 …
_TEXT = """
空间服务||KJ-JF=机房空间服务（平方米）|KJ-JG=整机柜租用（个）
GPU||GPU-TL=GPU（推理）|GPU-XL=GPU（训练）|GPU-XR=GPU（渲染）
存储资源服务||CC-PT=应用存储空间（非加密）（TB）|CC-DB=高性能数据库存储（SSD与物理机磁盘）（TB）|CC-JM=应用存储空间（加密）（TB）|CC-BF=数据备份服务（TB）|CC-GD=数据归档服务（套）
网络资源服务||WL-IP=互联网公有IP服务（个）|WL-DK=互联网带宽（GB）|WL-FZ=应用负载均衡服务（IP）|WL-WZ=安全交换网闸（IP）
信息安全技术服务|安全防护服务|AQ-FWKZ=网络访问控制服务（租户）|AQ-RQFY=入侵防御服务（租户）
信息安全技术服务|用户安全服务|AQ-YHGL=用户管理服务（租户）|AQ-SFRZ=用户身份认证服务（租户）|AQ-YHGZ=安全隐患感知服务（节点）
信息安全技术服务|安全接入服务|AQ-VPN=VPN接入（IPsec隧道数）
信息安全技术服务|安全管理服务|AQ-SJSJ=数据库审计服务（实例）
信息安全技术服务|安全扫描服务|AQ-SXSM=系统上线安全扫描（VM/次）|AQ-CGSM=常规安全漏洞扫描（VM/次）
信息安全技术服务|网站防护服务|AQ-WAF=在线防护WAF（套）|AQ-FCG=网页防篡改服务（套）
平台软件服务-联通|个人多源认证|RZ-ESYS2=身份二要素（次）|RZ-ESYS4=身份四要素（次）|RZ-SJ3=手机三要素（次）|RZ-YHK3=银行卡三要素（次）|RZ-YHK4=银行卡四要素（次）|RZ-RL=人脸识别（次）|RZ-SW=声纹识别（次）|RZ-ZFB=支付宝账户认证（次）|RZ-LZ=两照比对（次）
平台软件服务-联通|公务人员统一身份认证|TYSF-100=年访问量（<100万次）（应用）|TYSF-500=年访问量（100万-500万次）（应用）|TYSF-1000=年访问量（500万-1000万次）（应用）
平台软件服务-联通|数字证书服务|ZS-SSL1=SSL证书-单域名（张）|ZS-SSLT=SSL证书-通配符（张）|ZS-GWY=公务人员证书（key）（张）|ZS-JZ=证书介质（key）（个）
平台软件服务-联通|数据库服务|SJK-BG=表格存储服务（TB）|SJK-FX=分析型数据库服务（实例）|SJK-TY=通用关系型数据库服务（实例）|SJK-NCZ=内存数据库服务（实例主从版）|SJK-NCJ=内存数据库服务（实例集群版）|SJK-GX=关系型数据库服务（实例）
平台软件服务-联通|数据传输工具服务|SJCS=数据传输工具服务（链路）
平台软件服务-联通|大数据服务|DSJ-SS=实时计算服务（实例）|DSJ-TD=数据通道服务主题表（Topic）|DSJ-LX=大数据离线计算服务（实例）|DSJ-JS=全文检索服务（实例）
平台软件服务-移动|中间件服务|ZJJ=中间件服务（套）
平台软件服务-移动|密码服务|MM-WG=安全认证网关服务（套）|MM-SJC=时间戳服务（套）|MM-QM=签名验签服务（套）|MM-KX=可信密码服务（应用）
平台软件服务-移动|短信服务|DX=短信服务（条）
平台软件服务-移动|CDN流量加速分发|CDN=CDN流量加速分发（TB）
平台软件服务-移动|生僻字服务（服务端）|SPZ-10=第1-10个应用端接入|SPZ-20=第11-20个应用端接入|SPZ-30=第21-30个应用端接入|SPZ-40=第31-40个应用端接入|SPZ-50=第41-50个应用端接入|SPZ-50+=超出50个应用端接入
平台软件服务-电信|安全防病毒服务|FBD=安全防病毒（服务器端）（套）
平台软件服务-电信|语音服务|YY-ZX=实时语音转写（路）|YY-HC=在线语音合成服务（路）
平台软件服务-电信|文字识别服务（OCR）|OCR=文字识别服务（OCR）（QPS）
平台软件服务-电信|人像身份核验服务|RXHY=人像身份核验服务（次）
平台软件服务-电信|政务移动端|YDD-2=0-2万用户（个）|YDD-10=2-10万用户（个）|YDD-10+=>10万用户（个）
软件授权类服务-格尔|三大件服务|SQ-OS=操作系统|SQ-MW=中间件|SQ-DB=数据库
"""


@dataclass(frozen=True)
class Line:
    """一个服务项：大类、小类、目录项代码、印的叫法；`provider` 是平台软件、授权类的服务商名。"""

    group: str
    subgroup: str
    code: str
    label: str

    @property
    def provider(self) -> str:
        """“平台软件服务-联通” → 联通；基础设施类为空。"""
        return self.group.partition("-")[2]


def _parse() -> Iterator[Line]:
    for row in _TEXT.strip().splitlines():
        group, subgroup, *lines = row.split("|")
        for line in lines:
            code, _, label = line.partition("=")
            yield Line(group, subgroup, code, label)


LINES: tuple[Line, ...] = tuple(_parse())
LABELS = {line.code: line.label for line in LINES}
GROUPS: tuple[str, ...] = tuple(dict.fromkeys(line.group for line in LINES))
