"""考核的表。"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('cases', '0002_reminders'),
        ('orgs', '0002_conventiondecision'),
    ]

    operations = [
        migrations.CreateModel(
            name='Appraisal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service_year', models.PositiveSmallIntegerField(verbose_name='服务年度')),
                ('case', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='appraisal', to='cases.case', verbose_name='事项')),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.institution', verbose_name='服务商')),
            ],
            options={
                'verbose_name': '年度考核',
            },
        ),
        migrations.CreateModel(
            name='Occurrence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('indicator', models.CharField(choices=[('A', 'A'), ('B', 'B'), ('C', 'C'), ('D', 'D'), ('E', 'E'), ('F', 'F')], max_length=1, verbose_name='指标')),
                ('on', models.DateField(verbose_name='日期')),
                ('text', models.CharField(max_length=500, verbose_name='说明')),
                ('mark', models.CharField(max_length=100, unique=True, verbose_name='来源')),
                ('by', models.CharField(max_length=200, verbose_name='谁记的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('case', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case', verbose_name='所涉事项')),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='occurrences', to='orgs.institution', verbose_name='服务商')),
            ],
            options={
                'verbose_name': '考核事件',
            },
        ),
        migrations.CreateModel(
            name='Finding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('counted', models.BooleanField(verbose_name='计分')),
                ('reason', models.CharField(max_length=500, verbose_name='理由')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁定的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('occurrence', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='assessment.occurrence', verbose_name='事件')),
            ],
            options={
                'verbose_name': '复核结论',
            },
        ),
        migrations.CreateModel(
            name='Satisfaction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service_year', models.PositiveSmallIntegerField(verbose_name='服务年度')),
                ('rate', models.DecimalField(decimal_places=3, max_digits=6, verbose_name='满意率')),
                ('answers', models.PositiveIntegerField(null=True, verbose_name='有效份数')),
                ('basis', models.CharField(max_length=300, verbose_name='依据')),
                ('by', models.CharField(max_length=200, verbose_name='谁记的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.institution', verbose_name='服务商')),
            ],
            options={
                'verbose_name': '满意率',
            },
        ),
        migrations.CreateModel(
            name='Score',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', models.JSONField(verbose_name='评分')),
                ('digest', models.CharField(max_length=64, verbose_name='SM3')),
                ('on', models.DateField(verbose_name='审定日')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('appraisal', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='score', to='assessment.appraisal', verbose_name='考核')),
            ],
            options={
                'verbose_name': '审定的评分',
            },
        ),
        migrations.AddConstraint(
            model_name='appraisal',
            constraint=models.UniqueConstraint(fields=('provider', 'service_year'), name='one_appraisal_a_year'),
        ),
        migrations.AddIndex(
            model_name='occurrence',
            index=models.Index(fields=['provider', 'on'], name='assessment__provide_d80b17_idx'),
        ),
        migrations.AddConstraint(
            model_name='occurrence',
            constraint=models.CheckConstraint(condition=models.Q(('indicator__in', ('A', 'B', 'C', 'D', 'E', 'F'))), name='occurrence_indicator'),
        ),
        migrations.AddConstraint(
            model_name='satisfaction',
            constraint=models.CheckConstraint(condition=models.Q(('rate__gte', 0), ('rate__lte', 100)), name='satisfaction_percent'),
        ),
    ]
