"""采购征询、需求、框架协议。"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0002_reminders'),
        ('catalog', '0003_editions'),
        ('orgs', '0002_conventiondecision'),
    ]

    operations = [
        migrations.CreateModel(
            name='Inquiry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_on', models.DateField(verbose_name='反馈期限')),
                ('rows', models.JSONField(verbose_name='征询单')),
                ('digest', models.CharField(max_length=64, verbose_name='SM3')),
                ('on', models.DateField(verbose_name='下发日')),
                ('case', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='inquiry', to='cases.case', verbose_name='事项')),
            ],
            options={
                'verbose_name': '采购征询',
            },
        ),
        migrations.CreateModel(
            name='Agreement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service_year', models.PositiveSmallIntegerField(verbose_name='服务年度')),
                ('number', models.CharField(max_length=80, unique=True, verbose_name='协议号')),
                ('signed_on', models.DateField(verbose_name='签订日')),
                ('rows', models.JSONField(verbose_name='协议单价')),
                ('by', models.CharField(max_length=200, verbose_name='谁登记的')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('edition', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='agreements', to='catalog.edition', verbose_name='采购结果')),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.institution', verbose_name='服务商')),
            ],
            options={
                'verbose_name': '框架协议',
                'constraints': [models.UniqueConstraint(fields=('provider', 'service_year'), name='one_agreement_a_year')],
            },
        ),
        migrations.CreateModel(
            name='Demand',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('item', models.CharField(max_length=32, verbose_name='目录项')),
                ('quantity', models.DecimalField(decimal_places=3, max_digits=15, verbose_name='数量')),
                ('by', models.CharField(max_length=200, verbose_name='谁报的')),
                ('on', models.DateField(verbose_name='业务日')),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name='入库时刻')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orgs.institution', verbose_name='使用单位')),
                ('inquiry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='demands', to='catalog.inquiry', verbose_name='采购征询')),
            ],
            options={
                'verbose_name': '采购需求',
                'constraints': [models.CheckConstraint(condition=models.Q(('quantity__gte', 0)), name='demand_not_negative')],
            },
        ),
    ]
