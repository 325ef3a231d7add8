"""校验暂存表：每一处错误一条，照 format 里的格式和规格里的跨表规矩，一次查全。"""

from __future__ import annotations

from collections.abc import Iterator

from yunheng.metering.format import FIRST_YEAR, LAST_YEAR, TABLE, Column, Table, tables_of
from yunheng.metering.problems import Problem
from yunheng.metering.reading import Package

#: 跨列、跨表的规矩：表 → (列, 出错条件之后的原因, 取出错行的 SQL)。SQL 给出 row 和拼进原因的 value。
_RULES: tuple[tuple[str, str, str, str], ...] = (
    (
        "机构",
        "预算性质",
        "使用单位必填（D14-15）：",
        "SELECT row, 代码 FROM raw_机构 WHERE 类型 = '使用单位' AND 预算性质 IS NULL",
    ),
    (
        "目录",
        "单价",
        "计价方式不是阶梯，单价必填：",
        "SELECT row, 目录项 FROM raw_目录 WHERE 计价方式 IN ('单价', '授权') AND 单价 IS NULL",
    ),
    (
        "目录",
        "单价",
        "阶梯计价的单价写在阶梯表，这里应留空：",
        "SELECT row, 目录项 FROM raw_目录 WHERE 计价方式 = '阶梯' AND 单价 IS NOT NULL",
    ),
    (
        "目录",
        "计费周期",
        "阶梯只用于按年、按次的目录项（M10-四(四)）：",
        "SELECT row, 目录项 FROM raw_目录 WHERE 计价方式 = '阶梯' AND 计费周期 IN ('月', '一次性')",
    ),
    (
        "目录",
        "失效日期",
        "须晚于生效日期：",
        "SELECT row, 失效日期 FROM raw_目录 WHERE try_cast(失效日期 AS DATE) <= try_cast(生效日期 AS DATE)",
    ),
    (
        "目录",
        "生效日期",
        "与同一目录项、同一服务商的另一价格版本的日期相交（D62-七 同期单价只能有一个）：",
        "SELECT row, 目录项 FROM (SELECT row, 目录项, try_cast(生效日期 AS DATE) AS start,"
        " max(coalesce(try_cast(失效日期 AS DATE), DATE '9999-12-31')) OVER (PARTITION BY 目录项, 服务商"
        " ORDER BY try_cast(生效日期 AS DATE), row ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before"
        " FROM raw_目录) WHERE start < before",
    ),
    *(
        (
            "目录",
            column,
            "同一目录项的各版本必须一致：",
            f"SELECT v.row, v.目录项 FROM raw_目录 v JOIN (SELECT 目录项, arg_min({value}, coalesce(row, 0)) AS first,"
            f" FROM raw_目录 GROUP BY 目录项 HAVING count(DISTINCT {value}) > 1) g USING (目录项)"
            f" WHERE {value} IS DISTINCT FROM g.first OR v.row IS NULL",
        )
        for column, value in (
            ("类别", "类别"),
            ("计价方式", "计价方式"),
            ("计费周期", "计费周期"),
            ("级别", "coalesce(级别, '市级')"),
            ("日志", "coalesce(日志, '有')"),
        )
    ),
    (
        "阶梯",
        "方式",
        "同一目录项一年的各档方式必须相同：",
        "WITH tiers AS (SELECT * FROM raw_阶梯 WHERE 目录项 IN (SELECT 目录项 FROM raw_目录 WHERE 计价方式 = '阶梯'))"
        " SELECT t.row, t.目录项 FROM tiers t JOIN (SELECT 目录项, 服务年度, arg_min(方式, coalesce(row, 0)) AS first"
        " FROM tiers GROUP BY ALL HAVING count(DISTINCT 方式) > 1) g USING (目录项, 服务年度)"
        " WHERE t.方式 <> g.first OR t.row IS NULL",
    ),
    (
        "阶梯",
        "起",
        "各档应从 0 起、首尾相接：",
        "SELECT row, 目录项 || ' ' || 服务年度 || ' 起 ' || 起"
        " FROM (SELECT *, lag(止) OVER w AS before, row_number() OVER w AS nth"
        " FROM raw_阶梯 WHERE 目录项 IN (SELECT 目录项 FROM raw_目录 WHERE 计价方式 = '阶梯')"
        " WINDOW w AS (PARTITION BY 目录项, 服务年度 ORDER BY try_cast(起 AS DECIMAL(38, 6)), row))"
        " WHERE (nth = 1 AND try_cast(起 AS DECIMAL(38, 6)) <> 0)"
        " OR (nth > 1 AND before IS NOT NULL AND try_cast(起 AS DECIMAL(38, 6)) <> try_cast(before AS DECIMAL(38, 6)))",
    ),
    (
        "阶梯",
        "止",
        "末档的止应为空，其余各档的止必填且大于起：",
        "SELECT row, 目录项 || ' ' || 服务年度 || ' 起 ' || 起 FROM (SELECT *, lead(row) OVER w IS NULL AND"
        " count(*) OVER g = row_number() OVER w AS last FROM raw_阶梯"
        " WHERE 目录项 IN (SELECT 目录项 FROM raw_目录 WHERE 计价方式 = '阶梯')"
        " WINDOW w AS (PARTITION BY 目录项, 服务年度 ORDER BY try_cast(起 AS DECIMAL(38, 6)), row),"
        " g AS (PARTITION BY 目录项, 服务年度)) WHERE (止 IS NULL) <> last"
        " OR try_cast(止 AS DECIMAL(38, 6)) <= try_cast(起 AS DECIMAL(38, 6))",
    ),
    (
        "单据明细",
        "数量",
        "新增、变更必填（D62 附件1、附件3）：",
        "SELECT row, 单号 || ' ' || 资源 || ' ' || 目录项 FROM raw_单据明细"
        " WHERE 动作 IN ('新增', '变更') AND 数量 IS NULL",
    ),
    (
        "日志",
        "末见日期",
        "不得早于首见日期：",
        "SELECT row, 末见日期 FROM raw_日志 WHERE try_cast(末见日期 AS DATE) < try_cast(首见日期 AS DATE)",
    ),
    (
        "用量",
        "目录项",
        "只收计费周期为“次”的目录项：",
        "SELECT row, 目录项 FROM raw_用量 WHERE 目录项 IN (SELECT 目录项 FROM raw_目录 WHERE 计费周期 <> '次')",
    ),
    (
        "满意度",
        "满意率",
        "应在 0 至 100 之间（D62-附件5 G）：",
        "SELECT row, 满意率 FROM raw_满意度 WHERE try_cast(满意率 AS DECIMAL(38, 12)) > 100",
    ),
)


def check(package: Package) -> list[Problem]:
    """校验已装入暂存表的数据包，返回全部错误（不含读的时候已经记下的）。

    没有行号的读法只用来判断有没有错：有错时行号是 None，应带行号重读再查。
    """
    problems: list[Problem] = []
    for table in tables_of(package.version):
        if table.name in package.unreadable:
            continue
        for column in table.columns:
            problems += _domain(package, table, column)
        problems += _ruled_days(package) if _RANGED in table.key else _keys(package, table)
        for column in table.columns:
            problems += _references(package, table, column)
    for name, column_name, reason, sql in _RULES:
        if name not in package.unreadable:
            for row, value in package.connection.execute(sql).fetchall():
                problems.append(Problem(name, row, column_name, f"{reason}{value}"))
    return problems


def _predicate(column: Column, value: str, version: int) -> tuple[str, str] | None:
    """（一个值出错的 SQL 条件, 原因）；文本列没有值域，返回 None。位数的算法两版不同：版本 1 的前导零不算。"""
    if column.kind == "date":
        shape = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
        good = f"regexp_full_match({value}, '{shape}') AND try_cast({value} AS DATE) >= DATE '0001-01-01'"
        return f"NOT coalesce({good}, false)", "日期应为 YYYY-MM-DD 且确有其日"
    if column.kind == "choice":
        listed = ", ".join(f"'{choice}'" for choice in column.choices)
        return f"{value} NOT IN ({listed})", f"只收 {'、'.join(column.choices)}"
    if column.kind == "year":
        whole = f"CASE WHEN regexp_full_match({value}, '[0-9]{{4}}') THEN try_cast({value} AS INTEGER) END"
        if version == 1:
            return f"{whole} IS NULL", "应为四位数字的服务年度，如 2023"
        good = f"{whole} BETWEEN {FIRST_YEAR} AND {LAST_YEAR}"
        return f"NOT coalesce({good}, false)", f"应为四位数字的服务年度，{FIRST_YEAR} 至 {LAST_YEAR}，如 2023"
    if column.kind == "number":
        decimals = column.old_decimals if version == 1 and column.old_decimals else column.decimals
        places = f"(\\.[0-9]{{1,{decimals}}})?" if decimals else ""
        reason = "应为不带符号的数字" + (f"，最多 {decimals} 位小数" if decimals else "，没有小数")
        zeros, counted = ("0*", "") if version == 1 else ("", "（前导零也算）")
        return (
            f"NOT regexp_full_match({value}, '{zeros}[0-9]{{1,{column.digits}}}{places}')",
            f"{reason}，整数最多 {column.digits} 位{counted}",
        )
    return None


def _domain(package: Package, table: Table, column: Column) -> Iterator[Problem]:
    name, stage = f'"{column.name}"', f'"raw_{table.name}"'
    execute = package.connection.execute
    if column.required:
        for (row,) in execute(f"SELECT row FROM {stage} WHERE {name} IS NULL").fetchall():
            yield Problem(table.name, row, column.name, "必填")
    predicate = _predicate(column, name, package.version)
    if predicate is None:
        return
    condition, reason = predicate
    # 一列的不同值远少于行数，先在不同值上判断
    distinct = f"(SELECT DISTINCT {name} FROM {stage} WHERE {name} IS NOT NULL)"
    if not execute(f"SELECT 1 FROM {distinct} WHERE {condition} LIMIT 1").fetchall():
        return
    for row, value in execute(f"SELECT row, {name} FROM {stage} WHERE {name} IS NOT NULL AND {condition}").fetchall():
        yield Problem(table.name, row, column.name, f"{reason}：{value}")


def _keys(package: Package, table: Table) -> Iterator[Problem]:
    if not table.key:
        return
    names = ", ".join(f'"{name}"' for name in table.key)
    stage = f'"raw_{table.name}"'
    execute = package.connection.execute
    filled = " AND ".join(f'"{name}" IS NOT NULL' for name in table.key)
    duplicated = f"SELECT {names} FROM {stage} WHERE {filled} GROUP BY {names} HAVING count(*) > 1"
    if not execute(f"{duplicated} LIMIT 1").fetchall():
        return
    rows = execute(
        f"SELECT row, concat_ws('，', {names}), first FROM (SELECT *, first_value(row) OVER w AS first,"
        f" row_number() OVER w AS nth FROM {stage} WINDOW w AS (PARTITION BY {names} ORDER BY row))"
        f" SEMI JOIN ({duplicated}) USING ({names}) WHERE nth > 1"
    ).fetchall()
    for row, value, first in rows:
        yield Problem(table.name, row, "、".join(table.key), f"主键重复，与第 {first} 行相同：{value}")


#: 主键里的这一列，是同一主键可以分段的日子
_RANGED = "起"


def _ruled_days(package: Package) -> Iterator[Problem]:
    """差异裁定的起、止：止晚于起，都在服务年度之内；同一（资源, 目录项, 差异）的日子不得重复、相交，报后一行。"""
    table = "差异裁定"
    first, last = "DATE '0001-01-01'", "DATE '9999-12-31'"
    if package.year is not None:
        first, last = f"DATE '{package.year}-07-01'", f"DATE '{package.year + 1}-07-01'"
        span = f"须在服务年度 {package.year}-07-01 至 {package.year + 1}-07-01 之内（D62-五）"
        for name in ("起", "止"):
            outside = f"try_cast({name} AS DATE) NOT BETWEEN {first} AND {last}"
            for row, value in package.connection.execute(
                f"SELECT row, {name} FROM raw_差异裁定 WHERE {outside}"
            ).fetchall():
                yield Problem(table, row, name, f"{span}：{value}")
    ranged = (
        f"SELECT *, coalesce(try_cast(起 AS DATE), CASE WHEN 起 IS NULL THEN {first} END) AS start,"
        f" coalesce(try_cast(止 AS DATE), CASE WHEN 止 IS NULL THEN {last} END) AS until FROM raw_差异裁定"
    )
    for row, start, until in package.connection.execute(
        f"SELECT row, start, until FROM ({ranged}) WHERE until <= start"
    ).fetchall():
        yield Problem(table, row, "止", f"须晚于起：{start} 至 {until}（不含）")
    window = "PARTITION BY 资源, 目录项, 差异 ORDER BY start, row ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    crossed = (
        "SELECT greatest(row, other) AS row, least(row, other) AS first, concat_ws('，', 资源, 目录项, 差异) AS place"
        f" FROM (SELECT *, max(until) OVER (w) AS reached, arg_max(row, until) OVER (w) AS other FROM ({ranged})"
        f" WHERE start < until AND 资源 IS NOT NULL AND 目录项 IS NOT NULL AND 差异 IS NOT NULL) WHERE start < reached"
    ).replace("OVER (w)", f"OVER ({window})")
    for row, earlier, place in package.connection.execute(crossed).fetchall():
        yield Problem(table, row, "、".join(TABLE[table].key), f"与第 {earlier} 行的日子重复或相交：{place}")


def _references(package: Package, table: Table, column: Column) -> Iterator[Problem]:
    if column.reference is None or column.reference[0] in package.unreadable:
        return
    name, stage = f'"{column.name}"', f'"raw_{table.name}"'
    target, key = column.reference
    kind = f" AND 类型 = '{column.reference_type}'" if column.reference_type else ""
    listed = f'SELECT "{key}" FROM "raw_{target}" WHERE "{key}" IS NOT NULL{kind}'
    missing = f"{name} IS NOT NULL AND {name} NOT IN ({listed})"
    execute = package.connection.execute
    if not execute(f"SELECT 1 FROM (SELECT DISTINCT {name} FROM {stage}) WHERE {missing} LIMIT 1").fetchall():
        return
    what = f"{target}表里没有" + (f"这个{column.reference_type}" if column.reference_type else f"这个{key}")
    for row, value in execute(f"SELECT row, {name} FROM {stage} WHERE {missing}").fetchall():
        yield Problem(table.name, row, column.name, f"{what}：{value}")
