"""页面上到处用的小件：状态、时限、条款、金额、图标。写一次，处处一样。"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from json import dumps
from typing import Any
from urllib.parse import quote

import segno
from django import template
from django.template.loader import render_to_string
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from yunheng import __version__
from yunheng.applications.sections import SECTIONS, Section
from yunheng.audit.actor import Actor
from yunheng.cases.models import Board, Case
from yunheng.cases.queries import board_timing, calendar, position
from yunheng.documents.annex1 import LABELS
from yunheng.orgs import access
from yunheng.orgs.access import Request
from yunheng.orgs.models import Institution
from yunheng.orgs.reading import whole_of
from yunheng.rules import money, periods, rulebook
from yunheng.rules.problems import UnknownRule
from yunheng.rules.procedures.model import OUTCOMES, Procedure
from yunheng.rules.procedures.timing import timing
from yunheng.rules.roles import Role
from yunheng.rules.scoring import INDICATORS
from yunheng.settlement.bill.daily import Cell

register = template.Library()

_TONES = {
    "草稿": "mute",
    "待签批": "info",
    "待审核": "info",
    "补正中": "warn",
    "待服务商确认": "teal",
    "待下发": "teal",
    "测试期": "violet",
    "待正式开通": "info",
    "申辩中": "violet",
    "编制中": "info",
    "待批复": "info",
    "待发布": "info",
    "待下达": "info",
    "待签约": "teal",
    "待支付": "warn",
    "待回收": "violet",
    "待评分": "violet",
    "整改中": "warn",
    "滚动": "info",
    "年度": "ok",
    "补差": "violet",
    "预估": "info",
    "计量中": "info",
    "核对中": "teal",
    "有争议": "warn",
    "已锁定": "ok",
    "已结算": "ok",
    "已办结": "ok",
    "不予通过": "danger",
    "已撤回": "mute",
    "待开通": "mute",
    "测试中": "violet",
    "计费中": "ok",
    "变更中": "info",
    "待释放": "warn",
    "已释放": "mute",
    "未开始": "mute",
    "填写中": "info",
    "已完成": "plain",
    "不需要": "plain",
    "有问题": "danger",
    "在期": "ok",
    "未生效": "mute",
    "已期满": "mute",
    "已终止": "danger",
}
_DOCUMENTS = {"M6": "市办法", "D62": "细则", "D14": "区办法", "M10": "统采分签意见"}
_ICONS = {
    "home": "M3 11l9-8 9 8v9a1 1 0 0 1-1 1h-5v-6H9v6H4a1 1 0 0 1-1-1z",
    "inbox": "M4 5h16l1 9v5H3v-5zM3 14h5l1 3h6l1-3h5",
    "plus": "M12 5v14M5 12h14",
    "folder": "M3 6h6l2 2h10v11H3z",
    "server": "M4 4h16v6H4zM4 14h16v6H4zM7 7h1M7 17h1",
    "calendar": "M4 6h16v14H4zM4 10h16M8 3v5M16 3v5",
    "book": "M5 4h6a2 2 0 0 1 2 2v14a2 2 0 0 0-2-2H5zM19 4h-4a2 2 0 0 0-2 2v14a2 2 0 0 1 2-2h4z",
    "building": "M4 21V5l8-3 8 3v16M9 9h2M13 9h2M9 13h2M13 13h2M10 21v-4h4v4",
    "users": "M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM2 21c0-4 3-6 7-6s7 2 7 6M17 4a4 4 0 0 1 0 7M22 21c0-3-2-5-4-6",
    "shield": "M12 3l8 3v6c0 5-4 8-8 9-4-1-8-4-8-9V6zM9 12l2 2 4-4",
    "clock": "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3 2",
    "alert": "M12 3l10 18H2zM12 10v5M12 18v.5",
    "pause": "M8 5v14M16 5v14",
    "check": "M5 12l5 5 9-10",
    "search": "M10 4a6 6 0 1 0 0 12 6 6 0 0 0 0-12zM15 15l5 5",
    "file": "M6 3h8l4 4v14H6zM14 3v4h4",
}


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """线条图标；给眼睛看的，读屏略过。"""
    path = _ICONS[name]
    return format_html(
        '<svg class="ic" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="{}"/></svg>', path
    )


@register.simple_tag
@cache
def badge(state: str) -> SafeString:
    """状态：同一个词处处同一个颜色，文字总在。"""
    return format_html('<span class="st st-{}">{}</span>', _TONES.get(state, "mute"), state)


@register.inclusion_tag("components/cite.html")
def cite(clause: str, note: str = "") -> dict[str, Any]:
    """条款标签：点开看要点。没有编入索引的（如“等保三级”）只显示文字。"""
    try:
        found = rulebook.built_in().clause(clause)
    except UnknownRule:
        return {"label": clause, "clause": None, "note": note}
    document, _, number = found.id.partition("-")
    name = _DOCUMENTS.get(document, document)
    label = f"{name}·第{number}条" if document in ("M6", "D14") and number.isdecimal() else f"{name}·{number}"
    return {
        "label": label,
        "clause": found,
        "document": rulebook.built_in().clauses.documents[found.document],
        "note": note,
    }


_CODES = r"(?:M6|M10|D14|D62)-[^，、（）]+|R-\d{3}"
_CITED = re.compile(rf"（((?:{_CODES})(?:[，、](?:{_CODES}))*)）")


@register.filter
def cited(text: object) -> SafeString:
    """一句话里括号内的条款代号换成条款标签，如“……（D62-七，R-075）”；其余照写。"""
    words = str(text)
    parts: list[str] = []
    end = 0
    for found in _CITED.finditer(words):
        clauses = re.split("[，、]", found[1])
        needs = "、".join(one for one in clauses if one.startswith("R-"))
        named = [one for one in clauses if not one.startswith("R-")] or [needs]
        parts.append(conditional_escape(words[end : found.start()]))
        for number, one in enumerate(named):
            note = needs if one != needs and not number else ""
            parts.append(f" {render_to_string('components/cite.html', cite(one, note)).strip()}")
        end = found.end()
    parts.append(conditional_escape(words[end:]))
    return mark_safe("".join(parts))


@register.inclusion_tag("components/due.html")
def due(board: Board, on: date, *, explain: bool = False, until: date | None = None) -> dict[str, Any]:
    """时限：日期、剩余或超期；`explain` 时能点开看数了哪些天、跳过哪些天。`until` 是这件事项自己定的截止日。"""
    if until and not board.due_on and not board.outcome:
        return {"timing": timing(until, on, calendar()), "board": board}
    context: dict[str, Any] = {"timing": board_timing(board, on), "board": board}
    if explain and not board.outcome:
        at = position(board.case)
        context |= {"deadline": at.due, "limit": at.limit, "paused": at.paused}
        if at.limit:
            context["parameter"] = rulebook.built_in().parameter(at.limit.parameter, at.since or on)
    return context


@register.simple_tag
def board_rows(boards: Iterable[Board], on: date) -> SafeString:
    """办件列表的各行。列表是最热的页，模板逐栏解析占去一半时间，所以行自己写；时限的样子同 due。"""
    return format_html_join("\n", _BOARD_ROW, (_board_row(board, on) for board in boards))


_BOARD_ROW = (
    '<tr><td class="nowrap"><a href="/cases/{0}/">{0}</a><small class="sub">{1}</small></td>'
    '<td>{2}<small class="sub">{3}</small></td><td class="nowrap">{4}</td><td>{5}</td>'
    '<td>{6}<small class="sub">自 {7} 起</small></td><td class="nowrap">{8}</td></tr>'
)
_DUE_ICONS = {"overdue": "alert", "paused": "pause"}


def _board_row(board: Board, on: date) -> tuple[object, ...]:
    shown = board_timing(board, on)
    if shown.tone == "none":
        limit = format_html('<span class="due due-none">{}</span>', shown.text)
    else:
        words = shown.text + ("（推定）" if board.estimated else "")
        mark = icon(_DUE_ICONS.get(shown.tone, "clock"))
        limit = format_html('<span class="due due-{}">{}{}</span>', shown.tone, mark, words)
    return (
        board.case.number,
        board.step_name,
        board.unit.name,
        board.case.subject,
        board.provider.name if board.provider else "—",
        badge(board.state),
        "、".join(Role(role).label for role in board.roles) or "—",
        f"{board.since_on:%Y-%m-%d}",
        limit,
    )


@register.simple_tag
def asset_rows(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> SafeString:
    """资源列表的各行，只要选了的列；缘由同 board_rows。"""
    return format_html_join("\n", "{}", ((_asset_row(row, columns),) for row in rows))


def _first_day(first: date | None, recorded: date | None) -> str | SafeString:
    """下发日照账上采用的工单；台账记的不是同一天的写在下面，状态、筛选照台账记的。"""
    if recorded is None:
        return day(first)
    return format_html('{}<small class="sub">台账记 {}</small>', day(first), day(recorded))


def _charged_from(charged: date | None, unordered: Sequence[str]) -> str | SafeString:
    """从哪天起计费；在用的里账上没有工单（D1）、不计费的逐项写在下面。"""
    if not unordered:
        return day(charged)
    return format_html('{}<small class="sub">{}没有工单（D1），不计费</small>', day(charged), "、".join(unordered))


def _asset_row(row: Mapping[str, Any], columns: Sequence[str]) -> SafeString:
    resource = row["resource"]
    cells = {
        "unit": resource.project.unit.name,
        "project": resource.project.name,
        "provider": resource.provider.name,
        "kind": resource.kind,
        "spec": row["spec"],
        "arch": resource.architecture or "—",
        "system": resource.system or "—",
        "zone": resource.zone or "—",
        "state": badge(row["state"]),
        "first": _first_day(row["first"], row["recorded"]),
        "charged": _charged_from(row["charged"], row["unordered"]),
        "expires": day(row["expires"]),
    }
    link = format_html(
        '<tr><td class="nowrap"><a href="/assets/{}/">{}</a></td>', quote(resource.code, safe=""), resource.code
    )
    return link + format_html_join("", "<td>{}</td>", ((cells[name],) for name in columns)) + mark_safe("</tr>")


@register.simple_tag
def day_cells(cells: Iterable[Cell | None], run: int, query: str) -> SafeString:
    """资源日历条一个月的各格；一页三百多格，缘由同 board_rows。没有的日子空着，还没计量的不能点。"""
    return format_html_join("", "{}", ((_day_cell(cell, run, query),) for cell in cells))


def _day_cell(cell: Cell | None, run: int, query: str) -> SafeString:
    if cell is None:
        return mark_safe("<td></td>")
    text = cell.text + (f"，第 {cell.mark} 处变化" if cell.mark else "")
    if not cell.measured:
        return format_html('<td class="d-{}"><span class="sr">{}</span></td>', cell.look, text)
    mark = format_html('<b aria-hidden="true">{}</b>', cell.mark) if cell.mark else ""
    return format_html(
        '<td class="d-{}"><a href="/settlement/runs/{}/days/{}/?{}" title="{}"><span class="sr">{}</span>{}</a></td>',
        *(cell.look, run, cell.day, query, text, text, mark),
    )


@register.inclusion_tag("components/choose.html")
def choose(rows: Iterable[Any], name: str, chosen: object, blank: str, **extra: object) -> dict[str, Any]:
    """可查找的下拉：机构、项目按名称或拼音首字母找；没有脚本就是普通下拉。

    `extra`：`label` 读屏的叫法（不给就是 `blank`），`id` 配了 label 的，`required`。
    """
    options = [(str(row.pk), str(row), row.initials) for row in rows]
    return {"options": options, "name": name, "chosen": str(chosen or ""), "blank": blank, "label": blank, **extra}


@register.simple_tag
def qr(request: Request) -> SafeString:
    """这一页地址的二维码，印在纸上，扫了就到。"""
    return mark_safe(segno.make(request.build_absolute_uri(request.path), error="m").svg_inline(scale=2, border=1))


@register.filter
def fen(value: int | None) -> str:
    """分 → 带千分位的元。"""
    return "—" if value is None else money.yuan(value, grouped=True)


@register.filter
def yuan(value: Decimal | str | None) -> str:
    """元（数或两位小数的文本）→ 带千分位；没有写“—”。"""
    return "—" if value is None or value == "" else f"{Decimal(value):,.2f}".replace("-", "−")


@register.filter
def gap(value: Decimal | None) -> str:
    """差额（元）：多的带 ＋ 号，少的带 − 号，没差写 0.00；没有写“—”。"""
    if value is None:
        return "—"
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{abs(value):,.2f}"


@register.filter
def count(value: int | None) -> str:
    """个数：带千分位。"""
    return "—" if value is None else f"{value:,}"


@register.filter
def years(year: int | str | None) -> str:
    """服务年度的两个自然年，处处一样：2025—2026。"""
    return periods.years(int(year)) if year else "—"


@register.filter
def plain(value: Decimal | str | None) -> str:
    """填进输入框的数量：去掉末尾的零，不带千分位；没有的（模板里取不到是空串）写“—”。"""
    return "—" if value is None or isinstance(value, str) else f"{value.normalize():f}"


@register.filter
def amount(value: Decimal | str | None) -> str:
    """数量：带千分位，去掉末尾的零；没有写“—”。"""
    return "—" if value is None or value == "" else f"{Decimal(value).normalize():,f}"


@register.filter
def price(value: money.UnitPrice | Decimal | str | None) -> str:
    """单价，写法照 `UnitPrice`；没有写“—”。"""
    if value is None or value == "":
        return "—"
    return str(value if isinstance(value, money.UnitPrice) else money.UnitPrice(Decimal(value)))


@register.filter
def shown(value: object) -> str:
    """一栏的值：日期照写，空的写“空”。"""
    return day(value) if isinstance(value, date) else str(value) or "空"


@register.filter
def get(mapping: Mapping[Any, Any] | None, key: Any) -> Any:
    """取映射里的值，没有为空。"""
    return (mapping or {}).get(key, "")


@register.filter
def at(values: Sequence[Any], index: int) -> Any:
    """序列里的第几个。"""
    return values[index]


@register.filter
def opens(actor: Actor, address: str) -> bool:
    """这个角色打得开这个地址。"""
    return access.opens(actor, address)


@register.filter
def role_name(value: str) -> str:
    """角色的中文叫法。"""
    return Role(value).label if value else "系统"


@register.filter
def day(value: date | None) -> str:
    """日期，没有写“—”。"""
    return value.isoformat() if value else "—"


@register.filter
def through(value: date | None) -> str:
    """半开区间的止日 → 给人看的末日（含），没有写“—”；后面写“（含）”。"""
    return (value - timedelta(days=1)).isoformat() if value else "—"


@register.filter
def percent(value: Any) -> str:
    """比例（分数）→ 两位小数的百分数：离上限近、要看得细的用它。"""
    return "—" if value is None else f"{float(value) * 100:.2f}%"


@register.filter
def share(value: Any) -> str:
    """占比（分数）→ 一位小数的百分数。"""
    return "—" if value is None else f"{float(value) * 100:.1f}%"


@register.simple_tag
def version_of(name: str) -> SafeString:
    """自己的静态文件带版本，升级后浏览器不用旧的。"""
    return mark_safe(f"/static/app/{name}?v={__version__}")


@register.filter
def parameter_text(key: str, on: date) -> str:
    """时限参数给人看：5 工作日、1 月。"""
    value = rulebook.built_in().parameter(key, on)
    return f"{value.name} {value.value.normalize():f} {'个工作日' if value.unit == '工作日' else '个' + value.unit}"


@register.filter
def target_name(procedure: Procedure, target: str) -> str:
    """去向的名字：步骤名，或终点的状态。"""
    return OUTCOMES[target].state if target in OUTCOMES else procedure.step(target).name


@register.filter
def cut_list(text: str) -> list[str]:
    """逗号隔开的几个词。"""
    return text.split(",")


@register.filter
def json(value: object) -> str:
    """写进 data- 属性的 JSON（模板会转义）。"""
    return dumps(value, ensure_ascii=False)


def _section_of(case: Case, place: str) -> Section:
    first = place.split(".", maxsplit=1)[0]
    for section in SECTIONS[case.procedure]:
        if first in (section.code, section.form) or first in [field.key for field in section.fields]:
            return section
    return SECTIONS[case.procedure][-1]


@register.simple_tag
def place_url(case: Case, place: str) -> str:
    """退回时指出的地方在哪一页：点一下就到。"""
    return f"/apply/{case.number}/{_section_of(case, place).code}/#f-{place}"


@register.simple_tag
def place_name(case: Case, place: str) -> str:
    """指出的地方叫什么：单位与项目 · 联系方式；主机清单 第 2 行。"""
    section = _section_of(case, place)
    parts = place.split(".")
    for field in section.fields:
        if field.key == parts[0]:
            return f"{section.title} · {field.label}"
    if len(parts) > 1 and (row := whole_of(parts[1])) is not None:
        return f"{section.title} 第 {row + 1} 行"
    return f"{section.title} · {LABELS.get(parts[-1], '')}".rstrip(" ·")


@register.simple_tag
def institution_names() -> dict[str, str]:
    """机构代码 → 名称。"""
    return dict(Institution.objects.values_list("code", "name"))


@register.filter
def pairs(value: object, names: Mapping[str, str]) -> str:
    """审计里前后的内容：键：值，分号隔开；机构代码、考核指标写名称，里面还有层次的写在括号里。"""
    if isinstance(value, Mapping):
        shown = ((key, item) for key, item in value.items() if item not in ("", None, [], {}))
        return "；".join(f"{key}：{_audited(key, item, names)}" for key, item in shown)
    return _audited("", value, names)


def _audited(key: str, value: object, names: Mapping[str, str]) -> str:
    if isinstance(value, Mapping):
        return f"（{pairs(value, names)}）"
    if isinstance(value, list):
        return "、".join(_audited(key, one, names) for one in value)
    if isinstance(value, bool):
        return "是" if value else "否"
    text = str(value)
    if key == "指标" and text in INDICATORS:
        return f"{text} {INDICATORS[text].name}"
    return names.get(text, text)
