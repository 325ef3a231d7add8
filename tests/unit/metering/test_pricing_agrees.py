"""预估、解释用的定价（rules.pricing）与引擎出的账目同价同分：同一（目录项, 服务商, 日）只有一个价（R-074）。"""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from json import loads
from pathlib import Path

import pytest

from tests.support.packages import Tables, random_package, write_folder
from yunheng.metering import engine, result
from yunheng.metering.opening import opened
from yunheng.metering.problems import PackageError
from yunheng.rules import pricing
from yunheng.rules.periods import Period
from yunheng.rules.problems import NotInForce

SEEDS = range(500, 540)


def price_book(tables: Tables) -> pricing.PriceBook:
    """目录表里的全部价格版本；阶梯的单价不在这里。"""
    return pricing.PriceBook(
        pricing.PriceVersion(
            row["目录项"],
            Decimal(row["单价"] or 0),
            Period(
                date.fromisoformat(row["生效日期"]),
                date.fromisoformat(row["失效日期"]) if row["失效日期"] else None,
            ),
            row["服务商"] or None,
        )
        for row in tables["目录"]
    )


def test_R073_R074_每条账目的价和分都与定价函数相同(tmp_path: Path) -> None:
    compared: Counter[str] = Counter()
    for seed in SEEDS:
        manifest, tables = random_package(seed)
        write_folder(tmp_path / str(seed), manifest, tables)
        try:
            with opened(tmp_path / str(seed)) as package:
                sink = BytesIO()
                result.write(engine.settle(package), sink)
        except PackageError:
            continue
        content = loads(sink.getvalue())
        book, options = price_book(tables), content["conventions"]
        modes = {row["目录项"]: (row["计价方式"], row["计费周期"]) for row in tables["目录"]}
        for line in content["lines"] + content["disputed"]:
            mode, cycle = modes[line["item"]]
            first, until = date.fromisoformat(line["from"]), date.fromisoformat(line["until"])
            price = Decimal(line["unit_price"])
            if mode == "阶梯":
                continue
            for day in (first, until - timedelta(days=1)):
                assert book.price_on(line["item"], line["provider"], day).unit_price == price
            quantity, span = Decimal(line["quantity"]), Period(first, until)
            if cycle == "年":
                exact = pricing.yearly(quantity, price, span, content["service_year"], options["K-03"])
            elif cycle == "月":
                exact = pricing.monthly(quantity, price, span, options["K-04"])
            else:
                exact = pricing.each(quantity, price)
            assert f"{pricing.to_fen(exact, options['K-05'])}" == line["amount"]
            compared[cycle] += 1
    assert min(compared[cycle] for cycle in ("年", "月", "次", "一次性")) > 10


def test_R074_引擎因缺价拒绝的日子_定价函数也拒绝(tmp_path: Path) -> None:
    refused = 0
    for seed in SEEDS:
        manifest, tables = random_package(seed)
        write_folder(tmp_path / str(seed), manifest, tables)
        try:
            with opened(tmp_path / str(seed)) as package:
                engine.settle(package)
        except PackageError as error:
            book = price_book(tables)
            for problem in error.problems:
                item, _, rest = problem.reason.partition("（")
                provider, _, tail = rest.partition("）自 ")
                with pytest.raises(NotInForce):
                    book.price_on(item, provider, date.fromisoformat(tail[:10]))
                refused += 1
    assert refused
