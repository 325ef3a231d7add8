"""`yunheng rules`：每个数字带条款；没有施行的日子、没有的规则都说没有，不猜。"""

from __future__ import annotations

import json
from typing import Any

import pytest

from yunheng.config.cli import main


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main(["rules", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["rules", *arguments]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    return shown.err


def test_R004_某日的数字都带条款_试行期间的注明来历(capsys: pytest.CaptureFixture[str]) -> None:
    before = {entry["key"]: entry for entry in asked(capsys, "at", "2023-12-04")}
    after = {entry["key"]: entry for entry in asked(capsys, "at", "2023-12-05")}
    assert all(entry["clause"] for entry in after.values())
    assert before["trial_months"]["note"] == "试行文本未录入，按现行细则"
    assert after["trial_months"]["note"] == ""
    assert after["trial_months"]["value"] == "3"


def test_R004_规定施行以前的日子拒绝_说最早从哪天起(capsys: pytest.CaptureFixture[str]) -> None:
    assert "最早的自 2022-05-01 起" in refused(capsys, "at", "2022-04-30")


def test_D62的数字在试行细则以前不列(capsys: pytest.CaptureFixture[str]) -> None:
    assert "trial_months" not in {entry["key"] for entry in asked(capsys, "at", "2022-06-30")}


def test_R005_口径写出可选项_默认_理由_谁可以改(capsys: pytest.CaptureFixture[str]) -> None:
    rule = asked(capsys, "show", "K-03")
    assert (rule["default"], set(rule["options"])) == ("actual", {"actual", "fixed_365"})
    assert rule["reason"]
    assert rule["changed_by"] == "区科委"


def test_条款写出要点_需求_由它定的数字(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "show", "D62-七"]) == 0
    shown = capsys.readouterr().out
    assert "R-072" in shown
    assert "trial_months" in shown


@pytest.mark.parametrize(("name", "reason"), [("K-99", "没有这个参数、条款或口径"), ("D14-16", "2 条")])
def test_没有的规则和分不清的条款拒绝(capsys: pytest.CaptureFixture[str], name: str, reason: str) -> None:
    assert reason in refused(capsys, "show", name)


def test_目录可以只列一份文件(capsys: pytest.CaptureFixture[str]) -> None:
    listed = asked(capsys, "list", "--policy", "M6")
    assert len(listed["clauses"]) == 35
    assert all(entry["clause"].startswith("M6-") for entry in listed["parameters"])


def test_没有收录的文件拒绝_说收录了哪些(capsys: pytest.CaptureFixture[str]) -> None:
    assert "M6、M10、D14、D62" in refused(capsys, "list", "--policy", "X9")


@pytest.mark.parametrize("arguments", [["rules"], ["rules", "at"], ["rules", "at", "昨天"], ["rules", "算"]])
def test_问法不对是用法错误(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
