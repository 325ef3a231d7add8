"""裁定试算、不计费的账目、账目合计；老批次的合计补上。"""

import django.db.models.deletion
from django.db import migrations, models

SUMS = """
INSERT INTO settlement_billsum (run_id, unit, project, provider, payer, disputed, lines, amount)
SELECT run_id, unit, project, provider, payer, disputed, count(*), sum(amount)
FROM settlement_billline GROUP BY 1, 2, 3, 4, 5, 6
"""

class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0003_adjustment'),
    ]

    operations = [
        migrations.CreateModel(
            name='BillSum',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('unit', models.CharField(max_length=64, verbose_name='单位')),
                ('project', models.CharField(max_length=64, verbose_name='项目')),
                ('provider', models.CharField(max_length=64, verbose_name='服务商')),
                ('payer', models.CharField(max_length=10, verbose_name='谁付')),
                ('disputed', models.BooleanField(verbose_name='待核')),
                ('lines', models.PositiveIntegerField(verbose_name='条数')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=18, verbose_name='金额')),
            ],
            options={
                'verbose_name': '账目合计',
            },
        ),
        migrations.CreateModel(
            name='Moved',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('resource', models.CharField(max_length=128, verbose_name='资源')),
                ('item', models.CharField(max_length=64, verbose_name='目录项')),
            ],
            options={
                'verbose_name': '重排的时间线',
            },
        ),
        migrations.CreateModel(
            name='WaivedLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
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
            ],
            options={
                'verbose_name': '不计费的账目',
            },
        ),
        migrations.AddField(
            model_name='run',
            name='base',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='recasts', to='settlement.run', verbose_name='照哪个批次试算'),
        ),
        migrations.AlterField(
            model_name='run',
            name='digest',
            field=models.CharField(blank=True, max_length=80, verbose_name='结算摘要'),
        ),
        migrations.AlterField(
            model_name='run',
            name='package_digest',
            field=models.CharField(blank=True, max_length=64, verbose_name='数据包 SM3'),
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('base', None), models.Q(('digest', ''), _negated=True)), models.Q(('base__isnull', False), ('digest', '')), _connector='OR'), name='recast_has_no_digest'),
        ),
        migrations.AddField(
            model_name='billsum',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sums', to='settlement.run', verbose_name='计量批次'),
        ),
        migrations.AddField(
            model_name='moved',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moved', to='settlement.run', verbose_name='裁定试算'),
        ),
        migrations.AddField(
            model_name='waivedline',
            name='run',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='waived', to='settlement.run', verbose_name='计量批次'),
        ),
        migrations.AddConstraint(
            model_name='billsum',
            constraint=models.UniqueConstraint(fields=('run', 'unit', 'project', 'provider', 'payer', 'disputed'), name='one_sum_per_key'),
        ),
        migrations.AddConstraint(
            model_name='moved',
            constraint=models.UniqueConstraint(fields=('run', 'resource', 'item'), name='one_move_per_timeline'),
        ),
        migrations.AddIndex(
            model_name='waivedline',
            index=models.Index(fields=['run', 'resource'], name='settlement__run_id_d7f89f_idx'),
        ),
        migrations.AddConstraint(
            model_name='waivedline',
            constraint=models.UniqueConstraint(fields=('run', 'seq'), name='one_waived_per_seq'),
        ),
        migrations.RunSQL(SUMS, migrations.RunSQL.noop),
    ]
