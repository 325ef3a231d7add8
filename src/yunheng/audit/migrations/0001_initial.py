"""最初的表。"""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Entry",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="序号")),
                ("at", models.DateTimeField(verbose_name="时刻")),
                ("person", models.BigIntegerField(null=True, verbose_name="人员编号")),
                ("name", models.CharField(max_length=100, verbose_name="姓名")),
                ("role", models.CharField(blank=True, max_length=32, verbose_name="角色")),
                ("institution", models.CharField(blank=True, max_length=200, verbose_name="机构")),
                ("address", models.CharField(blank=True, max_length=64, verbose_name="来源")),
                ("request", models.CharField(blank=True, max_length=64, verbose_name="请求编号")),
                ("action", models.CharField(max_length=64, verbose_name="动作")),
                ("subject", models.CharField(max_length=200, verbose_name="对象")),
                ("before", models.JSONField(null=True, verbose_name="之前")),
                ("after", models.JSONField(null=True, verbose_name="之后")),
                ("digest", models.CharField(max_length=64, unique=True, verbose_name="摘要")),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="入库时刻"),
                ),
            ],
            options={
                "verbose_name": "审计记录",
                "indexes": [
                    models.Index(fields=["subject"], name="audit_entry_subject_63dbdf_idx"),
                    models.Index(fields=["at"], name="audit_entry_at_06beca_idx"),
                ],
            },
        ),
    ]
