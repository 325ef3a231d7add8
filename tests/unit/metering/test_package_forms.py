"""数据包装成目录、zip、xlsx：写了两遍的、没有键的、读不出的一律点名，不静静取一个、不当空表。"""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from yunheng.config.cli import main
from yunheng.config.settling import check
from yunheng.metering.format import MANIFEST, TABLES
from yunheng.metering.problems import PackageError

CASE = Path(__file__).parents[2] / "cases" / "10-考核与汇总"
OPTIONAL = sorted(table.name for table in TABLES if not table.required)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """一个没有错误的数据包目录。"""
    folder = tmp_path / "包"
    folder.mkdir()
    for path in CASE.iterdir():
        if path.name != "结算.json":
            (folder / path.name).write_bytes(path.read_bytes())
    return folder


def workbook(package: Path, *extra: tuple[Any, ...]) -> Path:
    """同一个包写成 xlsx；`extra` 是添在“数据包”那一张后面的行。"""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = MANIFEST
    sheet.append(("键", "值"))
    content = json.loads((package / "数据包.json").read_text(encoding="utf-8"))
    chosen = content.pop("口径", {})
    for key, value in [*content.items(), *((f"口径.{code}", option) for code, option in chosen.items()), *extra]:
        sheet.append((key, value) if not isinstance(value, tuple) else (key, *value))
    for path in sorted(package.glob("*.csv")):
        rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
        made = book.create_sheet(path.stem)
        for row in rows:
            made.append(row)
    target = package.parent / "包.xlsx"
    book.save(target)
    return target


def told(source: Path) -> list[str]:
    return [one for one in check(source) if MANIFEST in one]


def problems(source: Path) -> list[str]:
    with pytest.raises(PackageError) as caught:
        check(source)
    return [str(one) for one in caught.value.problems]


def test_xlsx_不重不漏的包没有提醒(package: Path) -> None:
    assert told(workbook(package)) == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("服务年度", 2023), ("服务年度", 2023)], "写了两遍的键，取后一个：服务年度"),
        ([("口径.K-10", "after_review"), ("口径.K-10", "on_review")], "写了两遍的键，取后一个：口径.K-10"),
        ([("区", "甲区")], "写了两遍的键，取后一个：区"),
    ],
)
def test_xlsx_键写了两遍_与JSON一样提醒取后一个(package: Path, rows: list[tuple[Any, ...]], said: str) -> None:
    (one,) = told(workbook(package, *rows))
    assert said in one
    assert "第 " in one


def test_JSON_口径写了两遍的_也提醒(package: Path) -> None:
    path = package / "数据包.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    text = json.dumps(content | {"口径": {"K-10": "on_review"}}, ensure_ascii=False)
    path.write_text(
        text.replace('"K-10": "on_review"', '"K-10": "after_review", "K-10": "on_review"'), encoding="utf-8"
    )
    assert told(package) == ["数据包.json 里写了两遍的键，取后一个：K-10"]


def test_xlsx_没有键的值_第三列的话_逐个点名(package: Path) -> None:
    said = told(workbook(package, (None, "2022-12-31"), ("口径.K-01", ("same_day", "另有说明", "civil_code"))))
    assert len(said) == 2
    assert any("没有键，已忽略：2022-12-31" in one for one in said)
    assert any("只看前两列，已忽略：另有说明" in one for one in said)


def test_说明照原话提醒_写明是数据包自己说的(package: Path) -> None:
    path = package / "数据包.json"
    content = json.loads(path.read_text(encoding="utf-8")) | {"说明": "甲\n乙"}
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    assert told(package) == ["数据包说明：甲", "数据包说明：乙"]
    assert told(workbook(package)) == ["数据包说明：甲", "数据包说明：乙"]
    path.write_text(json.dumps(content | {"说明": 5}, ensure_ascii=False), encoding="utf-8")
    assert told(package) == ["数据包.json 里多余的键，已忽略：说明"]


@pytest.mark.parametrize("table", OPTIONAL)
def test_可缺的表真的没有才是空表_悬空的链接和目录都是错(package: Path, table: str) -> None:
    path = package / f"{table}.csv"
    path.unlink(missing_ok=True)
    check(package)
    path.symlink_to("/nowhere/用量.csv")
    (one,) = problems(package)
    assert one == f"{table}\t-\t-\t{table}.csv 是指向别处的链接，指的文件读不到"
    path.unlink()
    path.mkdir()
    (one,) = problems(package)
    assert one == f"{table}\t-\t-\t{table}.csv 是一个目录，不是文件"


def test_必有的表是目录_说是目录_不说缺这张表(package: Path) -> None:
    (package / "工单.csv").unlink()
    (package / "工单.csv").mkdir()
    assert any("工单.csv 是一个目录，不是文件" in one for one in problems(package))
    (package / "数据包.json").unlink()
    (package / "数据包.json").symlink_to("/nowhere")
    assert any("数据包.json 是指向别处的链接" in one for one in problems(package))


def test_管道一类读不完的也不等着读(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (package / "用量.csv").unlink(missing_ok=True)
    os.mkfifo(package / "用量.csv")
    assert main(["check", str(package)]) == 1
    assert "用量.csv 不是普通的文件，读不出" in capsys.readouterr().err


def test_链接指着好好的文件_照读(package: Path, tmp_path: Path) -> None:
    real = tmp_path / "别处.csv"
    (package / "工单.csv").rename(real)
    (package / "工单.csv").symlink_to(real)
    assert check(package) is not None


def test_zip_里叫表名的目录_不当没有这张表(package: Path) -> None:
    target = package.parent / "包.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for path in package.iterdir():
            if path.name != "用量.csv":
                archive.write(path, path.name)
        archive.writestr("用量.csv/", "")
    assert any("用量.csv 是一个目录，不是文件" in one for one in problems(target))


def test_xlsx_叫表名的图表页_不当没有这张表(package: Path) -> None:
    target = workbook(package)
    book = openpyxl.load_workbook(target)
    if "用量" in book.sheetnames:
        del book["用量"]
    book.create_chartsheet("用量")
    book.save(target)
    assert any(one.startswith("用量\t") and "读不出" in one for one in problems(target))


def zipped(
    package: Path, encoding: str, top: str = "", extra: tuple[tuple[str, str], ...] = (), flagged: str = ""
) -> Path:
    """不标 UTF-8、名字照这种编码写的 zip：Windows“发送到压缩文件夹”就是 GBK。

    `extra` 是另加的（名字, 内容），`flagged` 是标明了的一个。
    """
    target = package.parent / "包.zip"
    files = [(path.name, path.read_bytes()) for path in sorted(package.iterdir())]
    files += [(name, content.encode()) for name, content in extra]
    marks = {}
    with zipfile.ZipFile(target, "w") as archive:
        for number, (name, content) in enumerate(files):
            # 先写等长的英文名，再把字节换掉：zipfile 自己写中文名一定标 UTF-8
            raw = (f"{top}/{name}" if top else name).encode(encoding)
            mark = f"{number:03d}".ljust(len(raw), "x")
            marks[mark.encode()] = raw
            archive.writestr(mark, content)
        if flagged:
            archive.writestr(flagged, "代码\n")
    written = target.read_bytes()
    for stand_in, real in marks.items():
        written = written.replace(stand_in, real)
    target.write_bytes(written)
    return target


@pytest.mark.parametrize("top", ["", "区政务云数据包"])
def test_zip_中文名是GBK而没有标明的_照表名认出来_提醒(package: Path, top: str) -> None:
    plain = check(package)
    said = check(zipped(package, "gb18030", top))
    (one,) = [each for each in said if each not in plain]
    assert one.startswith("压缩文件里的中文名没有标明是 UTF-8，照 GB18030（GBK）认作：")
    assert f"{top}/数据包.json" in one if top else "数据包.json" in one
    assert "目录.csv" in one


def test_zip_GBK的包里没有读的文件_照中文名点名(package: Path) -> None:
    said = check(zipped(package, "gb18030", "包", (("填写说明.txt", "请看"),)))
    assert "数据包里多余的文件，已忽略：填写说明.txt" in said


def test_zip_没有标明而写的是UTF8的_照旧读_不提GBK(package: Path) -> None:
    assert check(zipped(package, "utf-8", "包")) == check(package)


def test_zip_认出名字以后有两份同名的_不收(package: Path) -> None:
    source = zipped(package, "gb18030", "", (("目录.csv", "目录项\n"),))
    assert "压缩文件里同一份文件有 2 份，不知道该读哪一份：目录.csv" in problems(source)[0]
    # 标明是 UTF-8 的与照 GBK 认出来的同名，也是两份
    source = zipped(package, "gb18030", flagged="机构.csv")
    assert "压缩文件里同一份文件有 2 份，不知道该读哪一份：机构.csv" in problems(source)[0]


def test_zip_照两种编码都认不出表的_照旧说缺_不猜(package: Path) -> None:
    said = problems(zipped(package, "utf-7"))
    assert any("缺" in one and "机构" in one for one in said), said
