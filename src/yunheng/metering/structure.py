"""结算.json 的结构：只有这一份。缺键、坏类型逐条报；摘要与内容不符的先说“文件被改动过”。

比对（diff）、解释（explain）、网站收第三方的复算，都先过这里：后面的程序可以放心取值。
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any

from yunheng.metering import result
from yunheng.metering.jsons import NotJson, once, parsed

#: 说得出的毛病最多列几条，其余只说条数
SHOWN = 1_000
FORMAT = "yunheng.settlement"
_MONEY = re.compile(r"-?[0-9]+\.[0-9]{2}")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_CODE = re.compile(r"D[1-9][0-9]?")
_DIGEST = re.compile(r"sm3:[0-9a-f]{64}")


class Malformed(ValueError):
    """不是一份完好的 结算.json；`problems` 逐条是为什么。"""

    def __init__(self, name: str, problems: list[str]) -> None:
        self.problems = problems
        more = [f"……共 {len(problems):,} 处，只列前 {SHOWN:,} 处"] if len(problems) > SHOWN else []
        super().__init__("\n".join(f"{name}：{one}" for one in [*problems[:SHOWN], *more]))


Check = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _matches(pattern: re.Pattern[str]) -> Check:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


_TEXT = (_is_text, "应为文本")
_REFERENCE = (lambda value: value is None or isinstance(value, str), "应为文本或 null")
_WHOLE = (_is_whole, "应为整数")
_DAY = (_is_day, "应为 YYYY-MM-DD 的日期")
_AMOUNT = (_matches(_MONEY), "应为两位小数的金额文本")
_FIGURE = (_matches(_NUMBER), "应为十进制数字的文本")
_MARK = (lambda value: value is None or bool(_matches(_NUMBER)(value)), "应为十进制数字的文本或 null")
_FLAG = (lambda value: isinstance(value, bool), "应为 true 或 false")
_PAYER = (lambda value: value in ("unified", "self"), "应为 unified 或 self")
_VERSION = (lambda value: _is_whole(value) and value in (1, 2), "应为 1 或 2")
_KIND = (lambda value: value == FORMAT, f"应为 {FORMAT}")

Fields = Mapping[str, tuple[Check, str]]
_LINE: Fields = {
    **dict.fromkeys(("unit", "project", "resource", "item", "provider"), _TEXT),
    **dict.fromkeys(("form", "order"), _REFERENCE),
    **{"quantity": _FIGURE, "from": _DAY, "until": _DAY, "days": _WHOLE, "unit_price": _FIGURE, "amount": _AMOUNT},
    "payer": _PAYER,
}
_CODES = (lambda value: isinstance(value, list) and all(map(_matches(_CODE), value)), "应为差异码的清单")
_PAID: Fields = dict.fromkeys(("gross", "deduction", "net"), _AMOUNT)
#: 各个清单里每一条的键
LISTS: Mapping[str, Fields] = {
    "lines": _LINE,
    "disputed": {**_LINE, "differences": _CODES},
    "differences": {
        "code": (_matches(_CODE), "应为差异码，如 D3"),
        **dict.fromkeys(("resource", "item", "form", "order", "ruling"), _REFERENCE),
        **{"blocking": _FLAG, "note": _TEXT},
    },
    "assessments": {
        "provider": _TEXT,
        "scores": (lambda value: isinstance(value, dict) and set(value) == set("ABCDEFG"), "应为 A 至 G 七项的得分"),
        **{"total": _MARK, "deduction_rate": _MARK},
    },
    "tier_prices": {"item": _TEXT, "average_price": _FIGURE},
}
_HEAD: Fields = {
    **{"format": _KIND, "version": _VERSION, "service_year": _WHOLE, "until": _DAY, "district": _TEXT},
    "digest": (_matches(_DIGEST), "应为 sm3: 加 64 位小写十六进制"),
}
_SUMS = ("unified_gross", "unified_net", "self_gross", "self_net", "disputed_gross", "supervision_fee_cap")


def parse(content: bytes, name: str) -> dict[str, Any]:
    """一份 结算.json 的字节 → 内容；不是完好的抛 Malformed。

    摘要只在账目写在文件里时核对；账目另存 Parquet 的没有 lines、disputed，由取用的人说怎么办。
    """
    found = _loaded(content, name)
    wrong = list(_problems(found))
    if problems := [*_tampered(found, sound=not wrong), *wrong]:
        raise Malformed(name, problems)
    return found


def parse_head(content: bytes, name: str) -> dict[str, Any]:
    """同 `parse`，各清单已另外取走、写成空的：只看结构，不核对摘要。"""
    found = _loaded(content, name)
    if problems := list(_problems(found)):
        raise Malformed(name, problems)
    return found


def _loaded(content: bytes, name: str) -> dict[str, Any]:
    try:
        found = parsed(content, once)
    except NotJson as error:
        raise Malformed(name, [f"读不出：{error}"]) from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise Malformed(name, [f"不是结算结果，不是 结算.json（format 应为 {FORMAT}）"])
    return found


def _tampered(content: Mapping[str, Any], *, sound: bool) -> Iterator[str]:
    """摘要与内容不符；结构有毛病而算不出摘要的，由结构那一遍说，结构没有毛病的就是改坏了。"""
    if "lines" not in content and "disputed" not in content:
        return
    try:
        digest = result.digest_of(content)
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        if sound:
            yield "文件被改动过：内容算不出摘要（R-077）"
        return
    if content.get("digest") != digest:
        yield f"文件被改动过：写着的摘要 {_shown(content.get('digest'))} 与内容算出来的 {digest} 不同（R-077）"


def _problems(content: Mapping[str, Any]) -> Iterator[str]:
    extra = set(content) - {*_HEAD, *LISTS, "conventions", "summary", "warnings"}
    yield from (f"多余的键：{key}" for key in sorted(extra))
    yield from _fields(content, _HEAD, "", exact=False)
    yield from _texts(content, "conventions", dict)
    yield from _texts(content, "warnings", list)
    parquet = "lines" not in content and "disputed" not in content
    for name, fields in LISTS.items():
        if not (parquet and name in ("lines", "disputed")):
            yield from _list(content, name, fields, name)
    marked = content.get("assessments")
    for number, entry in enumerate(marked if isinstance(marked, list) else [], start=1):
        scores = entry.get("scores") if isinstance(entry, dict) else None
        for key, value in scores.items() if isinstance(scores, dict) else ():
            if not _MARK[0](value):
                yield f"assessments 第 {number} 条 scores.{key} {_MARK[1]}：{_shown(value)}"
    summary = content.get("summary")
    if not isinstance(summary, dict):
        yield "缺少 summary" if "summary" not in content else "summary 应为一个对象"
        return
    yield from _fields(summary, dict.fromkeys(_SUMS, _AMOUNT), "summary.", exact=False)
    yield from (f"多余的键：summary.{key}" for key in sorted(set(summary) - {*_SUMS, "unified", "self"}))
    yield from _list(summary, "unified", {"provider": _TEXT, **_PAID}, "summary.unified")
    yield from _list(summary, "self", {"unit": _TEXT, "provider": _TEXT, **_PAID}, "summary.self")
    yield from _repeated(content, "assessments", ("provider",), "assessments")
    yield from _repeated(content, "tier_prices", ("item",), "tier_prices")
    yield from _repeated(summary, "unified", ("provider",), "summary.unified")
    yield from _repeated(summary, "self", ("unit", "provider"), "summary.self")


def _repeated(content: Mapping[str, Any], key: str, names: tuple[str, ...], place: str) -> Iterator[str]:
    """一处一条的清单里，同一处写了两条：取哪一条都不对。"""
    value = content.get(key)
    seen: dict[tuple[str, ...], int] = {}
    for number, entry in enumerate(value if isinstance(value, list) else [], start=1):
        where = tuple(str(entry.get(name)) for name in names) if isinstance(entry, dict) else ()
        if where and (first := seen.setdefault(where, number)) != number:
            yield f"{place} 第 {number} 条与第 {first} 条是同一处：{' '.join(where)}"


def _texts(content: Mapping[str, Any], key: str, kind: type) -> Iterator[str]:
    """口径是文本对文本，提醒是文本的清单。"""
    value: Any = content.get(key)
    if key not in content:
        yield f"缺少 {key}"
    elif not isinstance(value, kind):
        yield f"{key} 应为{'一个对象' if kind is dict else '一个清单'}"
    elif not all(map(_is_text, list(content[key].values() if kind is dict else content[key]))):
        yield f"{key} 里的值都应为文本"


def _list(content: Mapping[str, Any], key: str, fields: Fields, place: str) -> Iterator[str]:
    value = content.get(key)
    if key not in content:
        yield f"缺少 {place}"
    elif not isinstance(value, list):
        yield f"{place} 应为一个清单"
    else:
        for number, entry in enumerate(value, start=1):
            if not isinstance(entry, dict):
                yield f"{place} 第 {number} 条应为一个对象：{_shown(entry)}"
            else:
                yield from _fields(entry, fields, f"{place} 第 {number} 条 ", exact=True)


def _fields(entry: Mapping[str, Any], fields: Fields, place: str, *, exact: bool) -> Iterator[str]:
    for key, (good, reason) in fields.items():
        if key not in entry:
            yield f"{place}缺少 {key}"
        elif not good(entry[key]):
            yield f"{place}{key} {reason}：{_shown(entry[key])}"
    if exact and len(entry) > len(fields):
        yield from (f"{place}多余的键：{key}" for key in sorted(set(entry) - set(fields)))


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 80 else f"{text[:80]}…"
