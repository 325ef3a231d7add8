"""下限：同一批账目的金额，用 numpy 在现成的数组上单线程算，不含连接、读写和文本。

与引擎第 5 步算的是同一件事：数量 × 单价 × 时间 ÷ 基数，五入到分，全程 64 位整数。
按月的基数大，乘积会超 64 位：先除出整数部分，余数再乘，逐分相同。
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np

from yunheng.metering import engine


def floor(connection: duckdb.DuckDBPyConnection, repeats: int = 5) -> dict[str, float]:
    """在跑完的连接上，引擎的第 5 步（含取价的连接、写表）和 numpy 各算 `repeats` 遍，都取最快。

    合计与引擎不等抛 AssertionError。返回 engine、numpy（秒）、lines（账目条数）、ratio（引擎是 numpy 的几倍）。
    """
    statement = engine.statements("05_amounts")[-1].replace("CREATE TABLE amounts", "CREATE OR REPLACE TABLE again")
    columnar = min(_timed(lambda: connection.execute(statement)) for _ in range(repeats))
    arrays = connection.execute(
        "SELECT CAST(quantity AS BIGINT) AS quantity, CAST(price AS BIGINT) AS price,"
        " CAST(weight AS BIGINT) AS weight, CAST(base AS BIGINT) AS base FROM weighed"
    ).fetchnumpy()
    quantity, price, weight, base = (
        np.ascontiguousarray(arrays[name]) for name in ("quantity", "price", "weight", "base")
    )
    widest = int(base.max())
    wide = base == widest
    assert int(quantity.max()) * int(price.max()) * int(weight[~wide].max(initial=1)) < 2**62
    fastest = min(_timed(lambda: amounts(quantity, price, weight, base, wide)) for _ in range(repeats))
    fen = amounts(quantity, price, weight, base, wide)
    row = connection.execute("SELECT sum(fen) FROM amounts").fetchone()
    assert row is not None
    assert int(fen.sum()) == int(row[0]), "numpy 与引擎的合计不等"
    return {"engine": columnar, "numpy": fastest, "lines": float(len(fen)), "ratio": columnar / fastest}


def _timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def amounts(quantity: Any, price: Any, weight: Any, base: Any, wide: Any) -> Any:
    """各条账目的分；`wide` 是乘积可能超 64 位、要分两步除的行。"""
    product = quantity * price
    fen = np.empty_like(product)
    narrow = ~wide
    fen[narrow] = (2 * product[narrow] * weight[narrow] + base[narrow]) // (2 * base[narrow])
    whole, rest = np.divmod(product[wide], base[wide])
    fen[wide] = whole * weight[wide] + (2 * rest * weight[wide] + base[wide]) // (2 * base[wide])
    return fen
