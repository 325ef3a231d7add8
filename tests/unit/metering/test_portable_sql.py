"""每一步 SQL 都能转写到 Spark：同一套表达式将来在分布式引擎上跑（R-114）。"""

from __future__ import annotations

from importlib.resources import files

import pytest
import sqlglot
from sqlglot import ErrorLevel, exp

from yunheng.metering import engine

STEPS = sorted(
    path.name.removesuffix(".sql")
    for path in files("yunheng.metering").joinpath("sql").iterdir()
    if path.name.endswith(".sql")
)


def to_spark(statement: str) -> str:
    """转写一条语句；HUGEINT 换成 Spark 最宽的整数 DECIMAL(38, 0)。"""

    def widen(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.DataType) and node.this == exp.DataType.Type.INT128:
            return exp.DataType.build("DECIMAL(38, 0)")
        return node

    tree = sqlglot.parse_one(statement, read="duckdb").transform(widen)
    return tree.sql(dialect="spark", unsupported_level=ErrorLevel.RAISE)


@pytest.mark.parametrize("step", STEPS)
def test_每一步都能转写成Spark的SQL(step: str) -> None:
    for statement in engine.statements(step):
        spark = to_spark(statement)
        assert "INT128" not in spark
        assert "HUGEINT" not in spark
        sqlglot.parse_one(spark, read="spark")


def test_整除转写成DIV而不是浮点除法() -> None:
    text = "".join(to_spark(statement) for statement in engine.statements("05_amounts"))
    assert " DIV " in text
    assert " / " not in text


def test_每一步的文件引擎都用到() -> None:
    assert set(STEPS) == {*engine.STEPS, *engine.LAST, "04_gaps", "11_texts", "11_rows"}
