"""效能核定、预算、预测、灾备分摊、汇交。"""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('assessment', '0002_surveys'),
        ('orgs', '0002_conventiondecision'),
        ('settlement', '0004_recasts'),
    ]

    operations = [
        migrations.CreateModel(
            name='RecoveryShare',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=32, verbose_name='资产编号')),
                ('ratios', models.JSONField(verbose_name='分摊比例')),
                ('document', models.CharField(max_length=200, verbose_name='依据')),
                ('from_year', models.PositiveSmallIntegerField(verbose_name='自哪个服务年度起')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁定的')),
            ],
            options={
                'verbose_name': '分摊比例',
            },
        ),
        migrations.AddField(
            model_name='plan',
            name='verified',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None, verbose_name='算进去的效能核定'),
        ),
        migrations.CreateModel(
            name='Budget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service_year', models.PositiveSmallIntegerField(verbose_name='服务年度')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='预算')),
                ('document', models.CharField(max_length=100, verbose_name='文号')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁记的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
            ],
            options={
                'verbose_name': '年度预算',
                'constraints': [models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='budget_positive')],
            },
        ),
        migrations.CreateModel(
            name='Forecast',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service_year', models.PositiveSmallIntegerField(verbose_name='服务年度')),
                ('on', models.DateField(verbose_name='预测日')),
                ('months', models.JSONField(verbose_name='各月各家')),
                ('spent', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='已发生')),
                ('expected', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='照现状到年末')),
                ('low', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='下限')),
                ('high', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='上限')),
                ('run', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='forecast', to='settlement.run', verbose_name='滚动批次')),
            ],
            options={
                'verbose_name': '全年预测',
            },
        ),
        migrations.CreateModel(
            name='Handover',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_on', models.DateField(verbose_name='起')),
                ('until_on', models.DateField(verbose_name='止（不含）')),
                ('rows', models.PositiveIntegerField(verbose_name='行数')),
                ('digest', models.CharField(max_length=64, verbose_name='SM3')),
                ('content', models.BinaryField(verbose_name='文件')),
                ('receiver', models.CharField(max_length=200, verbose_name='签收')),
                ('on', models.DateField(verbose_name='汇交日')),
                ('by', models.CharField(max_length=200, verbose_name='谁汇交的')),
            ],
            options={
                'verbose_name': '数据汇交',
                'constraints': [models.UniqueConstraint(fields=('from_on', 'until_on'), name='one_handover_per_period'), models.CheckConstraint(condition=models.Q(('until_on__gt', models.F('from_on'))), name='handover_not_empty')],
            },
        ),
        migrations.CreateModel(
            name='RecoveryAsset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=32, verbose_name='编号')),
                ('name', models.CharField(max_length=200, verbose_name='名称')),
                ('kind', models.CharField(choices=[('共用', '共用'), ('独用', '独用'), ('运维', '运维'), ('扩容', '扩容')], max_length=4, verbose_name='费用')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁记的')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.institution', verbose_name='归属单位')),
            ],
            options={
                'verbose_name': '灾备资产',
            },
        ),
        migrations.CreateModel(
            name='RecoveryCost',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=32, verbose_name='资产编号')),
                ('service_year', models.PositiveSmallIntegerField(verbose_name='服务年度')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='费用')),
                ('shares', models.JSONField(verbose_name='各家承担')),
                ('document', models.CharField(max_length=200, verbose_name='依据')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁记的')),
            ],
            options={
                'verbose_name': '灾备费用',
                'constraints': [models.UniqueConstraint(fields=('code', 'service_year'), name='one_recovery_cost_a_year'), models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='recovery_cost_positive')],
            },
        ),
        migrations.CreateModel(
            name='ServiceFeedback',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service_year', models.PositiveSmallIntegerField(verbose_name='服务年度')),
                ('level', models.CharField(choices=[('好', '好'), ('较好', '较好'), ('一般', '一般'), ('差', '差')], max_length=4, verbose_name='服务水平')),
                ('text', models.CharField(max_length=2000, verbose_name='反馈')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁反馈的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.institution', verbose_name='服务商')),
            ],
            options={
                'verbose_name': '服务反馈',
            },
        ),
        migrations.CreateModel(
            name='Verified',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='调整')),
                ('reason', models.CharField(max_length=500, verbose_name='理由')),
                ('document', models.CharField(max_length=100, verbose_name='文号')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁决定的')),
                ('freeze', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='verified', to='settlement.freeze', verbose_name='结算')),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.institution', verbose_name='服务商')),
                ('result', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='assessment.published', verbose_name='效能评估结果')),
            ],
            options={
                'verbose_name': '效能核定',
                'constraints': [models.UniqueConstraint(fields=('freeze', 'provider'), name='one_verification_each'), models.CheckConstraint(condition=models.Q(('amount', 0), _negated=True), name='verification_not_zero')],
            },
        ),
    ]
