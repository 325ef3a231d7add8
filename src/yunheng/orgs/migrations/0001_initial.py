"""最初的表。"""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        BtreeGistExtension(),
        TrigramExtension(),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                ("username", models.CharField(max_length=64, unique=True, verbose_name="登录名")),
                ("name", models.CharField(max_length=100, verbose_name="姓名")),
                (
                    "initials",
                    models.CharField(db_index=True, editable=False, max_length=200, verbose_name="拼音首字母"),
                ),
                ("phone", models.CharField(blank=True, max_length=40, verbose_name="联系电话")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="邮箱")),
                ("is_active", models.BooleanField(default=True, verbose_name="启用")),
                ("must_change_password", models.BooleanField(default=True, verbose_name="下次登录要改口令")),
                ("password_changed_at", models.DateTimeField(blank=True, null=True, verbose_name="口令改于")),
                ("preferences", models.JSONField(blank=True, default=dict, verbose_name="偏好")),
            ],
            options={
                "verbose_name": "人员",
            },
        ),
        migrations.CreateModel(
            name="BusinessClock",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("on", models.DateField(verbose_name="业务日期")),
            ],
            options={
                "verbose_name": "演示业务日期",
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="one_business_clock")],
            },
        ),
        migrations.CreateModel(
            name="Institution",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=32, unique=True, verbose_name="代码")),
                ("name", models.CharField(max_length=200, verbose_name="名称")),
                (
                    "initials",
                    models.CharField(db_index=True, editable=False, max_length=200, verbose_name="拼音首字母"),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("using_unit", "使用单位"),
                            ("provider", "云服务商"),
                            ("operator", "运行管理单位"),
                            ("authority", "主管部门"),
                            ("finance", "财政部门"),
                            ("economy", "经济信息化部门"),
                            ("third_party", "第三方机构"),
                            ("security", "网安、密码部门"),
                        ],
                        max_length=20,
                        verbose_name="类型",
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[("city", "市级"), ("district", "区级")],
                        default="district",
                        max_length=10,
                        verbose_name="级别",
                    ),
                ),
                (
                    "nature",
                    models.CharField(
                        blank=True,
                        choices=[("district", "区级预算"), ("town", "街镇预算"), ("non_budget", "非预算")],
                        max_length=20,
                        verbose_name="预算性质",
                    ),
                ),
                ("state_organ", models.BooleanField(default=True, verbose_name="党政机关或事业单位")),
                ("address", models.CharField(blank=True, max_length=200, verbose_name="地址")),
                ("phone", models.CharField(blank=True, max_length=40, verbose_name="电话")),
                (
                    "authority",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supervised",
                        to="orgs.institution",
                        verbose_name="业务主管部门",
                    ),
                ),
            ],
            options={
                "verbose_name": "机构",
            },
        ),
        migrations.CreateModel(
            name="Appointment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("clerk", "使用单位经办人"),
                            ("head", "使用单位负责人"),
                            ("sponsor", "业务主管部门"),
                            ("reviewer", "区科创中心审核员"),
                            ("informatization", "信息化管理科"),
                            ("authority", "区科委"),
                            ("finance", "区财政"),
                            ("provider", "云服务商"),
                            ("third_party", "第三方机构"),
                            ("city_operator", "市大数据中心"),
                            ("city_economy", "市经济信息化部门"),
                            ("city_authority", "市政务云主管部门"),
                            ("system_admin", "系统管理员"),
                            ("security_admin", "安全管理员"),
                            ("audit_admin", "审计管理员"),
                        ],
                        max_length=32,
                        verbose_name="角色",
                    ),
                ),
                ("from_on", models.DateField(verbose_name="自")),
                ("until_on", models.DateField(blank=True, null=True, verbose_name="至（不含）")),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appointments",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="人员",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="appointments",
                        to="orgs.institution",
                        verbose_name="机构",
                    ),
                ),
            ],
            options={
                "verbose_name": "任职",
            },
        ),
        migrations.AddConstraint(
            model_name="institution",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "using_unit"), _negated=True),
                    models.Q(("nature", ""), _negated=True),
                    _connector="OR",
                ),
                name="using_unit_has_nature",
                violation_error_message="使用单位要有预算性质（D62-二、D62-九，R-003）",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(("until_on__isnull", True), ("until_on__gt", models.F("from_on")), _connector="OR"),
                name="appointment_period",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("until_on__isnull", True)),
                fields=("person", "institution", "role"),
                name="one_open_appointment",
            ),
        ),
    ]
