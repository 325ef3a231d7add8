"""补录的物理机从前登记成了云主机：只有物理机一项的改正类型，变更、附件才照物理机。"""

from __future__ import annotations

from typing import Any

from django.db import migrations


def mend(apps: Any, _: Any) -> None:
    resources = apps.get_model("ledger", "Resource").objects.filter(kind="云主机")
    physical = resources.filter(facts__item__dimension="物理机").exclude(
        pk__in=apps.get_model("ledger", "Fact").objects.exclude(item__dimension="物理机").values("resource")
    )
    resources.filter(pk__in=list(physical.values_list("pk", flat=True))).update(kind="物理机")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0009_recorded_index"), ("catalog", "0001_initial")]

    operations = [migrations.RunPython(mend, migrations.RunPython.noop)]
