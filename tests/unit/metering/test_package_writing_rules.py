"""数据包的写法一字照格式说明：该收的收、该拒的拒，指到表、行、列，没有一样是不声不响读错的。"""

from __future__ import annotations

import json
import shutil
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from openpyxl import Workbook, load_workbook

from yunheng.config.cli import main
from yunheng.metering.problems import PackageError
from yunheng.metering.records import Unreadable, records, scan
from yunheng.metering.spreadsheet import unpack_workbook

FAULTS = Path(__file__).parents[2] / "faults"
CASE = Path(__file__).parents[2] / "cases" / "10-考核与汇总"


@pytest.fixture
def settled(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[dict[str, object], str]]:
    """结算应退出 0；返回 结算.json 和标准错误。"""

    def settle(source: Path, *options: str) -> tuple[dict[str, object], str]:
        out = tmp_path / f"出{len(list(tmp_path.iterdir()))}"
        assert main(["settle", str(source), "--out", str(out), "--json-only", *options]) == 0
        return json.loads((out / "结算.json").read_text(encoding="utf-8")), capsys.readouterr().err

    return settle


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[[Path], list[list[str]]]:
    """结算应退出 1、什么也不写；返回逐条错误的四栏。"""

    def settle(source: Path) -> list[list[str]]:
        out = tmp_path / "出"
        assert main(["settle", str(source), "--out", str(out), "--json-only"]) == 1
        assert not out.exists()
        printed = capsys.readouterr().err
        assert printed.strip()
        assert "Traceback" not in printed
        return [line.split("\t") for line in printed.splitlines() if "\t" in line]

    return settle


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "包"
    shutil.copytree(CASE, folder)
    (folder / "结算.json").unlink()
    return folder


Settled = Callable[..., tuple[dict[str, object], str]]
Refused = Callable[[Path], list[list[str]]]


def _total(content: dict[str, object]) -> str:
    summary = content["summary"]
    assert isinstance(summary, dict)
    return str(summary["unified_gross"])


def test_表头一格里有换行_一行数据也不少(settled: Settled) -> None:
    content, said = settled(FAULTS / "hdn-csv")
    assert _total(content) == "6047.55"
    assert [line for line in said.splitlines() if line.startswith("提醒：")] == [
        "提醒：单据明细 里多余的列，已忽略：备注 （选填）"
    ]


@pytest.mark.parametrize("row_end", ["\n", "\r\n"])
@pytest.mark.parametrize("inner", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("shape", ["{end}{name}", "{name}{end}", "{end}", "{name}（选填）{end}"])
@pytest.mark.parametrize("table", ["工单", "日志", "单据明细"])
def test_表头格的首尾有换行_空的多余一格里有换行_一行数据也不少(
    package: Path, settled: Settled, table: str, shape: str, inner: str, row_end: str
) -> None:
    """Excel 里在表头末尾按 Alt+Enter；去掉首尾空白以后看不出换行，记录却跨了两个物理行。"""
    want = json.loads((CASE / "结算.json").read_text(encoding="utf-8"))["digest"]
    path = package / f"{table}.csv"
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    *names, last = head.split(",")
    if "{name}" in shape and "（" not in shape:
        cells = [*names, f'"{shape.format(name=last, end=inner)}"']
    else:
        cells = [*names, last, f'"{shape.format(name="备注", end=inner)}"']
    path.write_bytes(row_end.join([",".join(cells), *rows, ""]).encode())
    assert settled(package)[0]["digest"] == want


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
def test_三种行端结算相同(package: Path, settled: Settled, end: str) -> None:
    want = json.loads((CASE / "结算.json").read_text(encoding="utf-8"))["digest"]
    for path in package.glob("*.csv"):
        path.write_bytes(path.read_text(encoding="utf-8").replace("\n", end).encode())
    assert settled(package)[0]["digest"] == want


def test_每格都括起_带BOM_结算相同(package: Path, settled: Settled) -> None:
    want = json.loads((CASE / "结算.json").read_text(encoding="utf-8"))["digest"]
    for path in package.glob("*.csv"):
        rows = [",".join(f'"{cell}"' for cell in row) for row in records(path)]
        path.write_bytes(("\ufeff" + "\r\n".join(rows)).encode())
    assert settled(package)[0]["digest"] == want


@pytest.mark.parametrize(
    "row",
    [
        'X,"2023-08-01" ,2023-09-01',
        'X, "2023-08-01",2023-09-01',
        'X"1",2023-08-01,2023-09-01',
        '"X"1,2023-08-01,2023-09-01',
    ],
)
def test_引号不紧贴逗号的报那一行(package: Path, refused: Refused, row: str) -> None:
    path = package / "日志.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[3:3] = ["", row]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = refused(package)
    assert [found[:3] for found in rows if found[0] == "日志"] == [["日志", "5", "-"]], "空行也算一条"
    assert "引号" in rows[0][3]


def test_没闭合的引号报它开头那条(package: Path, refused: Refused) -> None:
    path = package / "日志.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[2] = '"' + lines[2]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert [found[:3] for found in refused(package) if found[0] == "日志"] == [["日志", "3", "-"]]


def test_括起的格里有换行_后面的错误按记录数行(package: Path, refused: Refused) -> None:
    (package / "考核.csv").write_text(
        '服务商,指标,日期,说明\nCT,A,2024-01-01,"两\n行"\nCT,G,2024-01-01,甲\n', encoding="utf-8"
    )
    assert [found[:3] for found in refused(package)] == [["考核", "3", "指标"]]


_ODD = [
    'a,b\n1,"2"\n',
    'a,b\n1,2"\n',
    '"a\nb",c\r\n1,2',
    'a,b\r1,"x""y"\r',
    '"a""b"',
    '"a"b\n',
    'a "b"\n',
    '"a\n',
    '""""\n',
    'a,""x\n',
    '\ufeff"a",b\n1,"\n"\n',
    "a\n\n\nb\n",
    ",\n,,\n",
]


@pytest.mark.parametrize("text", _ODD)
def test_扫一遍说干净的_逐条读也读得通(tmp_path: Path, text: str) -> None:
    """交给数据库直接读的前提：引号全合写法。"""
    path = tmp_path / "表.csv"
    path.write_bytes(text.encode())

    def readable() -> bool:
        try:
            list(records(path))
        except Unreadable:
            return False
        return True

    clean, _ = scan(path)
    assert not clean or readable()
    if '"' in text and "\r" not in text.replace("\r\n", ""):
        assert clean == readable()


def test_断在哪里都读得一样(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = '甲,"乙\r\n丙""丁"\r1,2\r\n\r\n"",x\n末'
    path = tmp_path / "表.csv"
    path.write_bytes(text.encode())
    want = list(records(path))
    assert want == [["甲", '乙\r\n丙"丁'], ["1", "2"], [], ["", "x"], ["末"]]
    for piece in range(1, 9):
        monkeypatch.setattr("yunheng.metering.records._PIECE", piece)
        assert list(records(path)) == want


def test_单价一百万与逐日笨算法同摘要(settled: Settled) -> None:
    first, _ = settled(FAULTS / "price-1000000")
    second, _ = settled(FAULTS / "price-1000000", "--engine", "oracle")
    assert first["digest"] == second["digest"]
    assert _total(first) == "5748633.88"


def test_服务商一个价格版本都没有_指出目录项_服务商_首日(refused: Refused, capsys: pytest.CaptureFixture[str]) -> None:
    source = FAULTS / "gap-none-for-provider"
    ((table, row, _, reason),) = refused(source)
    assert (table, row) == ("目录", "-")
    assert "CPU（CU）自 2023-10-12 起" in reason
    assert main(["check", str(source), "--json"]) == 1
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert problem["reason"] == reason


def test_满意率单元格是百分比格式的不收(tmp_path: Path, refused: Refused, settled: Settled) -> None:
    ((table, row, column, reason),) = refused(FAULTS / "x-percent.xlsx")
    assert (table, row, column) == ("满意度", "2", "满意率")
    assert "百分比格式" in reason
    book = load_workbook(FAULTS / "x-percent.xlsx")
    cell = book["满意度"].cell(2, 2)
    cell.value, cell.number_format = 95, "General"
    book.save(tmp_path / "好.xlsx")
    content, _ = settled(tmp_path / "好.xlsx")
    assert content["assessments"][0]["scores"]["G"] == "40"  # type: ignore[index]


def test_同一张表两份不收(refused: Refused) -> None:
    assert refused(FAULTS / "x-dupsheet.xlsx") == [["工单", "-", "-", "同一张表有 2 份（工作表同名），请只留一份"]]


def _zipped(package: Path, target: Path, prefix: str) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in package.iterdir():
            archive.write(path, prefix + path.name)
    return target


@pytest.mark.parametrize("prefix", ["", "./", "包/", "./包/"])
def test_压缩包带点_带一层目录照收(package: Path, tmp_path: Path, settled: Settled, prefix: str) -> None:
    want = json.loads((CASE / "结算.json").read_text(encoding="utf-8"))["digest"]
    assert settled(_zipped(package, tmp_path / "包.zip", prefix))[0]["digest"] == want


def test_z_dot照收(settled: Settled) -> None:
    assert settled(FAULTS / "z-dot.zip")[0]["digest"]


def test_压缩包里同一份文件两份不收(package: Path, tmp_path: Path, refused: Refused) -> None:
    source = _zipped(package, tmp_path / "包.zip", "")
    with zipfile.ZipFile(source, "a") as archive:
        archive.write(package / "工单.csv", "./工单.csv")
    assert "工单.csv" in refused(source)[0][3]


def test_压缩包里没有读的文件逐个点名(package: Path, tmp_path: Path, settled: Settled) -> None:
    source = _zipped(package, tmp_path / "包.zip", "包/")
    with zipfile.ZipFile(source, "a") as archive:
        archive.writestr("别处/工单.csv", "x")
    assert "别处/工单.csv" in settled(source)[1]


def test_共用一串文字的小工作簿不展开成大文件(tmp_path: Path, refused: Refused) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "弹.xlsx")) as book:
        book.add_worksheet("数据包")
        sheet = book.add_worksheet("工单")
        sheet.write_row(0, 0, ["工单号", "单号", "资源", "目录项", "动作", "完成日期"])
        for number in range(1, 400):
            sheet.write_row(number, 0, ["长" * 32_000] * 6)
    assert (tmp_path / "弹.xlsx").stat().st_size < 100_000
    assert any("压缩炸弹" in row[3] for row in refused(tmp_path / "弹.xlsx"))


_MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
#: 换掉工作簿里的一个部件，小文件展开成很大的内存
_BOMBS = {
    "格式": (
        "xl/styles.xml",
        b"<styleSheet " + _MAIN + b"><cellXfs>" + b"<xf/>" * 12_000_000 + b"</cellXfs></styleSheet>",
    ),
    "共用的文字": ("xl/sharedStrings.xml", b"<sst " + _MAIN + b">" + b"<si><t>ab</t></si>" * 3_500_000 + b"</sst>"),
    "错误": (
        "xl/worksheets/sheet1.xml",
        b"<worksheet " + _MAIN + b"><sheetData>"
        + (b"<row>" + b"<c><f>1</f></c>" * 100 + b"</row>") * 20_000
        + b"</sheetData></worksheet>",
    ),
}  # fmt: skip


@pytest.mark.parametrize("bomb", sorted(_BOMBS))
def test_小数据包炸弹_展开以前拒绝_内存增量不到一百兆(bomb: str, tmp_path: Path) -> None:
    plain, source = tmp_path / "平.xlsx", tmp_path / "弹.xlsx"
    with xlsxwriter.Workbook(str(plain)) as book:
        book.add_worksheet("工单").write_row(0, 0, ["工单号", "单号", "资源", "目录项", "动作", "完成日期"])
    part, body = _BOMBS[bomb]
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            new.writestr(entry, body if entry == part else old.read(entry))
    assert source.stat().st_size < 200_000
    (tmp_path / "csv").mkdir()
    tracemalloc.start()
    try:
        with pytest.raises(PackageError):
            unpack_workbook(source, tmp_path / "csv")
        assert tracemalloc.get_traced_memory()[1] < 100 * 1024 * 1024
    finally:
        tracemalloc.stop()


def test_远在最后一列的格不补出一行空格(tmp_path: Path, refused: Refused) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "工单"
    sheet.append(["工单号", "单号", "资源", "目录项", "动作", "完成日期"])
    for number in range(2, 1000):
        sheet.cell(number, 16_384, "x")
    book.save(tmp_path / "远.xlsx")
    rows = refused(tmp_path / "远.xlsx")
    assert any(row[0] == "工单" and "单元格多于表头" in row[3] for row in rows)
