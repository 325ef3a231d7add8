"""最初的表。"""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("orgs", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Item",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=32, unique=True, verbose_name="目录项")),
                ("name", models.CharField(max_length=200, verbose_name="名称")),
                ("category", models.CharField(max_length=20, verbose_name="类别")),
                ("unit", models.CharField(max_length=40, verbose_name="计价单位")),
                ("pricing", models.CharField(max_length=10, verbose_name="计价方式")),
                ("cycle", models.CharField(max_length=10, verbose_name="计费周期")),
                ("level", models.CharField(default="市级", max_length=10, verbose_name="级别")),
                ("logged", models.BooleanField(default=True, verbose_name="平台有日志")),
                ("dimension", models.CharField(blank=True, max_length=20, verbose_name="主机规格")),
                ("architecture", models.CharField(blank=True, max_length=10, verbose_name="架构")),
                (
                    "provider",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="orgs.institution",
                        verbose_name="服务商",
                    ),
                ),
            ],
            options={
                "verbose_name": "目录项",
            },
        ),
        migrations.CreateModel(
            name="Price",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("unit_price", models.DecimalField(decimal_places=6, max_digits=15, null=True, verbose_name="单价")),
                ("during", django.contrib.postgres.fields.ranges.DateRangeField(verbose_name="生效区间")),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prices",
                        to="catalog.item",
                        verbose_name="目录项",
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
            ],
            options={
                "verbose_name": "价格版本",
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("item", "="),
                            (models.Func(models.F("provider"), models.Value(0), function="COALESCE"), "="),
                            ("during", "&&"),
                        ],
                        name="prices_do_not_overlap",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("unit_price__isnull", True), ("unit_price__gte", 0), _connector="OR"),
                        name="price_not_negative",
                    ),
                ],
            },
        ),
    ]
