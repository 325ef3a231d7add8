"""最初的表。"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("orgs", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Case",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=20, unique=True, verbose_name="编号")),
                ("procedure", models.CharField(max_length=32, verbose_name="流程")),
                ("version", models.PositiveSmallIntegerField(verbose_name="流程版本")),
                ("subject", models.CharField(max_length=200, verbose_name="项目")),
                ("opened_on", models.DateField(verbose_name="起草日")),
                ("backfilled", models.BooleanField(default=False, verbose_name="补录")),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="入库时刻"),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="起草人",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to="orgs.institution",
                        verbose_name="单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "事项",
            },
        ),
        migrations.CreateModel(
            name="Counter",
            fields=[
                ("key", models.CharField(max_length=32, primary_key=True, serialize=False, verbose_name="字头和年份")),
                ("last", models.PositiveIntegerField(verbose_name="末号")),
            ],
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=100, verbose_name="是什么")),
                ("name", models.CharField(max_length=200, verbose_name="文件名")),
                ("size", models.PositiveIntegerField(verbose_name="字节数")),
                ("digest", models.CharField(max_length=64, verbose_name="SM3")),
                ("content", models.BinaryField(verbose_name="内容")),
                ("on", models.DateField(verbose_name="业务日")),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="入库时刻"),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="上传人",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attachments",
                        to="cases.case",
                        verbose_name="事项",
                    ),
                ),
            ],
            options={
                "verbose_name": "附件",
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seq", models.PositiveIntegerField(verbose_name="序号")),
                ("step", models.CharField(max_length=32, verbose_name="步骤")),
                ("act", models.CharField(max_length=32, verbose_name="动作")),
                ("role", models.CharField(blank=True, max_length=32, verbose_name="角色")),
                ("name", models.CharField(max_length=100, verbose_name="办理人姓名")),
                ("institution", models.CharField(blank=True, max_length=200, verbose_name="办理机构")),
                ("opinion", models.TextField(blank=True, verbose_name="意见")),
                ("marks", models.JSONField(default=dict, verbose_name="要补正的地方")),
                (
                    "facts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32), default=list, size=None, verbose_name="条件"
                    ),
                ),
                ("detail", models.JSONField(default=dict, verbose_name="内容")),
                ("on", models.DateField(verbose_name="业务日")),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="入库时刻"),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="cases.case",
                        verbose_name="事项",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="办理人",
                    ),
                ),
            ],
            options={
                "verbose_name": "事项事件",
                "constraints": [models.UniqueConstraint(fields=("case", "seq"), name="one_event_per_seq")],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(max_length=32, verbose_name="角色")),
                ("text", models.CharField(max_length=300, verbose_name="内容")),
                ("on", models.DateField(verbose_name="业务日")),
                ("seq", models.PositiveIntegerField(verbose_name="缘起的事件")),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notices",
                        to="cases.case",
                        verbose_name="事项",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orgs.institution",
                        verbose_name="机构",
                    ),
                ),
                (
                    "readers",
                    models.ManyToManyField(
                        related_name="read_notices", to=settings.AUTH_USER_MODEL, verbose_name="读过的人"
                    ),
                ),
            ],
            options={
                "verbose_name": "知会",
                "indexes": [models.Index(fields=["role", "institution"], name="cases_notic_role_d08a22_idx")],
            },
        ),
        migrations.CreateModel(
            name="Board",
            fields=[
                (
                    "case",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="board",
                        serialize=False,
                        to="cases.case",
                        verbose_name="事项",
                    ),
                ),
                ("step", models.CharField(blank=True, max_length=32, verbose_name="步骤")),
                ("step_name", models.CharField(max_length=64, verbose_name="步骤名")),
                ("state", models.CharField(max_length=16, verbose_name="状态")),
                ("outcome", models.CharField(blank=True, max_length=16, verbose_name="终点")),
                (
                    "roles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=32), default=list, size=None, verbose_name="在谁手上"
                    ),
                ),
                ("since_on", models.DateField(verbose_name="到手日")),
                ("due_on", models.DateField(null=True, verbose_name="到期日")),
                ("estimated", models.BooleanField(default=False, verbose_name="推定")),
                ("paused", models.BooleanField(default=False, verbose_name="停钟")),
                ("left_days", models.IntegerField(null=True, verbose_name="停钟时剩几日")),
                ("seq", models.PositiveIntegerField(verbose_name="末事件序号")),
                ("search", models.TextField(default="", verbose_name="检索文字")),
                (
                    "assignee",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="转给",
                    ),
                ),
                (
                    "holder",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orgs.institution",
                        verbose_name="在哪个机构",
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orgs.institution",
                        verbose_name="服务商",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orgs.institution",
                        verbose_name="单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "事项看板",
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(fields=["roles"], name="board_roles"),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["search"], name="board_search", opclasses=["gin_trgm_ops"]
                    ),
                    models.Index(fields=["outcome", "due_on"], name="board_due"),
                    models.Index(fields=["unit", "outcome"], name="board_unit"),
                ],
            },
        ),
    ]
