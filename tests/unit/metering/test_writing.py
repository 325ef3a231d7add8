"""写数据包：目录、zip、xlsx 三种样子结算出同一个摘要；放不下、已有内容都拒绝，不留半截。"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest

from tests.support.packages import random_package
from yunheng.metering import engine, example, result, writing
from yunheng.metering.opening import opened
from yunheng.metering.problems import PackageError


def digest(source: Path) -> str:
    with opened(source) as package:
        return result.write(engine.settle(package), BytesIO())


def test_示例区写成三种样子_摘要相同(tmp_path: Path) -> None:
    found = set()
    for name in ("目录", "包.zip", "包.xlsx"):
        example.write(tmp_path / name)
        found.add(digest(tmp_path / name))
    assert len(found) == 1


@pytest.mark.parametrize("seed", range(800, 812))
def test_随机数据包写成三种样子_结果相同(seed: int, tmp_path: Path) -> None:
    found = set()
    for name in ("目录", "包.zip", "包.xlsx"):
        writing.write_package(tmp_path / name, *random_package(seed))
        try:
            found.add(digest(tmp_path / name))
        except PackageError as error:
            found.add(str(error))
    assert len(found) == 1


def test_压缩包两次写出逐字节相同(tmp_path: Path) -> None:
    for name in ("甲.zip", "乙.zip"):
        example.write(tmp_path / name)
    assert (tmp_path / "甲.zip").read_bytes() == (tmp_path / "乙.zip").read_bytes()


@pytest.mark.parametrize("name", ["包.zip", "包.xlsx"])
def test_已有的文件不覆盖(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("别人的", encoding="utf-8")
    with pytest.raises(FileExistsError):
        example.write(tmp_path / name)
    assert (tmp_path / name).read_text(encoding="utf-8") == "别人的"


def test_一张工作表放不下的拒绝_不留半截(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "SHEET_ROWS", 10)
    with pytest.raises(ValueError, match="放不下"):
        example.write(tmp_path / "包.xlsx")
    assert not list(tmp_path.iterdir())
