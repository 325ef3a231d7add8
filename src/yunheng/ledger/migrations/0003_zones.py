"""隔离区域、授权期限。"""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalog', '0004_procurement'),
        ('ledger', '0002_resource_system'),
        ('orgs', '0002_conventiondecision'),
    ]

    operations = [
        migrations.CreateModel(
            name='Zone',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='租户')),
                ('boundary', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=43), size=None, verbose_name='网络边界')),
                ('document', models.CharField(max_length=200, verbose_name='依据')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁登记的')),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='zones', to='orgs.institution', verbose_name='服务商')),
            ],
            options={
                'verbose_name': '隔离区域',
            },
        ),
        migrations.CreateModel(
            name='Licence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_on', models.DateField(verbose_name='起')),
                ('until_on', models.DateField(verbose_name='止（不含）')),
                ('document', models.CharField(max_length=200, verbose_name='依据')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁登记的')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalog.item', verbose_name='目录项')),
                ('resource', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='licences', to='ledger.resource', verbose_name='资源')),
            ],
            options={
                'verbose_name': '授权期限',
                'constraints': [models.CheckConstraint(condition=models.Q(('until_on__gt', models.F('from_on'))), name='licence_not_empty')],
            },
        ),
    ]
