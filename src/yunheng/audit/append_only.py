"""只追加的表：应用角色没有改、删、清空的权限，触发器再防属主误操作。

模型继承 `AppendOnly` 就算数；每次迁移之后 `protect()` 照名单发权限、装触发器，漏不掉。
"""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

from django.apps import apps
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import QuerySet
from psycopg import sql


class AppendOnly(models.Model):
    """只许插入的表。"""

    class Meta:
        abstract = True

    def delete(self, *_args: Any, **_options: Any) -> NoReturn:
        """一律拒绝；数据库那边也拒绝。"""
        raise TypeError(f"{type(self).__name__} 只追加，不能删除；更正请追加一条新的")


_Row = TypeVar("_Row", bound=models.Model)


def newest(rows: QuerySet[_Row], by: str = "pk") -> _Row | None:
    """只追加的几条里最后记的一条，就是现在算数的；一条都没有是 None。`by` 是先后照哪一栏。"""
    return rows.order_by(f"-{by}").first()


def append_only_tables() -> list[str]:
    """只追加的表名，按名排列。"""
    return sorted(model._meta.db_table for model in apps.get_models() if issubclass(model, AppendOnly))


def protect(connection: BaseDatabaseWrapper, role: str) -> None:
    """以属主身份：给应用角色发权限，给只追加的表装触发器。可重复执行。"""
    name = sql.Identifier(role)
    with connection.cursor() as cursor:
        cursor.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        for statement in (
            "GRANT USAGE ON SCHEMA public TO {role}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
            "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
        ):
            cursor.execute(_text(cursor, sql.SQL(statement).format(role=name)))
        cursor.execute(_REFUSE)
        for table in append_only_tables():
            parts = {"table": sql.Identifier(table), "role": name}
            for statement in (
                "REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}",
                "CREATE OR REPLACE TRIGGER yunheng_append_only BEFORE UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION yunheng_refuse()",
                "CREATE OR REPLACE TRIGGER yunheng_no_truncate BEFORE TRUNCATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION yunheng_refuse()",
            ):
                cursor.execute(_text(cursor, sql.SQL(statement).format(**parts)))


def _text(cursor: Any, statement: sql.Composed) -> str:
    return statement.as_string(cursor.connection)


_REFUSE = """
CREATE OR REPLACE FUNCTION yunheng_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '表 % 只追加：不能改、不能删、不能清空', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$
"""
