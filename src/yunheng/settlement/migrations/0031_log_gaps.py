"""批次里平台日志中间断过的资源（R-075）。"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('settlement', '0030_handover_replaces'),
    ]

    operations = [
        migrations.CreateModel(
            name='LogGap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('resource', models.CharField(max_length=128, verbose_name='资源')),
                ('number', models.PositiveIntegerField(verbose_name='几处')),
                ('days', models.PositiveIntegerField(verbose_name='几天没有看见')),
                ('last_on', models.DateField(verbose_name='断以前最后看见哪天')),
                ('next_on', models.DateField(verbose_name='哪天又看见')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='log_gaps', to='settlement.run', verbose_name='计量批次')),
            ],
            options={
                'verbose_name': '日志断档',
                'constraints': [models.UniqueConstraint(fields=('run', 'resource'), name='one_log_gap_per_resource')],
            },
        ),
    ]
