"""检查表单：一次列全所有问题，指出在哪一部分、哪一行哪一栏、依据哪一条。纯函数。"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from yunheng.documents.annex1 import LABELS, PRE_TICKED
from yunheng.orgs.reading import whole_of
from yunheng.rules.money import number_typed
from yunheng.rules.procedures import PROCEDURES

from . import touching
from .sections import HOST_COLUMNS, SECTIONS, Column, Field, Section

Content = Mapping[str, Any]
_CHANGE = "D62-六(二)、附件3，R-036"
MAX_HOSTS = 300
_MOST = Decimal(1_000_000)
#: XML 和数据库都存不下的控制字符；换行和制表另算
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
#: 逗号只认千分位：1,23 是不是 123 没有人知道
_CONTACT = re.compile(r"[0-9０-９()（）+\-— ,、/转]{5,60}")


@dataclass(frozen=True)
class Problem:
    """一个问题。`place` 是表单里的位置（如 hosts.2.memory），页面据此跳过去。"""

    section: str
    place: str
    message: str
    clause: str = ""

    def __str__(self) -> str:
        return self.message + (f"（{self.clause}）" if self.clause else "")


def too_many(listed: int, added: int) -> str:
    """表里已有 `listed` 行、再加 `added` 行超过 300 行：一句话；没有超过为空。"""
    if listed + added <= MAX_HOSTS:
        return ""
    return (
        f"主机清单最多 {MAX_HOSTS} 行：表里已有 {listed} 行，再加 {added} 行共 {listed + added} 行；没有写入，"
        "规格相同的合成一行填台数，或先删去不要的行（R-032）"
    )


def clean_text(text: str, most: int = 2000) -> str:
    """收进来的文字：去首尾空白，控制字符抛 ValueError，太长抛 ValueError。"""
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if found := _CONTROL.search(text):
        raise ValueError(f"含有不能显示的控制字符（U+{ord(found[0]):04X}），请删去")
    if any(0xD800 <= ord(char) <= 0xDFFF for char in text):
        raise ValueError("含有残缺的字符，请重新输入")
    if len(text) > most:
        raise ValueError(f"最多 {most} 个字，现在 {len(text)} 个")
    return text


def number(text: object, decimals: int) -> Decimal:
    """数字栏：非负，位数有限；不对抛 ValueError，写明要填成什么样。"""
    value = number_typed(str(text))
    if value is None or value < 0:
        raise ValueError(f"应为数字，例如 {'0.5' if decimals else '16'}，现在是“{str(text)[:20]}”")
    if value > _MOST:
        raise ValueError(f"太大了：{str(text).strip()[:20]}，不超过 {_MOST:,}")
    if value != round(value, decimals):
        raise ValueError(f"最多 {decimals} 位小数" if decimals else "应为整数")
    return value


def day(text: object) -> date:
    """日期栏：YYYY-MM-DD，2000 至 2100 年之间；不对抛 ValueError。"""
    try:
        value = date.fromisoformat(str(text))
    except ValueError as error:
        raise ValueError(f"日期应写成 2025-09-30 的样子，现在是“{str(text)[:20]}”") from error
    if not 2000 <= value.year <= 2100:
        raise ValueError(f"日期应在 2000 年至 2100 年之间：{value}")
    return value


def check(procedure: str, content: Content) -> list[Problem]:
    """整张表单的问题，按部分的先后。空表单的每个必填栏都是问题。"""
    problems: list[Problem] = []
    for section in SECTIONS[procedure]:
        problems.extend(check_section(procedure, section, content))
    if not any(content.get(key) for key in ("hosts", "services", "changes", "service_changes")) and procedure in (
        "new",
        "migration",
        "district",
        "development",
        "emergency",
        "temporary",
        "change",
    ):
        where = "changes" if procedure == "change" else "hosts"
        what = "主机和服务项都没有改动" if procedure == "change" else "主机清单和服务项目都是空的"
        problems.append(Problem(where, where, f"{what}，至少要有一项"))
    return problems


def required_attachments(procedure: str, content: Content) -> tuple[str, ...]:
    """要附的材料：流程表列的；迁移只在上级要求上云时要附佐证依据（D62-六(一)2）。"""
    if procedure == "migration" and content.get("reason") != "上级要求":
        return ()
    return PROCEDURES[procedure].attachments


def check_attachments(procedure: str, content: Content, given: Collection[str]) -> Iterator[Problem]:
    """还没有上传的材料；`given` 是已上传的各份“是什么”。"""
    table = PROCEDURES[procedure]
    for name in required_attachments(procedure, content):
        if name not in given:
            text = f"还没有上传“{name}”，请在“附件与说明”里上传"
            yield Problem("files", "attachments", text, f"{table.clause}，{table.requirements[0]}")


def check_section(procedure: str, section: Section, content: Content) -> Iterator[Problem]:
    """一部分的问题。"""
    for field in section.fields:
        yield from _check_field(section, field, content)
    if section.form == "hosts":
        yield from check_hosts(section.code, content.get("hosts") or [])
    elif section.form == "changes":
        yield from _check_changes(content.get("changes") or [])
    elif section.form == "machines":
        yield from _check_machines(content.get("machines") or [])
    elif section.form == "services":
        yield from _check_services(procedure, content)
    elif section.form == "release":
        if not content.get("release"):
            yield Problem("release", "release", "释放清单是空的，请勾选要释放的资源", "D62-六(三)，R-039")
    elif section.form == "files":
        if not str(content.get("statement") or "").strip():
            yield Problem("files", "statement", "申请单位情况说明不能为空，请写明系统用途和资源测算")
    elif section.form == "quota":
        yield from _check_quota(content.get("quota") or [])


def _check_field(section: Section, field: Field, content: Content) -> Iterator[Problem]:
    if field.when and content.get(field.when[0]) != field.when[1]:
        return
    value = content.get(field.key)
    if value in (None, "", []):
        if field.required:
            verb = "请选择" if field.kind in ("choice", "multi") else "请填写"
            yield Problem(section.code, field.key, f"{field.label}不能为空，{verb}", field.clause)
        return
    try:
        if field.kind == "date":
            day(value)
        elif field.kind == "number":
            number(value, 2)
        elif (field.kind == "choice" and value not in field.choices) or (
            field.kind == "multi" and not set(value or ()) <= set(field.choices)
        ):
            raise ValueError(f"只能选：{'、'.join(field.choices)}")
        elif field.kind == "contact" and not _CONTACT.fullmatch(str(value)):
            raise ValueError("应为电话号码，例如 021-67000000")
        elif field.kind in ("text", "long"):
            clean_text(str(value), field.most)
    except ValueError as error:
        yield Problem(section.code, field.key, f"{field.label}：{error}", field.clause)


def check_hosts(section: str, rows: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    """主机清单逐行逐栏。"""
    if len(rows) > MAX_HOSTS:
        yield Problem(section, section, f"主机清单有 {len(rows)} 行，最多 {MAX_HOSTS} 行；台数多的合成一行填台数")
        return
    for index, row in enumerate(rows):
        for column, message in check_row(row):
            yield Problem(section, f"{section}.{index}.{column.key}", f"第 {index + 1} 行 {message}")


def check_row(row: Mapping[str, Any]) -> Iterator[tuple[Column, str]]:
    """一行主机的问题：（哪一列, 说明）。"""
    for column in HOST_COLUMNS:
        value = str(row.get(column.key) or "").strip()
        if not value:
            if column.required:
                example = {"内存": "请填写 GB 数，例如 32", "CPU": "请填写核数，例如 8"}.get(column.label, "请填写")
                yield column, f"{column.label}不能为空，{example}"
            continue
        try:
            if column.decimals is not None:
                amount = number(value, column.decimals)
                if column.required and amount == 0:
                    raise ValueError("应大于 0")
            elif column.choices and value not in column.choices:
                raise ValueError(f"只能填：{'、'.join(column.choices)}，现在是“{value[:20]}”")
            else:
                clean_text(value, 300)
        except ValueError as error:
            yield column, f"{column.label}：{error}"


def _check_changes(rows: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, row in enumerate(rows):
        action = row.get("action")
        if action not in ("新增", "变更", "释放"):
            yield Problem(
                "changes", f"changes.{index}.action", f"第 {index + 1} 行 变更操作只能是新增、变更、释放", "D62-六(二)"
            )
            continue
        if action != "新增":
            resource = str(row.get("resource") or "")
            if not resource:
                yield Problem("changes", f"changes.{index}.resource", f"第 {index + 1} 行 {action}要从现状里选资源")
            elif resource in seen:
                yield Problem(
                    "changes",
                    f"changes.{index}.resource",
                    f"第 {index + 1} 行 资源 {resource} 与第 {seen[resource]} 行重复",
                )
            seen[resource] = index + 1
        if action == "释放":
            for key, text in _released(row):
                yield Problem("changes", f"changes.{index}.{key}", f"第 {index + 1} 行 {text}", _CHANGE)
            if row.get("backup") not in ("已完成", "不需要"):
                yield Problem(
                    "changes",
                    f"changes.{index}.backup",
                    f"第 {index + 1} 行 释放前要先备份或迁移数据，并写明已完成",
                    "M6-26，R-107",
                )
            continue
        before = row.get("before") if action == "变更" else None
        for column, message in check_row(row):
            # 台账没有记的格（补录的主机常缺内存、系统盘）没有动就不收它：填了就成新增，要另计费
            if before and touching.same(column.key, before.get(column.key), row.get(column.key)):
                continue
            yield Problem("changes", f"changes.{index}.{column.key}", f"第 {index + 1} 行 {message}")
        if action == "变更" and row.get("before"):
            for key, text in _miswritten(row):
                yield Problem("changes", f"changes.{index}.{key}", f"第 {index + 1} 行 {text}", _CHANGE)
        if action == "变更" and number_typed(str(row.get("count") or "1")) not in (None, 1):
            yield Problem(
                "changes",
                f"changes.{index}.count",
                f"第 {index + 1} 行 台数：变更的是一个资源 {row.get('resource') or ''}，只能是 1 台；几台就写几行",
                "D62-六(二)",
            )


def _miswritten(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """变更的一行与起草时台账的现状比：（哪一栏, 说明）。不知道是不改还是不要的空格、换了类型的、什么都没改的不收。"""
    before = row["before"]
    if row.get("type") and before.get("type") and row["type"] != before["type"]:
        text = f"台账是{before['type']}，改成{row['type']}是另一种资源，要重新计费"
        yield "type", f"服务类型：{text}；变更改不了类型，请释放这一台，另填一行新增"
    for key in ("data_disk", "ssd"):
        column = touching.COLUMNS[key]
        held = before.get(key) and not touching.same(key, before[key], "")
        asked = key == "data_disk" or touching.amount(row.get("data_disk"))
        if held and asked and not str(row.get(key) or "").strip():
            none = "换成普通盘的选否" if key == "ssd" else "不要的填 0"
            yield key, f"{column.label}：台账是 {before[key]}，空着不知道是不改还是不要；不改的照填，{none}"
    if not touching.touched(row):
        text = "没有改动：各格与台账的现状一样；要改的请改在格子里，不改的请删去这一行"
        yield "resource", f"{row.get('resource') or ''} {text}"


def _released(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """释放是整个资源：又写了与台账不同的数，不知道是不是只放一部分，不收。"""
    before = row.get("before") or {}
    for key in ("cores", "memory", "system_disk", "data_disk"):
        written = str(row.get(key) or "").strip()
        if before and written and not touching.same(key, written, before.get(key)):
            label, held = touching.COLUMNS[key].label, before.get(key) or "空"
            text = f"释放是整个资源 {row.get('resource') or ''} 都不要了，这里写的是 {written}，台账是 {held}"
            yield key, f"{label}：{text}；只减一部分的请选变更，写变更以后的总量"


def _check_machines(rows: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    if not rows:
        yield Problem("legacy", "machines", "请至少填一行现有服务器或租用资源的情况", "D62-六(一)2")
    for index, row in enumerate(rows):
        for key, label in (
            ("cores", "CPU（核）"),
            ("memory", "内存（GB）"),
            ("storage", "存储（TB）"),
            ("quantity", "数量"),
        ):
            try:
                number(row.get(key) or "", 2 if key == "storage" else 0)
            except ValueError as error:
                yield Problem("legacy", f"machines.{index}.{key}", f"第 {index + 1} 行 {label}：{error}")
        for key, label in (("os", "操作系统"), ("place", "部署区域"), ("purpose", "用途")):
            if not str(row.get(key) or "").strip():
                yield Problem("legacy", f"machines.{index}.{key}", f"第 {index + 1} 行 {label}不能为空")


def _check_services(procedure: str, content: Content) -> Iterator[Problem]:
    services: Mapping[str, Any] = content.get("services") or {}
    for code, amount in services.items():
        label = LABELS.get(code, code)
        if code not in LABELS:
            yield Problem("services", f"services.{code}", f"附件1 没有这个服务项：{code}")
            continue
        try:
            if number(amount, 2) == 0:
                raise ValueError("数量应大于 0；不要这一项就不勾")
        except ValueError as error:
            yield Problem(
                "services", f"services.{code}", f"{label}：{error}" if str(amount) else f"{label}：勾选了但没有填数量"
            )
    if procedure == "change":
        yield from _check_service_changes(content.get("service_changes") or {})
    if procedure in ("new", "migration") and content.get("services") is not None:
        reasons: Mapping[str, Any] = content.get("unticked") or {}
        for code in PRE_TICKED:
            if code not in services and not str(reasons.get(code) or "").strip():
                yield Problem(
                    "services",
                    f"unticked.{code}",
                    f"{LABELS[code]}在附件1 里默认勾选，不要的话请写明理由",
                    "D62 附件1，R-048",
                )


def _check_service_changes(changes: Mapping[str, Any]) -> Iterator[Problem]:
    """拟变更的服务项：数量是变更以后的总量，空着或 0 是释放；没有在用的不能释放（D62-六(二)）。"""
    for code, row in changes.items():
        label, place = LABELS.get(code, code), f"services.{code}"
        if code not in LABELS:
            yield Problem("services", place, f"附件1 没有这个服务项：{code}")
            continue
        try:
            after = number(row.get("quantity") or "0", 2)
        except ValueError as error:
            yield Problem("services", place, f"{label}：{error}")
            continue
        if after and number_typed(str(row.get("before") or "0")) == after:
            text = f"{label}：改为的 {row['quantity']} 与现有的一样，没有改动；写变更以后的总量，不变更的请改回原来的数"
            yield Problem("services", place, text, _CHANGE)
        if not after and number_typed(str(row.get("before") or "0")) == 0:
            text = f"{label}：项目没有在用的这一项，没有什么可以释放；要开通的请填数量，不要的请清空"
            yield Problem("services", place, text, "D62-六(二)，R-036")


def _check_quota(rows: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    if not rows:
        yield Problem("quota", "quota", "请至少填一行配额", "M6-18")
    for index, row in enumerate(rows):
        if not str(row.get("dimension") or "").strip():
            yield Problem("quota", f"quota.{index}.dimension", f"第 {index + 1} 行 维度不能为空，例如 CPU 核", "M6-18")
        try:
            number(row.get("amount") or "", 3)
        except ValueError as error:
            yield Problem("quota", f"quota.{index}.amount", f"第 {index + 1} 行 配额：{error}", "M6-18")
        months = [str(row.get(key) or "") for key in ("from_month", "until_month")]
        if any(months) and not all(whole_of(month, 12) for month in months):
            yield Problem("quota", f"quota.{index}.from_month", f"第 {index + 1} 行 月份区间要写全，1 至 12", "M6-18")
