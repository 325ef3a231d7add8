"""反馈与汇交（M10-四(七)，R-021）：向市里反馈服务商的服务水平和质量，按期汇交使用数据。"""

from __future__ import annotations

import csv
import io
from datetime import date

from yunheng.audit.actor import Actor
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.ledger.models import Segment
from yunheng.orgs.models import Institution, Kind
from yunheng.rules.digest import sm3_bytes
from yunheng.rules.roles import Role
from yunheng.settlement.models import Handover, ServiceFeedback

LEVELS = ("好", "较好", "一般", "差")
COLUMNS = ("单位", "项目", "服务商", "资源", "目录项", "名称", "数量", "计价单位", "起", "止（不含）", "天数")


def feedback(*, actor: Actor, on: date, provider: Institution, year: int, level: str, text: str) -> ServiceFeedback:
    """反馈一家服务商的服务水平和质量；再反馈一次就是更正。"""
    if actor.role not in (Role.AUTHORITY, Role.REVIEWER):
        raise NotYours(["服务水平和质量由区科委、区科创中心反馈（M10-四(七)，R-021）"])
    problems = []
    if provider.kind != Kind.PROVIDER:
        problems.append(f"{provider.name}不是云服务商（R-021）")
    if level not in LEVELS:
        problems.append(f"服务水平在{'、'.join(LEVELS)}里选一个（R-021）")
    if not text.strip():
        problems.append("写明服务质量怎样、有哪些事例（R-021）")
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        made = ServiceFeedback.objects.create(
            provider=provider, service_year=year, level=level, text=text.strip()[:2000], on=on, by=str(actor)
        )
        journal.note("服务反馈", provider.code, after={"服务年度": year, "服务水平": level, "反馈": text})
    return made


def usage(from_on: date, until_on: date) -> tuple[int, bytes]:
    """一段时间里的使用数据：各资源各目录项的数量和天数，一行一段；（行数, CSV）。"""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    found = Segment.objects.filter(during__overlap=(from_on, until_on)).select_related(
        "item", "resource__provider", "resource__project__unit"
    )
    count = 0
    for one in found.order_by("resource__code", "item__code", "during").iterator(chunk_size=2000):
        start = max(one.during.lower, from_on)
        until = min(one.during.upper or until_on, until_on)
        resource, count = one.resource, count + 1
        writer.writerow(
            (
                resource.project.unit.name, resource.project.name, resource.provider.name, resource.code, one.item.code,
                one.item.name, f"{one.quantity.normalize():f}", one.item.unit, start, until, (until - start).days,
            )
        )  # fmt: skip
    # 带 BOM：Excel 打开不乱码
    return count, text.getvalue().encode("utf-8-sig")


def hand_over(*, actor: Actor, on: date, from_on: date, until_on: date, receiver: str) -> Handover:
    """汇交一段时间的使用数据；文件和 SM3 留存，与已汇交的相交的不收。"""
    if actor.role != Role.REVIEWER:
        raise NotYours(["使用数据由区科创中心汇交（M10-四(七)，R-021）"])
    problems = []
    if not from_on < until_on:
        problems.append(f"起 {from_on} 应在止 {until_on} 之前（R-021）")
    elif until_on > on:
        problems.append(f"{until_on} 还没到，只能汇交已过去的（R-021）")
    if not receiver.strip():
        problems.append("写明谁签收（R-021）")
    if crossing := Handover.objects.filter(from_on__lt=until_on, until_on__gt=from_on).first():
        problems.append(f"与 {crossing.from_on} 至 {crossing.until_on}（不含）那次重叠（R-021）")
    if problems:
        raise Refused(problems)
    count, content = usage(from_on, until_on)
    with unit_of_work(actor) as journal:
        made = Handover.objects.create(
            from_on=from_on,
            until_on=until_on,
            rows=count,
            digest=sm3_bytes(content),
            content=content,
            receiver=receiver.strip()[:200],
            on=on,
            by=str(actor),
        )
        journal.note("数据汇交", f"{from_on}..{until_on}", after={"行数": count, "SM3": made.digest, "签收": receiver})
    return made
