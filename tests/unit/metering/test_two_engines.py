"""R-077：列式引擎与逐日笨算法互不相识，同一数据包的结果必须逐字相同。"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.support.packages import LATER_OPTIONS, OPTIONS, Tables, random_later_package, random_package, write_folder
from yunheng.documents.data import Line
from yunheng.metering import engine, oracle, reading, result
from yunheng.metering.opening import opened
from yunheng.metering.problems import PackageError
from yunheng.rules import conventions
from yunheng.rules.workdays import published_workday

CASES = Path(__file__).parents[2] / "cases"
SAMPLE, BATCH = 320, 40


def both(folder: Path) -> tuple[dict[str, Any] | PackageError, dict[str, Any] | PackageError]:
    """两个引擎各自的结果：结算.json 的内容，或价格缺口的错误。"""
    with opened(folder) as package:
        manifest = package.manifest
        assert manifest is not None
        naive: dict[str, Any] | PackageError
        columnar: dict[str, Any] | PackageError
        try:
            options = conventions.resolve(manifest.conventions, manifest.version)
            naive = oracle.settle(manifest, reading.rows_of(package), options, published_workday)
        except PackageError as error:
            naive = error
        try:
            sink = BytesIO()
            settlement = engine.settle(package)
            result.write(settlement, sink)
            columnar = written = json.loads(sink.getvalue())
            for name in ("lines", "disputed"):
                rows = list(settlement.rows(disputed=name == "disputed"))
                assert rows == [as_row(entry) for entry in written[name]], "各列与文本一字不差"
        except PackageError as error:
            columnar = error
    return naive, columnar


def as_row(entry: dict[str, Any]) -> tuple[Any, ...]:
    """结算.json 里的一条账目排成各列。"""
    keys = [field.replace("start", "from") for field in Line._fields[:-1]]
    return (*(entry[key] for key in keys), ",".join(entry.get("differences", ())))


@pytest.fixture(autouse=True)
def 小块(monkeypatch: pytest.MonkeyPatch) -> None:
    """账目五条一块：块与块的接缝每个样本都碰到。"""
    monkeypatch.setattr(engine, "CHUNK", 5)


def assert_same(naive: dict[str, Any] | PackageError, columnar: dict[str, Any] | PackageError) -> None:
    if isinstance(naive, PackageError) or isinstance(columnar, PackageError):
        assert isinstance(naive, PackageError)
        assert isinstance(columnar, PackageError)
        assert naive.problems == columnar.problems
        return
    for content in (naive, columnar):
        for entry in content["differences"]:
            entry.pop("note")
        content.pop("warnings")
    for key in naive:
        assert columnar[key] == naive[key], key


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_五个带答案的数据包两个引擎都逐字相符(case: str) -> None:
    want = json.loads((CASES / case / "结算.json").read_text(encoding="utf-8"))
    naive, columnar = both(CASES / case)
    assert isinstance(naive, dict)
    assert isinstance(columnar, dict)
    assert naive["digest"] == columnar["digest"] == want["digest"]
    assert result.digest_of(columnar) == want["digest"], "从写出的文件重算摘要也相同"


@pytest.mark.parametrize("batch", range(SAMPLE // BATCH))
def test_随机数据包两个引擎逐字相同(batch: int, tmp_path: Path) -> None:
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        write_folder(tmp_path / str(seed), *random_package(seed))
        naive, columnar = both(tmp_path / str(seed))
        assert_same(naive, columnar)


@pytest.mark.parametrize("batch", range(SAMPLE // BATCH))
def test_版本2的随机数据包两个引擎逐字相同(batch: int, tmp_path: Path) -> None:
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        write_folder(tmp_path / str(seed), *random_later_package(seed))
        assert_same(*both(tmp_path / str(seed)))


@pytest.mark.soak
@pytest.mark.parametrize("batch", range(int(os.environ.get("YUNHENG_SOAK", "100"))))
def test_成千的随机数据包两个引擎逐字相同(batch: int, tmp_path: Path) -> None:
    for seed in range(10_000 + batch * BATCH, 10_000 + (batch + 1) * BATCH):
        for version, made in ((1, random_package), (2, random_later_package)):
            write_folder(tmp_path / f"{version}-{seed}", *made(seed))
            assert_same(*both(tmp_path / f"{version}-{seed}"))


@pytest.mark.parametrize(
    ("made", "options", "codes"), [(random_package, OPTIONS, 13), (random_later_package, OPTIONS | LATER_OPTIONS, 14)]
)
def test_固定样本碰到每种差异_每个口径选项_每种账目(
    made: Callable[[int], tuple[dict[str, Any], Tables]],
    options: dict[str, tuple[str, ...]],
    codes: int,
    tmp_path: Path,
) -> None:
    seen: Counter[str] = Counter()
    for seed in range(SAMPLE):
        manifest, tables = made(seed)
        seen.update(f"{code}={option}" for code, option in manifest.get("口径", {}).items())
        seen["截止日"] += "数据截止日" in manifest
        write_folder(tmp_path / str(seed), manifest, tables)
        with opened(tmp_path / str(seed)) as package:
            assert package.manifest is not None
            resolved = conventions.resolve(package.manifest.conventions, package.manifest.version)
            try:
                content = oracle.settle(package.manifest, reading.rows_of(package), resolved, published_workday)
            except PackageError:
                seen["价格缺口"] += 1
                continue
        seen.update(entry["code"] for entry in content["differences"])
        seen.update(f"裁定{entry['ruling']}" for entry in content["differences"] if entry["blocking"])
        seen.update(f"{name}账目" for name in ("lines", "disputed") if content[name])
        seen.update(line["item"] for line in content["lines"])
        seen.update(line["payer"] for line in content["lines"])
        seen["未考核"] += any(entry["total"] is None for entry in content["assessments"])
        seen["平均单价"] += bool(content["tier_prices"])
    wanted = {f"D{n}" for n in range(1, codes + 1)}
    wanted |= {f"{code}={option}" for code, listed in options.items() for option in listed}
    wanted |= {"裁定部分"} if codes > 13 else set()
    wanted |= {
        "截止日",
        "价格缺口",
        "裁定None",
        "裁定认可",
        "裁定不计费",
        "lines账目",
        "disputed账目",
        "未考核",
        "平均单价",
    }
    wanted |= {"CPU", "EIP", "QCPU", "RACK", "SCAN", "RDS", "CDN", "证书", "SMS", "AUTH", "OS", "DB", "unified", "self"}
    assert not {name for name in wanted if not seen[name]}
