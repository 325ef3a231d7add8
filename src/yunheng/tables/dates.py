"""日期格的格式：看得见年、月、日的照读；只看得见一部分的、另写了字的，说一句。"""

from __future__ import annotations

import re
from typing import NamedTuple

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_.|\*.|\[(?P<bracket>[^\]]*)\]|(?P<half>AM/PM|A/P|上午/下午)'
    r"|(?P<letters>([A-Za-z])\6*)|(?P<mark>.)",
    re.IGNORECASE | re.DOTALL,
)
_COLOUR = re.compile(
    r"(black|blue|cyan|green|magenta|red|white|yellow|[黑蓝青绿红白黄]色?|洋红|(color|颜色) ?[0-9]+)", re.IGNORECASE
)
#: 地区的记号：只管月份、星期的字（前面的 01 是西文数字、公历）；别的历法、数字的不认
_LOCALE = re.compile(r"\$-((0?1)?(01)?[0-9A-F]{1,4}|[a-z]{2,3}(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?)", re.IGNORECASE)
#: 日期里本来有的字
_USUAL = re.compile(r"[年月日号时分秒点周星期\s\-/.,，:：T@+]*")
_LONG_DATE, _TIME = ("f800", "x-sysdate"), ("f400", "x-systime")


class Parts(NamedTuple):
    """格式看得见什么：`wrong` 是看不全、说不准的，`doubt` 是另写了字、日在月前的，`named` 是年只有两位的。"""

    wrong: str = ""
    doubt: str = ""
    named: str = ""


def parts(shown: str) -> Parts:
    """日期格的显示格式 `shown`；空的是系统的短日期，看得见年月日。"""
    if not shown:
        return Parts()
    seen: list[str] = []
    words = ""
    for found in _TOKEN.finditer(_first(shown)):
        if (literal := found["quoted"] or found["escaped"]) is not None:
            words += literal
        elif (inside := found["bracket"]) is not None:
            kind = _bracket(inside)
            if kind is None:
                return Parts(_unsure(shown))
            seen += kind
        elif run := found["letters"]:
            seen.append(run.lower())
        elif mark := found["mark"]:
            words += mark
    if any(run[0] not in "ymdhsa" or (run[0] == "a" and len(run) < 3) for run in seen) or re.search("[0-9]", words):
        return Parts(_unsure(shown))
    return _judged(seen, words, shown)


def _judged(seen: list[str], words: str, shown: str) -> Parts:
    months = [n for n, run in enumerate(seen) if run[0] == "m" and not _minutes(seen, n)]
    days = [n for n, run in enumerate(seen) if run[0] == "d" and len(run) < 3]
    years = [run for run in seen if run[0] == "y"]
    lacking = [name for name, own in (("年", years), ("月", months), ("日", days)) if not own]
    if lacking:
        return Parts(
            f"单元格格式“{shown[:40]}”看不见{'、'.join(lacking)}；请设成看得见年月日的格式（如 2026-07-01）再核对"
        )
    doubt = ""
    if not _USUAL.fullmatch(words):
        doubt = f"单元格格式另外显示了“{re.sub(_USUAL, '', words)[:20]}”，照存的日期读"
    elif days[0] < months[0] and len(seen[months[0]]) < 3:
        doubt = "显示的是日在前、月在后，照存的日期读"
    short = "显示的年只有两位，照存的日期读" if max(map(len, years)) < 3 else ""
    return Parts("", doubt, short)


def _minutes(seen: list[str], place: int) -> bool:
    """这个 m 是分：前面是时，或者后面是秒。"""
    before, after = seen[place - 1][0] if place else "", seen[place + 1][0] if place + 1 < len(seen) else ""
    return before == "h" or after == "s"


def _bracket(inside: str) -> list[str] | None:
    """方括号里的：颜色、地区、中文数字没有什么；系统的长日期是年月日；说不准的为 None。"""
    plain = inside.lower()
    if plain.startswith("$-") and plain[2:].partition(",")[0] in _LONG_DATE:
        return ["yyyy", "m", "d"]
    if plain.startswith("$-") and plain[2:] in _TIME:
        return ["h"]
    known = _LOCALE.fullmatch(inside) or _COLOUR.fullmatch(inside) or re.fullmatch("dbnum[1-4]", plain)
    return [] if known else None


def _first(shown: str) -> str:
    """正数用的那一段。"""
    return re.match(r'(?:"[^"]*"|\\.|\[[^\]]*\]|[^;"\\\[])*', shown, re.DOTALL)[0]  # type: ignore[index]


def _unsure(shown: str) -> str:
    return f"单元格格式是“{shown[:40]}”，说不准看到的是哪一天；请设成 2026-07-01 这样的格式再核对"
