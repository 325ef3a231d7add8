"""申辩、满意度问卷、效能评估。"""

import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('assessment', '0001_initial'),
        ('cases', '0004_rectifications'),
        ('orgs', '0002_conventiondecision'),
    ]

    operations = [
        migrations.CreateModel(
            name='Evaluation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service_year', models.PositiveSmallIntegerField(verbose_name='服务年度')),
                ('case', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='evaluation', to='cases.case', verbose_name='事项')),
            ],
            options={
                'verbose_name': '效能评估',
            },
        ),
        migrations.CreateModel(
            name='Grade',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scores', models.JSONField(verbose_name='各项分')),
                ('evidence', models.CharField(max_length=1000, verbose_name='依据')),
                ('by', models.CharField(max_length=200, verbose_name='谁打的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('evaluation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grades', to='assessment.evaluation', verbose_name='评估')),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.institution', verbose_name='被评的')),
            ],
            options={
                'verbose_name': '效能打分',
            },
        ),
        migrations.CreateModel(
            name='Reply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(max_length=1000, verbose_name='申辩')),
                ('name', models.CharField(blank=True, max_length=200, verbose_name='证据文件名')),
                ('content', models.BinaryField(null=True, verbose_name='证据')),
                ('digest', models.CharField(blank=True, max_length=64, verbose_name='SM3')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁写的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('occurrence', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='replies', to='assessment.occurrence', verbose_name='事件')),
            ],
            options={
                'verbose_name': '申辩',
            },
        ),
        migrations.CreateModel(
            name='Scheme',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('indicators', models.JSONField(verbose_name='指标')),
                ('by', models.CharField(max_length=200, verbose_name='谁编的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('evaluation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='schemes', to='assessment.evaluation', verbose_name='评估')),
            ],
            options={
                'verbose_name': '评估方案',
            },
        ),
        migrations.CreateModel(
            name='Survey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service_year', models.PositiveSmallIntegerField(verbose_name='服务年度')),
                ('mode', models.CharField(choices=[('普查', '普查'), ('分层抽样', '分层抽样')], max_length=8, verbose_name='方式')),
                ('ratio', models.PositiveSmallIntegerField(verbose_name='比例 %')),
                ('seed', models.CharField(max_length=64, verbose_name='种子')),
                ('closes_on', models.DateField(verbose_name='截止日（含）')),
                ('case', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='survey', to='cases.case', verbose_name='事项')),
            ],
            options={
                'verbose_name': '满意度调查',
            },
        ),
        migrations.CreateModel(
            name='Answer',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('grade', models.CharField(choices=[('满意', '满意'), ('一般', '一般'), ('不满意', '不满意')], max_length=4, verbose_name='评价')),
                ('comment', models.CharField(blank=True, max_length=500, verbose_name='意见')),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.institution', verbose_name='服务商')),
                ('survey', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='assessment.survey', verbose_name='调查')),
            ],
            options={
                'verbose_name': '问卷回答',
            },
        ),
        migrations.CreateModel(
            name='Ticket',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_digest', models.CharField(blank=True, max_length=64, verbose_name='口令的 SM3')),
                ('used', models.BooleanField(default=False, verbose_name='填过了')),
                ('survey', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tickets', to='assessment.survey', verbose_name='调查')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.institution', verbose_name='单位')),
            ],
            options={
                'verbose_name': '问卷',
            },
        ),
        migrations.CreateModel(
            name='Published',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('total', models.DecimalField(decimal_places=4, max_digits=7, verbose_name='总分')),
                ('content', models.JSONField(verbose_name='指标、各项分、依据')),
                ('on', models.DateField(verbose_name='发布日')),
                ('evaluation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='results', to='assessment.evaluation', verbose_name='评估')),
                ('institution', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.institution', verbose_name='被评的')),
            ],
            options={
                'verbose_name': '效能评估结果',
                'constraints': [models.UniqueConstraint(fields=('evaluation', 'institution'), name='one_result_each')],
            },
        ),
        migrations.AddConstraint(
            model_name='survey',
            constraint=models.CheckConstraint(condition=models.Q(('ratio__gte', 1), ('ratio__lte', 100)), name='survey_ratio'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.UniqueConstraint(fields=('survey', 'unit'), name='one_ticket_per_unit'),
        ),
    ]
