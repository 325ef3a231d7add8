"""附件3、附件4 里写的资源：形近的、写“全部”的照项目里的，要人点头；读不进的、空着的当时就说（R-036、R-039、R-047）。"""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.scenarios.test_annex_fitting import changes_row, fitted, printed, saved
from tests.scenarios.test_lifecycle_others import change, deregistration, running_project
from tests.unit.applications.test_annex_unseen import release
from tests.web.test_pages import signed_in
from yunheng.applications import grid
from yunheng.applications.checking import check
from yunheng.ledger.models import Resource
from yunheng.tables.notes import Note

pytestmark = pytest.mark.django_db


def asked(notes: tuple[Note, ...]) -> str:
    return "\n".join(str(note) for note in notes if note.doubtful)


@pytest.mark.parametrize("shape", ["{}（数据库）；扩容", "数据库服务器 {}", "{}（数据库）"])
def test_R036_附件3_编号旁边写了做什么用的_照编号读(shape: str) -> None:
    project, (first, *_) = running_project()
    walk = change(project, [{**grid.current(first), "action": "变更", "resource": first.code, "memory": "64"}])
    document = printed(walk, 3)
    changes_row(document).cells[-1].text = shape.format(first.code)
    values, notes = fitted(walk, document)
    assert [(row["resource"], row["memory"]) for row in values["changes"]] == [(first.code, "64")]
    assert "数据库" in values["changes"][0]["note"]
    assert "不在这个项目里" not in asked(notes)


@pytest.mark.parametrize("written", ["小写", "长横"])
def test_R036_附件3_形近的编号_照项目里的_要人点头(written: str) -> None:
    project, (first, *_) = running_project()
    walk = change(project, [{**grid.current(first), "action": "变更", "resource": first.code, "memory": "64"}])
    document = printed(walk, 3)
    told = first.code.lower() if written == "小写" else first.code.replace("-", "—")
    changes_row(document).cells[-1].text = told
    values, notes = fitted(walk, document)
    assert [(row["resource"], row["before"]["memory"]) for row in values["changes"]] == [(first.code, "32")]
    assert f"写的是“{told}”，照项目里形近的 {first.code} 读，请核对" in asked(notes)


def test_R036_附件3_编号不在项目里_预览不说与已填的相同() -> None:
    project, (first, *_) = running_project()
    walk = change(project, [{**grid.current(first), "action": "变更", "resource": first.code, "memory": "64"}])
    document = printed(walk, 3)
    changes_row(document).cells[-1].text = "ECS-9999"
    walk.fill(changes=[])
    file = SimpleUploadedFile("附件3.docx", saved(document))
    page = signed_in().post(f"/apply/{walk.case.number}/import/", {"file": file}).content.decode()
    assert "资源“ECS-9999”不在这个项目里，没有读入" in page
    assert "文件里的内容和已填的相同" not in page
    assert "读得出的各栏和已填的相同；上面没有读的、要核对的不在其中" in page


def test_R047_整份不收的_预览不说会改0处() -> None:
    project, (first, *_) = running_project()
    walk = deregistration(project, release=[first.code])
    document = printed(walk, 4)
    release(document).text = f"{first.code}①"
    walk.fill(release=[first.code])
    file = SimpleUploadedFile("附件4.docx", saved(document))
    page = signed_in().post(f"/apply/{walk.case.number}/import/", {"file": file}).content.decode()
    assert "整份不能导入" in page
    assert "会改 0 处" not in page
    assert "文件里的内容和已填的相同" not in page


def test_R039_附件4_释放清单写全部_列出项目在用的各个资源_要人点头() -> None:
    project, _ = running_project()
    own = sorted(Resource.objects.filter(project=project).values_list("code", flat=True))
    walk = deregistration(project, release=own[:1])
    document = printed(walk, 4)
    release(document).text = "全部"
    values, notes = fitted(walk, document)
    assert values["release"] == own
    assert f"释放清单写的是“全部”，照项目在用的 {len(own)} 个资源读：{'、'.join(own)}，请逐个核对" in asked(notes)


def test_R039_附件4_小写的编号照项目里的_要人点头_别的项目的没有读() -> None:
    project, (first, *_) = running_project()
    walk = deregistration(project, release=[first.code])
    document = printed(walk, 4)
    release(document).text = f"{first.code.lower()}（数据库服务器）、ECS-9999"
    values, notes = fitted(walk, document)
    assert values["release"] == [first.code]
    assert f"照项目里形近的 {first.code} 读" in asked(notes)
    assert "“ECS-9999”不在这个项目里，没有读入" in asked(notes)


def test_R039_释放清单一个都没有读进来的_预览当时就说清单是空的() -> None:
    project, (first, *_) = running_project()
    walk = deregistration(project, release=[first.code], backup="")
    document = printed(walk, 4)
    release(document).text = "见另表"
    file = SimpleUploadedFile("附件4.docx", saved(document))
    page = signed_in().post(f"/apply/{walk.case.number}/import/", {"file": file}).content.decode()
    needed = re.search(r"写入以后还要补的</h2>(.*?)</section>", page, re.DOTALL)
    assert needed
    assert "释放清单是空的，请勾选要释放的资源（D62-六(三)，R-039）" in needed[1]


def test_R039_清单不空的_不说清单是空的() -> None:
    said = [str(one) for one in check("deregistration", {"release": ["ECS-1"], "reason": "下线"})]
    assert not any("释放清单" in text for text in said)
