"""上云项目预算审核和监督检查。"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('applications', '0002_exemption'),
        ('cases', '0004_rectifications'),
        ('ledger', '0003_zones'),
    ]

    operations = [
        migrations.CreateModel(
            name='BudgetProject',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField(verbose_name='预算年度')),
                ('case', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='budget_project', to='cases.case', verbose_name='事项')),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.project', verbose_name='项目')),
            ],
            options={
                'verbose_name': '上云项目预算',
            },
        ),
        migrations.CreateModel(
            name='Inspection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(max_length=2000, verbose_name='检查情况')),
                ('on', models.DateField(verbose_name='检查日')),
                ('by', models.CharField(max_length=200, verbose_name='谁检查的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='inspections', to='cases.case', verbose_name='预算审核')),
                ('requirement', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='inspection', to='cases.requirement', verbose_name='整改要求')),
            ],
            options={
                'verbose_name': '监督检查',
            },
        ),
    ]
