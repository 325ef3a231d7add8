"""内部的来源（文件、补录、回执）不能有接口的口令：已经发出去的作废（R-052）。"""

from typing import Any

from django.db import migrations, models


def revoke(apps: Any, _schema: Any) -> None:
    """拿内部来源的口令送，不查日期、目录项；口令作废，换成接口的来源再发。"""
    apps.get_model("ledger", "Source").objects.exclude(channel="接口").update(key_digest="")


class Migration(migrations.Migration):

    dependencies = [
        ("ledger", "0007_arrivals"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='source',
            options={'verbose_name': '收件来源'},
        ),
        migrations.RunPython(revoke, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name='source',
            constraint=models.CheckConstraint(condition=models.Q(('channel', '接口'), ('key_digest', ''), _connector='OR'), name='key_only_for_api'),
        ),
    ]
