"""阶梯价和全市用量。"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='CityUsage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service_year', models.PositiveSmallIntegerField(verbose_name='服务年度')),
                ('version', models.PositiveSmallIntegerField(default=1, verbose_name='版本')),
                ('total', models.DecimalField(decimal_places=6, max_digits=18, verbose_name='全市总量')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='city_usage', to='catalog.item', verbose_name='目录项')),
            ],
            options={
                'verbose_name': '全市用量',
                'constraints': [models.UniqueConstraint(fields=('item', 'service_year', 'version'), name='one_city_usage_per_version'), models.CheckConstraint(condition=models.Q(('total__gte', 0)), name='city_usage_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='Tier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service_year', models.PositiveSmallIntegerField(verbose_name='服务年度')),
                ('version', models.PositiveSmallIntegerField(default=1, verbose_name='版本')),
                ('mode', models.CharField(choices=[('累进', '累进'), ('到达', '到达')], max_length=4, verbose_name='方式')),
                ('start', models.DecimalField(decimal_places=6, max_digits=18, verbose_name='起')),
                ('until', models.DecimalField(decimal_places=6, max_digits=18, null=True, verbose_name='止')),
                ('unit_price', models.DecimalField(decimal_places=6, max_digits=15, verbose_name='单价')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tiers', to='catalog.item', verbose_name='目录项')),
            ],
            options={
                'verbose_name': '阶梯价',
                'constraints': [models.UniqueConstraint(fields=('item', 'service_year', 'version', 'start'), name='one_tier_per_start'), models.CheckConstraint(condition=models.Q(('start__gte', 0), models.Q(('until__isnull', True), ('until__gt', models.F('start')), _connector='OR')), name='tier_not_empty')],
            },
        ),
    ]
