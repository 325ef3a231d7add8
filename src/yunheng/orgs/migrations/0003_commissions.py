"""委托合同、人员进退、提前终止、成果。"""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orgs", "0002_conventiondecision"),
    ]

    operations = [
        migrations.CreateModel(
            name="Commission",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(max_length=80, unique=True, verbose_name="合同号")),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("standards", "规范标准"),
                                ("appraisal", "绩效考核"),
                                ("site", "现场监管"),
                                ("metering", "计量计费"),
                                ("security", "安全监管"),
                                ("response", "服务响应"),
                            ],
                            max_length=16,
                        ),
                        size=None,
                        verbose_name="工作范围",
                    ),
                ),
                ("qualification", models.CharField(max_length=500, verbose_name="资质和选定的依据")),
                ("service_year", models.PositiveSmallIntegerField(verbose_name="费用列入的服务年度")),
                ("fee", models.DecimalField(decimal_places=2, max_digits=14, verbose_name="费用（元）")),
                ("from_on", models.DateField(verbose_name="起")),
                ("until_on", models.DateField(verbose_name="止（不含）")),
                ("signed_on", models.DateField(verbose_name="签订日")),
                ("on", models.DateField(verbose_name="登记日")),
                ("by", models.CharField(max_length=200, verbose_name="谁登记的")),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="入库时刻"),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commissions",
                        to="orgs.institution",
                        verbose_name="第三方机构",
                    ),
                ),
            ],
            options={
                "verbose_name": "委托合同",
            },
        ),
        migrations.CreateModel(
            name="Deliverable",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("standards", "规范标准"),
                            ("appraisal", "绩效考核"),
                            ("site", "现场监管"),
                            ("metering", "计量计费"),
                            ("security", "安全监管"),
                            ("response", "服务响应"),
                        ],
                        max_length=16,
                        verbose_name="工作范围",
                    ),
                ),
                ("title", models.CharField(max_length=200, verbose_name="名称")),
                ("name", models.CharField(max_length=200, verbose_name="文件名")),
                ("size", models.PositiveIntegerField(verbose_name="字节数")),
                ("digest", models.CharField(max_length=64, verbose_name="SM3")),
                ("content", models.BinaryField(verbose_name="内容")),
                ("on", models.DateField(verbose_name="交付日")),
                ("by", models.CharField(max_length=200, verbose_name="谁交的")),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="入库时刻"),
                ),
                (
                    "commission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliverables",
                        to="orgs.commission",
                        verbose_name="委托合同",
                    ),
                ),
            ],
            options={
                "verbose_name": "委托成果",
            },
        ),
        migrations.CreateModel(
            name="Staffing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("joins", models.BooleanField(verbose_name="进")),
                ("from_on", models.DateField(verbose_name="自")),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="缘由")),
                ("on", models.DateField(verbose_name="登记日")),
                ("by", models.CharField(max_length=200, verbose_name="谁登记的")),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="入库时刻"),
                ),
                (
                    "commission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="staffings",
                        to="orgs.commission",
                        verbose_name="委托合同",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="staffings",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="人员",
                    ),
                ),
            ],
            options={
                "verbose_name": "委托合同的人员",
            },
        ),
        migrations.CreateModel(
            name="Termination",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("until_on", models.DateField(verbose_name="止（不含）")),
                ("fee", models.DecimalField(decimal_places=2, max_digits=14, verbose_name="实际的费用（元）")),
                ("reason", models.CharField(max_length=500, verbose_name="缘由")),
                ("on", models.DateField(verbose_name="登记日")),
                ("by", models.CharField(max_length=200, verbose_name="谁登记的")),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="入库时刻"),
                ),
                (
                    "commission",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="termination",
                        to="orgs.commission",
                        verbose_name="委托合同",
                    ),
                ),
            ],
            options={
                "verbose_name": "委托合同的提前终止",
            },
        ),
        migrations.AddConstraint(
            model_name="commission",
            constraint=models.CheckConstraint(
                condition=models.Q(("until_on__gt", models.F("from_on"))), name="commission_period"
            ),
        ),
        migrations.AddConstraint(
            model_name="commission",
            constraint=models.CheckConstraint(condition=models.Q(("fee__gte", 0)), name="commission_fee_not_negative"),
        ),
        migrations.AddConstraint(
            model_name="commission",
            constraint=models.CheckConstraint(condition=models.Q(("scopes__len__gt", 0)), name="commission_has_scope"),
        ),
        migrations.AddConstraint(
            model_name="termination",
            constraint=models.CheckConstraint(condition=models.Q(("fee__gte", 0)), name="termination_fee_not_negative"),
        ),
    ]
