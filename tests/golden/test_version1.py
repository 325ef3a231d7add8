"""版本 1 的包结果一字不变：随机包、算例、版本 1 的示例包，摘要与定稿时存下的相同。"""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import pytest

from tests.support.packages import random_package
from yunheng.metering import engine, result, writing
from yunheng.metering.opening import opened

HERE = Path(__file__).parent
KEPT: dict[str, str] = json.loads((HERE / "版本1摘要.json").read_text(encoding="utf-8"))


def _source(name: str, workspace: Path) -> Path:
    kind, _, rest = name.partition(" ")
    if kind == "随机":
        writing.write_package(workspace / rest, *random_package(int(rest)))
        return workspace / rest
    return HERE.parent / "cases" / rest if kind == "算例" else HERE / "版本1" / rest


@pytest.mark.parametrize("name", KEPT)
def test_版本1的包摘要与定稿时相同(name: str, tmp_path: Path) -> None:
    with opened(_source(name, tmp_path)) as package:
        assert result.write(engine.settle(package), BytesIO()) == KEPT[name]
