"""最初的表。"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("cases", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Clearance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "condition",
                    models.CharField(
                        choices=[
                            ("resources", "安全资源已申请"),
                            ("self_check", "安全自查"),
                            ("assessment", "检测评估"),
                            ("hardening", "安全加固"),
                            ("filing", "等保备案"),
                            ("commitment", "签署上云安全承诺书"),
                        ],
                        max_length=20,
                        verbose_name="哪一项",
                    ),
                ),
                ("note", models.CharField(max_length=300, verbose_name="说明")),
                ("on", models.DateField(verbose_name="业务日")),
                (
                    "recorded_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="入库时刻"),
                ),
                (
                    "attachment",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cases.attachment",
                        verbose_name="证明材料",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clearances",
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
                        verbose_name="确认人",
                    ),
                ),
            ],
            options={
                "verbose_name": "安全确认",
                "constraints": [
                    models.UniqueConstraint(fields=("case", "condition"), name="one_clearance_per_condition")
                ],
            },
        ),
    ]
