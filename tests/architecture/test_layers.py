"""楼层：外键只往下指；业务日期只由界面层取得，别处不看钟。"""

from __future__ import annotations

import ast
from pathlib import Path

from django.apps import apps

SOURCE = Path(__file__).parents[2] / "src" / "yunheng"
FLOORS = ["audit", "orgs", "cases", "catalog", "ledger", "security", "applications", "assessment", "settlement"]
#: 可以取当天日期的地方：界面层取业务日期的那一处，和装机时的命令
CLOCKS = {"orgs/access.py", "config/administrators.py"}


def test_外键只指向同一层或更低的层() -> None:
    for model in apps.get_models():
        label = model._meta.app_label
        if label not in FLOORS:
            continue
        for field in model._meta.get_fields():
            if (
                field.concrete
                and field.is_relation
                and field.related_model
                and not isinstance(field.related_model, str)
            ):
                target = field.related_model._meta.app_label
                assert FLOORS.index(target) <= FLOORS.index(label), f"{label}.{model.__name__}.{field.name} → {target}"


def test_当天日期只在两处取() -> None:
    found = set()
    for path in SOURCE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
                ("date.today", ".localdate", ".localtime")
            ):
                found.add(str(path.relative_to(SOURCE)))
    assert found == CLOCKS


def test_外键一律保护_不连带删除() -> None:
    from django.db import models

    for model in apps.get_models():
        if model._meta.app_label in FLOORS:
            for field in model._meta.get_fields():
                if isinstance(field, models.ForeignKey):
                    assert field.remote_field.on_delete is models.PROTECT, f"{model.__name__}.{field.name}"


def test_业务表没有默认排序_日期列和时刻列按名分得清() -> None:
    from django.db import models

    for model in apps.get_models():
        if model._meta.app_label not in FLOORS:
            continue
        assert not model._meta.ordering, model.__name__
        for field in model._meta.get_fields():
            if isinstance(field, models.DateTimeField):
                assert field.name in ("at", "last_login") or field.name.endswith("_at"), (
                    f"{model.__name__}.{field.name}"
                )
            elif isinstance(field, models.DateField):
                assert field.name == "on" or field.name.endswith("_on"), f"{model.__name__}.{field.name}"
