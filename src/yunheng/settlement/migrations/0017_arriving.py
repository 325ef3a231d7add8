"""批次里没有计入的收件、几条路都送了的用量和定取哪一边（R-052、R-075）。"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0007_arrivals'),
        ('settlement', '0016_forecast_net'),
    ]

    operations = [
        migrations.CreateModel(
            name='Noticed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁看过')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='noticed', to='settlement.run', verbose_name='计量批次')),
            ],
            options={
                'verbose_name': '看过未计入的收件',
            },
        ),
        migrations.CreateModel(
            name='Contested',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('resource', models.CharField(max_length=128, verbose_name='资源')),
                ('item', models.CharField(max_length=64, verbose_name='目录项')),
                ('used_on', models.DateField(verbose_name='用量日')),
                ('totals', models.JSONField(verbose_name='各来源的合计')),
                ('chosen', models.BooleanField(verbose_name='定过')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='contested', to='settlement.run', verbose_name='计量批次')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.source', verbose_name='取的来源')),
            ],
            options={
                'verbose_name': '用量冲突',
                'constraints': [models.UniqueConstraint(fields=('run', 'resource', 'item', 'used_on'), name='one_contest_per_day')],
            },
        ),
        migrations.CreateModel(
            name='PathChoice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('resource', models.CharField(max_length=128, verbose_name='资源')),
                ('item', models.CharField(max_length=64, verbose_name='目录项')),
                ('used_on', models.DateField(verbose_name='用量日')),
                ('totals', models.JSONField(verbose_name='各来源的合计')),
                ('reason', models.CharField(max_length=500, verbose_name='理由')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁定的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.source', verbose_name='取哪个来源')),
            ],
            options={
                'verbose_name': '用量取哪一边',
                'indexes': [models.Index(fields=['resource', 'item', 'used_on'], name='path_choice_of_day')],
            },
        ),
        migrations.CreateModel(
            name='Uncounted',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=200, verbose_name='为什么')),
                ('received', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.received', verbose_name='收件')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uncounted', to='settlement.run', verbose_name='计量批次')),
            ],
            options={
                'verbose_name': '未计入的收件',
                'constraints': [models.UniqueConstraint(fields=('run', 'received'), name='one_uncounted_per_arrival')],
            },
        ),
    ]
