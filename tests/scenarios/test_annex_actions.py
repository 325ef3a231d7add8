"""附件3 一行的“变更操作”没有勾、勾了两项、写了别的词：拒绝到格，预览照出；随便漏填哪几格都不出错（R-036、R-047）。"""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.scenarios.test_annex_fitting import fitted, saved
from tests.scenarios.test_change_annex import host, of, refused, written
from tests.web.test_pages import signed_in
from yunheng.applications import annex_fitting, guards, importing
from yunheng.applications.checking import check
from yunheng.applications.comparing import compare
from yunheng.applications.models import Draft
from yunheng.ledger.models import Resource

pytestmark = pytest.mark.django_db

__all__ = ["host"]

NONE, BOTH = "☐ 新增\n☐ 变更\n☐ 释放", "☐ 新增\n☑ 变更\n☑ 释放"


@pytest.mark.parametrize(
    ("action", "told"),
    [(NONE, "“变更操作”没有勾"), (BOTH, "“变更操作”勾了"), ("停用", "没有勾：停用"), ("☑ 停机", "“变更操作”")],
)
def test_R036_变更操作没有勾_勾了两项_别的词_拒绝到格_预览照出(action: str, told: str, host: Resource) -> None:
    walk = of(host, memory="36")
    document = written(walk, action=action)
    values, notes = fitted(walk, document)
    assert told in refused(notes)
    assert "格" in next(note.where for note in notes if "变更操作" in note.text)
    assert [row["action"] for row in values["changes"]] == [""]
    file = SimpleUploadedFile("附件3.docx", saved(document))
    page = signed_in().post(f"/apply/{walk.case.number}/import/", {"file": file})
    assert page.status_code == 200
    assert told in page.content.decode()


def test_R036_变更操作空着的一行_检查不过_交不上去(host: Resource) -> None:
    walk = of(host, memory="36")
    values, _ = fitted(walk, written(walk, action=NONE))
    assert any("动作" in str(problem) or "变更操作" in str(problem) for problem in check("change", values))


@pytest.mark.parametrize("seed", range(12))
def test_R036_附件3_随便漏填几格_都不出错_没有动作的一行拒绝到格(seed: int, host: Resource) -> None:
    walk = of(host, memory="36")
    draft = Draft.objects.select_related("case__unit", "project").get(case=walk.case)
    found = importing.read(saved(written(walk)), "附件3.docx")
    full, dice = dict(found.values["changes"][0]), random.Random(seed)
    for _ in range(40):
        row = {key: dice.choice([value, value, ""]) for key, value in full.items() if dice.random() < 0.7}
        row["action"] = dice.choice(["新增", "变更", "释放", "", "停用"])
        if dice.random() < 0.3:
            del row["action"]
        service = dice.choice([{}, {"quantity": ""}, {"note": "释放"}, {"quantity": "2", "note": "追加"}])
        made = replace(found, values={**found.values, "changes": [row], "service_changes": {"WL-IP": service}})
        values, notes = annex_fitting.fit(draft, made)
        merged = {**draft.content, **values}
        compare("change", draft.content, merged)
        guards.problems_of(draft.case, merged)
        if row.get("action") not in ("新增", "变更", "释放") and row.get("resource") == host.code:
            assert "没有“变更操作”" in refused(notes)
