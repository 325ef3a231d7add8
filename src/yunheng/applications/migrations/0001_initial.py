"""最初的表。"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("cases", "0001_initial"),
        ("ledger", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Draft",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="draft",
                        serialize=False,
                        to="cases.case",
                        verbose_name="事项",
                    ),
                ),
                ("content", models.JSONField(default=dict, verbose_name="内容")),
                ("version", models.PositiveIntegerField(default=0, verbose_name="版本")),
                ("edited_at", models.DateTimeField(null=True, verbose_name="最后编辑时刻")),
                (
                    "edited_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="最后编辑",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="drafts",
                        to="ledger.project",
                        verbose_name="项目",
                    ),
                ),
            ],
            options={
                "verbose_name": "草稿",
            },
        ),
        migrations.CreateModel(
            name="Filing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("version", models.PositiveIntegerField(verbose_name="第几版")),
                ("content", models.JSONField(verbose_name="内容")),
                ("digest", models.CharField(max_length=64, verbose_name="SM3")),
                ("filed_on", models.DateField(verbose_name="提交日")),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="入库时刻"),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="filings",
                        to="cases.case",
                        verbose_name="事项",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="filings",
                        to="ledger.project",
                        verbose_name="项目",
                    ),
                ),
            ],
            options={
                "verbose_name": "表单快照",
                "constraints": [models.UniqueConstraint(fields=("case", "version"), name="one_filing_per_version")],
            },
        ),
        migrations.CreateModel(
            name="Quota",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("dimension", models.CharField(max_length=40, verbose_name="维度")),
                ("amount", models.DecimalField(decimal_places=3, max_digits=15, verbose_name="配额")),
                ("from_month", models.PositiveSmallIntegerField(null=True, verbose_name="自几月")),
                ("until_month", models.PositiveSmallIntegerField(null=True, verbose_name="至几月")),
                ("effective_on", models.DateField(verbose_name="核定日")),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="入库时刻"),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cases.case",
                        verbose_name="核定的事项",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="quotas",
                        to="ledger.project",
                        verbose_name="项目",
                    ),
                ),
            ],
            options={
                "verbose_name": "项目配额",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("from_month__isnull", True), ("until_month__isnull", True)),
                            models.Q(("from_month__range", (1, 12)), ("until_month__range", (1, 12))),
                            _connector="OR",
                        ),
                        name="quota_months",
                    ),
                    models.CheckConstraint(condition=models.Q(("amount__gte", 0)), name="quota_not_negative"),
                ],
            },
        ),
    ]
