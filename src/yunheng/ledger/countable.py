"""算数的收件里哪些计得进数据包：写法读得懂、送件的是那几天的服务商、用量的目录项按次计费（D62-七，R-052、R-075）。

计不进的会让整个数据包读不出，或让一家替另一家记账：不导出，逐件有为什么，列进批次“未计入的收件”。判只在这一处，
导出的各表都照 `included`。门上也照这些规矩拒收，这里管的是那以前收的，和收了以后资源才归了别家的。
"""

from __future__ import annotations

from django.db import connection

from yunheng.metering.format import ACTIONS, WHITE_SPACE

from .effective import alive
from .matching import BY_COUNT, owners
from .models import Channel

#: 编号最长几个字：结算的各表放得下
MOST = 100
#: 来源（别名 s）是从门外送进来的
OUTSIDE = "s.channel IN ({})".format(", ".join(f"'{one.value}'" for one in Channel if one.outside))
#: 来源（别名 s）的收件要查归属：门外送的、补录的；回执在登记资源时查过，老的回执还记在办件的那家名下
OWNED = f"s.channel <> '{Channel.RECEIPT.value}'"
DISORDERED = "首见日期晚于末见日期"
FOREIGN = "送来的不是这台资源的服务商"
_NUMBER = r"^[0-9]{1,12}(\.[0-9]{1,3})?$"
#: 确有其日的 YYYY-MM-DD；0000 年另查
_DATE = (
    "^([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    "|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)$"
)
#: 数据包不收的控制字符，同读包的一方
_CONTROL = r"[\u0001-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]"
_ACTIONS = ", ".join(f"'{action}'" for action in ACTIONS)


def cell(row: str, name: str) -> str:
    """一段 SQL：收件内容的一栏，去了首尾空白（Unicode White_Space，同数据包），没有的是空串。"""
    return f"coalesce(btrim({row}.payload->>'{name}', '{WHITE_SPACE}'), '')"


def trimmed(row: str, *names: str) -> str:
    """收件内容的几栏，逗号相连的列清单；空的是 NULL。"""
    return ", ".join(f"nullif({cell(row, name)}, '') AS {name}" for name in names)


def _code(row: str, name: str, blank: str = "") -> str:
    text = cell(row, name)
    empty = f" WHEN {text} = '' THEN '{blank}'" if blank else ""
    return (
        f"{empty} WHEN length({text}) > {MOST} THEN '{name}超过 {MOST} 个字'"
        f" WHEN {text} ~ '{_CONTROL}' THEN '{name}有控制字符'"
    )


def _day(row: str, name: str) -> str:
    text = cell(row, name)
    return f" WHEN {text} !~ '{_DATE}' OR left({text}, 4) = '0000' THEN '{name}不是确有其日的 YYYY-MM-DD'"


def _number(row: str, name: str, *, optional: bool = False) -> str:
    text = cell(row, name)
    filled = f"{text} <> '' AND " if optional else ""
    return f" WHEN {filled}{text} !~ '{_NUMBER}' THEN '{name}不是最多 12 位整数、3 位小数的数字'"


def _plain(row: str) -> str:
    """一段 SQL 条件：这一件用量一看就读得懂。几百万件大都是这样，不必逐栏细查；不满足的不一定读不懂。"""
    line = " || '|' || ".join(f"({row}.payload->>'{name}')" for name in ("资源", "目录项", "日期", "用量"))
    code, day = "[A-Za-z0-9_.-]+", r"20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
    return rf"length({line}) <= {MOST} AND {line} ~ '^{code}\|{code}\|{day}\|[0-9]{{1,12}}$'"


def garbled(row: str) -> str:
    """一段 SQL：这一件哪里写得数据包读不懂，读得懂的为 NULL。"""
    resource, item = _code(row, "资源", "资源编号是空的"), _code(row, "目录项", "目录项是空的")
    action = f" WHEN {cell(row, '动作')} NOT IN ({_ACTIONS}) THEN '动作不是{'、'.join(ACTIONS)}'"
    order = _code(row, "工单号", "工单号是空的") + resource + item + _code(row, "单号") + action
    return (
        f"CASE {row}.kind"
        f" WHEN '工单' THEN CASE{order}{_number(row, '数量', optional=True)}{_day(row, '完成日期')} END"
        f" WHEN '日志' THEN CASE{resource}{_day(row, '首见日期')}{_day(row, '末见日期')} END"
        f" WHEN '用量' THEN CASE WHEN {_plain(row)} THEN NULL{resource}{item}"
        f"{_day(row, '日期')}{_number(row, '用量')} END END"
    )


def disordered(row: str) -> str:
    """一段 SQL 条件：日志首见晚于末见。"""
    return f"{row}.kind = '日志' AND {cell(row, '首见日期')} > {cell(row, '末见日期')}"


def unbillable(row: str) -> str:
    """一段 SQL 条件：用量的目录项不在目录里，或不按次计费。"""
    return (
        f"{row}.kind = '用量' AND {cell(row, '目录项')} NOT IN (SELECT priced.code FROM catalog_item AS priced"
        f" JOIN catalog_price AS version ON version.item_id = priced.id WHERE priced.cycle = '{BY_COUNT}')"
    )


def first_day(row: str) -> str:
    """一段 SQL：这一件说的头一天，写的什么是什么。"""
    return (
        f"CASE {row}.kind WHEN '工单' THEN {cell(row, '完成日期')} WHEN '用量' THEN {cell(row, '日期')}"
        f" ELSE {cell(row, '首见日期')} END"
    )


def _last_day(row: str) -> str:
    return f"CASE {row}.kind WHEN '日志' THEN {cell(row, '末见日期')} ELSE {first_day(row)} END"


def foreign(spans: str, other: str) -> str:
    """一段 SQL 条件：收件 r 说的那几天有归别家的；`spans` 是各段（别名 f），`other` 是哪些是别家的。"""
    return (
        f"EXISTS (SELECT FROM {spans} WHERE {other} AND f.code = {cell('r', '资源')}"
        f" AND f.start <= {_last_day('r')} AND {first_day('r')} < f.until)"
    )


#: 按（来源, 资源）记着别家的各段
_FOREIGN = foreign("arrivals_foreign AS f", "f.source_id = r.source_id")
_UNCOUNTED = f"""
CREATE TEMP TABLE arrivals_uncounted ON COMMIT DROP AS
SELECT id, kind, CASE WHEN day ~ '{_DATE}' THEN day ELSE '' END AS day, reason FROM (
    SELECT r.id, r.kind, {first_day("r")} AS day, coalesce({garbled("r")}, CASE
        WHEN {disordered("r")} THEN '{DISORDERED}'
        WHEN {unbillable("r")} THEN '用量的目录项 ' || {cell("r", "目录项")} || ' 不在目录里，或不按次计费'
        WHEN {_FOREIGN} THEN '{FOREIGN}'
    END) AS reason
    FROM ledger_received AS r WHERE {alive("r")}
) AS judged WHERE reason IS NOT NULL
"""


def gather() -> None:
    """判一遍，放进临时表；要在一个事务里，导出各表以前。归属照 `matching.owners`，按那一件说的日子看。"""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS arrivals_foreign, arrivals_uncounted")
        cursor.execute(
            "CREATE TEMP TABLE arrivals_foreign (source_id bigint, code text, start text, until text) ON COMMIT DROP"
        )
        cursor.execute(
            f"SELECT DISTINCT s.id, s.provider_id, {cell('r', '资源')} FROM ledger_received AS r"
            f" JOIN ledger_source AS s ON s.id = r.source_id WHERE {OWNED}"
        )
        sent = cursor.fetchall()
        held = owners({code for _, _, code in sent})
        with cursor.copy("COPY arrivals_foreign FROM STDIN") as copy:
            for source, provider, code in sent:
                for span in held.get(code, ()):
                    if span.provider != provider:
                        copy.write_row((source, code, span.start.isoformat(), span.until.isoformat()))
        cursor.execute("ANALYZE arrivals_foreign")
        cursor.execute(_UNCOUNTED)
        cursor.execute("ANALYZE arrivals_uncounted")


def included(row: str) -> str:
    """一段 SQL 条件：算数，而且计得进数据包；要先 `gather`。`row` 是 ledger_received 的别名。"""
    return f"{alive(row)} AND NOT EXISTS (SELECT FROM arrivals_uncounted AS left_out WHERE left_out.id = {row}.id)"


def uncounted(start: str, until: str) -> list[tuple[int, str]]:
    """计不进的各件（主键、为什么），说的日子在 `[start, until)` 的用量、`until` 以前的工单，和全部日志；

    日子读不懂的总在里面。要先 `gather`。
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, reason FROM arrivals_uncounted WHERE kind = '日志' OR day = ''"
            " OR day < %(until)s AND (kind = '工单' OR day >= %(start)s) ORDER BY id",
            {"start": start, "until": until},
        )
        return list(cursor.fetchall())
