"""逻辑隔离区域（M10-四(五)，R-020）：每家服务商给本区划一个，区的资源只落在登记的网络边界里。"""

from __future__ import annotations

import ipaddress
from datetime import date

from yunheng.audit.actor import Actor
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.orgs.models import Institution, Kind
from yunheng.rules.roles import Role

from .models import Resource, Zone

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def register(*, actor: Actor, on: date, provider: Institution, name: str, boundary: str, document: str) -> Zone:
    """登记（更正）一家的隔离区域；`boundary` 是网段，逗号、空格或换行隔开。

    网段写得不对、与别家的重叠、已登记的资源落到外面的抛 Refused，逐条说明。
    """
    if actor.role not in (Role.REVIEWER, Role.CITY_OPERATOR):
        raise NotYours(["隔离区域由市、区运管单位登记（M10-四(五)，R-020）"])
    problems = []
    if provider.kind != Kind.PROVIDER:
        problems.append(f"{provider.name}不是云服务商（R-020）")
    if not name.strip() or not document.strip():
        problems.append("租户名和依据都要填（R-020）")
    networks: list[Network] = []
    for text in boundary.replace(",", " ").replace("，", " ").split():
        try:
            networks.append(ipaddress.ip_network(text))
        except ValueError:
            problems.append(f"“{text[:43]}”不是网段，应写成 10.20.0.0/16 这样，主机位是 0（R-020）")
    if not networks and not problems:
        problems.append("至少登记一个网段（R-020）")
    for other in current():
        if other.provider_id != provider.pk:
            for mine in networks:
                for theirs in map(ipaddress.ip_network, other.boundary):
                    if mine.version == theirs.version and mine.overlaps(theirs):
                        problems.append(f"{mine} 与{other.provider.name}“{other.name}”的 {theirs} 重叠（R-020）")
    if not problems:
        problems += [
            f"{one.code} 的 {one.address} 不在新的边界里，先核对（R-020）"
            for one in Resource.objects.filter(provider=provider).exclude(address="").order_by("code")
            if not _inside(one.address, networks)
        ][:20]
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        made = Zone.objects.create(
            provider=provider,
            name=name.strip()[:100],
            boundary=[str(one) for one in networks],
            document=document.strip()[:200],
            on=on,
            by=str(actor),
        )
        journal.note("登记隔离区域", provider.code, after={"租户": name, "边界": made.boundary, "依据": document})
    return made


def current() -> list[Zone]:
    """各家现行的隔离区域。"""
    return list(Zone.objects.order_by("provider", "-pk").distinct("provider").select_related("provider"))


def problem(provider: Institution | None, address: str) -> str:
    """这家的资源能不能用这个 IP；能为空。还没登记隔离区域的不查边界。"""
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return f"“{address[:43]}”不是 IP 地址，应写成 10.20.3.4 这样"
    zone = next((one for one in current() if provider and one.provider_id == provider.pk), None)
    if zone is None or _inside(address, [ipaddress.ip_network(one) for one in zone.boundary]):
        return ""
    inside = "、".join(zone.boundary)
    where = f"{zone.provider.name}给本区划的“{zone.name}”（{inside}）"
    return f"{address} 不在{where}里，区的资源只落在本区区域内（M10-四(五)，R-020）"


def _inside(address: str, networks: list[Network]) -> bool:
    try:
        own = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(own in network for network in networks)
