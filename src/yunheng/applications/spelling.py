"""人在申请表里的写法：一句话的配置拆成核、GB、台，备注里像台数的；没有填的几种记号。只认同一单位，不换算，认不出的不猜。"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from yunheng.tables import folding

_WHOSE = "CPU|内存|系统盘|数据盘|硬盘|磁盘|存储"
#: 一段：8核、内存 64 GB、100G数据盘；后面接着数的“数据盘”是下一段的
_PART = re.compile(
    rf"(?P<head>{_WHOSE})?\s*[:：]?\s*(?P<number>[0-9]+(?:\.[0-9]+)?)\s*"
    rf"(?P<unit>核|VCPU|C|GI?B|G|TI?B|T|台)(?P<tail>(?:{_WHOSE})(?!\s*[:：]?\s*[0-9]))?",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"[\s,，、;；/+|×*xX()]*")
#: 末尾的 ×2、*2：前面没有盘的，乘的是台数；x86 是架构
_TIMES = re.compile(r"[×*xX]\s*(?!86)([0-9]{1,3})\s*[)]?\s*\Z")
_NUMERALS = r"[①-⑳]|[一二两三四五六七八九十双壹贰叁肆伍陆柒捌玖拾]{1,3}"
_N = rf"([0-9]{{1,3}}|{_NUMERALS})"
#: 说的就是台数的，上千台也认
_LARGE = rf"([0-9]{{1,5}}|{_NUMERALS})"
#: 后面跟着别的单位的不是台数：×4核、共 16G
_OTHER = r"(?![0-9.]|\s*(?:核|[GTMK]B?(?![A-Za-z])|C(?![A-Za-z])|VCPU|万|元|次|%|年|个?月|日|天|小时|人|用户))"
_FOREIGN = "sets?|pcs|units?|replicas?|slaves?|masters?|instances?|servers?|hosts?"
_SPOKEN = (
    "台|节点|部(?![门署分级委件队长属位])|套|个(?!月)|组|份|副本|实例|主机|机(?!房|构|制|器人|密|关)"
    f"|服务器|虚机|VM|nodes?|{_FOREIGN}"
)
#: 说的就是台数：×3、数量：3、3 台
_COUNTED = re.compile(
    rf"(?<![A-Za-z0-9核块])(?:[×✕✖╳*]|X)\s*(?!86(?![0-9])){_LARGE}{_OTHER}"
    rf"|(?:数\s*量|台\s*数|总数|(?:主机|节点|机器|服务器)数|一?共计?|合计|总计|qty|count|replicas?|nodes?|slaves?|masters?)\s*[为是有]?\s*[:=]?\s*{_LARGE}{_OTHER}"
    rf"|(?<![0-9.第A-Za-z]){_LARGE}\s*[(]?\s*台(?!账|式|阶)",
    re.IGNORECASE,
)
#: 多半说的是台数：3节点、2套、3×；500G×2 说的也许是盘
_LIKELY = re.compile(
    rf"(?<![0-9.第A-Za-z一二两三四五六七八九十]){_N}\s*(?:{_SPOKEN})|(?<![0-9.A-Za-z]){_N}\s*[×✕✖╳](?!\s*[0-9]{{3}})"
    rf"|\A\W?\s*{_N}\s*[*×xX]?\W?\Z"
    rf"|[×✕✖╳*]\s*{_N}{_OTHER}",
    re.IGNORECASE,
)
_MACHINES = "台|节点|套|实例|主机|服务器|虚机|VM|备机|备份机|备用机"
_STANDBY = "(?:备|从|副|辅)(?:机|库|节点)?"
#: 说的是几台合在一起、合计的台数算得出：一主一备、主1备1
_PAIRED = re.compile(
    rf"{_N}\s*主(?!机)\s*[+、，,和]?\s*{_N}\s*{_STANDBY}"
    rf"|{_N}\s*用\s*[+、，,和]?\s*{_N}\s*备"
    rf"|主(?:机|库|节点)?\s*{_N}\s*台?\s*[+、，,和]?\s*{_STANDBY}\s*{_N}(?:\s*台)?"
)
#: 两样各几台，或只说了成对
_DOUBLED = re.compile(
    rf"(?:主备|主从|主辅|双机|双活)[^，,；;。0-9]{{0,4}}各\s*[需为配]?\s*{_N}\s*(?:{_MACHINES})", re.IGNORECASE
)
_PAIR = re.compile(
    "双(?:机|活|节点|台|主|实例|副本|服务器|份|套)|主备|主从|互为备份|互备"
    r"|主(?:用|机|库|节点)?\s*[、,/+&和及与]\s*(?:备|从)(?:用|机|库|节点)?(?![份案注件货查战选])"
    "|(?<![统唯单同一1])一对(?![一多外内接应比照齐])"
)
#: 不止一台、合计几台没有说：各 1 台、一主多从、另加 1 台备机
_MORE = re.compile(
    rf"[各每][^，,；;。0-9]{{0,4}}?{_N}\s*(?:{_MACHINES})"
    rf"|{_N}\s*主(?!机)\s*[+、，,和]?\s*(?:多|若干|[NnMm])\s*{_STANDBY}"
    rf"|{_N}\s*[-~〜∼—至到]\s*{_N}\s*(?:{_MACHINES})"
    rf"|{_N}\s*(?:号[机楼]?|#)?\s*[、,和及与至~-]\s*{_N}\s*(?:号(?:机|主机|服务器|节点)|#)"
    rf"|(?<![月0-9]){_N}\s*号\s*[、,/和及与至~-]\s*{_N}\s*号"
    rf"|NO\.?\s*[0-9]{{1,3}}\s*[、,/和及与至到~〜∼—-]\s*(?:NO\.?)?\s*[0-9]{{1,3}}(?![0-9.])"
    rf"|(?<![0-9.])[0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{3}}\s*(?:[、,~〜∼—至到-]\s*[0-9]{{1,3}}(?![0-9])|/[1-7](?![0-9])|(?:/[0-9]{{1,3}}){{2,}}){_OTHER}(?!\s*台)"
    rf"|(?:[两二三四五六]|(?<![0-9.])[2-9])\s*对(?![一二多外内接应比照齐0-9])"
    rf"|[各每]\s*{_N}(?![0-9.]|\s*(?:核|[GTM]|个|块|张|次|年|月|日|天|元))"
    rf"|(?:另|再|额?外)[^，,；;。0-9]{{0,3}}?(?:{_N}\s*(?:{_MACHINES})|备机|备份机|备用机)",
    re.IGNORECASE,
)
#: 1+1、一拖三：合起来几台；N+1 说不出几台
_ADDED = re.compile(
    rf"(?<![0-9.+A-Za-z核GT]){_N}\s*(?:\+|拖|带)\s*{_N}(?![0-9.+]|\s*(?:核|[GTMgtm]|C(?![A-Za-z])|年|个?月|天))|[NnMm]\s*\+\s*[0-9NnMm]"
)
#: 不止一台，几台没有说：一台的才不一样
SEVERAL = "多"
_SEVERAL = re.compile(
    r"(?:若干|[多几数])\s*(?:台|个节点|节点)(?!数)|成对|集群|高可用|冗余"
    r"|[含带配加]\s*备(?:用|份)?机(?!房)|[冷热]备(?![份案])"
)
#: 一串名字：web01-web03、ECS-YL-01~05
_RUN = re.compile(
    r"(?<![A-Za-z0-9])([A-Za-z][A-Za-z_-]{0,30})([0-9]{1,4})\s*[-~〜∼—至到]\s*(?:\1)?([0-9]{1,4})(?![0-9A-Za-z.])"
)
#: 只写一回前面的：ECS-YL-01/02、web1、2
_LISTED = re.compile(
    r"(?<![A-Za-z0-9])(?!x86)[A-Za-z][A-Za-z_-]{0,30}[0-9]{1,4}(?:\s*[/、,]\s*[0-9]{1,4})+(?![0-9A-Za-z.])",
    re.IGNORECASE,
)
#: 一个名字或地址：web01、10.1.1.1；只有数字的、版本号不是
_NAME = re.compile(
    r"(?<![A-Za-z0-9.])(?:[A-Za-z][A-Za-z_-]{0,30}[0-9]{1,4}|[0-9]{1,3}(?:\.[0-9]{1,3}){3})(?![A-Za-z0-9.])"
)
#: 汉字的名字后面编了号：应用服务器1、应用服务器2；只写一回前面的：应用服务器1、2
_TITLED = re.compile(r"(?:[和及与、]\s*)?([一-鿿]{1,12})\s*([0-9]{1,3})(?=\s*(?:[、,;/。()和及与；，]|\Z))")
_TITLES = re.compile(
    r"(?:服务器|主机|机|节点|库|应用|网关|中间件)\s*[0-9]{1,3}"
    r"(?:\s*[/、,]\s*[0-9]{1,3})+(?=\s*(?:[;。()；，]|\Z))"
)
#: 台数的繁体写法
_PLAIN = str.maketrans("兩臺貳參對備雙機從個節點", "两台贰叁对备双机从个节点")
_FORMAL = dict(zip("壹贰叁肆伍陆柒捌玖拾", "一二三四五六七八九十", strict=True))
_DIGITS = {char: number for number, char in enumerate("零一二三四五六七八九")} | {"两": 2, "双": 2}
_SOLID = re.compile("SSD|固态|全闪|闪存|NVMe|高\\s*IO|高性能[云磁硬]?盘|高速[云磁硬]?盘|PCI-?E", re.IGNORECASE)
#: 说的是普通盘：不是固态的各种叫法
_ORDINARY = re.compile(
    r"(?:非|不是|不用|不要)\s*(?:SSD|固态)盘?|普通(?:硬|磁|数据)?盘|机械(?:硬)?盘?|SAS|SATA|HDD", re.IGNORECASE
)
#: 说的是加减多少：扩容 0.5TB、在原 3TB 基础上增加 2TB；扩到、增至说的是总量，不算
_BY = re.compile(
    r"(?P<verb>扩容|扩充|增加|新增|追加|增配|升配|再要|另要|[扩增加]|减少|缩减|缩容|降配|减去|[减降+-])"
    r"[^0-9，,；;。至到为成]{0,6}?(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?:核|VCPU|[GT]B?|台|套|个|M[Bb]?)?",
    re.IGNORECASE,
)
#: 说整个不要了的话；释放的一行别的话都要人点头
_WHOLLY = re.compile(
    "不再使用|不再用|不再需要|不需要|不用|不要|释放|注销|停用|退订|下线|整台|整机|整个|整项|全部|所有"
    "|本台|该台|这台|本项|该项|资源|云主机|物理机|虚拟机|主机|服务器|服务|申请|予以|已经|[请已了的都均全该此本]"
)
#: 说要多的、要少的
_UP = re.compile("扩容|扩充|升级|升配|增配|新增|增加|增量|追加|再要|再加|另加|另要|加配|提升")
_DOWN = re.compile("缩容|缩减|减少|减配|降配|降级|降低|调低|减半")
#: 说的也许是增加的数，不是变更以后的总量
_INCREMENT = re.compile("增量|追加|新增|再要|再加|再增|另加|另要|(?:本次|此次|这次)[^，,；;。]{0,4}(?:增|加|扩)")
_LESS = ("减", "缩", "降", "-")
#: 服务类型的叫法 → 附件的写法
KINDS = {
    **dict.fromkeys(("云主机", "虚拟机", "云服务器", "弹性云主机", "弹性云服务器", "ECS", "云主机ECS"), "云主机"),
    **dict.fromkeys(("物理机", "物理服务器", "裸金属", "裸金属服务器", "裸金属物理机"), "物理机"),
}
_KIND = "|".join(sorted(KINDS, key=len, reverse=True))
#: 一格的服务类型，前面可以有编号，后面可以有括号、几台
_KINDLY = re.compile(
    rf"(?:\(?(?:[0-9]{{1,2}}|[一二三])[).、])?({_KIND})((?:\([^()]{{1,12}}\))?(?:[×x*]?[0-9]{{1,3}}台)?)", re.IGNORECASE
)
_KEYS = {"核": "cores", "VCPU": "cores", "C": "cores", "台": "count"}


@dataclass(frozen=True)
class Spelled:
    """拆出来的：`values` 是认得的各栏，`left` 是没有代填的几段（盘，要人按 TB 填）。"""

    values: dict[str, str]
    left: tuple[str, ...]


def spelled(text: str) -> Spelled | None:
    """一句话的配置，如“8核 32G 2台 100G”；有一个字认不出、同一样写了两遍的，整句不拆，返回 None。

    盘不分系统盘、数据盘，G 与 TB 怎样换算也没有规定，一律留空、报出来。末尾的“×2”是台数，有盘的说不清乘的是什么，不拆。
    """
    plain = folding.code(text)
    values: dict[str, str] = {}
    left: list[str] = []
    if times := _TIMES.search(plain):
        plain, values["count"] = plain[: times.start()], times[1]
    at = 0
    while at < len(plain):
        at = _BETWEEN.match(plain, at).end()  # type: ignore[union-attr]
        if at == len(plain):
            break
        found = _PART.match(plain, at)
        if found is None:
            return None
        at = found.end()
        unit, named = found["unit"].upper(), found["head"] or found["tail"] or ""
        if found["unit"] in ("Gb", "Tb", "Gib", "Tib"):
            # 位和字节差 8 倍
            return None
        key = _KEYS.get(unit, "")
        if unit in ("G", "GB", "GIB") and (
            named == "内存" or (not named and "cores" in values and "memory" not in values)
        ):
            key = "memory"
        if key in ("cores", "count") and named not in ("", "CPU", "cpu", "Cpu"):
            return None
        if not key:
            left.append(found[0])
        elif key in values:
            return None
        else:
            values[key] = found["number"]
    if left and times:
        return None
    return Spelled(values, tuple(left)) if len(values) + len(left) > 1 and values else None


def kind(text: str) -> tuple[str, str]:
    """一格的服务类型：（叫法, 后面另写的字），如“1.云主机”“物理机（裸金属）”“云主机 2台”；不是的为空。"""
    found = _KINDLY.fullmatch(re.sub(r"\s+", "", folding.code(text)))
    if not found:
        return "", ""
    own = next(name for name in KINDS if name.casefold() == found[1].casefold())
    same = re.fullmatch(rf"\(({_KIND})\)", found[2], re.IGNORECASE)
    alike = same and {KINDS[own]} == {KINDS[one] for one in KINDS if one.casefold() == same[1].casefold()}
    return own, "" if alike else found[2]


def counted(note: str) -> dict[str, str]:
    """备注里说的就是台数的：那几个字 → 几台。"""
    return dict(_hinted(_COUNTED, _together(note)[1]))


def likely(note: str) -> dict[str, str]:
    """备注里多半说的是台数的；一个、一套不算。"""
    return {text: number for text, number in _hinted(_LIKELY, _together(note)[1]) if number != "1"}


def together(note: str) -> dict[str, str]:
    """备注里说几台合在一起的：那几个字 → 合计几台；没有说合计几台的是空的，与哪个台数都不能算一样。

    一串名字是几个名字；只说不止一台的是 SEVERAL。
    """
    return _together(note)[0]


def differs(number: str, count: str) -> bool:
    """备注说的几台与这一行的台数不一样；不止一台的，只与一台不一样。"""
    return count in ("", "0", "1") if number == SEVERAL else number != count


def solid(note: str) -> bool:
    """备注里说到固态盘：SSD、固态、全闪、闪存。"""
    return bool(_SOLID.search(folding.code(note)))


def ordinary(note: str) -> bool:
    """备注里说到普通盘：普通盘、机械盘、SAS、HDD、非 SSD；又说了固态的不算。"""
    plain = folding.code(note)
    return bool(_ORDINARY.search(plain)) and not _SOLID.search(_ORDINARY.sub("", plain))


def beside(note: str) -> str:
    """释放的一行里，说整个不要了的话以外还写着什么；没有为空。"""
    plain = folding.code(note)
    return plain.strip() if re.sub(r"[\W_]+", "", _WHOLLY.sub("", plain)) else ""


def upward(note: str) -> str:
    """备注里说要多的那几个字；没有为空。"""
    found = _UP.search(folding.code(note))
    return found[0] if found else ""


def downward(note: str) -> str:
    """备注里说要少的那几个字；没有为空。"""
    found = _DOWN.search(folding.code(note))
    return found[0] if found else ""


def incremental(note: str) -> str:
    """备注里说的也许是增加的数的那几个字：追加、增量、本次增加；没有为空。"""
    found = _INCREMENT.search(folding.code(note))
    return found[0] if found else ""


def altered(note: str) -> dict[str, Decimal]:
    """备注里说加减多少的：那几个字 → 加多少（减为负）。"""
    found = {}
    for match in _BY.finditer(folding.code(note)):
        number = Decimal(match["number"])
        found[match[0].strip()] = -number if match["verb"].startswith(_LESS) else number
    return found


def _together(note: str) -> tuple[dict[str, str], str]:
    """（合在一起说的各处, 余下的话）：一处只算一回，“主备各1台”里的“1台”不再当作 1 台。"""
    plain = folding.code(note).translate(_PLAIN)
    found = dict(_named(plain))
    for pattern in (_PAIRED, _DOUBLED, _ADDED, _MORE, _PAIR):
        for match in pattern.finditer(plain):
            numbers = [int(_number(group)) for group in match.groups() if group]
            total = {_PAIRED: sum(numbers), _ADDED: sum(numbers), _DOUBLED: 2 * sum(numbers), _PAIR: 2}.get(pattern, 0)
            found[match[0].strip()] = str(total or "")
        plain = pattern.sub("，", plain)
    found |= {match[0]: SEVERAL for match in _SEVERAL.finditer(plain)}
    return found, _RUN.sub("，", plain)


def _named(plain: str) -> Iterator[tuple[str, str]]:
    """一串名字，或样子一样的几个名字、地址：那几个字 → 几个。"""
    for run in _RUN.finditer(plain):
        if int(run[2]) < int(run[3]):
            yield run[0], str(int(run[3]) - int(run[2]) + 1)
    for listed in _LISTED.finditer(plain):
        yield listed[0], str(len(re.split("[/、,]", listed[0])))
    for listed in _TITLES.finditer(plain):
        yield listed[0], str(len(re.split("[/、,]", listed[0])))
    titled: dict[str, list[str]] = {}
    for name, number in _TITLED.findall(plain):
        own = titled.setdefault(name.lstrip("和及与"), [])
        own += [] if number in own or name.endswith(("端口", "版本", "等保", "第")) else [number]
    for name, numbers in titled.items():
        if len(numbers) > 1:
            yield "、".join(f"{name}{number}" for number in numbers[:4]), str(len(numbers))
    alike: dict[str, list[str]] = {}
    for name in _NAME.findall(_RUN.sub("，", plain)):
        names = alike.setdefault(re.sub("[0-9]+", "0", name).casefold(), [])
        names += [] if name in names else [name]
    for names in alike.values():
        if len(names) > 1:
            yield "、".join(names[:4]), str(len(names))


def _hinted(pattern: re.Pattern[str], text: str) -> Iterator[tuple[str, str]]:
    for match in pattern.finditer(text):
        yield match[0].strip(), _number(next(group for group in match.groups() if group))


def _number(text: str) -> str:
    """3、③、十二、两、叁 → 数。"""
    text = "".join(_FORMAL.get(char, char) for char in text)
    if text.isdecimal():
        return str(int(text))
    if "①" <= text <= "⑳":
        return str(ord(text) - ord("①") + 1)
    tens, ten, ones = text.rpartition("十")
    if ten:
        return str(_DIGITS.get(tens, 1) * 10 + _DIGITS.get(ones, 0))
    return str(_DIGITS.get(text[:1], 0))
