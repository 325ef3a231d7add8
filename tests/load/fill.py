"""把示例区照样复制很多份，成一个大区的规模：单据、事件、台账之间的关系都和真的一样。"""

from __future__ import annotations

import itertools

import psycopg
from psycopg import sql

#: 复制几份：补录的老单据和它们的资源，故事线里走流程的事项
OLD_COPIES, LIVE_COPIES = 12, 110
PEOPLE = 500
_STEP = 1_000_000


def _columns(connection: psycopg.Connection[tuple[str, ...]], table: str) -> list[str]:
    rows = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s ORDER BY ordinal_position", [table]
    )
    return [row[0] for row in rows]


def _copy(
    connection: psycopg.Connection[tuple[str, ...]],
    table: str,
    number: int,
    *,
    shifted: tuple[str, ...],
    suffixed: tuple[str, ...] = (),
    where: str,
) -> None:
    """复制一遍：`shifted` 是编号（自己的和指向也被复制的表的），`suffixed` 是要唯一的文字。"""
    columns = _columns(connection, table)
    values = [
        sql.SQL("{0} + {1}").format(sql.Identifier(name), sql.Literal(number * _STEP))
        if name in shifted
        else sql.SQL("{0} || {1}").format(sql.Identifier(name), sql.Literal(f"-{number}"))
        if name in suffixed
        else sql.Identifier(name)
        for name in columns
    ]
    connection.execute(
        sql.SQL("INSERT INTO {table} ({columns}) SELECT {values} FROM {table} WHERE {where}").format(
            table=sql.Identifier(table),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            values=sql.SQL(", ").join(values),
            where=sql.SQL(where),
        )
    )


#: 表、要挪的编号、要加后缀的文字；次序照外键
_TABLES = (
    ("cases_case", ("id",), ("number",), "id"),
    ("cases_event", ("id", "case_id"), (), "case_id"),
    ("cases_board", ("case_id",), (), "case_id"),
    ("applications_filing", ("id", "case_id", "project_id"), (), "case_id"),
    ("applications_draft", ("case_id", "project_id"), (), "case_id"),
    ("cases_notice", ("id", "case_id"), (), "case_id"),
)


def fill(url: str) -> dict[str, int]:
    """以属主身份复制；返回各表行数。"""
    with psycopg.connect(url) as connection:
        base = f"< {_STEP}"
        old = f"IN (SELECT id FROM cases_case WHERE backfilled AND id {base})"
        # 只复制有表单的申请：考核、结算一类另有自己的表
        filed = "EXISTS (SELECT FROM applications_draft AS d WHERE d.case_id = cases_case.id)"
        live = f"IN (SELECT id FROM cases_case WHERE NOT backfilled AND {filed} AND id {base})"
        for number in range(1, max(OLD_COPIES, LIVE_COPIES)):
            both = [*([old] if number < OLD_COPIES else []), *([live] if number < LIVE_COPIES else [])]
            _copy(connection, "ledger_project", number, shifted=("id",), suffixed=("code", "name"), where=f"id {base}")
            for (table, shifted, suffixed, key), chosen in itertools.product(_TABLES, both):
                _copy(connection, table, number, shifted=shifted, suffixed=suffixed, where=f"{key} {chosen}")
            if number < OLD_COPIES:
                _copy(
                    connection,
                    "ledger_resource",
                    number,
                    shifted=("id", "project_id"),
                    suffixed=("code",),
                    where=f"id {base}",
                )
                facts = f"id {base} AND case_id {old}"
                _copy(
                    connection,
                    "ledger_fact",
                    number,
                    shifted=("id", "resource_id", "case_id", "voids_id"),
                    where=facts,
                )
                own = f"id {base} AND resource_id IN (SELECT resource_id FROM ledger_fact WHERE case_id {old})"
                _copy(connection, "ledger_segment", number, shifted=("id", "resource_id"), where=own)
        connection.execute(
            "INSERT INTO orgs_person (username, name, initials, phone, email, is_active, must_change_password,"
            " preferences, password) SELECT 'load.' || n, '压测' || n, 'yc' || n, '', '', true, false, '{}', '!'"
            " FROM generate_series(1, %s) AS n",
            [PEOPLE],
        )
        connection.execute(
            "INSERT INTO orgs_appointment (role, from_on, person_id, institution_id)"
            " SELECT 'clerk', '2022-07-01', p.id, u.id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n"
            " FROM orgs_person WHERE username LIKE 'load.%') AS p"
            " JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n, count(*) OVER () AS many FROM orgs_institution"
            " WHERE kind = 'using_unit') AS u ON u.n = p.n % u.many + 1"
        )
        counts = {}
        for name, table in (("资源", "ledger_resource"), ("事项", "cases_case"), ("人员", "orgs_person")):
            row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
            counts[name] = int(row[0]) if row else 0
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
    return counts
