"""主机清单导入了两遍：两个窗口、同一份再来，预览先说、点了头才加；导入的各次依次可以撤销（R-032、R-047）。"""

from __future__ import annotations

import re

import pytest

from tests.web.test_pages import signed_in, walk  # noqa: F401 固定件
from yunheng.applications.models import Draft
from yunheng.config.demo.stories import Walk

pytestmark = pytest.mark.django_db

HOST = "云主机\t1\t8\t32\t麒麟 V10\t0.1\t\t否\t政务外网"


def asked(case: str, text: str) -> tuple[str, str]:
    """粘贴的预览：（页面, 确认要带的）。"""
    page = signed_in().post(f"/apply/{case}/paste/", {"text": text}).content.decode()
    (kept,) = re.findall(r'name="kept" value="([^"]+)"', page)
    return page, kept


def answered(case: str, kept: str, **extra: str) -> str:
    response = signed_in().post(f"/apply/{case}/paste/", {"kept": kept, **extra}, follow=True)
    return str(response.content.decode())


def hosts(case: str) -> int:
    return len(Draft.objects.get(case__number=case).content.get("hosts") or [])


def undo(case: str) -> str:
    version = str(Draft.objects.get(case__number=case).version)
    return str(signed_in().post(f"/apply/{case}/undo-import/", {"version": version}).content.decode())


@pytest.fixture
def case(walk: Walk) -> str:  # noqa: F811
    return str(walk.case.number)


def test_R032_两个窗口各预览同一份清单_后确认的不再加一遍_说清楚(case: str) -> None:
    (first, one), (_, two) = asked(case, HOST), asked(case, HOST)
    assert "已经导入过" not in first
    answered(case, one)
    page = answered(case, two)
    assert "同样的 1 行已经导入过（“粘贴的内容”" in page
    assert "没有再写一遍" in page
    assert hosts(case) == 1


def test_R032_同一份再导入_预览先说已经导入过_点了头才加(case: str) -> None:
    answered(case, asked(case, HOST)[1])
    page, kept = asked(case, HOST.replace("8", "８"))
    assert "同样的 1 行已经导入过（“粘贴的内容”" in page
    assert "不导入，回去改文件" in page
    answered(case, kept)
    assert hosts(case) == 1
    answered(case, kept, agreed="on")
    assert hosts(case) == 2
    assert "已经导入过" not in asked(case, HOST.replace("32", "64"))[0]


def test_R032_撤掉了的_再导入不算导入过(case: str) -> None:
    answered(case, asked(case, HOST)[1])
    undo(case)
    assert hosts(case) == 0
    assert "已经导入过" not in asked(case, HOST)[0]


def test_R047_导入几次_依次撤销_列明哪次撤得(case: str) -> None:
    for memory in ("32", "64", "128"):
        answered(case, asked(case, HOST.replace("32", memory))[1])
    page = signed_in().get(f"/apply/{case}/hosts/").content.decode()
    assert "导入过 3 次" in page
    assert [page.count(state) for state in ("：可以撤销", "：先撤后面的")] == [1, 2]
    for left in (2, 1, 0):
        undo(case)
        assert hosts(case) == left
    assert "没有可以撤销的导入" in undo(case)


def test_R047_两次导入中间改过_撤到改的那里为止(case: str, walk: Walk) -> None:  # noqa: F811
    answered(case, asked(case, HOST)[1])
    walk.fill(leader="后改的")
    answered(case, asked(case, HOST.replace("32", "64"))[1])
    undo(case)
    assert "不能整批撤销" in undo(case)
    assert (hosts(case), Draft.objects.get(case__number=case).content["leader"]) == (1, "后改的")
    assert "：导入以后又改过，不能整批撤销" in signed_in().get(f"/apply/{case}/hosts/").content.decode()


OTHER = HOST.replace("8\t32", "16\t64")
NEW = HOST.replace("8\t32", "4\t8")


def test_R032_第二份多一行_说明哪几行表里已有_不点头不加(case: str) -> None:
    answered(case, asked(case, f"{HOST}\n{OTHER}")[1])
    page, kept = asked(case, f"{NEW}\n{OTHER}\n{HOST}")
    assert "第 2–3 行</b>：其中 2 行与表里已有的相同（表里第 1–2 行），导入会再加一遍" in page
    assert "要点头" in page
    answered(case, kept)
    assert hosts(case) == 2
    answered(case, kept, agreed="on")
    assert hosts(case) == 5


def test_R032_换了次序的同样各行_也要点头(case: str) -> None:
    answered(case, asked(case, f"{HOST}\n{OTHER}")[1])
    page, kept = asked(case, f"{OTHER}\n{HOST}")
    assert "其中 2 行与表里已有的相同" in page
    answered(case, kept)
    assert hosts(case) == 2


def test_R032_表里填的一行_写法不同也认得出_一行只对一次(case: str, walk: Walk) -> None:  # noqa: F811
    row = {"type": "云主机", "count": "1", "cores": "8", "memory": "32", "os": "麒麟 V10", "system_disk": "0.10"}
    walk.fill(hosts=[row | {"data_disk": "0", "ssd": "", "zone": "政务外网", "eip": "", "bandwidth": "", "note": ""}])
    page, kept = asked(case, f"{HOST}\n{HOST}")
    assert "第 1 行</b>：其中 1 行与表里已有的相同（表里第 1 行）" in page
    answered(case, kept)
    assert hosts(case) == 1


def test_R032_表里没有的行_不要点头(case: str) -> None:
    answered(case, asked(case, f"{HOST}\n{OTHER}")[1])
    page, kept = asked(case, NEW)
    assert "与表里已有的相同" not in page
    answered(case, kept)
    assert hosts(case) == 3


def test_R032_两个窗口各预览_有几行相同_后确认的不写_说清楚(case: str) -> None:
    (_, one), (page, two) = asked(case, f"{HOST}\n{OTHER}"), asked(case, f"{HOST}\n{NEW}")
    assert "与表里已有的相同" not in page
    answered(case, one)
    assert "其中 1 行与表里已有的相同；没有再写一遍" in answered(case, two)
    assert hosts(case) == 2


def test_R032_分两次导入超过三百行_预览就说_后确认的也不写(case: str) -> None:
    many = "\n".join(HOST.replace("32", str(32 + n)) for n in range(200))
    more = many.replace("麒麟", "统信")
    (_, one), (_, two) = asked(case, many), asked(case, more)
    answered(case, one)
    assert hosts(case) == 200
    assert "表里已有 200 行，再加 200 行共 400 行；没有写入" in answered(case, two)
    refused = signed_in().post(f"/apply/{case}/paste/", {"text": more})
    assert refused.status_code == 422
    assert "最多 300 行：表里已有 200 行" in refused.content.decode()
    assert hosts(case) == 200
