"""平台数据按文件导入：先预览，逐行指出错误，有一行错整份不收，确认了才写入，重导不重记（R-052）。"""

from __future__ import annotations

import io
import re
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.support.people import cast
from tests.web.test_pages import macro, signed_in
from yunheng.audit.models import Entry
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger.models import Received
from yunheng.orgs.models import Confirmation

pytestmark = pytest.mark.django_db

HEAD = "工单号,单号,资源,目录项,动作,数量,完成日期"
GOOD = f"{HEAD}\nGD-1,SQ-1,ECS-1,ZJ-CPU-X86,新增,8,2026-03-02\nGD-2,,ECS-2,ZJ-CPU-X86,释放,,2026-03-03\n"


def send(content: bytes, name: str = "工单.csv", kind: str = "工单", who: str = "lt", **extra: str) -> Any:
    return signed_in(who).post("/inbox/", {"kind": kind, "file": SimpleUploadedFile(name, content), **extra})


def confirm(page: str, who: str = "lt", **extra: str) -> Any:
    (kept,) = re.findall(r'name="kept" value="([^"]+)"', page)
    return signed_in(who).post("/inbox/", {"kept": kept, **extra})


def test_R052_先预览什么都不写_确认了才收_记审计() -> None:
    page = send(GOOD.encode()).content.decode()
    assert "共 2 行，写法都没有错。其中" in page
    assert "都没有问题" not in page
    assert not Received.objects.exists()
    assert confirm(page).headers["Location"] == "/inbox/?new=2&known=0"
    row = Received.objects.get(source_ref="GD-1/ECS-1/ZJ-CPU-X86")
    assert (row.source.code, row.payload["完成日期"], row.payload["数量"]) == ("CU-文件", "2026-03-02", "8")
    assert Entry.objects.filter(action="收件").exists()


def test_R052_同一份再导一次_一条都不重记() -> None:
    confirm(send(GOOD.encode()).content.decode())
    assert confirm(send(GOOD.encode()).content.decode()).headers["Location"] == "/inbox/?new=0&known=2"
    assert Received.objects.count() == 2


def test_R052_有一行错整份不收_逐行说明() -> None:
    bad = f"{GOOD}GD-3,,ECS-3,ZJ-CPU-X86,开通,8,2026-03-02\nGD-4,,,ZJ-CPU-X86,新增,八,9999-01-01\n"
    page = send(bad.encode()).content.decode()
    assert "2 行有错" in page
    for words in ("动作：只能填 新增、变更、释放，现在是“开通”", "资源：不能为空", "数量：“八”不是数"):
        assert words in page
    assert 'name="kept"' not in page


def test_R052_GBK编码和Excel都收_Excel的日期和数字照样() -> None:
    page = send(GOOD.encode("gb18030")).content.decode()
    assert "写法都没有错" in page
    assert "GB18030（GBK）编码，已认出" in page
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["资源", "首见日期", "末见日期"])
    sheet.append(["ECS-1", date(2026, 3, 2), "2026-06-30"])
    out = io.BytesIO()
    book.save(out)
    assert confirm(send(out.getvalue(), "日志.xlsx", "日志").content.decode()).status_code == 302
    assert Received.objects.get().payload == {
        "编号": "ECS-1/2026-03-02/2026-06-30",
        "资源": "ECS-1",
        "首见日期": "2026-03-02",
        "末见日期": "2026-06-30",
    }


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("工单.csv", b"", "是空的"),
        ("工单.csv", HEAD.encode(), "只有表头"),
        ("工单.csv", b"a,b\n1,2\n", "缺少列：工单号"),
        ("工单.csv", b"\x89PNG\r\n\x1a\n\0\0", "不是文本"),
        ("工单.xlsx", b"x", "打不开"),
        ("工单.xlsm", b"x", "带宏"),
        ("工单.xlsx", macro(), "有宏"),
        ("工单.pdf", b"%PDF", "不是 .xlsx、.csv 文件"),
        ("工单.csv", (HEAD + "\n" + "GD,,E,I,新增,1,2026-01-01\n" * 10_001).encode(), "一次最多 10,000 行"),
    ],
)
def test_R052_不合的文件_说清怎么办_什么都不写(name: str, content: bytes, words: str) -> None:
    response = send(content, name)
    assert response.status_code == 422
    assert words in response.content.decode()
    assert not Received.objects.exists()


def test_R052_同号内容不同_拒绝_旧的不变() -> None:
    confirm(send(GOOD.encode()).content.decode())
    page = send(GOOD.replace(",8,", ",16,").encode()).content.decode()
    assert "1 行有错" in page
    assert "以前收过，内容不同" in page
    assert 'name="kept"' not in page
    assert Received.objects.get(source_ref="GD-1/ECS-1/ZJ-CPU-X86").payload["数量"] == "8"


def test_R001_第三方只看不能导入_区科创中心导入要选服务商() -> None:
    assert send(GOOD.encode(), who="dsf").status_code == 403
    assert "请选择是哪家服务商" in send(GOOD.encode(), who="shy").content.decode()
    page = send(GOOD.encode(), who="shy", provider="CT").content.decode()
    confirm(page, "shy")
    assert set(Received.objects.values_list("source__code", flat=True)) == {"CT-文件"}


def test_R001_预览的内容只有本人能确认_改过的不收() -> None:
    page = send(GOOD.encode()).content.decode()
    assert confirm(page, "dx").status_code == 422
    assert not Received.objects.exists()


# ── 像人做的文件 ──

FAULTS = Path(__file__).parents[1] / "faults"


def fault(name: str) -> str:
    content: bytes = send((FAULTS / name).read_bytes(), name).content
    return content.decode()


def test_R052_十八位编号存成数字_逐格拒绝_不能确认() -> None:
    page = fault("g04-orders-longid.xlsx")
    assert "3 行有错" in page
    for row in (2, 3, 4):
        assert f"第 {row} 行 A 列“工单号”</b>：超过 15 位的编号存成了数字" in page
    assert 'name="kept"' not in page
    assert "重新选择文件" in page


def test_R052_公式没有算过_逐格拒绝_不读成空() -> None:
    page = fault("g30-orders-formula.xlsx")
    assert "第 2 行 F 列“数量”</b>：是公式“=4*2”" in page
    assert "第 3 行 B 列“单号”</b>：是公式“=A2”" in page
    assert 'name="kept"' not in page


def test_R052_表头稍有不同的列_认出来并写明_数量和单号都在() -> None:
    page = fault("g35-orders-otherheads.csv")
    assert "单据号 → <b>单号</b>" in page
    assert "数量(核) → <b>数量</b>" in page
    assert confirm(page).headers["Location"] == "/inbox/?new=1&known=0"
    payload = Received.objects.get().payload
    assert (payload["单号"], payload["数量"]) == ("SQ-2026-0008", "8")


def test_R052_认不出的列_点名_默认按钮不是确认导入_点了头才收() -> None:
    odd = GOOD.replace(HEAD, f"{HEAD},核数").replace("2026-03-02\n", "2026-03-02,8\n")
    page = send(odd.encode()).content.decode()
    assert "H 列“核数”</b>：认不出是哪一列，没有读（1 行有内容）" in page
    assert '<a class="btn btn-primary" href="/inbox/">不导入，回去改文件</a>' in page
    assert '<button class="btn">确认导入 2 条</button>' in page
    assert "都没有问题" not in page
    response = confirm(page)
    assert response.status_code == 422
    assert "有的列、表没有读" in response.content.decode()
    assert not Received.objects.exists()
    assert confirm(page, agreed="on").status_code == 302
    assert Received.objects.count() == 2


def test_R052_预览写明读的是哪张表哪些行_标题行合计行点名() -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].title = "三月"
    for row in [["三月工单"], HEAD.split(","), *(line.split(",") for line in GOOD.splitlines()[1:]), ["合计"]]:
        book.worksheets[0].append(row)
    out = io.BytesIO()
    book.save(out)
    page = send(out.getvalue(), "三月.xlsx").content.decode()
    assert "读的是“三月”：表头在第 2 行，读了第 3–4 行，共 2 行" in page
    assert "第 1 行</b>：在表头以前，当作标题，没有读" in page
    assert "第 5 行</b>：是合计行，没有读" in page
    assert '<button class="btn btn-primary">确认导入 2 条</button>' in page


def test_R052_同一次预览只能确认一次_第二次不再写_说清楚() -> None:
    page = send(GOOD.encode()).content.decode()
    assert confirm(page).status_code == 302
    again = confirm(page)
    assert again.status_code == 422
    assert "这次预览已经确认过了" in again.content.decode()
    assert Entry.objects.filter(action="收件").count() == 1


def test_R052_确认时没写成的_预览还在_可以再确认() -> None:
    page = send(GOOD.replace(",8,", ",16,").encode()).content.decode()
    confirm(send(GOOD.encode()).content.decode())
    assert confirm(page).status_code == 422
    assert "以前收过，内容不同" in confirm(page).content.decode()
    assert Confirmation.objects.count() == 1


def test_R052_说明清单全部下载成Excel_改过的不给() -> None:
    page = fault("g04-orders-longid.xlsx")
    (notes,) = re.findall(r'name="notes" value="([^"]+)"', page)
    response = signed_in("lt").post("/previews/notes.xlsx", {"notes": notes})
    rows = list(openpyxl.load_workbook(io.BytesIO(response.content)).worksheets[0].values)
    assert rows[0] == ("怎么了", "表", "在哪里", "说明")
    assert [row[0] for row in rows[1:4]] == ["拒绝"] * 3
    assert signed_in("lt").post("/previews/notes.xlsx", {"notes": notes + "x"}).status_code == 422


def test_R052_预览就指出别家的资源_日期不对_对不上的照收有提醒() -> None:
    walk = Walk(cast(), "mzj", date(2026, 3, 2), "new", project_name="归主").fill(**{**FILLED, "iaas": "电信"}).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve").later(1).deliver("dx", "ECS-OWN-")
    page = send(f"{GOOD}GD-9,SQ-1,ECS-OWN-01,ZJ-CPU-X86,释放,,2026-04-03\n".encode()).content.decode()
    assert "1 行有错" in page
    assert "资源 ECS-OWN-01 在 2026-04-03 是别家服务商名下的" in page
    assert "提醒：资源 ECS-1 台账和已通过的单据里都没有" in page
    assert 'name="kept"' not in page
    logs = "编号,资源,首见日期,末见日期\n1,ECS-1,2026-03-02,2026-03-01\n"
    assert "晚于末见日期" in send(logs.encode(), "日志.csv", "日志").content.decode()


def test_R001_区科创中心代导的_照那家的规矩查归属() -> None:
    walk = Walk(cast(), "mzj", date(2026, 3, 2), "new", project_name="归主").fill(**FILLED).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve").later(1).deliver("lt", "ECS-OWN-")
    content = f"{HEAD}\nGD-9,SQ-1,ECS-OWN-01,ZJ-CPU-X86,释放,,2026-04-03\n".encode()
    assert "别家服务商" in send(content, who="shy", provider="CT").content.decode()
    assert "1 行有错" not in send(content, who="shy", provider="CU").content.decode()


def test_R052_文件里更正写在更正一栏_要有自己的新编号() -> None:
    head = "编号,资源,目录项,日期,用量,更正\n"
    first = f"{head}U-1,R,RZ-ESYS2,2026-03-02,5,\n".encode()
    confirm(send(first, "用量.csv", "用量").content.decode())
    page = send(f"{head},R,RZ-ESYS2,2026-03-02,7,U-1\n".encode(), "用量.csv", "用量").content.decode()
    assert "更正要写自己的新编号" in page
    confirm(send(f"{head}U-2,R,RZ-ESYS2,2026-03-02,7,U-1\n".encode(), "用量.csv", "用量").content.decode())
    assert Received.objects.get(source_ref="U-2").corrects == Received.objects.get(source_ref="U-1")


def test_R052_对不上的行排在预览前面_行号都写出来_不埋在一百行以外() -> None:
    rows = "".join(f"GD-{n},,ECS-{n},ZJ-CPU-X86,释放,,2026-03-03\n" for n in range(2, 251))
    page = send(f"{HEAD}\n{rows}GD-X,,ECS-NONE,ZJ-CPU-X86,新增,,2026-03-02\n".encode()).content.decode()
    assert re.search(r"行对不上</b>（第 [0-9–、]*251 行，见各行的提醒）", page)
    assert "有错的、对不上的在前" in page


def test_R052_更正只写了工单号的_告诉收过的完整编号_照它写就收() -> None:
    confirm(send(GOOD.encode()).content.decode())
    fixed = f"{HEAD},更正\nGD-1-改,SQ-1,ECS-1,ZJ-CPU-X86,新增,16,2026-03-02,%s\n"
    page = send((fixed % "GD-1").encode()).content.decode()
    assert "要更正的 GD-1 没有从这个来源收过" in page
    assert "收过的编号是 GD-1/ECS-1/ZJ-CPU-X86，请写全" in page
    page = send((fixed % "GD-1/ECS-1/ZJ-CPU-X86").encode()).content.decode()
    assert "行有错" not in page
    assert confirm(page).status_code == 302


def test_R052_没有收过的工单号_不猜是哪一件() -> None:
    page = send(f"{HEAD},更正\nGD-1,SQ-1,ECS-1,ZJ-CPU-X86,新增,16,2026-03-02,GD-9\n".encode()).content.decode()
    assert "要更正的 GD-9 没有从这个来源收过" in page
    assert "收过的编号是" not in page
