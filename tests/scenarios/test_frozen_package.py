"""已冻结的年度导出、下载，默认是冻结时的包，逐字节；照今天的库要明说（R-077、R-083）。"""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.scenarios.test_correction import corrected, fact_of
from tests.support.people import signed_in
from tests.support.year import JULY, YEAR, approved, measured, used
from yunheng.audit.refused import Refused
from yunheng.config import cli
from yunheng.ledger.models import Project
from yunheng.metering import engine, result
from yunheng.metering.opening import opened
from yunheng.metering.records import records
from yunheng.orgs.models import BusinessClock
from yunheng.settlement import queries
from yunheng.settlement.models import RunFile
from yunheng.settlement.runs import freezing, running

pytestmark = pytest.mark.django_db
PAGE = f"/settlement/package/?year={YEAR}&format="


@pytest.fixture(autouse=True)
def _clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


@pytest.fixture
def frozen(tmp_path: Path) -> bytes:
    """冻结以后又更正了一条台账；给出冻结时的包。"""
    used()
    approved(tmp_path)
    corrected(fact_of())
    freeze = queries.frozen(YEAR)
    assert freeze
    return bytes(RunFile.objects.get(run=freeze.run, name=running.PACKAGE).content)


def digest(package: Path) -> str:
    with opened(package) as found, (package.parent / "结算.json").open("wb") as file:
        return result.write(engine.settle(found), file)


def test_R083_默认给冻结时的包_重算仍是冻结的摘要_照今天的库导出的不同(frozen: bytes, tmp_path: Path) -> None:
    freeze = queries.frozen(YEAR)
    assert freeze
    assert "这是冻结时的包" in freezing.taken(YEAR, tmp_path / "一.zip")
    assert (tmp_path / "一.zip").read_bytes() == frozen
    assert digest(tmp_path / "一.zip") == freeze.run.digest
    freezing.taken(YEAR, tmp_path / "目录")
    assert digest(tmp_path / "目录") == freeze.run.digest
    assert "照今天的库" in freezing.taken(YEAR, tmp_path / "今天.zip", now=True)
    assert digest(tmp_path / "今天.zip") != freeze.run.digest


@pytest.mark.usefixtures("frozen")
def test_R083_冻结时的包没有截止日_没有Excel_目标已有内容不写(tmp_path: Path) -> None:
    for target, cutoff in (("一.xlsx", None), ("二.zip", JULY)):
        with pytest.raises(Refused, match="冻结时的包"):
            freezing.taken(YEAR, tmp_path / target, cutoff)
    (tmp_path / "三.zip").write_bytes(b"x")
    with pytest.raises(FileExistsError):
        freezing.taken(YEAR, tmp_path / "三.zip")


@pytest.mark.usefixtures("frozen")
@pytest.mark.parametrize("name", ["一.zip", "目录"])
def test_R083_写到一半断了_目标什么都没有_也不留草稿_重来能写完(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "交出去"
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("断电")))
        with pytest.raises(OSError, match="断电"):
            freezing.taken(YEAR, out / name)
    assert list(out.iterdir()) == []
    freezing.taken(YEAR, out / name)
    assert [one.name for one in out.iterdir()] == [name]


def test_R083_已有的空目录里照写_不换掉它(frozen: bytes, tmp_path: Path) -> None:
    out = tmp_path / "空的"
    out.mkdir()
    kept = out.stat().st_ino
    freezing.taken(YEAR, out)
    assert out.stat().st_ino == kept
    with zipfile.ZipFile(BytesIO(frozen)) as archive:
        assert sorted(one.name for one in out.iterdir()) == sorted(archive.namelist())


def test_R083_网页下载也给冻结时的包_勾了才照今天的库(frozen: bytes) -> None:
    found = signed_in("shy").get(f"{PAGE}zip")
    assert found.content == frozen
    assert "%E5%86%BB%E7%BB%93%E6%97%B6%E7%9A%84%E5%8C%85" in found["Content-Disposition"]
    assert signed_in("shy").get(f"{PAGE}zip&now=1").content != frozen
    page = signed_in("shy").get("/settlement/package/").content.decode()
    assert "已冻结）" in page
    assert "冻结时的包" in page


@pytest.mark.usefixtures("frozen")
def test_R083_命令行写明是哪一个包(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["export", str(YEAR), "--out", str(tmp_path / "一.zip")]) == 0
    assert "这是冻结时的包" in capsys.readouterr().out
    assert cli.main(["export", str(YEAR), "--out", str(tmp_path / "一.xlsx")]) == 1
    assert "--now" in capsys.readouterr().err
    assert cli.main(["export", str(YEAR), "--out", str(tmp_path / "今天.xlsx"), "--now"]) == 0
    assert "照今天的库" in capsys.readouterr().out


def test_R077_名称里有引号逗号换行_系统写的包照样合CSV一章_读回来一字不差(tmp_path: Path) -> None:
    name = '“甲”,"乙"平台\n（二期） '
    project = used()
    Project.objects.filter(pk=project.pk).update(name=name)
    run = measured()
    path = tmp_path / "包.zip"
    path.write_bytes(bytes(RunFile.objects.get(run=run, name=running.PACKAGE).content))
    with zipfile.ZipFile(path) as archive:
        tables = [one for one in archive.namelist() if one.endswith(".csv")]
        archive.extractall(tmp_path / "表")
    assert len(tables) > 6
    for table in tables:
        head, *rows = records(tmp_path / "表" / table)
        assert all(len(row) == len(head) for row in rows), table
    (row,) = [row for row in records(tmp_path / "表" / "项目.csv") if row[0] == project.code]
    assert row[1] == name
    assert digest(path) == run.digest


def test_R077_年度没有完又没有截止日的_说一声_有截止日和完了的不说(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    used()
    assert cli.main(["export", str(YEAR + 1), "--out", str(tmp_path / "甲.zip")]) == 0
    said = capsys.readouterr().err
    assert f"{YEAR + 1} 服务年度到 {YEAR + 2}-06-30 才完，今天是 {JULY}" in said
    assert "如 2026-07-07" in said
    assert cli.main(["export", str(YEAR + 1), "--cutoff", "2026-07-07", "--out", str(tmp_path / "乙.zip")]) == 0
    assert cli.main(["export", str(YEAR), "--out", str(tmp_path / "丙.zip")]) == 0
    assert "才完" not in capsys.readouterr().err
    page = signed_in("shy").get("/settlement/package/").content.decode()
    assert "还没有完" in page
    assert "没有截止日，这个包算到年末" in page
