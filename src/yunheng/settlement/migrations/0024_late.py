"""冻结以后又到的收件、影响估计，排队的请求办过几次（R-052、R-083）。"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0007_arrivals'),
        ('settlement', '0023_outranked'),
    ]

    operations = [
        migrations.AddField(
            model_name='runorder',
            name='attempts',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='办过几次'),
        ),
        migrations.CreateModel(
            name='LateScan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('upto', models.BigIntegerField(verbose_name='查到第几号')),
                ('run', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='late_scan', to='settlement.run', verbose_name='冻结的批次')),
            ],
            options={
                'verbose_name': '查晚到的收件',
            },
        ),
        migrations.CreateModel(
            name='Late',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('received', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.received', verbose_name='收件')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='late', to='settlement.run', verbose_name='冻结的批次')),
            ],
            options={
                'verbose_name': '冻结以后又到的收件',
                'constraints': [models.UniqueConstraint(fields=('run', 'received'), name='one_late_per_arrival')],
            },
        ),
        migrations.CreateModel(
            name='LateEstimate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('count', models.PositiveIntegerField(verbose_name='几件')),
                ('handled', models.PositiveIntegerField(verbose_name='处理过几次')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=18, null=True, verbose_name='影响')),
                ('reason', models.CharField(blank=True, max_length=500, verbose_name='为什么算不出')),
                ('on', models.DateField(verbose_name='业务日')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='late_estimates', to='settlement.run', verbose_name='冻结的批次')),
            ],
            options={
                'verbose_name': '晚到收件的影响估计',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('amount', None), models.Q(('reason', ''), _negated=True)), models.Q(('amount__isnull', False), ('reason', '')), _connector='OR'), name='amount_or_reason')],
            },
        ),
    ]
