"""坏输入：每一处错误都指明表、行、列和原因，一次报全，什么也不写。"""

from __future__ import annotations

import json
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from yunheng.config.cli import main

CASE = Path(__file__).parents[2] / "cases" / "10-考核与汇总"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """一个没有错误的数据包，供各条测试弄坏。"""
    folder = tmp_path / "包"
    folder.mkdir()
    for path in CASE.iterdir():
        if path.name != "结算.json":
            (folder / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[Path], list[list[str]]]:
    """结算应退出 1、什么也不写、没有异常追踪；返回逐条错误的四栏。"""

    def settle(source: Path) -> list[list[str]]:
        out = tmp_path / "出"
        assert main(["settle", str(source), "--out", str(out)]) == 1
        assert not out.exists()
        assert not [p for p in tmp_path.iterdir() if p.name.startswith(".出")]
        printed = capsys.readouterr()
        assert printed.out == ""
        assert "Traceback" not in printed.err
        return [line.split("\t") for line in printed.err.splitlines() if "\t" in line]

    return settle


def edit(package: Path, table: str, old: str, new: str) -> None:
    path = package / f"{table}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def append(package: Path, table: str, row: str) -> int:
    """加一行，返回行号。"""
    path = package / f"{table}.csv"
    text = path.read_text(encoding="utf-8").rstrip("\n") + f"\n{row}\n"
    path.write_text(text, encoding="utf-8")
    return len(text.splitlines())


Refused = Callable[[Path], list[list[str]]]


def test_空目录逐条报缺说明和七张必有的表(tmp_path: Path, refused: Refused) -> None:
    (empty := tmp_path / "空").mkdir()
    rows = refused(empty)
    assert [row[0] for row in rows] == ["数据包", "机构", "目录", "项目", "单据", "单据明细", "工单", "日志"]
    assert all(row[1] == "-" and "缺少" in row[3] for row in rows)


def test_找不到的数据包(tmp_path: Path, refused: Refused) -> None:
    assert refused(tmp_path / "没有")[0][3].startswith("找不到数据包")


def test_缺一张表时不再报别表对它的引用(package: Path, refused: Refused) -> None:
    (package / "项目.csv").unlink()
    assert refused(package) == [["项目", "-", "-", "缺少这张表（项目.csv）"]]


def test_坏表头报第一行(package: Path, refused: Refused) -> None:
    edit(package, "工单", "完成日期", "完工日期")
    edit(package, "日志", "资源,首见日期", "资源,资源")
    assert [row[:3] for row in refused(package)] == [
        ["工单", "1", "完成日期"],
        ["日志", "1", "资源"],
        ["日志", "1", "首见日期"],
    ]


def test_不是UTF8的文件说明要另存(package: Path, refused: Refused) -> None:
    path = package / "项目.csv"
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    rows = refused(package)
    assert {row[0] for row in rows} == {"项目"}
    assert all("UTF-8" in row[3] for row in rows)


def test_一格里又有控制字符又不是UTF8_两样都报到格(package: Path, refused: Refused) -> None:
    path = package / "机构.csv"
    lines = len(path.read_bytes().rstrip(b"\n").split(b"\n"))
    path.write_bytes(path.read_bytes().rstrip(b"\n") + b"\nX\x0b\xea,A,B,C\n")
    mine = [row for row in refused(package) if row[:3] == ["机构", str(lines + 1), "代码"]]
    assert {row[3][:4] for row in mine} >= {"不是 U", "有不可打"}


def test_多余的一列表头不是UTF8_也指明第几列(package: Path, refused: Refused) -> None:
    path = package / "项目.csv"
    head, rest = path.read_bytes().split(b"\n", 1)
    path.write_bytes(head + b"," + "备注".encode("gb18030") + b"\n" + rest)
    assert refused(package) == [["项目", "1", "-", f"表头第 {head.count(b',') + 2} 列不是 UTF-8 编码，请另存为 UTF-8"]]


@pytest.mark.parametrize("place", ["区", "口径", "多余的键"])
@pytest.mark.parametrize("engine", ["columnar", "oracle"])
def test_说明里有不成字的转义_两个引擎都拒绝(
    package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str, engine: str
) -> None:
    path = package / "数据包.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content[place] = {"K-01": "\ud800"} if place == "口径" else "\ud800"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert main(["settle", str(package), "--out", str(tmp_path / "出"), "--engine", engine]) == 1
    assert "不成字的转义" in capsys.readouterr().err
    assert not (tmp_path / "出").exists()


def test_目录里文件名不是UTF8_照算_提醒(package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (Path(os.fsdecode(os.fsencode(package) + b"/\xd5\xcb.csv"))).write_text("x")
    assert main(["settle", str(package), "--out", str(tmp_path / "出"), "--json-only"]) == 0
    assert "数据包里多余的文件，已忽略：" in capsys.readouterr().err


def test_结果不能写到数据包自己的地方_包还在原处(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(path.name for path in package.iterdir())
    for out in (package, package.parent, package / "出"):
        assert main(["settle", str(package), "--out", str(out), "--force", "--json-only"]) == 2
        assert "不能写到数据包自己的地方" in capsys.readouterr().err
    assert sorted(path.name for path in package.iterdir()) == before


def test_输出写当前目录_照写(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "这里").mkdir()
    monkeypatch.chdir(tmp_path / "这里")
    assert main(["settle", str(package), "--out", ".", "--json-only"]) == 0
    assert (tmp_path / "这里" / "结算.json").is_file()


def test_个别单元格不是UTF8(package: Path, refused: Refused) -> None:
    path = package / "考核.csv"
    lines = path.read_bytes().split(b"\n")
    lines[3] = lines[3].replace("事件".encode(), "事件".encode("gb18030"))
    path.write_bytes(b"\n".join(lines))
    assert refused(package) == [["考核", "4", "说明", "不是 UTF-8 编码"]]


@pytest.mark.parametrize(
    ("table", "row", "column", "reason"),
    [
        ("日志", "X,2023-02-30,2024-01-01", "首见日期", "确有其日：2023-02-30"),
        ("日志", "X,2023-7-01,2024-01-01", "首见日期", "YYYY-MM-DD"),
        ("日志", "X,2024-01-02,2024-01-01", "末见日期", "不得早于首见日期"),
        ("日志", "R0,2024-01-02,2024-01-03", "资源", "主键重复，与第 2 行相同：R0"),
        ("日志", ",2024-01-02,2024-01-03", "资源", "必填"),
        ("单据明细", "S0,R0,RDS,变更,-1", "数量", "不带符号的数字"),
        ("单据明细", "S0,R0,RDS,变更,1.2345", "数量", "最多 3 位小数"),
        ("单据明细", "S0,R0,RDS,变更,", "数量", "新增、变更必填"),
        ("单据明细", "S0,R0,RDS,变更,1e3", "数量", "不带符号的数字"),
        ("单据明细", "S0,R0,没有,变更,1", "目录项", "目录表里没有这个目录项：没有"),
        ("单据明细", "S99,R0,RDS,变更,1", "单号", "单据表里没有这个单号：S99"),
        ("单据明细", "S0,R0,RDS,增加,1", "动作", "只收 新增、变更、释放：增加"),
        ("单据明细", "S0,R0,RDS,新增,1", "单号、资源、目录项、动作", "主键重复"),
        ("单据", "S99,变更,P1,U1,", "服务商", "没有这个云服务商：U1"),
        ("单据", "S99,变更,P9,CU,", "项目", "项目表里没有这个项目：P9"),
        ("项目", "P9,新,U99,区级", "单位", "没有这个使用单位：U99"),
        ("机构", "U9,丁局,使用单位,", "预算性质", "使用单位必填"),
        ("目录", "N1,平台软件,新,个,单价,年,1.1234567,2020-01-01,,,,", "单价", "最多 6 位小数"),
        ("目录", "N1,平台软件,新,个,单价,年,,2020-01-01,,,,", "单价", "单价必填：N1"),
        ("目录", "N1,平台软件,新,个,阶梯,年,1,2020-01-01,,,,", "单价", "这里应留空：N1"),
        ("目录", "N1,平台软件,新,个,阶梯,月,,2020-01-01,,,,", "计费周期", "阶梯只用于按年、按次"),
        ("目录", "N1,平台软件,新,个,单价,年,1,2020-01-01,2020-01-01,,,", "失效日期", "须晚于生效日期"),
        ("目录", "RDS,平台软件,数据库,实例·年,单价,年,1,2023-01-01,,,,", "生效日期", "日期相交"),
        ("目录", "CPU,平台软件,处理器,核·年,单价,年,1,2019-01-01,2020-01-01,,,", "类别", "各版本必须一致"),
        ("阶梯", "AUTH,2023,到达,9,,1", "方式", "各档方式必须相同"),
        ("阶梯", "AUTH,2022,累进,1,,1", "起", "各档应从 0 起"),
        ("阶梯", "AUTH,2022,累进,0,9,1", "止", "末档的止应为空"),
        ("满意度", "CT,100.5", "满意率", "0 至 100"),
        ("考核", "CT,G,2024-01-01,事件", "指标", "只收 A、B、C、D、E、F：G"),
    ],
)
def test_一行里的错误指明行列(package: Path, refused: Refused, table: str, row: str, column: str, reason: str) -> None:
    number = append(package, table, row)
    assert any(found[:3] == [table, str(number), column] and reason in found[3] for found in refused(package))


def test_用量只收按次的目录项(package: Path, refused: Refused) -> None:
    (package / "用量.csv").write_text("资源,目录项,日期,用量\nR0,RDS,2024-01-01,1\n", encoding="utf-8")
    assert refused(package) == [["用量", "2", "目录项", "只收计费周期为“次”的目录项：RDS"]]


def test_缺价格的日子报首日和条款(package: Path, refused: Refused) -> None:
    edit(package, "目录", "单价,年,3650,2020-01-01,,", "单价,年,3650,2020-01-01,2023-10-01,")
    rows = refused(package)
    assert {row[0] for row in rows} == {"目录"}
    assert all(row[1] == "-" and "2023-10-01" in row[3] and "D62-七" in row[3] for row in rows)


def test_全部错误一次报完(package: Path, refused: Refused) -> None:
    wrong = [append(package, "日志", "X,2023-02-30,2024-01-01"), append(package, "单据", "S99,变更,P9,U1,")]
    append(package, "日志", "R0,2024-01-02,2024-01-03")
    assert [row[:2] for row in refused(package)] == [
        ["单据", str(wrong[1])],
        ["单据", str(wrong[1])],
        ["日志", str(wrong[0])],
        ["日志", str(wrong[0] + 1)],
    ]


def test_空行不算内容但占行号(package: Path, refused: Refused) -> None:
    append(package, "日志", "\n , ,\nX,2023-02-30,2024-01-01")
    number = len((package / "日志.csv").read_text(encoding="utf-8").splitlines())
    assert refused(package)[0][:2] == ["日志", str(number)]


def test_单元格多于表头(package: Path, refused: Refused) -> None:
    number = append(package, "日志", "X,2023-01-01,2024-01-01,多")
    assert refused(package) == [["日志", str(number), "-", "单元格多于表头：表头 3 列，本行 4 列"]]


def test_控制字符和不配对的引号(package: Path, refused: Refused) -> None:
    first = append(package, "考核", "CT,A,2024-01-01,坏\x01字")
    second = append(package, "日志", 'X,"2023-01-01,2024-01-01')
    rows = refused(package)
    assert ["考核", str(first), "说明"] in [row[:3] for row in rows]
    assert [row[:2] for row in rows if row[0] == "日志"] == [["日志", str(second)]]


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"数据截止日": "2024-07-01"}, "数据截止日"),
        ({"数据截止日": "2023-02-30"}, "数据截止日"),
        ({"数据截止日": 20240101}, "数据截止日"),
        ({"服务年度": "2023"}, "服务年度"),
        ({"服务年度": True}, "服务年度"),
        ({"版本": 3}, "版本"),
        ({"版本": 0}, "版本"),
        ({"版本": "2"}, "版本"),
        ({"版本": 1.0}, "版本"),
        ({"版本": True}, "版本"),
        ({"版本": None}, "版本"),
        ({"格式": "别的"}, "格式"),
        ({"区": ""}, "区"),
        ({"口径": {"K-02": "x"}}, "口径.K-02"),
        ({"口径": {"K-07": 3}}, "口径.K-07"),
        ({"口径": []}, "口径"),
    ],
)
def test_说明里的错误指明键(package: Path, refused: Refused, change: dict[str, object], key: str) -> None:
    path = package / "数据包.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change), encoding="utf-8")
    assert [row[2] for row in refused(package)] == [key]


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_说明不是JSON对象(package: Path, refused: Refused, content: bytes) -> None:
    (package / "数据包.json").write_bytes(content)
    assert [row[0] for row in refused(package)] == ["数据包"]


def test_两吉字节的一行不读进内存(package: Path, refused: Refused) -> None:
    path = package / "日志.csv"
    with path.open("ab") as file:
        file.write(b"X")
        file.truncate(2 << 30)
    assert path.stat().st_blocks * 512 < 1 << 20, "应是稀疏文件"
    assert refused(package)[0][:2] == ["日志", "14"]


def test_压缩包的路径越界一个也不放出去(tmp_path: Path, refused: Refused) -> None:
    source = tmp_path / "包.zip"
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("../逃.csv", "a")
        archive.writestr("/tmp/逃.csv", "a")
    assert len(refused(source)) == 2
    assert not (tmp_path.parent / "逃.csv").exists()


def test_压缩炸弹不展开(tmp_path: Path, refused: Refused) -> None:
    source = tmp_path / "弹.zip"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("日志.csv", "w") as file:
        for _ in range(128):
            file.write(b"\0" * (1 << 20))
    assert "压缩炸弹" in refused(source)[0][3]


def test_不是压缩文件的zip和xlsx(tmp_path: Path, refused: Refused) -> None:
    for name in ("假.zip", "假.xlsx"):
        (tmp_path / name).write_bytes(os.urandom(100))
        assert "打不开" in refused(tmp_path / name)[0][3]


def workbook(package: Path, path: Path, spoil: Callable[[Workbook], None] = lambda _book: None) -> Path:
    """把数据包改装成 xlsx，`spoil` 弄坏它。"""
    book = Workbook()
    book.remove(book.worksheets[0])
    sheet = book.create_sheet("数据包")
    sheet.append(["键", "值"])
    for key, value in json.loads((package / "数据包.json").read_text(encoding="utf-8")).items():
        for pair in [(f"口径.{k}", v) for k, v in value.items()] if isinstance(value, dict) else [(key, value)]:
            sheet.append(pair)
    for source in package.glob("*.csv"):
        sheet = book.create_sheet(source.stem)
        for line in source.read_text(encoding="utf-8").splitlines():
            sheet.append(line.split(","))
    spoil(book)
    book.save(path)
    return path


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ('t="s"><v>99999</v>', "B3 指的文字（第 99999 条）在工作簿里没有"),
        ("><v>1</v><v>2</v>", "B3 一格里写了两个值"),
        ("><v>1_000</v>", "B3 的数写的是“1_000”"),
        ('s="999"><v>1</v>', "B3 用的格式“999”在工作簿里没有"),
    ],
)
def test_工作簿坏了的格_不当空格读_说是哪一格(
    cell: str, words: str, package: Path, tmp_path: Path, refused: Refused
) -> None:
    def spoil(book: Workbook) -> None:
        book["日志"]["B3"] = 987654

    source, broken = workbook(package, tmp_path / "包.xlsx", spoil), tmp_path / "坏.xlsx"
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(broken, "w") as new:
        for entry in old.namelist():
            new.writestr(entry, re.sub(rb'<c r="B3"[^>]*><v>987654</v>', f'<c r="B3" {cell}'.encode(), old.read(entry)))
    assert any(words in row[3] for row in refused(broken))


def test_工作簿里的公式和合并单元格逐处报(package: Path, tmp_path: Path, refused: Refused) -> None:
    def spoil(book: Workbook) -> None:
        book["日志"]["B3"] = "=TODAY()"
        book["项目"].merge_cells("B2:B3")

    rows = refused(workbook(package, tmp_path / "包.xlsx", spoil))
    assert ["日志", "3", "首见日期"] in [row[:3] for row in rows]
    assert any(row[0] == "项目" and "合并" in row[3] for row in rows)


def test_目录_压缩包_工作簿装的同一份数据结算相同(package: Path, tmp_path: Path) -> None:
    archive = tmp_path / "包.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in package.iterdir():
            file.write(path, path.name)
    want = json.loads((CASE / "结算.json").read_text(encoding="utf-8"))["digest"]
    for number, source in enumerate((package, archive, workbook(package, tmp_path / "包.xlsx"))):
        out = tmp_path / f"出{number}"
        assert main(["settle", str(source), "--out", str(out), "--json-only"]) == 0
        assert json.loads((out / "结算.json").read_text(encoding="utf-8"))["digest"] == want


def test_输出目录有内容时拒绝_加force先留存旧的(package: Path, tmp_path: Path) -> None:
    out = tmp_path / "出"
    out.mkdir()
    (out / "旧文件").write_text("旧", encoding="utf-8")
    assert main(["settle", str(package), "--out", str(out), "--json-only"]) == 2
    assert [p.name for p in out.iterdir()] == ["旧文件"]
    assert main(["settle", str(package), "--out", str(out), "--json-only", "--force"]) == 0
    assert (tmp_path / "出.旧1" / "旧文件").read_text(encoding="utf-8") == "旧"
    assert (out / "结算.json").is_file()


# ── 没有读的都说一声 ──


def told(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["settle", str(source), "--out", str(tmp_path / "出"), "--json-only"]) == 0
    return capsys.readouterr().err


def test_说明里写了两遍的键提醒(package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = package / "数据包.json"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("{", '{"区":"别处",', 1), encoding="utf-8")
    assert "写了两遍的键，取后一个：区" in told(package, tmp_path, capsys)


def test_工作簿里多余的工作表提醒_说明和示例那两张不算(
    package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def spoil(book: Workbook) -> None:
        book.create_sheet("去年的工单").append(["工单号"])
        book.create_sheet("填写示例").append(["看看"])

    said = told(workbook(package, tmp_path / "包.xlsx", spoil), tmp_path, capsys)
    assert "多余的工作表，已忽略：去年的工单" in said
    assert "填写示例" not in said


# ── 版本 2 的拒绝 ──


def later(package: Path, rows: str = "", /, **manifest: Any) -> None:
    """改成版本 2，换上这几行差异裁定。"""
    path = package / "数据包.json"
    changed = json.loads(path.read_text(encoding="utf-8")) | {"版本": 2} | manifest
    path.write_text(json.dumps(changed, ensure_ascii=False), encoding="utf-8")
    (package / "差异裁定.csv").write_text(f"资源,目录项,差异,裁定,说明,起,止\n{rows}", encoding="utf-8")


@pytest.mark.parametrize(
    ("rows", "place", "reason"),
    [
        ("R0,RDS,D3,认可,核,,\nR0,RDS,D3,认可,核,,\n", "3", "重复或相交"),
        ("R0,RDS,D3,认可,核,,2023-12-02\nR0,RDS,D3,不计费,核,2023-12-01,\n", "3", "重复或相交"),
        ("R0,RDS,D3,不计费,核,2023-12-01,\nR0,RDS,D3,认可,核,,2023-12-02\n", "3", "重复或相交"),
        ("R0,RDS,D3,认可,核,2023-12-01,2023-12-01\n", "2", "须晚于起"),
        ("R0,RDS,D3,认可,核,2023-06-30,\n", "2", "须在服务年度"),
        ("R0,RDS,D3,认可,核,,2024-07-02\n", "2", "须在服务年度"),
        ("R0,RDS,D8,认可,核,,\n", "2", "只收 D3"),
    ],
)
def test_版本2_裁定的起止重复_相交_出了服务年度_报后一行(
    package: Path, refused: Refused, rows: str, place: str, reason: str
) -> None:
    later(package, rows)
    assert any(row[:2] == ["差异裁定", place] and reason in row[3] for row in refused(package))


@pytest.mark.parametrize(
    ("table", "row", "column"),
    [
        ("单据明细", "S0,R0,RDS,变更,0000000000001", "数量"),
        ("目录", "N1,平台软件,新,个,单价,年,1000000000,2020-01-01,,,,", "单价"),
        ("阶梯", "AUTH,02023,累进,0,,1", "服务年度"),
        ("全市用量", "AUTH,1899,1", "服务年度"),
        ("满意度", "CT,0088", "满意率"),
    ],
)
def test_版本2_位数照所写的算_年度写四位(package: Path, refused: Refused, table: str, row: str, column: str) -> None:
    later(package)
    number = append(package, table, row)
    assert [table, str(number), column] in [found[:3] for found in refused(package)]


@pytest.mark.parametrize(("change", "key"), [({"区": " 　"}, "区"), ({"服务年度": 1899}, "服务年度")])
def test_版本2_说明的边界(package: Path, refused: Refused, change: dict[str, Any], key: str) -> None:
    later(package, "", **change)
    assert key in [row[2] for row in refused(package)]


def test_版本1不看起止_写明_口径也没有K17(
    package: Path, tmp_path: Path, refused: Refused, capsys: pytest.CaptureFixture[str]
) -> None:
    later(package, "R0,RDS,D3,认可,核,2023-12-01,\n", 版本=1)
    assert "版本 1 不看起、止" in told(package, tmp_path, capsys)
    (tmp_path / "出").rename(tmp_path / "旧")
    later(package, 版本=1, 口径={"K-17": "once"})
    assert "口径.K-17" in [row[2] for row in refused(package)]
