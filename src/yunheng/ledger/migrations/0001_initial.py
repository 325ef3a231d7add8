"""最初的表。"""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("cases", "0001_initial"),
        ("catalog", "0001_initial"),
        ("orgs", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Project",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=32, unique=True, verbose_name="项目编号")),
                ("name", models.CharField(max_length=200, verbose_name="项目名称")),
                ("initials", models.CharField(editable=False, max_length=200, verbose_name="拼音首字母")),
                (
                    "funding",
                    models.CharField(
                        choices=[("区级", "区级"), ("自费", "自费")], max_length=10, verbose_name="上云项目归属"
                    ),
                ),
                ("security_level", models.PositiveSmallIntegerField(null=True, verbose_name="等保级别")),
                ("classified", models.BooleanField(default=False, verbose_name="涉密")),
                ("approval_number", models.CharField(blank=True, max_length=100, verbose_name="立项文号")),
                ("approved_on", models.DateField(null=True, verbose_name="立项日期")),
                ("leader", models.CharField(blank=True, max_length=100, verbose_name="项目负责人")),
                ("contact", models.CharField(blank=True, max_length=100, verbose_name="联系方式")),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="projects",
                        to="orgs.institution",
                        verbose_name="单位",
                    ),
                ),
            ],
            options={
                "verbose_name": "项目",
            },
        ),
        migrations.CreateModel(
            name="Resource",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=64, unique=True, verbose_name="资源编号")),
                ("name", models.CharField(blank=True, max_length=200, verbose_name="名称")),
                ("kind", models.CharField(max_length=20, verbose_name="类型")),
                ("architecture", models.CharField(blank=True, max_length=10, verbose_name="架构")),
                ("zone", models.CharField(blank=True, max_length=40, verbose_name="网络区域")),
                ("address", models.CharField(blank=True, max_length=64, verbose_name="IP")),
                ("search", models.TextField(default="", verbose_name="检索文字")),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="resources",
                        to="ledger.project",
                        verbose_name="项目",
                    ),
                ),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="resources",
                        to="orgs.institution",
                        verbose_name="服务商",
                    ),
                ),
            ],
            options={
                "verbose_name": "资源",
            },
        ),
        migrations.CreateModel(
            name="Fact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "action",
                    models.CharField(
                        choices=[("新增", "新增"), ("变更", "变更"), ("释放", "释放"), ("作废", "作废")],
                        max_length=10,
                        verbose_name="动作",
                    ),
                ),
                ("quantity", models.DecimalField(decimal_places=3, max_digits=15, null=True, verbose_name="数量")),
                ("effective_on", models.DateField(verbose_name="业务日")),
                ("recorded_on", models.DateField(verbose_name="记入日")),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="入库时刻"),
                ),
                ("order", models.CharField(blank=True, max_length=64, verbose_name="工单号")),
                ("expires_on", models.DateField(null=True, verbose_name="到期日")),
                ("by", models.CharField(max_length=200, verbose_name="谁记的")),
                (
                    "case",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="facts",
                        to="cases.case",
                        verbose_name="依据的事项",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.item",
                        verbose_name="目录项",
                    ),
                ),
                (
                    "voids",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="voided_by",
                        to="ledger.fact",
                        verbose_name="作废哪条",
                    ),
                ),
                (
                    "resource",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="facts",
                        to="ledger.resource",
                        verbose_name="资源",
                    ),
                ),
            ],
            options={
                "verbose_name": "台账事实",
            },
        ),
        migrations.CreateModel(
            name="Segment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("during", django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="区间")),
                ("quantity", models.DecimalField(decimal_places=3, max_digits=15, verbose_name="数量")),
                ("expires_on", models.DateField(null=True, verbose_name="到期日")),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="catalog.item",
                        verbose_name="目录项",
                    ),
                ),
                (
                    "resource",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="segments",
                        to="ledger.resource",
                        verbose_name="资源",
                    ),
                ),
            ],
            options={
                "verbose_name": "资源时段",
            },
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=32, unique=True, verbose_name="来源")),
                ("key_digest", models.CharField(blank=True, max_length=64, verbose_name="口令的 SM3")),
                (
                    "provider",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="orgs.institution",
                        verbose_name="服务商",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Received",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source_ref", models.CharField(max_length=100, verbose_name="来源编号")),
                ("kind", models.CharField(max_length=20, verbose_name="种类")),
                ("payload", models.JSONField(verbose_name="内容")),
                ("digest", models.CharField(max_length=64, verbose_name="SM3")),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="入库时刻"),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="received",
                        to="ledger.source",
                        verbose_name="来源",
                    ),
                ),
            ],
            options={
                "verbose_name": "收件",
            },
        ),
        migrations.AddIndex(
            model_name="project",
            index=models.Index(fields=["unit"], name="ledger_proj_unit_id_e8a05c_idx"),
        ),
        migrations.AddIndex(
            model_name="resource",
            index=models.Index(fields=["project"], name="ledger_reso_project_b94624_idx"),
        ),
        migrations.AddIndex(
            model_name="resource",
            index=models.Index(fields=["provider"], name="ledger_reso_provide_7e2f7a_idx"),
        ),
        migrations.AddIndex(
            model_name="resource",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["search"], name="resource_search", opclasses=["gin_trgm_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="fact",
            index=models.Index(fields=["resource", "item", "effective_on"], name="ledger_fact_resourc_ad4846_idx"),
        ),
        migrations.AddConstraint(
            model_name="fact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("action__in", ["新增", "变更"]), ("quantity__gte", 0)),
                    models.Q(("action", "释放"), ("quantity__isnull", True)),
                    models.Q(("action", "作废"), ("voids__isnull", False)),
                    _connector="OR",
                ),
                name="fact_quantity",
            ),
        ),
        migrations.AddIndex(
            model_name="segment",
            index=models.Index(fields=["resource"], name="ledger_segm_resourc_d0587b_idx"),
        ),
        migrations.AddIndex(
            model_name="segment",
            index=models.Index(fields=["expires_on"], name="ledger_segm_expires_211c8e_idx"),
        ),
        migrations.AddConstraint(
            model_name="segment",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[("resource", "="), ("item", "="), ("during", "&&")], name="segments_do_not_overlap"
            ),
        ),
        migrations.AddConstraint(
            model_name="received",
            constraint=models.UniqueConstraint(fields=("source", "kind", "source_ref"), name="received_once"),
        ),
    ]
