"""页面走一遍：登录锁定、首登改口令、动态口令、自动保存冲突、粘贴导入、退回定位、坏输入不出 500。"""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from tests.support.people import cast
from yunheng.applications import backfill
from yunheng.applications.models import Draft
from yunheng.applications.sections import SECTIONS
from yunheng.audit.models import Entry
from yunheng.cases.models import Board, Case
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger.models import Project
from yunheng.orgs.models import BusinessClock, Institution, Person

pytestmark = pytest.mark.django_db

PASSWORD = "Yunheng-demo-1"
DAY = date(2026, 7, 8)
NASTY = [
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "'; DROP TABLE cases_case; --",
    "𠮷𡈽𪚥龘",
    "😀👩‍👩‍👧",
    "%00",
    "../../etc/passwd",
    "{{7*7}}",
    "\u202e反向",
    "a" * 5000,
]


def signed_in(who: str = "mzj") -> Client:
    client = Client()
    client.force_login(Person.objects.get(username=f"demo.{who}"), backend="django.contrib.auth.backends.ModelBackend")
    return client


def post_login(client: Client, username: str, password: str, **extra: Any) -> Any:
    return client.post("/login/", {"username": username, "password": password, **extra})


# ── 登录（R-111）──


def test_登录名和口令对了进工作台_记审计() -> None:
    client = Client()
    assert post_login(client, "demo.mzj", PASSWORD).headers["Location"] == "/"
    assert Entry.objects.filter(action="登录", subject="demo.mzj").exists()


def test_登录后回到原来要去的页_不跳到外面() -> None:
    assert post_login(Client(), "demo.mzj", PASSWORD, next="/cases/").headers["Location"] == "/cases/"
    assert post_login(Client(), "demo.mzj", PASSWORD, next="https://evil.example/").headers["Location"] == "/"


def test_口令连续五次不对_锁定_对了也进不去_安全管理员解锁后可以() -> None:
    client = Client()
    for _ in range(4):
        assert "登录名或口令不对" in post_login(client, "demo.mzj", "错的").content.decode()
    assert "已锁定 30 分钟" in post_login(client, "demo.mzj", "错的").content.decode()
    assert post_login(Client(), "demo.mzj", PASSWORD).status_code == 403
    person = Person.objects.get(username="demo.mzj")
    assert signed_in("aqgly").post("/admin/people/", {"do": "unlock", "person": person.pk}).status_code == 302
    assert post_login(Client(), "demo.mzj", PASSWORD).status_code == 302


def test_登录名长得离谱_照样说登录名或口令不对() -> None:
    page = post_login(Client(), "长" * 600, PASSWORD)
    assert page.status_code == 401
    assert "登录名或口令不对" in page.content.decode()


def test_新登记的人头一次登录要先改口令_弱口令不收(settings: Any) -> None:
    settings.DEMO = False
    page = (
        signed_in("xtgly")
        .post("/admin/people/", {"do": "register", "username": "xinren", "name": "新人"})
        .content.decode()
    )
    secret = re.findall(r"<code>(.+?)</code>", page)[0]
    person = Person.objects.get(username="xinren")
    from yunheng.orgs.models import Institution
    from yunheng.orgs.operations import appoint
    from yunheng.rules.roles import Role

    appoint(
        actor=cast()["xtgly"],
        person=person,
        institution=Institution.objects.get(code="U07"),
        role=Role.CLERK,
        on=date(2026, 1, 1),
    )
    client = Client()
    post_login(client, "xinren", secret)
    assert client.get("/cases/").headers["Location"] == "/password/"
    for weak in ("12345678901", "xinren", "abcdefghijkl", "password1234"):
        refused = client.post("/password/", {"old": secret, "new": weak, "again": weak})
        assert refused.status_code == 422, weak
    good = {"old": secret, "new": "Xin-kouling-2026", "again": "Xin-kouling-2026"}
    assert client.post("/password/", good).status_code == 302
    assert client.get("/cases/").status_code == 200


def test_启用动态口令以后_光有口令进不去() -> None:
    person = Person.objects.get(username="demo.mzj")
    device = TOTPDevice.objects.create(user=person, name="手机", confirmed=True)
    client = Client()
    post_login(client, "demo.mzj", PASSWORD)
    assert client.get("/cases/").headers["Location"] == "/login/code/"
    assert client.post("/login/code/", {"code": "000000"}).status_code == 401
    device.refresh_from_db()
    device.throttle_reset()
    code = totp(device.bin_key, step=device.step, t0=device.t0, digits=device.digits)
    assert client.post("/login/code/", {"code": f"{code:06d}"}).status_code == 302
    assert client.get("/cases/").status_code == 200


def test_三员与业务角色不得兼任_说明理由() -> None:
    person = Person.objects.get(username="demo.mzj")
    from yunheng.orgs.models import Institution

    given = {
        "do": "appoint",
        "person": person.pk,
        "institution": Institution.objects.get(code="KCZX").pk,
        "role": "audit_admin",
    }
    page = signed_in("xtgly").post("/admin/people/", given)
    assert page.status_code == 422
    assert "三员相互独立" in page.content.decode()


def test_安全管理员不能任免_系统管理员不能重置口令() -> None:
    person = Person.objects.get(username="demo.mzj")
    assert (
        signed_in("aqgly").post("/admin/people/", {"do": "register", "username": "x", "name": "x"}).status_code == 404
    )
    assert (
        "不在您的职责内"
        in signed_in("xtgly").post("/admin/people/", {"do": "reset", "person": person.pk}).content.decode()
    )


# ── 填表 ──


@pytest.fixture
def walk() -> Walk:
    return Walk(cast(), "mzj", DAY, "new", project_name="页面测试系统")


def hosts(rows: list[dict[str, str]], version: int) -> dict[str, Any]:
    return {"version": version, **{f"h:{n}:{key}": value for n, row in enumerate(rows) for key, value in row.items()}}


def test_自动保存回新版本号和合计(walk: Walk) -> None:
    page = (
        signed_in()
        .post(f"/apply/{walk.case.number}/hosts/", hosts(FILLED["hosts"], 0), headers={"HX-Request": "true"})
        .content.decode()
    )
    assert 'data-version="1"' in page
    assert "合计 3 台 · 32 核 · 128 GB" in page
    assert Draft.objects.get(case=walk.case).content["hosts"] == FILLED["hosts"]


def test_两处同时填_后存的不覆盖_说明是谁(walk: Walk) -> None:
    client, url = signed_in(), f"/apply/{walk.case.number}/hosts/"
    client.post(url, hosts(FILLED["hosts"], 0), headers={"HX-Request": "true"})
    page = client.post(url, hosts([], 0), headers={"HX-Request": "true"})
    assert page.status_code == 409
    assert "陈静" in page.content.decode()
    assert len(Draft.objects.get(case=walk.case).content["hosts"]) == 2


def test_登录失效时自动保存回401_内容不丢_重新登录后再存(walk: Walk) -> None:
    client, url = signed_in(), f"/apply/{walk.case.number}/hosts/"
    client.cookies.clear()
    assert client.post(url, hosts(FILLED["hosts"], 0), headers={"HX-Request": "true"}).status_code == 401
    again = client.post("/login/", {"username": "demo.mzj", "password": PASSWORD}, headers={"HX-Request": "true"})
    assert (again.status_code, again.headers["HX-Trigger"]) == (204, "signed-in")
    assert client.post(url, hosts(FILLED["hosts"], 0), headers={"HX-Request": "true"}).status_code == 200


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_坏输入在每一栏_要么存对要么说清_从不500_不当代码执行(walk: Walk, text: str) -> None:
    client, number = signed_in(), walk.case.number
    given = {
        "project": {"leader": text, "contact": text, "classified": text, "level": text},
        "placement": {"planned_on": text, "iaas": text},
        "hosts": {"h:0:os": text, "h:0:cores": text, "h:0:note": text},
        "services": {"tick:WL-IP": "1", "qty:WL-IP": text},
        "files": {"statement": text},
    }
    for section, values in given.items():
        version = Draft.objects.get(case=walk.case).version
        page = client.post(f"/apply/{number}/{section}/", {"version": version, **values})
        assert page.status_code in (302, 422), section
    for url in (f"/apply/{number}/", f"/apply/{number}/check/", *(f"/apply/{number}/{s}/?tried=1" for s in given)):
        page = client.get(url)
        assert page.status_code == 200, url
        assert "<script>alert(1)</script>" not in page.content.decode()
    for url in (
        "/cases/?q=",
        "/assets/?q=",
        "/search/?q=",
        "/cases/?unit=",
        "/assets/?page=",
        "/assets/calendar/?ym=",
        "/assets/?expires_before=",
    ):
        assert client.get(url + text[:50]).status_code in (200, 400, 404), url


@pytest.mark.parametrize("text", ["9999-12-31", "0001-01-01", "2025-02-30", "2025-13-01", "二〇二五年"])
def test_日期写错或太远_说清怎么写(walk: Walk, text: str) -> None:
    walk.fill(**{**FILLED, "planned_on": text})
    page = signed_in().get(f"/apply/{walk.case.number}/check/").content.decode()
    assert "计划上云时间：日期应" in page


def test_粘贴先预览不写入_逐格指出错误_确认才写(walk: Walk) -> None:
    client, url = signed_in(), f"/apply/{walk.case.number}/paste/"
    lines = [f"云主机\t1\t8\t32\t麒麟 V10\t0.1\t\t否\t政务外网\t\t\t第{n}台" for n in range(50)]
    for n, (column, bad) in enumerate([(2, "八"), (3, ""), (5, "-1"), (8, "火星"), (1, "0")]):
        cells = lines[n * 7].split("\t")
        cells[column] = bad
        lines[n * 7] = "\t".join(cells)
    page = client.post(url, {"text": "\n".join(lines)}).content.decode()
    assert "5 行有错" in page
    for words in ("CPU：应为数字", "内存不能为空", "系统盘：应为数字", "网络区域：只能填", "台数：应大于 0"):
        assert words in page
    assert not Draft.objects.get(case=walk.case).content.get("hosts")
    (kept,) = re.findall(r'name="kept" value="([^"]+)"', page)
    assert client.post(url, {"kept": kept}).status_code == 302
    assert len(Draft.objects.get(case=walk.case).content["hosts"]) == 50


def workbook(rows: list[list[object]]) -> bytes:
    book, buffer = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(buffer)
    return buffer.getvalue()


def macro() -> bytes:
    buffer = io.BytesIO(workbook([["a"]]))
    with zipfile.ZipFile(buffer, "a") as packed:
        packed.writestr("xl/vbaProject.bin", b"x")
    return buffer.getvalue()


BAD_FILES = [
    ("清单.xls", b"\xd0\xcf\x11\xe0", "另存为"),
    ("清单.xlsx", b"MZ\x90\x00 not a workbook", "打不开"),
    ("清单.xlsm", b"x", "带宏"),
    ("清单.xlsx", macro(), "有宏"),
    ("清单.docx", b"x", "不是 .xlsx、.csv"),
    ("清单.xlsx", workbook([]), "没有内容"),
    ("清单.xlsx", b"", "没有内容|打不开"),
    ("清单.xlsx", workbook([["云主机", 1, 8, 32]] * 301), "一次最多 300 行"),
]


@pytest.mark.parametrize(("name", "content", "words"), BAD_FILES, ids=range(len(BAD_FILES)))
def test_文件不对_按名说清该怎么办_什么都不写(walk: Walk, name: str, content: bytes, words: str) -> None:
    page = signed_in().post(f"/apply/{walk.case.number}/paste/", {"file": SimpleUploadedFile(name, content)})
    assert page.status_code == 422
    assert re.search(words, page.content.decode())
    assert not Draft.objects.get(case=walk.case).content.get("hosts")


def previewed(walk: Walk, name: str, content: bytes) -> str:
    url = f"/apply/{walk.case.number}/paste/"
    return str(signed_in().post(url, {"file": SimpleUploadedFile(name, content)}).content.decode())


def test_R032_头一张表是隐藏的_读看得见的那张_写明读的哪张_没读的哪张(walk: Walk) -> None:
    page = previewed(walk, "清单.xlsx", Path("tests/faults/g07-hosts-hiddenfirst.xlsx").read_bytes())
    assert "读的是“主机清单”" in page
    assert "工作表“旧版”" in page
    assert "CentOS" not in page
    assert "确认导入 1 行" in page


def test_R032_同一次预览只能确认一次_整批可以撤销_改过的不连带撤(walk: Walk) -> None:
    client, number = signed_in(), walk.case.number
    page = previewed(walk, "清单.xlsx", Path("tests/faults/g07-hosts-hiddenfirst.xlsx").read_bytes())
    (kept,) = re.findall(r'name="kept" value="([^"]+)"', page)
    assert client.post(f"/apply/{number}/paste/", {"kept": kept}).status_code == 302
    again = client.post(f"/apply/{number}/paste/", {"kept": kept})
    assert "已经确认过了" in again.content.decode()
    draft = Draft.objects.get(case=walk.case)
    assert len(draft.content["hosts"]) == 1
    assert "撤销刚才的导入" in client.get(f"/apply/{number}/hosts/").content.decode()
    undo = f"/apply/{number}/undo-import/"
    assert client.post(undo, {"version": draft.version}).status_code == 302
    assert not Draft.objects.get(case=walk.case).content.get("hosts")
    assert "没有可以撤销的导入" in client.post(undo, {"version": draft.version + 1}).content.decode()


def test_R032_导入以后又改过_不能整批撤销_后改的都在(walk: Walk) -> None:
    client, number = signed_in(), walk.case.number
    text = "云主机\t1\t8\t32\t麒麟 V10\t0.1\t\t否\t政务外网"
    page = client.post(f"/apply/{number}/paste/", {"text": text}).content.decode()
    (kept,) = re.findall(r'name="kept" value="([^"]+)"', page)
    client.post(f"/apply/{number}/paste/", {"kept": kept})
    walk.fill(leader="后改的")
    version = Draft.objects.get(case=walk.case).version
    page = client.post(f"/apply/{number}/undo-import/", {"version": version}).content.decode()
    assert "不能整批撤销" in page
    content = Draft.objects.get(case=walk.case).content
    assert (content["leader"], len(content["hosts"])) == ("后改的", 1)


def test_R032_有认不出的列_默认按钮不是确认导入_不勾不写(walk: Walk) -> None:
    rows: list[list[object]] = [["CPU", "内存", "操作系统", "机柜号"], [8, 32, "麒麟", "A-07"]]
    page = previewed(walk, "清单.xlsx", workbook(rows))
    assert "D 列“机柜号”" in page
    assert re.search(r'class="btn btn-primary"[^>]*>不导入，回去改文件', page)
    (kept,) = re.findall(r'name="kept" value="([^"]+)"', page)
    refused = signed_in().post(f"/apply/{walk.case.number}/paste/", {"kept": kept})
    assert refused.status_code == 422
    assert not Draft.objects.get(case=walk.case).content.get("hosts")


def test_带表头的Excel按表头对列_空行不算(walk: Walk) -> None:
    rows: list[list[object]] = [
        ["内存（GB）", "CPU（核）", "操作系统（版本）", "系统盘（TB）", "网络区域"],
        [64, 16, "麒麟", 0.1, "政务外网"],
        [None] * 5,
        ["", "", "", "", ""],
    ]
    page = (
        signed_in()
        .post(f"/apply/{walk.case.number}/paste/", {"file": SimpleUploadedFile("清单.xlsx", workbook(rows))})
        .content.decode()
    )
    assert "共 1 行，都没有问题" in page


def test_附件太大_空的_说清_什么都不写(walk: Walk) -> None:
    client, url = signed_in(), f"/cases/{walk.case.number}/files/"
    page = client.post(url, {"kind": "其他", "file": SimpleUploadedFile("大.docx", b"0" * (20 * 1024 * 1024 + 1))})
    assert (page.status_code, "超过 20 MB" in page.content.decode()) == (422, True)
    page = client.post(url, {"kind": "其他", "file": SimpleUploadedFile("空.docx", b"")})
    assert page.status_code == 422
    assert not walk.case.attachments.exists()


def test_附件一律下载_不在页面里打开(walk: Walk) -> None:
    client = signed_in()
    client.post(
        f"/cases/{walk.case.number}/files/",
        {"kind": "其他", "file": SimpleUploadedFile("坏.html", b"<script>1</script>")},
    )
    page = client.get(f"/cases/{walk.case.number}/files/{walk.case.attachments.get().pk}/")
    assert page.headers["Content-Type"] == "application/octet-stream"
    assert page.headers["Content-Disposition"].startswith("attachment")


def test_U5_退回的地方一点就到() -> None:
    walk = Walk(cast(), "mzj", DAY, "new", project_name="退回系统").fill(**FILLED).submit().act("mzj-fzr", "approve")
    url = f"/cases/{walk.case.number}/act/"
    given = {"act": "return", "seen": walk.seq, "opinion": "请补充", "mark:hosts.1.memory": "写明并发数"}
    assert signed_in("shy").post(url, given).status_code == 302
    page = signed_in().get(f"/apply/{walk.case.number}/").content.decode()
    assert f'href="/apply/{walk.case.number}/hosts/#f-hosts.1.memory"' in page
    assert 'id="f-hosts.1.memory"' in signed_in().get(f"/apply/{walk.case.number}/hosts/").content.decode()


def test_R045_轮到谁办_办件页上就有那一步的每个动作(walk: Walk) -> None:
    walk.fill(**FILLED).submit()
    page = signed_in("mzj-fzr").get(f"/cases/{walk.case.number}/").content.decode()
    assert re.findall(r'name="act" value="(\w+)"', page) == ["approve", "return"]


def test_从填表到提交走页面_收据上有编号和下一步() -> None:
    client = signed_in()
    number = client.post("/apply/", {"kind": "new", "name": "走页面的系统"}).headers["Location"].split("/")[2]

    def send(section: str, values: dict[str, Any]) -> None:
        version = Draft.objects.get(case__number=number).version
        assert client.post(f"/apply/{number}/{section}/", {"version": version, **values}).status_code == 302

    send("project", {key: FILLED[key] for key in ("leader", "contact", "classified", "level")})
    send(
        "placement",
        {key: FILLED[key] for key in ("level_of_cloud", "city_reason", "architecture", "iaas", "planned_on")},
    )
    send("hosts", {f"h:{n}:{key}": value for n, row in enumerate(FILLED["hosts"]) for key, value in row.items()})
    send("services", {f"{kind}:{code}": "1" for code in FILLED["services"] for kind in ("tick", "qty")})
    send("files", {"statement": FILLED["statement"]})
    paper = io.BytesIO(b"%PDF-1.4")
    paper.name = "立项审查表.pdf"
    kind = "信息化项目立项审查表（云资源）"
    client.post(f"/cases/{number}/files/", {"kind": kind, "file": paper, "back": f"/apply/{number}/files/"})
    page = client.post(
        f"/apply/{number}/check/", {"seen": Board.objects.get(case__number=number).seq}, follow=True
    ).content.decode()
    assert f"已提交：{number}" in page
    assert "负责人签批" in page
    assert Case.objects.get(number=number).board.state == "待签批"


def test_涉密的一存就说不能上_不等提交(walk: Walk) -> None:
    client = signed_in()
    client.post(f"/apply/{walk.case.number}/project/", {"version": 0, "classified": "是"})
    assert (
        "涉密信息系统不得使用政务云（D62-三、M6-2，R-002）"
        in client.get(f"/apply/{walk.case.number}/").content.decode()
    )


def test_导出的Excel里没有公式(walk: Walk) -> None:
    walk.fill(**{**FILLED, "statement": "=1+1"})
    content = signed_in("shy").get("/assets/?format=xlsx").content
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.active is not None
    assert all(cell.data_type != "f" for row in book.active.iter_rows() for cell in row)


def test_响应头_只用自己的资源_不许被嵌() -> None:
    headers = signed_in().get("/").headers
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff")
    assert headers["Cache-Control"] == "no-store"


def opened(count: int) -> None:
    """这么多件走到测试期的首次申请。"""
    for _ in range(count):
        walk = Walk(cast(), "mzj", DAY, "new", project_name=f"系统{Case.objects.count()}").fill(**FILLED).submit()
        walk.act("mzj-fzr", "approve").act("shy", "approve").deliver("lt", f"E-{walk.case.number}-")


#: 页面 → SQL 次数。多了要有理由；不随行数增长
QUERIES = {
    # 哪些年度冻结了、有哪些批次：以后又收到的、又记的，办结以后又没有结清的，要写在工作台和待办上；
    # 考核分先看有没有没办完的满意度调查；账上有、台账没有的，补录的单据、等回执的各查一次；
    # 到期没有回收的、快到期的各数一次
    "/": 34,
    "/todo/": 11,
    "/cases/": 9,
    "/cases/?q=mzj": 9,
    # 计费起照各年度的口径、单据种类和账上采用的工单算：事实、工单各查一次，口径一年一次
    "/assets/": 15,
    "/assets/calendar/": 11,
    "/search/?q=mzj": 11,
}


@pytest.mark.parametrize("url", sorted(QUERIES))
def test_每页的SQL次数有数_不随行数增长(url: str) -> None:
    client = signed_in("shy")
    opened(1)
    client.get(url)
    counts = []
    for more in (0, 4):
        opened(more)
        with CaptureQueriesContext(connection) as captured:
            client.get(url)
        counts.append(len(captured))
    assert counts == [QUERIES[url]] * 2


@pytest.mark.parametrize("kind", sorted(SECTIONS))
def test_每类申请的每一部分_空表和提交出错后都打得开(kind: str) -> None:
    project = Project.objects.get(code="P-007")
    walk = Walk(cast(), "mzj", date(2026, 7, 8), kind, project=project)
    client = signed_in()
    for section in SECTIONS[kind]:
        for query in ("", "?tried=1"):
            page = client.get(f"/apply/{walk.case.number}/{section.code}/{query}")
            assert page.status_code == 200, section.title
    assert "还不能提交" in client.get(f"/apply/{walk.case.number}/check/").content.decode()


def test_R047_下载附件填好再导入_先列出要改哪里_确认才写入(walk: Walk) -> None:
    client, number = signed_in(), walk.case.number
    walk.fill(**{**FILLED, "leader": "旧负责人"})
    document = docx.Document(io.BytesIO(client.get(f"/apply/{number}/annex1.docx").content))
    for cell in (c for table in document.tables for row in table.rows for c in row.cells if c.text == "旧负责人"):
        cell.text = "新负责人"
    out = io.BytesIO()
    document.save(out)
    out.seek(0)
    out.name = "附件1.docx"
    page = client.post(f"/apply/{number}/import/", {"file": out}).content.decode()
    assert "会改 1 处" in page
    assert Draft.objects.get(case=walk.case).content["leader"] == "旧负责人"
    kept = re.findall(r'name="kept" value="([^"]+)"', page)[0]
    assert client.post(f"/apply/{number}/import/", {"kept": kept}).status_code == 302
    draft = Draft.objects.get(case=walk.case)
    assert draft.content["leader"] == "新负责人"
    assert draft.content["hosts"] == FILLED["hosts"]
    again = client.post(f"/apply/{number}/import/", {"kept": kept})
    assert again.status_code == 422
    assert "已经确认过了" in again.content.decode()
    after = Draft.objects.get(case=walk.case)
    assert (after.content, after.version) == (draft.content, draft.version)


def test_R047_附件里的项目名称与系统里的不同_归属旁边写了字_点名不读_要点头(walk: Walk) -> None:
    client, number = signed_in(), walk.case.number
    walk.fill(**{**FILLED, "leader": "旧负责人"})
    document = docx.Document(io.BytesIO(client.get(f"/apply/{number}/annex1.docx").content))
    project = walk.case.subject
    for cell in (c for table in document.tables for row in table.rows for c in row.cells):
        if cell.text == project:
            cell.text = "别的项目"
        elif "自费" in cell.text and "二期另报" not in cell.text:
            cell.text = f"{cell.text} 二期另报"
        elif cell.text == "旧负责人":
            cell.text = "新负责人"
    out = io.BytesIO()
    document.save(out)
    out.seek(0)
    out.name = "附件1.docx"
    page = client.post(f"/apply/{number}/import/", {"file": out}).content.decode()
    assert f"“项目名称”写的是“别的项目”，系统里是“{project}”，没有读" in page
    assert "选项以外的“二期另报”没有读" in page
    assert re.search(r'class="btn btn-primary"[^>]*>不导入，回去改文件', page)


def test_R047_导入错了的附件_什么都不写_已填的都在(walk: Walk) -> None:
    client, number = signed_in(), walk.case.number
    before = Draft.objects.get(case=walk.case)
    for name, content, words in (
        ("附件.docx", b"x", "打不开"),
        ("附件.doc", b"x", "不是 .docx"),
        ("附件.docx", macro(), "有宏"),
    ):
        page = client.post(f"/apply/{number}/import/", {"file": SimpleUploadedFile(name, content)})
        assert page.status_code == 422
        assert words in page.content.decode()
    page = client.post(f"/apply/{number}/import/", {"kept": "改过的:签名"})
    assert "请重新选择文件导入" in page.content.decode()
    after = Draft.objects.get(case=walk.case)
    assert (after.content, after.version) == (before.content, before.version)


def test_列表的列可选_视图可存可删_记在本人名下() -> None:
    client = signed_in("shy")
    page = client.get("/assets/?col=unit&col=system").content.decode()
    assert re.findall(r'<th scope="col">([^<]+)</th>', page) == ["资源编号", "单位", "操作系统"]
    saved = client.post("/me/views/", {"page": "assets", "name": "联通 XC", "query": "arch=XC&col=unit"})
    assert saved.headers["Location"] == "/assets/?arch=XC&col=unit"
    assert "/assets/?arch=XC&amp;col=unit" in client.get("/assets/").content.decode()
    assert "联通 XC" not in client.get("/cases/").content.decode()
    assert "联通 XC" not in signed_in("lt").get("/assets/").content.decode()
    client.post("/me/views/", {"page": "assets", "name": "联通 XC", "do": "drop", "query": ""})
    assert "联通 XC" not in client.get("/assets/").content.decode()


def test_视图没起名_存得太多_不收_说明() -> None:
    client = signed_in("shy")
    assert "起个名字" in client.post("/me/views/", {"page": "assets", "name": " ", "query": ""}).content.decode()
    for n in range(20):
        client.post("/me/views/", {"page": "cases", "name": f"视图{n}", "query": ""})
    refused = client.post("/me/views/", {"page": "cases", "name": "多的", "query": ""})
    assert refused.status_code == 422
    assert "最多存 20 个视图" in refused.content.decode()
    assert client.post("/me/views/", {"page": "别的", "name": "x", "query": ""}).status_code == 404


def test_R084_补录的事项也打得开_写明原单据和当时没有的关口() -> None:
    case = backfill.backfill(
        actor=cast()["shy"],
        on=DAY,
        number="SQ-2023-0001",
        kind="首次申请",
        project=Project.objects.get(code="P-007"),
        provider=Institution.objects.get(code="CU"),
        reviewed_on=date(2023, 8, 1),
        entries=[backfill.Entry("ECS-B1", "ZJ-CPU-X86", "新增", Decimal(8))],
        orders=[backfill.Order("GD-1", "ECS-B1", "ZJ-CPU-X86", "新增", Decimal(8), date(2023, 8, 3))],
    )
    page = signed_in("shy").get(f"/cases/{case.number}/").content.decode()
    for words in ("补录", "ECS-B1", "2023-08-01", "安全六项（R-101）"):
        assert words in page


def test_U7_跨国庆调休的时限_列表_详情_导出是同一天_等于手算() -> None:
    # 9-30 收到，次日起数：10-8、10-9、10-10（周六，调休上班）、10-12、10-13
    walk = Walk(cast(), "mzj", date(2026, 9, 30), "new", project_name="跨国庆的系统").fill(**FILLED).submit()
    walk.act("mzj-fzr", "approve")
    BusinessClock.objects.update(on=date(2026, 10, 9))
    client, number = signed_in("shy"), walk.case.number
    shown = "剩 3 个工作日 · 10-13 周二"
    assert shown in client.get("/cases/").content.decode()
    assert shown in client.get(f"/cases/{number}/").content.decode()
    book = openpyxl.load_workbook(io.BytesIO(client.get("/cases/?format=xlsx").content))
    assert book.active is not None
    rows = {row[0]: row for row in book.active.iter_rows(values_only=True)}
    assert rows[number][-2:] == ("2026-10-13", shown)
