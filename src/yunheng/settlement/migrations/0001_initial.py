"""结算的表。"""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('cases', '0002_reminders'),
        ('orgs', '0002_conventiondecision'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Freeze',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service_year', models.PositiveSmallIntegerField(unique=True, verbose_name='服务年度')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁批的')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.case', verbose_name='年度结算')),
            ],
            options={
                'verbose_name': '冻结的结算',
            },
        ),
        migrations.CreateModel(
            name='Contract',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=80, unique=True, verbose_name='合同号')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='金额')),
                ('signed_on', models.DateField(verbose_name='签订日')),
                ('by', models.CharField(max_length=200, verbose_name='谁登记的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.institution', verbose_name='服务商')),
                ('unit', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.institution', verbose_name='使用单位')),
                ('freeze', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contracts', to='settlement.freeze', verbose_name='结算')),
            ],
            options={
                'verbose_name': '支付合同',
            },
        ),
        migrations.CreateModel(
            name='Handling',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service_year', models.PositiveSmallIntegerField(verbose_name='服务年度')),
                ('resource', models.CharField(max_length=128, verbose_name='资源')),
                ('item', models.CharField(blank=True, max_length=64, verbose_name='目录项')),
                ('code', models.CharField(max_length=4, verbose_name='差异')),
                ('kind', models.CharField(choices=[('分派', '分派'), ('说明', '说明'), ('裁定', '裁定')], max_length=4, verbose_name='做了什么')),
                ('ruling', models.CharField(blank=True, max_length=4, verbose_name='裁定')),
                ('text', models.CharField(max_length=1000, verbose_name='说明')),
                ('institution', models.CharField(max_length=200, verbose_name='机构')),
                ('by', models.CharField(max_length=200, verbose_name='谁')),
                ('on', models.DateField(verbose_name='业务日')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('assignee', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.institution', verbose_name='分派给')),
            ],
            options={
                'verbose_name': '差异处理',
            },
        ),
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='金额')),
                ('paid_on', models.DateField(verbose_name='支付日')),
                ('voucher', models.CharField(max_length=80, verbose_name='凭证号')),
                ('by', models.CharField(max_length=200, verbose_name='谁登记的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('contract', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='settlement.contract', verbose_name='合同')),
            ],
            options={
                'verbose_name': '支付',
            },
        ),
        migrations.CreateModel(
            name='Plan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveSmallIntegerField(verbose_name='版本')),
                ('prose', models.JSONField(default=dict, verbose_name='文字')),
                ('total', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='统一支付应付合计')),
                ('supervision', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='第三方专项管理费')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁编的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='plans', to='cases.case', verbose_name='年度结算')),
            ],
            options={
                'verbose_name': '结算项目方案',
            },
        ),
        migrations.CreateModel(
            name='PlanFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='文件名')),
                ('digest', models.CharField(max_length=64, verbose_name='SM3')),
                ('content', models.BinaryField(verbose_name='内容')),
                ('plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='settlement.plan', verbose_name='方案')),
            ],
            options={
                'verbose_name': '方案文件',
            },
        ),
        migrations.CreateModel(
            name='Run',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service_year', models.PositiveSmallIntegerField(verbose_name='服务年度')),
                ('kind', models.CharField(choices=[('滚动', '滚动'), ('年度', '年度')], max_length=4, verbose_name='种类')),
                ('until_on', models.DateField(verbose_name='计至（不含）')),
                ('head', models.JSONField(verbose_name='结果')),
                ('digest', models.CharField(max_length=80, verbose_name='结算摘要')),
                ('package_digest', models.CharField(max_length=64, verbose_name='数据包 SM3')),
                ('rulebook_digest', models.CharField(max_length=80, verbose_name='规则书 SM3')),
                ('code_version', models.CharField(max_length=40, verbose_name='程序版本')),
                ('line_count', models.PositiveIntegerField(verbose_name='账目条数')),
                ('disputed_count', models.PositiveIntegerField(verbose_name='待核条数')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁算的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
            ],
            options={
                'verbose_name': '计量批次',
                'indexes': [models.Index(fields=['service_year', 'kind'], name='settlement__service_f5a6e5_idx')],
            },
        ),
        migrations.CreateModel(
            name='Recomputation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=80, verbose_name='复算摘要')),
                ('equal', models.BooleanField(verbose_name='一致')),
                ('report', models.TextField(verbose_name='比对')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='recomputations', to='settlement.run', verbose_name='计量批次')),
            ],
            options={
                'verbose_name': '复算',
            },
        ),
        migrations.AddField(
            model_name='plan',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.run', verbose_name='计量批次'),
        ),
        migrations.AddField(
            model_name='freeze',
            name='run',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='freeze', to='settlement.run', verbose_name='计量批次'),
        ),
        migrations.CreateModel(
            name='BillLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('disputed', models.BooleanField(verbose_name='待核')),
                ('seq', models.PositiveIntegerField(verbose_name='次序')),
                ('unit', models.CharField(max_length=64, verbose_name='单位')),
                ('project', models.CharField(max_length=64, verbose_name='项目')),
                ('resource', models.CharField(max_length=128, verbose_name='资源')),
                ('item', models.CharField(max_length=64, verbose_name='目录项')),
                ('provider', models.CharField(max_length=64, verbose_name='服务商')),
                ('form', models.CharField(max_length=80, verbose_name='单号')),
                ('order', models.CharField(max_length=120, verbose_name='工单号')),
                ('quantity', models.CharField(max_length=40, verbose_name='数量')),
                ('from_on', models.DateField(verbose_name='起')),
                ('until_on', models.DateField(verbose_name='止（不含）')),
                ('days', models.PositiveIntegerField(verbose_name='天数')),
                ('unit_price', models.CharField(max_length=40, verbose_name='单价')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='金额')),
                ('payer', models.CharField(max_length=10, verbose_name='谁付')),
                ('differences', models.CharField(blank=True, max_length=60, verbose_name='未裁定的差异')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='settlement.run', verbose_name='计量批次')),
            ],
            options={
                'verbose_name': '账目',
            },
        ),
        migrations.CreateModel(
            name='RunFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='文件名')),
                ('content', models.BinaryField(verbose_name='内容')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='settlement.run', verbose_name='计量批次')),
            ],
            options={
                'verbose_name': '计量文件',
            },
        ),
        migrations.CreateModel(
            name='RunOrder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service_year', models.PositiveSmallIntegerField(verbose_name='服务年度')),
                ('kind', models.CharField(max_length=4, verbose_name='种类')),
                ('until_on', models.DateField(null=True, verbose_name='截止日（含）')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁要的')),
                ('step', models.CharField(default='排队', max_length=60, verbose_name='办到哪里')),
                ('share', models.FloatField(default=0, verbose_name='进度')),
                ('problems', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), default=list, size=None, verbose_name='没办成的原因')),
                ('asked_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='何时要的')),
                ('person', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='谁要的')),
                ('run', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='settlement.run', verbose_name='办成的批次')),
            ],
            options={
                'verbose_name': '计量请求',
            },
        ),
        migrations.CreateModel(
            name='Submission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveSmallIntegerField(verbose_name='版本')),
                ('on', models.DateField(verbose_name='业务日')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='submissions', to='cases.case', verbose_name='年度结算')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='submissions', to='settlement.run', verbose_name='计量批次')),
            ],
            options={
                'verbose_name': '提交的计量',
            },
        ),
        migrations.CreateModel(
            name='YearCase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service_year', models.PositiveSmallIntegerField(unique=True, verbose_name='服务年度')),
                ('case', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='settles', to='cases.case', verbose_name='年度结算')),
            ],
            options={
                'verbose_name': '年度结算',
            },
        ),
        migrations.AddConstraint(
            model_name='contract',
            constraint=models.UniqueConstraint(fields=('freeze', 'provider', 'unit'), name='one_contract_per_payer', nulls_distinct=False),
        ),
        migrations.AddIndex(
            model_name='handling',
            index=models.Index(fields=['service_year', 'resource', 'item', 'code'], name='settlement__service_f0265d_idx'),
        ),
        migrations.AddConstraint(
            model_name='handling',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', '裁定'), ('ruling__in', ['认可', '不计费'])), models.Q(models.Q(('kind', '裁定'), _negated=True), ('ruling', '')), _connector='OR'), name='ruling_only_when_ruled'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='payment_positive'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(fields=('contract', 'voucher'), name='one_payment_per_voucher'),
        ),
        migrations.AddConstraint(
            model_name='planfile',
            constraint=models.UniqueConstraint(fields=('plan', 'name'), name='one_plan_file_per_name'),
        ),
        migrations.AddConstraint(
            model_name='plan',
            constraint=models.UniqueConstraint(fields=('case', 'version'), name='one_plan_per_version'),
        ),
        migrations.AddIndex(
            model_name='billline',
            index=models.Index(fields=['run', 'unit', 'project', 'resource'], name='bill_drill'),
        ),
        migrations.AddConstraint(
            model_name='billline',
            constraint=models.UniqueConstraint(fields=('run', 'disputed', 'seq'), name='one_line_per_seq'),
        ),
        migrations.AddConstraint(
            model_name='runfile',
            constraint=models.UniqueConstraint(fields=('run', 'name'), name='one_file_per_name'),
        ),
        migrations.AddIndex(
            model_name='runorder',
            index=models.Index(condition=models.Q(('problems', []), ('run', None)), fields=['id'], name='run_order_waiting'),
        ),
        migrations.AddConstraint(
            model_name='submission',
            constraint=models.UniqueConstraint(fields=('case', 'version'), name='one_submission_per_version'),
        ),
    ]
