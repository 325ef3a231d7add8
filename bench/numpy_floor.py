"""下限：同一批账目的金额，用 numpy 在现成的数组上单线程算，不含连接、读写和文本。

与引擎第 5 步算的是同一件事：数量 × 单价 × 时间 ÷ 基数，五入到分，全程 64 位整数。
按月的基数大，乘积会超 64 位：先除出整数部分，余数再乘，逐分相同。
"""

from __future__ import annotations

import time
from typing import Any

import duckdb
import numpy as np


def floor(connection: duckdb.DuckDBPyConnection, repeats: int = 5) -> dict[str, float]:
    """在刚跑完第 5 步的连接上取数组，算 `repeats` 遍取最快；合计与引擎不等抛 AssertionError。

    返回 seconds（秒）、lines（账目条数）、fen（合计，分）。
    """
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
    best, fen = float("inf"), np.zeros(0, dtype=np.int64)
    for _ in range(repeats):
        began = time.perf_counter()
        fen = amounts(quantity, price, weight, base, wide)
        best = min(best, time.perf_counter() - began)
    row = connection.execute("SELECT sum(fen) FROM amounts").fetchone()
    assert row is not None
    assert int(fen.sum()) == int(row[0]), "numpy 与引擎的合计不等"
    return {"seconds": best, "lines": float(len(fen)), "fen": float(row[0])}


def amounts(quantity: Any, price: Any, weight: Any, base: Any, wide: Any) -> Any:
    """各条账目的分；`wide` 是乘积可能超 64 位、要分两步除的行。"""
    product = quantity * price
    fen = np.empty_like(product)
    narrow = ~wide
    fen[narrow] = (2 * product[narrow] * weight[narrow] + base[narrow]) // (2 * base[narrow])
    whole, rest = np.divmod(product[wide], base[wide])
    fen[wide] = whole * weight[wide] + (2 * rest * weight[wide] + base[wide]) // (2 * base[wide])
    return fen
