"""不登记的考核线索。"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('assessment', '0003_evidence'),
        ('orgs', '0003_commissions'),
    ]

    operations = [
        migrations.CreateModel(
            name='Dismissal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service_year', models.PositiveSmallIntegerField(verbose_name='服务年度')),
                ('source', models.CharField(max_length=20, verbose_name='线索从哪里来')),
                ('reference', models.CharField(max_length=60, verbose_name='来源编号')),
                ('text', models.CharField(max_length=500, verbose_name='线索')),
                ('href', models.CharField(max_length=200, verbose_name='原来的记录在哪里')),
                ('reason', models.CharField(max_length=500, verbose_name='理由')),
                ('on', models.DateField(verbose_name='业务日')),
                ('by', models.CharField(max_length=200, verbose_name='谁定的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.institution', verbose_name='服务商')),
            ],
            options={
                'verbose_name': '不登记的线索',
                'constraints': [models.UniqueConstraint(fields=('provider', 'reference'), name='one_dismissal_a_lead')],
            },
        ),
    ]
