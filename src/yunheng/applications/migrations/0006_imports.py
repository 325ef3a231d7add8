"""草稿记下导入的各次，依次可以撤销；同样的内容再导入看得出来。"""

from typing import Any

from django.db import migrations, models


def carry(apps: Any, _schema_editor: Any) -> None:
    """以前只记最近一次：照样可以撤销。"""
    for draft in apps.get_model("applications", "Draft").objects.exclude(before_import=None):
        kept = draft.before_import
        draft.imports = [
            {
                "name": kept["name"], "digest": "", "rows": 0, "by": "", "at": "", "values": kept["values"],
                "added": kept["added"], "base": kept["version"] - 1, "version": kept["version"],
            }
        ]
        draft.save(update_fields=["imports"])


class Migration(migrations.Migration):

    dependencies = [
        ("applications", "0005_import_undo"),
    ]

    operations = [
        migrations.AddField(
            model_name="draft",
            name="imports",
            field=models.JSONField(default=list, verbose_name="导入的各次"),
        ),
        migrations.RunPython(carry, migrations.RunPython.noop),
        migrations.RemoveField(model_name="draft", name="before_import"),
    ]
